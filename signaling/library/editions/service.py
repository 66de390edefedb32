"""Editions of published versions: ordered, followed to their end, and removed.

The row is written with the publication, so nothing that is published is forgotten. A few of them
at a time become jobs of the server's own: a hundred resources that are published at once neither
fail for want of a place nor take all places.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from recorder.api import (
    EditionNotFound,
    EditionOrder,
    Editions,
    Manifest,
    RecorderError,
)
from recorder.api import Span as RecordedSpan
from signaling.access.actions import Action
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import SYSTEM
from signaling.base.problem_codes import ProblemCode
from signaling.jobs.events import JobEnded
from signaling.jobs.records import JobRecord
from signaling.jobs.rules import ENDED_STATES
from signaling.jobs.service import JobService
from signaling.jobs.store import JobStore
from signaling.jobs.wire import JobState
from signaling.library.editions import store
from signaling.library.editions.events import EditionWanted
from signaling.library.editions.rules import minutes_left, needs_edition
from signaling.library.editions.tables import EditionRow
from signaling.library.renditions_kind import RENDITIONS, order_renditions
from signaling.library.tables import ResourceRow
from signaling.library.versions.ground import ResourceGround, WrongResourceState
from signaling.library.versions.records import Held, edits_of
from signaling.library.versions.rules import shown_s
from signaling.library.versions.tables import ResourceVersionRow
from signaling.library.versions.wire import ResourceEdits
from signaling.library.wire import EditionState, EditionStatus, PlaybackStatus

log = structlog.get_logger(__name__)

# Editions that are jobs at once. An owner has 20 at most, and the server itself has other jobs.
MAX_ORDERED = 5
# A worker whose job was cancelled ends within seconds; its files are deleted behind it.
REMOVE_AFTER = timedelta(minutes=1)
_AT_ONCE = 20  # editions that one round looks at


class ResourceEvent(Protocol):
    """An event that names a resource."""

    @property
    def resource_id(self) -> str:
        """The resource."""


@dataclass(slots=True)
class _Sweeps:
    """Looks through all that is published, which a process takes until nothing more is found."""

    former: bool = True
    unwanted: bool = True


@dataclass(frozen=True, slots=True)
class EditionKeeper:
    """Keeps the editions of what is published."""

    ground: ResourceGround
    editions: Editions
    jobs: JobService
    job_store: JobStore
    _sweeps: _Sweeps = field(default_factory=_Sweeps)

    # --- publishing ------------------------------------------------------------------------------

    async def want(
        self, session: AsyncSession, row: ResourceRow, version: ResourceVersionRow, media_s: float
    ) -> None:
        """Note, in the transaction of a publication, that its version needs an edition.

        A version with the same edits as one whose edition is there shares it at once.
        """
        order = order_of(row.recording_id, edits_of(version))
        edition_id, now = self.editions.edition_id(order), self.ground.clock.now()
        made = await store.ready_as(session, row.recording_id, edition_id)
        session.add(
            EditionRow(
                resource_id=row.resource_id,
                number=version.number,
                recording_id=row.recording_id,
                edition_id=edition_id,
                state=EditionState.WAITING if made is None else EditionState.READY,
                cover=None if made is None else made.cover,
                media_s=media_s,
                changed_at=now,
            )
        )

    async def order_again(self, actor: Actor, resource_id: str) -> None:
        """Order an edition that failed once more.

        Raises:
            ResourceNotFound: there is none for the actor.
            Forbidden: the actor may not publish it.
            WrongResourceState: its edition did not fail.
        """
        async with self.ground.opened(
            actor, AuditAction.RESOURCE_EDITION, Action.PUBLISH_RESOURCE, resource_id
        ) as (work, held):
            row = await _present(work.session, held)
            now = self.ground.clock.now()
            if row is None or row.state != EditionState.FAILED:
                raise WrongResourceState()
            await store.bring(
                work.session, row, EditionState.WAITING, now, job_id=None, problem=None
            )
            work.detail = detail_of(version=row.number)
            work.tell(EditionWanted(resource_id))

    # --- what the server does by itself ----------------------------------------------------------

    async def order_due(self) -> None:
        """Make jobs of editions that wait, as far as there are places; the oldest first."""
        while await self._room() > 0:
            async with self.ground.audit.work(
                SYSTEM, AuditAction.JOB_SUBMIT, detail=RENDITIONS.name
            ) as work:
                waiting = await store.due(work.session, 1)
                if not waiting:
                    work.nothing_to_do()
                    return
                (one,) = waiting
                order = edits_of(one.version)
                job = await order_renditions(
                    self.jobs,
                    SYSTEM,
                    one.row.recording_id,
                    keep=order.keep,
                    hidden_sources=order.hidden_sources,
                    cover_s=order.cover_s,
                    hidden_pictures=order.hidden_pictures,
                    branch=one.path,
                    work=work,
                )
                now = self.ground.clock.now()
                await store.bring(
                    work.session, one.row, EditionState.ORDERED, now, job_id=job.job_id
                )
                work.nothing_to_do()  # the publication, or who asked again, was audited

    async def on_published(self, event: ResourceEvent) -> None:
        """Order what waits, and begin to remove the edition of the version before."""
        await self._drop_unwanted(event.resource_id)
        await self.order_due()

    async def on_withdrawn(self, event: ResourceEvent) -> None:
        """Begin to remove what is published no longer."""
        await self._drop_unwanted(event.resource_id)

    async def on_wanted(self, event: EditionWanted) -> None:
        """Order what was asked for again."""
        await self.order_due()

    async def on_job_ended(self, event: JobEnded) -> None:
        """Note what came of an edition, and order the next one."""
        if event.kind != RENDITIONS.name:
            return
        async with self.ground.database.read() as session:
            row = await store.of_job(session, event.job_id)
        job = await self.job_store.job(event.job_id)
        if row is not None and job is not None:
            await self._settle(row, job)
        await self.order_due()

    async def keep_up(self) -> None:
        """Do what no event led to: the process may have died between a row and what follows it.

        All that is published is looked through after a start alone; later on, events tell.
        """
        if self._sweeps.former:
            self._sweeps.former = await self._want_former()
        if self._sweeps.unwanted:
            self._sweeps.unwanted = await self._drop_unwanted()
        await self._settle_ended()
        await self._remove_dropped()
        await self.order_due()

    async def lost(self, row: EditionRow) -> None:
        """Order an edition anew whose files are gone, as after a restored database."""
        log.warning("edition_lost", resource_id=row.resource_id, edition_id=row.edition_id)
        now = self.ground.clock.now()
        async with self.ground.database.write() as session:
            await store.bring(session, row, EditionState.WAITING, now, job_id=None, cover=None)

    # --- reading ---------------------------------------------------------------------------------

    async def status(self, held: Held) -> EditionStatus | None:
        """Tell those who work on a resource about the edition of what is published."""
        async with self.ground.database.read() as session:
            row = await _present(session, held)
            if row is None:
                return None
            version = await session.get(ResourceVersionRow, (row.resource_id, row.number))
        job = await self._job(row)
        total = job.progress_total if job is not None else 0
        done = job.progress_done if job is not None else 0
        return EditionStatus(
            version=row.number,
            state=EditionState(row.state),
            needed=version is not None and needs_edition(edits_of(version)),
            progress=round(done / total, 3) if total else 0.0,
            minutes=self._minutes(row, job),
            problem=None if row.problem is None else ProblemCode(row.problem),
        )

    async def playback(self, row: EditionRow | None, edits: ResourceEdits) -> PlaybackStatus:
        """Tell a viewer about an edition that is not there yet."""
        waits = needs_edition(edits)
        if row is None or not waits:
            return PlaybackStatus(waits)
        if row.state == EditionState.FAILED:
            return PlaybackStatus(waits, failed=True)
        return PlaybackStatus(waits, minutes=self._minutes(row, await self._job(row)))

    # --- inside ----------------------------------------------------------------------------------

    async def _job(self, row: EditionRow) -> JobRecord | None:
        if row.job_id is None or row.state != EditionState.ORDERED:
            return None
        return await self.job_store.job(row.job_id)

    def _minutes(self, row: EditionRow, job: JobRecord | None) -> int | None:
        if row.state not in {EditionState.WAITING, EditionState.ORDERED}:
            return None
        if job is None or job.started_at is None:
            return minutes_left(row.media_s, 0, 0, 0.0)
        ran = (self.ground.clock.now() - job.started_at).total_seconds()
        return minutes_left(row.media_s, job.progress_done, job.progress_total, ran)

    async def _room(self) -> int:
        """Return how many more may be ordered now; none where nothing waits."""
        async with self.ground.database.read() as session:
            if not await store.in_state(session, EditionState.WAITING, 1):
                return 0
            return MAX_ORDERED - await store.counted(session, EditionState.ORDERED)

    async def _settle(self, row: EditionRow, job: JobRecord) -> None:
        """Write what follows from the end of a job."""
        problem, cover = _problem(job), None
        if job.state is JobState.DONE:
            try:
                made = await self.editions.edition(row.recording_id, row.edition_id)
            except EditionNotFound:  # deleted since then
                problem = ProblemCode.RENDITIONS_FAILED
            else:
                problem, cover = None, made.cover
        if problem is not None:
            log.warning("edition_failed", resource_id=row.resource_id, code=problem)
        state = EditionState.READY if problem is None else EditionState.FAILED
        now = self.ground.clock.now()
        async with self.ground.database.write() as session:
            await store.bring(session, row, state, now, problem=problem, cover=cover)

    async def _settle_ended(self) -> None:
        async with self.ground.database.read() as session:
            ordered = await store.in_state(session, EditionState.ORDERED, MAX_ORDERED)
        for row in ordered:
            job = await self.job_store.job(row.job_id or "")
            if job is None:
                now = self.ground.clock.now()
                async with self.ground.database.write() as session:
                    await store.bring(
                        session, row, EditionState.FAILED, now, problem=ProblemCode.JOB_NOT_FOUND
                    )
            elif job.state in ENDED_STATES:
                await self._settle(row, job)

    async def _drop_unwanted(self, resource_id: str | None = None) -> bool:
        """End the jobs of what is published no longer, and mark its files to be deleted.

        Returns whether there may be more.
        """
        async with self.ground.database.read() as session:
            rows = await store.unwanted(session, _AT_ONCE, resource_id)
        now = self.ground.clock.now()
        for row in rows:
            async with self.ground.audit.work(
                SYSTEM, AuditAction.JOB_CANCEL, row.job_id or "", RENDITIONS.name
            ) as work:
                work.nothing_to_do()  # the withdrawal or the new version was audited
                if not await store.bring(work.session, row, EditionState.REMOVING, now):
                    continue
                if row.state == EditionState.ORDERED and row.job_id is not None:
                    await self.jobs.withdraw(work, row.job_id)
        return bool(rows)

    async def _remove_dropped(self) -> None:
        before = self.ground.clock.now() - REMOVE_AFTER
        async with self.ground.database.read() as session:
            rows = await store.in_state(session, EditionState.REMOVING, _AT_ONCE, before=before)
        for row in rows:
            async with self.ground.database.read() as session:
                shared = await store.shared(session, row)
            try:
                if not shared:
                    await self.editions.delete(row.recording_id, row.edition_id)
            except (OSError, RecorderError) as error:  # the storage is away: the next round tries
                log.warning("edition_not_deleted", edition_id=row.edition_id, reason=repr(error))
                continue
            async with self.ground.database.write() as session:
                await store.forget(session, row)

    async def _want_former(self) -> bool:
        """Note the editions of what a former release published; whether there may be more."""
        async with self.ground.database.read() as session:
            found = await store.without(session, _AT_ONCE)
        if not found:
            return False
        ids = [row.recording_id for row, _, _ in found]
        known = await self.ground.recorder.entries_of(ids)
        async with self.ground.database.write() as session:
            for row, publication, version in found:
                if await store.edition(session, row.resource_id, version.number) is not None:
                    continue
                await self.want(session, row, version, publication.shown_s)
                if row.recording_id in known:
                    continue
                await session.flush()
                lost = await store.edition(session, row.resource_id, version.number)
                if lost is not None:  # nothing could be made of it
                    lost.state = EditionState.FAILED
                    lost.problem = ProblemCode.RECORDING_NOT_FOUND
        return True


def order_of(recording_id: str, edits: ResourceEdits) -> EditionOrder:
    """Return what the edition of a version with these edits holds."""
    return EditionOrder(
        recording_id,
        tuple(RecordedSpan(span.start_s, span.end_s) for span in edits.keep),
        edits.hidden_sources,
        edits.cover_s,
        edits.hidden_pictures,
    )


def media_s(manifest: Manifest, edits: ResourceEdits) -> float:
    """Return the seconds of media of all sources that an edition shows."""
    hidden = set(edits.hidden_sources)
    shown = [one for one in manifest.sources if one.source_id not in hidden and one.files]
    return len(shown) * shown_s(edits.keep, manifest.entry.duration_s)


async def _present(session: AsyncSession, held: Held) -> EditionRow | None:
    """Return the edition of what is published."""
    publication = held.publication
    if publication is None or publication.withdrawn_at is not None:
        return None
    return await store.edition(session, held.resource_id, publication.version)


def _problem(job: JobRecord) -> ProblemCode | None:
    """Return why a job made nothing; None if it is done."""
    if job.state is JobState.DONE:
        return None
    if job.problem is not None:
        return job.problem.code
    return ProblemCode.JOB_OVER if job.state is JobState.CANCELLED else ProblemCode.JOB_DIED
