"""发布, 公开范围, 下架."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from recorder.api import Manifest
from signaling.access.actions import Action
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.base.errors import Invalid
from signaling.base.problem_codes import ProblemCode
from signaling.identity.passwords import Passwords
from signaling.library.editions.rules import needs_edition
from signaling.library.editions.service import EditionKeeper, media_s
from signaling.library.indexing import put
from signaling.library.publishing.events import ResourcePublished
from signaling.library.publishing.lost_consents import LostConsents
from signaling.library.publishing.wire import PublicationSet, ResourcePublish
from signaling.library.publishing.withdrawing import published, withdraw
from signaling.library.references.tables import ReferenceRow
from signaling.library.references.wire import ReferenceState
from signaling.library.sharing.ending import LinkEnding
from signaling.library.versions.ground import (
    ResourceGround,
    WrongResourceState,
    demand_revision,
)
from signaling.library.versions.records import Held, edits_of, metadata_of
from signaling.library.versions.rules import Move, shown_s
from signaling.library.versions.service import move
from signaling.library.versions.store import load, version
from signaling.library.versions.tables import PublicationRow, ResourceVersionRow
from signaling.library.versions.wire import (
    ResourceMetadata,
    ResourceWithdraw,
    ShareScope,
    VersionState,
    WithdrawReason,
)
from signaling.library.wire import ResourceState, Span

_STEP = 50  # publications whose end is noted in one transaction
_MOST_STEPS = 20  # of one round: many end with a term


@dataclass(frozen=True, slots=True)
class Sharing:
    """Audience of a publication, as it will be kept."""

    scope: ShareScope
    password_hash: str | None
    expires_at: datetime | None


class Publishing:
    """The actions on what is published."""

    def __init__(
        self, ground: ResourceGround, passwords: Passwords, editions: EditionKeeper
    ) -> None:
        self._ground = ground
        self._passwords = passwords
        self._lost_consents = LostConsents(ground)
        self._editions = editions
        self._links = LinkEnding(ground)

    async def publish(
        self,
        actor: Actor,
        resource_id: str,
        wish: ResourcePublish,
        revision: int | None = None,
    ) -> None:
        """发布 what was passed; a former version is served no longer.

        Args:
            actor: the one who publishes.
            resource_id: the resource.
            wish: which version, and for whom.
            revision: the version's, where the page has shown it.

        Raises:
            ResourceNotFound: there is none for the actor.
            Forbidden: the actor may not publish it.
            WrongResourceState: the version was not passed.
            Refused: a source lacks consent and is not hidden; `field` names the sources.
            Invalid: the password or the time cannot be.
        """
        sharing = await self._sharing(wish)
        seen = await self._ground.seen(
            actor, Action.PUBLISH_RESOURCE, resource_id, AuditAction.RESOURCE_PUBLISH
        )
        manifest = await self._ground.whole(seen.row.recording_id)
        async with self._ground.opened(
            actor, AuditAction.RESOURCE_PUBLISH, Action.PUBLISH_RESOURCE, resource_id
        ) as (work, held):
            row = held.working
            if row is None or row.state != VersionState.PASSED or row.number != wish.version:
                raise WrongResourceState()
            if revision is not None:
                demand_revision(row, revision)
            await self._ground.demand_consent(work.session, held, row, manifest, sharing.scope)
            await self._supersede(work.session, held)
            move(row, Move.PUBLISH)
            now = self._ground.clock.now()
            row.published_at = row.updated_at = now
            await self._write(work.session, held, row, sharing, manifest)
            work.concerns(held.path, held.row.title)
            work.detail = detail_of(
                version=row.number,
                scope=sharing.scope,
                until=sharing.expires_at,
                links=await self._links.end_unconsented(work.session, held, manifest, actor),
            )
            work.tell(ResourcePublished(resource_id, held.row.recording_id, row.number))

    async def share(self, actor: Actor, resource_id: str, wish: PublicationSet) -> None:
        """Change who may see what is published. Raises as `publish`."""
        seen = await self._ground.seen(
            actor, Action.PUBLISH_RESOURCE, resource_id, AuditAction.RESOURCE_SHARE
        )
        former = None if seen.publication is None else seen.publication.password_hash
        sharing = await self._sharing(wish, former)
        manifest = await self._ground.whole(seen.row.recording_id)
        async with self._ground.opened(
            actor, AuditAction.RESOURCE_SHARE, Action.PUBLISH_RESOURCE, resource_id
        ) as (work, held):
            publication, row = await published(work.session, held)
            await self._ground.demand_consent(work.session, held, row, manifest, sharing.scope)
            before = publication.scope
            self._let_see(publication, sharing)
            publication.changed_at = self._ground.clock.now()
            await work.session.flush()
            await put(self._ground.index, work.session, held.row)
            work.detail = detail_of(
                version=row.number,
                scope=[before, sharing.scope],
                until=sharing.expires_at,
                links=await self._links.end_unconsented(work.session, held, manifest, actor),
            )

    async def withdraw(self, actor: Actor, resource_id: str, wish: ResourceWithdraw) -> None:
        """下架: out of lists and search at once, and no file is served any more.

        Raises:
            ResourceNotFound: there is none for the actor.
            Forbidden: the actor may not withdraw it.
            WrongResourceState: it is not published.
            Invalid: the reason is another one, and the note does not say which.
        """
        if wish.reason is WithdrawReason.OTHER and not wish.note:
            raise Invalid(code=ProblemCode.NOTE_MISSING, field="note")
        async with self._ground.opened(
            actor, AuditAction.RESOURCE_WITHDRAW, Action.WITHDRAW_RESOURCE, resource_id
        ) as (work, held):
            await withdraw(self._ground, work, held, wish)

    async def demand_shown_to(self, resource_id: str, scope: ShareScope) -> None:
        """Raise Refused where what is published lacks the consent to be shown to so many.

        Raises:
            WrongResourceState: nothing is published.
            RecorderError: media cannot be read, so nobody can tell who is in them.
        """
        async with self._ground.database.read() as session:
            held = await load(session, resource_id)
            if held is None:
                raise WrongResourceState()
            _, row = await published(session, held)
        manifest = await self._ground.whole(held.row.recording_id)
        async with self._ground.database.read() as session:
            await self._ground.demand_consent(session, held, row, manifest, scope)

    # --- what the server does by itself ----------------------------------------------------------

    async def reconsider(self, recording_ids: Collection[str]) -> Sequence[str]:
        """Withdraw what may not be shown any more as it is, after a consent was taken back.

        Returns:
            The ids of the resources that were withdrawn.

        Raises:
            RecorderError: media cannot be read, so nobody can tell who is in them; ask again.
        """
        return await self._lost_consents.reconsider(recording_ids)

    async def notice_expired(self) -> None:
        """Tell of publications whose time is over; lists and media leave them out by themselves.

        A call tells of a thousand at most; the next one goes on.
        """
        for _ in range(_MOST_STEPS):
            if await self._notice_some() < _STEP:
                return

    async def _notice_some(self) -> int:
        """Note the end of some publications in one transaction; return how many."""
        now = self._ground.clock.now()
        query = (
            select(PublicationRow)
            .where(
                PublicationRow.expires_at <= now,
                PublicationRow.expired.is_(False),
                PublicationRow.withdrawn_at.is_(None),
            )
            .limit(_STEP)
            .with_for_update()
        )
        async with self._ground.database.write() as session:
            rows = (await session.scalars(query)).all()
            for row in rows:
                row.expired, row.changed_at = True, now
            copies = (await session.scalars(_ended_copies(now))).all()
            for copy in copies:
                copy.expired = True
                publication = await session.get(PublicationRow, copy.resource_id)
                if publication is not None:
                    publication.changed_at = now
        return max(len(rows), len(copies))

    # --- inside ----------------------------------------------------------------------------------

    async def _sharing(
        self, wish: ResourcePublish | PublicationSet, former: str | None = None
    ) -> Sharing:
        """Return a wish as it will be kept. Raises Invalid."""
        now, until = self._ground.clock.now(), wish.expires_at
        if until is not None and (until.tzinfo is None or until <= now):
            raise Invalid(code=ProblemCode.IN_THE_PAST, field="expires_at")
        if wish.scope is not ShareScope.PASSWORD:
            if wish.password is not None:
                raise Invalid(code=ProblemCode.SHARE_PASSWORD_UNUSED, field="password")
            return Sharing(wish.scope, None, until)
        if wish.password is None:
            if former is None:
                raise Invalid(code=ProblemCode.SHARE_PASSWORD_MISSING, field="password")
            return Sharing(wish.scope, former, until)
        return Sharing(wish.scope, await self._passwords.hash(wish.password), until)

    @staticmethod
    async def _supersede(session: AsyncSession, held: Held) -> None:
        publication = held.publication
        if publication is None or publication.withdrawn_at is not None:
            return
        former = await version(session, held.resource_id, publication.version)
        if former is not None:
            move(former, Move.SUPERSEDE)
            await session.flush()  # one version is published at a time

    async def _write(
        self,
        session: AsyncSession,
        held: Held,
        row: ResourceVersionRow,
        sharing: Sharing,
        manifest: Manifest,
    ) -> None:
        """Write the publication, what lists keep of the version, and the search's document.

        The edition waits from this transaction on, so that nothing is published without one.
        """
        metadata, edits, now = metadata_of(row), edits_of(row), self._ground.clock.now()
        publication = held.publication
        if publication is None:
            publication = PublicationRow(
                resource_id=held.resource_id, was_public=False, withdraw_note=""
            )
            session.add(publication)
        _describe(publication, held, metadata)
        publication.version = row.number
        publication.published_at = publication.changed_at = now
        publication.withdrawn_at = publication.withdraw_reason = None
        publication.withdraw_note = ""
        entry = manifest.entry
        publication.shown_s = _shown_s(edits.keep, entry.duration_s)
        # The recording's picture may be that of a hidden source, or of a moment that was cut.
        publication.has_cover = entry.has_thumbnail and not needs_edition(edits)
        self._let_see(publication, sharing)
        resource = held.row
        resource.state, resource.updated_at = ResourceState.PUBLISHED, now
        resource.title, resource.subject = metadata.title, metadata.subject
        resource.grade, resource.lead_teacher = metadata.grade, metadata.teacher_name
        await session.flush()
        await self._editions.want(session, resource, row, media_s(manifest, edits))
        await put(self._ground.index, session, resource)

    @staticmethod
    def _let_see(publication: PublicationRow, sharing: Sharing) -> None:
        publication.scope = sharing.scope
        publication.password_hash = sharing.password_hash
        publication.expires_at, publication.expired = sharing.expires_at, False
        publication.was_public = publication.was_public or sharing.scope is ShareScope.PUBLIC


def _ended_copies(now: datetime) -> Select[ReferenceRow]:
    """Return the query for reference copies whose time is over and of which nobody was told."""
    row = ReferenceRow
    return (
        select(row)
        .where(
            row.expires_at <= now,
            row.expired.is_(False),
            row.state == ReferenceState.PUBLISHED,
        )
        .limit(_STEP)
        .with_for_update()
    )


def _describe(publication: PublicationRow, held: Held, metadata: ResourceMetadata) -> None:
    """Copy what lists and facets ask for."""
    publication.node_id = held.row.node_id
    publication.county_id = held.county.rstrip("/").rpartition("/")[2]
    publication.owner_id = held.owner_id
    publication.title, publication.subject = metadata.title, metadata.subject
    publication.stage, publication.grade = metadata.stage, metadata.grade
    publication.edition, publication.volume = metadata.edition, metadata.volume
    publication.section, publication.school_name = metadata.section, metadata.school_name


def _shown_s(keep: Sequence[Span], duration_s: float) -> float:
    return round(shown_s(keep, duration_s), 3)
