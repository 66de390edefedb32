"""法定保留: placing and releasing."""

from __future__ import annotations

from sqlalchemy import select

from signaling.access.actions import Action
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.base.errors import Invalid, NotFound
from signaling.base.ids import new_id
from signaling.base.problem_codes import ProblemCode
from signaling.library.retention import store
from signaling.library.retention.service import ResourceHeld
from signaling.library.retention.tables import DeletionNoticeRow, LegalHoldRow
from signaling.library.retention.wire import LegalHoldPlace, LegalHoldRelease
from signaling.library.versions.ground import ResourceGround


class LegalHolds:
    """The actions on holds."""

    def __init__(self, ground: ResourceGround) -> None:
        self._ground = ground

    async def place(self, actor: Actor, resource_id: str, wish: LegalHoldPlace) -> None:
        """Keep a resource from every kind of deletion.

        Raises:
            ResourceNotFound: there is none for the actor.
            Forbidden: the actor may place no hold on it.
            Invalid: the time is past.
            ResourceHeld: a hold stands already.
        """
        now, until = self._ground.clock.now(), wish.until
        if until is not None and (until.tzinfo is None or until <= now):
            raise Invalid(code=ProblemCode.IN_THE_PAST, field="until")
        async with self._ground.opened(
            actor, AuditAction.LEGAL_HOLD_PLACE, Action.HOLD_RESOURCE, resource_id
        ) as (work, held):
            session = work.session
            query = select(LegalHoldRow).where(
                LegalHoldRow.resource_id == resource_id, LegalHoldRow.released_at.is_(None)
            )
            former = (await session.scalars(query.with_for_update())).one_or_none()
            if former is not None:
                if former.until is None or former.until > now:
                    raise ResourceHeld(facts={"by": former.by_name})
                former.released_at = former.until
                await session.flush()  # one stands at a time
            session.add(
                LegalHoldRow(
                    hold_id=new_id(),
                    resource_id=resource_id,
                    node_id=held.row.node_id,
                    title=held.row.title,
                    reason=wish.reason,
                    until=until,
                    by_id=actor.actor_id,
                    by_name=actor.name,
                    placed_at=now,
                    released_by="",
                    release_reason="",
                )
            )
            # After the hold, the owner is told anew.
            notice = await session.get(DeletionNoticeRow, resource_id)
            if notice is not None:
                await session.delete(notice)
            work.detail = detail_of(reason=wish.reason, until=until)

    async def release(self, actor: Actor, resource_id: str, wish: LegalHoldRelease) -> None:
        """End a hold.

        Raises:
            ResourceNotFound: there is no such resource for the actor.
            Forbidden: the actor may not end it.
            NotFound: no hold stands.
        """
        async with self._ground.opened(
            actor, AuditAction.LEGAL_HOLD_RELEASE, Action.HOLD_RESOURCE, resource_id
        ) as (work, _):
            hold = await store.hold_of(work.session, resource_id, self._ground.clock.now())
            if hold is None:
                raise NotFound(code=ProblemCode.LEGAL_HOLD_NOT_FOUND)
            hold.released_at = self._ground.clock.now()
            hold.released_by, hold.release_reason = actor.name, wish.reason
            work.detail = detail_of(reason=wish.reason)
