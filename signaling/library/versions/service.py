"""Actions of an owner on a resource: 保存, 提交审核, 撤回, and a new version."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from recorder.api import Manifest
from signaling.access.actions import Action
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import Work
from signaling.base.errors import Invalid
from signaling.base.problem_codes import ProblemCode
from signaling.library.versions import wire as w
from signaling.library.versions.checks import missing_fields
from signaling.library.versions.ground import (
    ResourceGround,
    WrongResourceState,
    demand_revision,
)
from signaling.library.versions.proposals import proposed_metadata
from signaling.library.versions.records import (
    Held,
    edits_of,
    levels_of_row,
    metadata_of,
    written,
)
from signaling.library.versions.rules import (
    Move,
    WrongEdit,
    WrongMove,
    check_edits,
    levels_of,
    moved,
)
from signaling.library.versions.store import levels_for, new_version, version, versions
from signaling.library.versions.tables import ResourceVersionRow
from signaling.library.versions.wire import VersionState
from signaling.library.wire import ResourceKind


class CarriesAttachments(Protocol):
    """Keeps attachments; `library.attachments` does."""

    async def carry(self, work: Work, resource_id: str, before: int, number: int) -> None:
        """Put the attachments of a version beside the one that is made of it."""
        ...


class CarriesCaptions(Protocol):
    """Keeps captions; `library.captions` does."""

    async def carry(self, work: Work, resource_id: str, before: int, number: int) -> None:
        """Begin the captions of a version with those of the one that it is made of."""
        ...

    async def submitted(self, work: Work, held: Held, row: ResourceVersionRow) -> None:
        """Hear that a version is submitted."""
        ...


class ResourceEditing:
    """The owner's actions. Whoever asks for the result reads it anew."""

    def __init__(
        self, ground: ResourceGround, attached: CarriesAttachments, captions: CarriesCaptions
    ) -> None:
        self._ground = ground
        self._attached = attached
        self._captions = captions

    async def save(self, actor: Actor, resource_id: str, wish: w.DraftSave) -> None:
        """保存草稿.

        Raises:
            ResourceNotFound: there is none for the actor.
            Forbidden: the actor may only read it.
            WrongResourceState: it is not a draft.
            ChangedMeanwhile: it is another revision.
            Invalid: the edits cannot be followed.
        """
        seen = await self._ground.seen(
            actor, Action.EDIT_RESOURCE, resource_id, AuditAction.RESOURCE_SAVE
        )
        # What cannot be read now is saved all the same; 提交审核 asks again.
        manifest, _ = await self._ground.manifest_or_none(seen.row.recording_id)
        _demand_edits(wish.edits, manifest)
        async with self._ground.opened(
            actor, AuditAction.RESOURCE_SAVE, Action.EDIT_RESOURCE, resource_id
        ) as (work, held):
            row = await self._draft(work.session, held, wish.revision)
            row.meta, row.edits = written(wish.metadata), written(wish.edits)
            row.revision += 1
            row.updated_at = self._ground.clock.now()
            work.concerns(held.path, wish.metadata.title)
            work.detail = detail_of(version=row.number)

    async def submit(self, actor: Actor, resource_id: str, wish: w.ResourceSubmit) -> None:
        """提交审核: fix the recording for good, and let the first level decide.

        Raises:
            ResourceNotFound, Forbidden, WrongResourceState, ChangedMeanwhile: as `save`.
            Invalid: the pledge or metadata are missing, or the edits cannot be followed.
            RecordingNotReady: the recording is not finished.
            StorageUnavailable: the recording cannot be read now.
        """
        if not wish.pledged:
            raise Invalid(code=ProblemCode.NOT_PLEDGED, field="pledged")
        _demand_consented(wish.people)
        seen = await self._ground.seen(
            actor, Action.SUBMIT_RESOURCE, resource_id, AuditAction.RESOURCE_SUBMIT
        )
        recording_id = seen.row.recording_id
        # Judged before it is sealed: a recording whose submission is refused may still go on. The
        # recorder seals in a transaction of its own, which cannot run within this one (SQLite has
        # one writer). So it comes before, and the revision says that the same was judged.
        await self._demand_submittable(
            seen, wish.revision, await self._ground.manifest(recording_id)
        )
        if seen.row.kind == ResourceKind.UPLOAD and wish.people is None:
            raise Invalid(code=ProblemCode.PEOPLE_UNDECLARED, field="people")
        await self._ground.recorder.seal(recording_id)
        manifest = await self._ground.manifest(recording_id)
        async with self._ground.opened(
            actor, AuditAction.RESOURCE_SUBMIT, Action.SUBMIT_RESOURCE, resource_id
        ) as (work, held):
            row = await self._draft(work.session, held, wish.revision)
            _demand_complete(metadata_of(row))
            _demand_edits(edits_of(row), manifest)
            row.levels = await levels_for(work.session, held.path)
            row.state, row.level = moved(
                VersionState.DRAFT, None, Move.SUBMIT, levels_of(row.levels)
            )
            row.pledged, row.rejected = True, False
            row.people = None if wish.people is None else written(wish.people)
            row.submission += 1
            row.submitted_at = row.updated_at = self._ground.clock.now()
            row.assigned_to = row.assigned_name = None
            row.revision += 1
            await work.session.flush()
            await self._captions.submitted(work, held, row)
            work.detail = detail_of(version=row.number, level=row.level)

    async def recall(self, actor: Actor, resource_id: str) -> None:
        """撤回提交: what waits for review or publication is a draft again. Raises as `save`."""
        async with self._ground.opened(
            actor, AuditAction.RESOURCE_RECALL, Action.SUBMIT_RESOURCE, resource_id
        ) as (work, held):
            row = held.working
            if row is None:
                raise WrongResourceState()
            move(row, Move.RECALL)
            row.updated_at = self._ground.clock.now()
            work.detail = detail_of(version=row.number)

    async def begin_version(self, actor: Actor, resource_id: str) -> None:
        """Begin a new version of what is published or withdrawn, from the newest one.

        Raises as `save`; WrongResourceState: there is a version at work.
        """
        async with self._ground.opened(
            actor, AuditAction.RESOURCE_VERSION, Action.EDIT_RESOURCE, resource_id
        ) as (work, held):
            if held.state is not None:
                raise WrongResourceState()
            (newest,) = await versions(work.session, resource_id, limit=1)
            assert held.publication is not None  # else it would begin with its first version
            shown = await version(work.session, resource_id, held.publication.version) or newest
            row = new_version(
                held,
                newest.number + 1,
                metadata=metadata_of(shown),
                edits=edits_of(shown),
                levels=await levels_for(work.session, held.path),
                now=self._ground.clock.now(),
            )
            work.session.add(row)
            await work.session.flush()
            await self._attached.carry(work, resource_id, shown.number, row.number)
            await self._captions.carry(work, resource_id, shown.number, row.number)
            work.detail = detail_of(version=row.number)

    # --- inside ----------------------------------------------------------------------------------

    async def _demand_submittable(
        self, held: Held, revision: int, manifest: Manifest | None
    ) -> None:
        """Raise what `submit` would, without a change."""
        if held.state is not VersionState.DRAFT:
            raise WrongResourceState()
        row = held.working
        demand_revision(row, revision)
        if row is not None:
            _demand_complete(metadata_of(row))
            _demand_edits(edits_of(row), manifest)
            return
        async with self._ground.database.read() as session:
            _demand_complete(await proposed_metadata(session, held.row))

    async def _draft(self, session: AsyncSession, held: Held, revision: int) -> ResourceVersionRow:
        """Return the draft; the first one of a resource is made of what is proposed."""
        if held.state is VersionState.DRAFT:
            demand_revision(held.working, revision)
        return await draft_row(session, held, self._ground.clock.now())


async def draft_row(session: AsyncSession, held: Held, now: datetime) -> ResourceVersionRow:
    """Return the draft, whatever its revision; the first one is made of what is proposed.

    Raises WrongResourceState.
    """
    if held.state is not VersionState.DRAFT:
        raise WrongResourceState()
    if held.working is not None:
        return held.working
    metadata = await proposed_metadata(session, held.row)
    levels = await levels_for(session, held.path)
    row = new_version(held, 1, metadata=metadata, edits=w.ResourceEdits(), levels=levels, now=now)
    session.add(row)
    return row


def move(row: ResourceVersionRow, what: Move) -> None:
    """Bring a version to the state after a move. Raises WrongResourceState."""
    level = None if row.level is None else w.ReviewLevel(row.level)
    try:
        row.state, row.level = moved(VersionState(row.state), level, what, levels_of_row(row))
    except WrongMove as error:
        raise WrongResourceState(str(error)) from None
    row.assigned_to = row.assigned_name = None
    row.revision += 1


def _demand_consented(people: w.ShownPeople | None) -> None:
    if people is not None and people.minors and not people.consent_held:
        raise Invalid(code=ProblemCode.PEOPLE_WITHOUT_CONSENT, field="people.consent_held")


def _demand_complete(metadata: w.ResourceMetadata) -> None:
    missing = missing_fields(metadata)
    if missing:
        raise Invalid(code=ProblemCode.METADATA_MISSING, field=f"metadata.{missing[0]}")


def _demand_edits(edits: w.ResourceEdits, manifest: Manifest | None) -> None:
    """Raise Invalid for edits that cannot be followed; what is not finished has no length yet."""
    duration_s = manifest.entry.duration_s if manifest is not None and manifest.sources else None
    try:
        check_edits(edits, duration_s)
    except WrongEdit as error:
        raise Invalid(code=ProblemCode.EDIT_IMPOSSIBLE, field=error.field) from None
