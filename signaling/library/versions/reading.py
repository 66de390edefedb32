"""我的资源, and one resource at work."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from recorder.api import Manifest
from signaling.access.actions import Action
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.base.cursors import Place, cursor_of
from signaling.directory.tables import OrgNodeRow
from signaling.library.drafts import Drafts
from signaling.library.service import detail_of
from signaling.library.store import resource_of
from signaling.library.tombstones import demand_not_deleted
from signaling.library.versions import wire as w
from signaling.library.versions.ground import ResourceGround, demand
from signaling.library.versions.proposals import proposed_chapters, proposed_metadata
from signaling.library.versions.records import Held
from signaling.library.versions.showing import (
    entry_of,
    proposed_version,
    refused_to,
    summary_of,
    version_of,
)
from signaling.library.versions.store import (
    levels_for,
    load,
    page_of_own,
    passed_by,
    reviews,
    versions,
)
from signaling.library.versions.wire import ShareScope
from signaling.library.wire import EditionStatus, RecordingDetail, UploadStatus


class EditionFacts(Protocol):
    """Tells of editions; `library.editions` does."""

    async def status(self, held: Held) -> EditionStatus | None:
        """Tell about the edition of what is published; None if nothing is."""
        ...


class UploadFacts(Protocol):
    """Tells of uploads; `library.uploads` does."""

    async def status(self, held: Held) -> UploadStatus | None:
        """Tell about the upload behind a resource; None of a recording."""
        ...


class AttachmentFacts(Protocol):
    """Tells of attachments; `library.attachments` does."""

    async def at_work(
        self, session: AsyncSession, resource_id: str, numbers: Collection[int]
    ) -> dict[int, tuple[w.Attachment, ...]]:
        """Return the attachments of versions."""
        ...


@dataclass(frozen=True, slots=True)
class Beside:
    """Those who tell what stands beside versions."""

    editions: EditionFacts
    uploads: UploadFacts
    attachments: AttachmentFacts


class ResourceReader:
    """Shows resources to their owners and reviewers."""

    def __init__(
        self, ground: ResourceGround, drafts: Drafts, beside: Beside, prefix: str = ""
    ) -> None:
        """Make it; `prefix` is what a proxy puts before every path."""
        self._ground = ground
        self._drafts = drafts
        self._beside = beside
        self._prefix = prefix

    async def mine(self, actor: Actor, *, limit: int, before: Place | None) -> w.ResourceList:
        """List what the actor may edit, the newest first."""
        await self._drafts.settled()
        async with self._ground.database.read() as session:
            page, following = await page_of_own(session, actor, limit=limit, before=before)
            shown = await self.summaries(session, actor, page)
        return w.ResourceList(shown, None if following is None else cursor_of(following))

    async def summaries(
        self, session: AsyncSession, actor: Actor, page: Sequence[Held]
    ) -> tuple[w.ResourceSummary, ...]:
        """Show some resources as lists do."""
        schools = await names_of(session, {one.row.node_id for one in page})
        passed = await passed_by(session, [one.working for one in page if one.working is not None])
        entries = await self._ground.recorder.entries_of([one.row.recording_id for one in page])
        return tuple(
            summary_of(
                one,
                entry_of(entries, one),
                actor,
                school=schools.get(one.row.node_id, ""),
                prefix=self._prefix,
                passed=frozenset(passed.get(one.resource_id, ())),
            )
            for one in page
        )

    async def permit(
        self, actor: Actor, deed: AuditAction, action: Action, resource_id: str
    ) -> None:
        """Raise ResourceNotFound or Forbidden before a deed; the refusal is audited."""
        await self._ground.seen(actor, action, resource_id, deed)

    async def working_number(self, actor: Actor, resource_id: str) -> int | None:
        """Return the number of the version to be published; None if nothing is at work."""
        held = await self._ground.seen(
            actor, Action.PUBLISH_RESOURCE, resource_id, AuditAction.RESOURCE_PUBLISH
        )
        return None if held.working is None else held.working.number

    async def detail(self, actor: Actor, resource_id: str) -> w.ResourceDetail:
        """Show one resource with all its versions. Raises ResourceNotFound."""
        await self._drafts.settled()
        async with self._ground.database.read() as session:
            held = await load(session, resource_id)
            if held is None:
                await demand_not_deleted(session, actor, resource_id)
            demand(actor, Action.READ_RESOURCE, held)
            assert held is not None  # `demand` raises
            (summary,) = await self.summaries(session, actor, [held])
            rows = await versions(session, resource_id)
            numbers = [row.number for row in rows]
            told = await reviews(session, resource_id, numbers)
            attached = await self._beside.attachments.at_work(session, resource_id, numbers)
            working = await self._working(session, held)
            passed = await passed_by(session, [] if held.working is None else [held.working])
        manifest, readable = await self._ground.manifest_or_none(held.row.recording_id)
        publication = held.publication
        shown = [version_of(row, told, attached[row.number]) for row in rows]
        by_number = {one.number: one for one in shown}
        if held.working is not None:
            working = by_number[held.working.number]
        reviews_it = held.allows(actor, Action.REVIEW_RESOURCE)
        before = frozenset(passed.get(resource_id, ()))
        return w.ResourceDetail(
            summary=summary,
            working=working,
            versions=tuple(one for one in shown if one is not working),
            recording=self._recording(held, manifest),
            findings=await self._findings(held, working, manifest, readable),
            proposed_chapters=() if manifest is None else proposed_chapters(manifest),
            review_refused=refused_to(actor, held, before) if reviews_it else None,
            withdrawn_reason=_reason(held),
            withdrawn_note="" if publication is None else publication.withdraw_note,
            edition=await self._beside.editions.status(held),
            upload=await self._beside.uploads.status(held),
        )

    async def _working(self, session: AsyncSession, held: Held) -> w.ResourceVersion | None:
        """Show what is proposed for a resource of which nothing was saved yet."""
        if not held.begins:
            return None
        metadata = await proposed_metadata(session, held.row)
        return proposed_version(metadata, await levels_for(session, held.path))

    def _recording(self, held: Held, manifest: Manifest | None) -> RecordingDetail | None:
        return (
            None if manifest is None else detail_of(resource_of(held.row), manifest, self._prefix)
        )

    async def _findings(
        self,
        held: Held,
        working: w.ResourceVersion | None,
        manifest: Manifest | None,
        readable: bool,
    ) -> tuple[w.CheckFinding, ...]:
        if working is None:
            return ()
        version = self._ground.checked_as(
            held,
            working.metadata,
            working.edits,
            working.pledged,
            manifest,
            readable=readable,
            people=working.people,
            number=working.number,
        )
        return await self._ground.checks.of(version, ShareScope.PUBLIC)


def _reason(held: Held) -> w.WithdrawReason | None:
    found = None if held.publication is None else held.publication.withdraw_reason
    return None if found is None else w.WithdrawReason(found)


async def names_of(session: AsyncSession, node_ids: Collection[str]) -> dict[str, str]:
    """Return the names of org nodes by id."""
    query = select(OrgNodeRow.node_id, OrgNodeRow.name).where(OrgNodeRow.node_id.in_(node_ids))
    return {one.node_id: one.name for one in await session.execute(query)}
