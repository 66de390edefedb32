"""Captions: ordered, made, corrected, carried into new versions, and given to viewers."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from recorder.api import Manifest
from signaling.access.actions import Action
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import SYSTEM, Work
from signaling.base.errors import ChangedMeanwhile, Invalid, Refused
from signaling.base.problem_codes import ProblemCode
from signaling.jobs.events import JobEnded
from signaling.jobs.records import JobRecord
from signaling.jobs.rules import ENDED_STATES
from signaling.jobs.service import JobService
from signaling.jobs.store import JobStore
from signaling.jobs.wire import JobState
from signaling.library.captions import store
from signaling.library.captions.kind import CAPTIONS, CaptionTask
from signaling.library.captions.rules import (
    TooManyCues,
    WrongCue,
    changed,
    check_cues,
    published_cues,
    webvtt,
)
from signaling.library.captions.tables import CaptionRow
from signaling.library.captions.wire import (
    MAX_CUES,
    CaptionCue,
    CaptionOrder,
    CaptionOrigin,
    CaptionSave,
    CaptionState,
    CaptionTrack,
)
from signaling.library.versions.ground import ResourceGround, ResourceNotFound, WrongResourceState
from signaling.library.versions.records import Held, edits_of
from signaling.library.versions.service import draft_row
from signaling.library.versions.store import load, version
from signaling.library.versions.tables import ResourceVersionRow
from signaling.library.versions.wire import ResourceEdits, VersionState

MAX_ORDERED = 3  # jobs of the server's own at once; others wait
_AT_ONCE = 50  # rows that one round looks at
_UNDER_WAY = frozenset({CaptionState.WAITING, CaptionState.MAKING})

log = structlog.get_logger(__name__)


class Captions:
    """The actions on captions.

    Attributes:
        installed: whether this server can make captions by itself.
    """

    def __init__(
        self, ground: ResourceGround, jobs: JobService, job_store: JobStore, *, installed: bool
    ) -> None:
        self._ground = ground
        self._jobs = jobs
        self._job_store = job_store
        self.installed = installed

    # --- reading ---------------------------------------------------------------------------------

    async def track(self, actor: Actor, resource_id: str, number: int) -> CaptionTrack:
        """Show the captions of a version to those who work on it.

        Raises:
            ResourceNotFound: there is none for the actor, or no such version.
        """
        held = await self._ground.seen(actor, Action.READ_RESOURCE, resource_id)
        async with self._ground.database.read() as session:
            row = await store.of_version(session, resource_id, number)
            first = held.begins and number == 1
            if row is None and not first and not await version(session, resource_id, number):
                raise ResourceNotFound()
        job = None
        if row is not None and row.state == CaptionState.MAKING:
            job = await self._job_store.job(row.job_id or "")
        cues = await asyncio.to_thread(store.cues_of, row)
        return self._shown(actor, number, row, job, cues)

    def _shown(
        self,
        actor: Actor,
        number: int,
        row: CaptionRow | None,
        job: JobRecord | None,
        cues: tuple[CaptionCue, ...],
    ) -> CaptionTrack:
        total = 0 if job is None else job.progress_total
        own = job is not None and job.owner_id == actor.actor_id
        return CaptionTrack(
            version=number,
            revision=0 if row is None else row.revision,
            state=CaptionState.NONE if row is None else CaptionState(row.state),
            installed=self.installed,
            origin=None if row is None or row.origin is None else CaptionOrigin(row.origin),
            model="" if row is None else row.model,
            progress=round(job.progress_done / total, 3) if job is not None and total else 0.0,
            problem=None if row is None or row.problem is None else ProblemCode(row.problem),
            job_id=job.job_id if job is not None and own else None,
            changed_at=None if row is None else row.changed_at,
            cues=cues,
        )

    async def any_published(self, resource_id: str, number: int) -> bool:
        """Tell whether a published version has captions that are worth asking for."""
        async with self._ground.database.read() as session:
            return await store.any_of(session, resource_id, number)

    async def published(self, row: ResourceVersionRow, manifest: Manifest) -> str:
        """Return the captions of a published version as WebVTT, at the times of what is played.

        Of what is hidden or cut out nothing is in them, and nothing of a source that is unknown.
        """
        async with self._ground.database.read() as session:
            found = await store.of_version(session, row.resource_id, row.number)
        sources = frozenset(one.source_id for one in manifest.sources)
        return await asyncio.to_thread(_text_of, found, edits_of(row), sources)

    # --- actions ---------------------------------------------------------------------------------

    async def save(self, actor: Actor, resource_id: str, wish: CaptionSave) -> int:
        """Change the captions of the draft; captions that are being made are given up.

        Returns the version.

        Raises:
            ResourceNotFound, Forbidden, WrongResourceState: as of a draft that is edited.
            ChangedMeanwhile: it is another revision.
            Invalid: a cue cannot be.
            Refused: there would be too many.
        """
        deed = AuditAction.CAPTIONS_SAVE
        seen = await self._ground.seen(actor, Action.EDIT_RESOURCE, resource_id, deed)
        # What cannot be read now is saved all the same, as a draft is.
        manifest, _ = await self._ground.manifest_or_none(seen.row.recording_id)
        _demand_sensible(wish, manifest)
        async with self._ground.opened(actor, deed, Action.EDIT_RESOURCE, resource_id) as (
            work,
            held,
        ):
            draft = await draft_row(work.session, held, self._ground.clock.now())
            await work.session.flush()
            row = await self._row(work.session, resource_id, draft.number)
            _demand_revision(row, wish.revision)
            if row.state in _UNDER_WAY:
                await self._give_up(work, row)
            await _apply(row, wish)
            row.changed_at = self._ground.clock.now()
            work.detail = detail_of(
                version=draft.number, changed=len(wish.put), removed=len(wish.drop)
            )
        return draft.number

    async def order(self, actor: Actor, resource_id: str, wish: CaptionOrder) -> int:
        """生成字幕 for the draft, or for what is under review. Returns the version.

        Raises:
            ResourceNotFound, Forbidden: as ever.
            WrongResourceState: it is neither, or captions are being made.
            ChangedMeanwhile: it is another revision.
            Refused: nothing here can make captions.
            TooManyJobs: see `JobService.submit`.
        """
        async with self._ground.opened(
            actor, AuditAction.CAPTIONS_ORDER, Action.CAPTION_RESOURCE, resource_id
        ) as (work, held):
            if not self.installed:
                raise Refused(code=ProblemCode.CAPTIONS_NOT_INSTALLED)
            version_row = held.working
            if held.state is not VersionState.IN_REVIEW or version_row is None:
                version_row = await draft_row(work.session, held, self._ground.clock.now())
                await work.session.flush()
            row = await self._row(work.session, resource_id, version_row.number)
            _demand_revision(row, wish.revision)
            if row.state in _UNDER_WAY:
                raise WrongResourceState()
            await self._submit(work, actor, held.row.recording_id, held.path, row)
            work.detail = detail_of(version=version_row.number)
        return version_row.number

    async def submitted(self, work: Work, held: Held, row: ResourceVersionRow) -> None:
        """Note that a submitted version gets captions, where its branch wants that."""
        if not self.installed or not (await store.wanted_at(work.session, held.path)).automatic:
            return
        present = await self._row(work.session, row.resource_id, row.number)
        if present.state in {CaptionState.NONE, CaptionState.FAILED} and present.cues == "[]":
            present.state, present.problem = CaptionState.WAITING, None
            present.changed_at = self._ground.clock.now()

    async def carry(self, work: Work, resource_id: str, before: int, number: int) -> None:
        """Begin the captions of a new version with those of the one that it is made of."""
        found = await store.of_version(work.session, resource_id, before)
        if found is None or found.cues == "[]":
            return
        row = await self._row(work.session, resource_id, number)
        row.state, row.origin = CaptionState.READY, found.origin
        row.model, row.cues, row.revision = found.model, found.cues, 1

    # --- what the server does by itself ----------------------------------------------------------

    async def on_job_ended(self, event: JobEnded) -> None:
        """Note why captions were not made; those that were made are written by their job."""
        if event.kind == CAPTIONS.name:
            await self._settle(event.job_id)
            await self.order_due()

    async def keep_up(self) -> None:
        """Do what no event led to."""
        async with self._ground.database.read() as session:
            rows = await store.in_state(session, CaptionState.MAKING, _AT_ONCE)
        for row in rows:
            await self._settle(row.job_id or "")
        await self.order_due()

    async def order_due(self) -> None:
        """Make jobs of captions that wait, as far as there are places; the oldest first."""
        while self.installed:
            async with self._ground.database.read() as session:
                waiting = await store.in_state(session, CaptionState.WAITING, 1)
                room = MAX_ORDERED - await store.counted(session, SYSTEM.actor_id)
            if not waiting or room <= 0:
                return
            await self._order_waiting(waiting[0].resource_id, waiting[0].number)

    async def _order_waiting(self, resource_id: str, number: int) -> None:
        action = AuditAction.JOB_SUBMIT
        async with self._ground.audit.work(SYSTEM, action, detail=CAPTIONS.name) as work:
            work.nothing_to_do()  # the submission was audited
            held = await load(work.session, resource_id, lock=True)
            row = await store.of_version(work.session, resource_id, number)
            if held is None or row is None or row.state != CaptionState.WAITING:
                return
            if held.working is None or held.working.number != number:
                row.state = CaptionState.NONE  # it was passed and published without
                return
            await self._submit(work, SYSTEM, held.row.recording_id, held.path, row)

    async def _settle(self, job_id: str) -> None:
        job = await self._job_store.job(job_id)
        if job is not None and job.state not in ENDED_STATES:
            return
        async with self._ground.database.write() as session:
            row = await store.of_job(session, job_id)
            if row is None or row.state != CaptionState.MAKING:
                return
            row.job_id, row.changed_at = None, self._ground.clock.now()
            if job is not None and job.state is JobState.CANCELLED:
                row.state = CaptionState.NONE if row.cues == "[]" else CaptionState.READY
                return
            problem = None if job is None else job.problem
            row.state = CaptionState.FAILED
            row.problem = ProblemCode.JOB_NOT_FOUND if problem is None else problem.code
            log.warning("captions_not_made", resource_id=row.resource_id, code=row.problem)

    # --- inside ----------------------------------------------------------------------------------

    async def _row(self, session: AsyncSession, resource_id: str, number: int) -> CaptionRow:
        row = await store.of_version(session, resource_id, number)
        if row is None:
            row = store.new_row(resource_id, number, self._ground.clock.now())
            session.add(row)
            await session.flush()
        return row

    async def _submit(
        self, work: Work, actor: Actor, recording_id: str, path: str, row: CaptionRow
    ) -> None:
        task = CaptionTask(row.resource_id, recording_id, row.number, row.revision)
        job = await self._jobs.submit(actor, CAPTIONS, task, branch=path, work=work)
        row.state, row.job_id, row.problem = CaptionState.MAKING, job.job_id, None
        row.ordered_by = actor.actor_id
        row.changed_at = self._ground.clock.now()

    async def _give_up(self, work: Work, row: CaptionRow) -> None:
        if row.job_id is not None:
            await self._jobs.withdraw(work, row.job_id)
            row.job_id = None
        row.state = CaptionState.NONE if row.cues == "[]" else CaptionState.READY


async def _apply(row: CaptionRow, wish: CaptionSave) -> None:
    """Change cues; without a change, captions that failed are as if nobody had asked."""
    row.problem = None
    if not wish.put and not wish.drop:
        if row.state == CaptionState.FAILED:
            row.state = CaptionState.NONE if row.cues == "[]" else CaptionState.READY
        return
    try:
        cues = await asyncio.to_thread(_changed, row.cues, wish)
    except TooManyCues:
        raise Refused(code=ProblemCode.TOO_MANY_CUES, facts={"most": MAX_CUES}) from None
    row.cues = cues
    row.origin = row.origin or CaptionOrigin.BY_HAND
    row.state = CaptionState.READY
    row.revision += 1


# What many captions take too long for the loop is done by threads: they get all that they need.


def _changed(cues: str, wish: CaptionSave) -> str:
    """Return the cues after a change as a column keeps them. Raises TooManyCues."""
    return store.written(changed(store.read(cues), wish.put, frozenset(wish.drop)))


def _text_of(row: CaptionRow | None, edits: ResourceEdits, sources: Collection[str]) -> str:
    return webvtt(published_cues(store.cues_of(row), edits, sources))


def _demand_sensible(wish: CaptionSave, manifest: Manifest | None) -> None:
    if manifest is None or not manifest.sources:
        duration_s, sources = None, None
    else:
        duration_s = manifest.entry.duration_s
        sources = {one.source_id for one in manifest.sources}
    try:
        check_cues(wish.put, duration_s, sources)
    except WrongCue as error:
        raise Invalid(code=ProblemCode.CUE_IMPOSSIBLE, field=error.field) from None


def _demand_revision(row: CaptionRow, revision: int) -> None:
    if row.revision != revision:
        raise ChangedMeanwhile(field="revision", facts={"version": row.revision})


def taken_over(row: CaptionRow, cues: str, model: str, now: datetime) -> None:
    """Put captions that were made in the place of those that were there."""
    row.cues, row.origin, row.model = cues, CaptionOrigin.AUTOMATIC, model
    row.state, row.job_id, row.problem = CaptionState.READY, None, None
    row.revision += 1
    row.changed_at = now
