"""Ground of all actions on resources: permission, one transaction, and an audited refusal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from recorder.api import (
    Manifest,
    RecorderError,
    RecordingNotReady,
    RecordingState,
    StorageUnavailable,
)
from signaling.access.actions import Action
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import AuditLog, Work
from signaling.base.clock import Clock
from signaling.base.database import Database
from signaling.base.errors import ChangedMeanwhile, Forbidden, NotFound, Refused, SignalingError
from signaling.base.problem_codes import ProblemCode
from signaling.library.media_shelf import MediaShelf
from signaling.library.search.index import SearchIndex
from signaling.library.tombstones import demand_not_deleted
from signaling.library.versions.checks import Checked, Checks
from signaling.library.versions.records import Held, edits_of, metadata_of
from signaling.library.versions.store import load
from signaling.library.versions.tables import ResourceVersionRow
from signaling.library.versions.wire import (
    ResourceEdits,
    ResourceMetadata,
    ShareScope,
    ShownPeople,
)
from signaling.library.wire import ResourceKind

# Refusals that say that somebody tried what he or she may not; the others are mistakes.
_TOLD = frozenset({ProblemCode.CONSENT_MISSING})


class ResourceNotFound(NotFound):
    """No such resource, or none of which the caller may know."""

    code = ProblemCode.RESOURCE_NOT_FOUND
    title = "no such resource"


class WrongResourceState(Refused):
    """The state of the resource or of its working version does not allow it."""

    code = ProblemCode.RESOURCE_STATE
    title = "the state of the resource does not allow this"


@dataclass(frozen=True, slots=True)
class ResourceGround:
    """The places where resources are kept, and who is asked about them."""

    database: Database
    audit: AuditLog
    clock: Clock
    recorder: MediaShelf
    index: SearchIndex
    checks: Checks

    @asynccontextmanager
    async def opened(
        self, actor: Actor, deed: AuditAction, action: Action, resource_id: str
    ) -> AsyncIterator[tuple[Work, Held]]:
        """Open a resource for one action: whatever is done in it is committed as a whole.

        A refusal leaves nothing but an audit row of its own.

        Raises:
            ResourceNotFound: there is none for the actor.
            Forbidden: the actor may see it, but not do this.
        """
        found: tuple[str, str] | None = None  # path and title: a rollback takes the rows away
        try:
            async with self.audit.work(actor, deed, resource_id) as work:
                held = await load(work.session, resource_id, lock=True)
                found = None if held is None else (held.path, held.row.title)
                if held is None:
                    await demand_not_deleted(work.session, actor, resource_id)
                demand(actor, action, held)
                assert held is not None  # `demand` raises
                work.concerns(held.path, held.row.title)
                yield work, held
        except SignalingError as error:
            if found is not None:
                await self.note_refusal(actor, deed, resource_id, found, error)
            raise

    async def seen(
        self, actor: Actor, action: Action, resource_id: str, deed: AuditAction | None = None
    ) -> Held:
        """Return a resource for reading, or before a deed. Raises as `opened`."""
        async with self.database.read() as session:
            held = await load(session, resource_id)
            if held is None:
                await demand_not_deleted(session, actor, resource_id)
        try:
            demand(actor, action, held)
        except SignalingError as error:
            if held is not None and deed is not None:
                about = (held.path, held.row.title)
                await self.note_refusal(actor, deed, resource_id, about, error)
            raise
        assert held is not None  # `demand` raises
        return held

    async def note_refusal(
        self,
        actor: Actor,
        deed: AuditAction,
        resource_id: str,
        about: tuple[str, str],
        error: SignalingError,
    ) -> None:
        """Audit that somebody tried what he or she may not; `about` are path and title."""
        # A link or a hold that is not there is a mistake, not an attempt.
        not_his = error.status == 403 or isinstance(error, ResourceNotFound)
        if not_his or error.code in _TOLD:
            path, name = about
            detail = detail_of(deed=deed, problem=error.code)
            action = AuditAction.RESOURCE_REFUSED
            await self.audit.note(actor, action, resource_id, detail, path=path, name=name)

    async def manifest(self, recording_id: str) -> Manifest | None:
        """Return the contents of a recording; None while there are none to be shown.

        Raises:
            StorageUnavailable: nobody can tell now.
        """
        try:
            return await self.recorder.manifest(recording_id)
        except StorageUnavailable:
            raise
        except RecorderError:
            return None

    async def manifest_or_none(self, recording_id: str) -> tuple[Manifest | None, bool]:
        """Return the contents of a recording, and whether they can be read now."""
        try:
            return await self.manifest(recording_id), True
        except StorageUnavailable:
            return None, False

    async def whole(self, recording_id: str) -> Manifest:
        """Read what would be shown; nobody can tell who is in media that cannot be read.

        Raises RecorderError.
        """
        manifest = await self.recorder.manifest(recording_id)
        if manifest.entry.state is not RecordingState.READY:
            raise RecordingNotReady(recording_id)
        return manifest

    async def demand_consent(
        self,
        session: AsyncSession,
        held: Held,
        row: ResourceVersionRow,
        manifest: Manifest,
        scope: ShareScope,
    ) -> None:
        """Raise Refused where a source lacks consent and is not hidden."""
        version = self.checked_as(held, metadata_of(row), edits_of(row), row.pledged, manifest)
        missing = await self.checks.unseen(version, scope, within=session)
        if missing:
            sources = " ".join(one.source_id for one in missing)
            raise Refused(
                code=ProblemCode.CONSENT_MISSING,
                field="edits.hidden_sources",
                facts={"sources": sources[:500]},
            )

    async def lacks_consent(
        self,
        session: AsyncSession,
        held: Held,
        row: ResourceVersionRow,
        manifest: Manifest,
        scope: ShareScope,
    ) -> bool:
        """Tell whether a source that a version shows may not be shown to so many."""
        checked = self.checked_as(held, metadata_of(row), edits_of(row), row.pledged, manifest)
        await asyncio.sleep(0)  # the media of a lesson come in between
        return bool(await self.checks.unseen(checked, scope, within=session))

    def checked_as(
        self,
        held: Held,
        metadata: ResourceMetadata,
        edits: ResourceEdits,
        pledged: bool,
        manifest: Manifest | None,
        *,
        readable: bool = True,
        people: ShownPeople | None = None,
        number: int | None = None,
    ) -> Checked:
        """Return a version as checks want it."""
        return Checked(
            held.resource_id,
            held.row.recording_id,
            metadata,
            edits,
            pledged,
            manifest,
            readable,
            ResourceKind(held.row.kind),
            people,
            number,
        )


def demand(actor: Actor, action: Action, held: Held | None) -> None:
    """Raise ResourceNotFound, or Forbidden where the actor may only see it."""
    if held is None or not (held.allows(actor, Action.READ_RESOURCE)):
        raise ResourceNotFound()
    if not held.allows(actor, action):
        raise Forbidden()


def demand_revision(row: ResourceVersionRow | None, revision: int) -> None:
    """Raise ChangedMeanwhile unless this is the revision that was read; 0 is what is proposed."""
    present = 0 if row is None else row.revision
    if revision != present:
        raise ChangedMeanwhile(field="revision", facts={"version": present})
