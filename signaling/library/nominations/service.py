"""推荐为优课, and taking it back."""

from __future__ import annotations

from datetime import date, tzinfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.base.errors import Forbidden, Invalid, Refused
from signaling.base.ids import new_id
from signaling.base.problem_codes import ProblemCode
from signaling.library.nominations import wire as w
from signaling.library.nominations.rules import may_nominate_for, school_year
from signaling.library.nominations.tables import NominationRow
from signaling.library.versions.ground import ResourceGround, WrongResourceState
from signaling.library.wire import ResourceState

MAX_SHOWN = 50


class Nominating:
    """The actions on nominations. Whoever asks for the result reads it anew."""

    def __init__(self, ground: ResourceGround, zone: tzinfo) -> None:
        """Make it; school years begin by the county's time zone."""
        self._ground = ground
        self._zone = zone

    async def listed(self, actor: Actor, resource_id: str) -> w.Nominations:
        """List the nominations of a resource. Raises ResourceNotFound."""
        held = await self._ground.seen(actor, Action.READ_RESOURCE, resource_id)
        query = (
            select(NominationRow)
            .where(NominationRow.resource_id == resource_id)
            .order_by(NominationRow.at.desc(), NominationRow.nomination_id)
            .limit(MAX_SHOWN)
        )
        async with self._ground.database.read() as session:
            rows = (await session.scalars(query)).all()
        may = held.allows(actor, Action.NOMINATE_RESOURCE) and actor.actor_id != held.owner_id
        taken = {row.school_year for row in rows if row.revoked_at is None}
        shown = held.row.state == ResourceState.PUBLISHED
        year = school_year(self._today())
        years = [one for one in (year, year - 1, year + 1) if may and shown and one not in taken]
        return w.Nominations(tuple(_shown(row) for row in rows), tuple(years), may)

    async def nominate(self, actor: Actor, resource_id: str, wish: w.NominationMake) -> None:
        """Nominate what is published for a school year.

        Raises:
            ResourceNotFound: there is none for the actor.
            Forbidden: the actor does not nominate, or it is the actor's own.
            WrongResourceState: it is not published.
            Invalid: the school year is neither this one nor one beside it.
            Refused: it is nominated for this year already.
        """
        if not may_nominate_for(wish.school_year, self._today()):
            raise Invalid(code=ProblemCode.OTHER_SCHOOL_YEAR, field="school_year")
        async with self._ground.opened(
            actor, AuditAction.RESOURCE_NOMINATE, Action.NOMINATE_RESOURCE, resource_id
        ) as (work, held):
            if actor.actor_id == held.owner_id:
                raise Forbidden(code=ProblemCode.OWN_RESOURCE)
            if held.publication is None or held.row.state != ResourceState.PUBLISHED:
                raise WrongResourceState()
            if await _of_year(work.session, resource_id, wish.school_year) is not None:
                raise Refused(code=ProblemCode.NOMINATED_ALREADY, field="school_year")
            work.session.add(
                NominationRow(
                    nomination_id=new_id(),
                    resource_id=resource_id,
                    school_year=wish.school_year,
                    version=held.publication.version,
                    reason=wish.reason,
                    by_id=actor.actor_id,
                    by_name=actor.name,
                    at=self._ground.clock.now(),
                    revoke_reason="",
                )
            )
            work.detail = detail_of(year=wish.school_year, reason=wish.reason)

    async def revoke(self, actor: Actor, resource_id: str, wish: w.NominationRevoke) -> None:
        """Take a nomination back. Raises as `nominate`; WrongResourceState: there is none."""
        async with self._ground.opened(
            actor, AuditAction.NOMINATION_REVOKE, Action.NOMINATE_RESOURCE, resource_id
        ) as (work, _held):
            row = await _of_year(work.session, resource_id, wish.school_year)
            if row is None:
                raise WrongResourceState()
            row.revoked_at, row.revoked_by = self._ground.clock.now(), actor.name
            row.revoke_reason = wish.reason
            work.detail = detail_of(year=wish.school_year, reason=wish.reason)

    def _today(self) -> date:
        return self._ground.clock.now().astimezone(self._zone).date()


async def _of_year(session: AsyncSession, resource_id: str, year: int) -> NominationRow | None:
    row = NominationRow
    query = select(row).where(
        row.resource_id == resource_id, row.school_year == year, row.revoked_at.is_(None)
    )
    return (await session.scalars(query)).first()


def _shown(row: NominationRow) -> w.Nomination:
    return w.Nomination(
        school_year=row.school_year,
        version=row.version,
        reason=row.reason,
        by=row.by_name,
        at=row.at,
        revoked_at=row.revoked_at,
        revoked_by=row.revoked_by,
        revoke_reason=row.revoke_reason,
    )
