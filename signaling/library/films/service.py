"""Films: ordered by those who work on a resource, followed, fetched, and removed.

A film is bound to what it holds. It is found only while the version still says the same, and given
out only while everybody who is seen in it has consented: a file goes wherever its owner takes it.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from recorder.api import (
    FilmNotFound,
    Films,
    Manifest,
    PublishedFile,
    RecorderError,
)
from signaling.access.actions import Action
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import SYSTEM, Work
from signaling.base.errors import NotFound, Refused, SignalingError, TooManyJobs
from signaling.base.problem_codes import ProblemCode
from signaling.jobs.records import JobRecord
from signaling.jobs.rules import OPEN_STATES
from signaling.jobs.service import JobService
from signaling.jobs.store import JobStore
from signaling.jobs.wire import JobState
from signaling.library.editions.rules import minutes_left
from signaling.library.films import store
from signaling.library.films.exported import Exported, exported, task_of
from signaling.library.films.kind import FILM, FilmResult
from signaling.library.films.rules import LIFE, MAX_OPEN, PACE, REMOVE_AFTER, STATES
from signaling.library.films.tables import FilmRow
from signaling.library.films.wire import FilmState, FilmStatus
from signaling.library.versions.ground import ResourceGround, WrongResourceState
from signaling.library.versions.records import Held
from signaling.library.versions.rules import shown_s

log = structlog.get_logger(__name__)

_AT_ONCE = 20  # films that one round looks at
_RESULT = msgspec.json.Decoder(FilmResult)


@dataclass(frozen=True, slots=True)
class FoundFilm:
    """The file of a film, and the name under which it is saved."""

    file: PublishedFile
    name: str


@dataclass(frozen=True, slots=True)
class FilmDesk:
    """The actions on films. `prefix` is what a proxy puts before every path."""

    ground: ResourceGround
    films: Films
    jobs: JobService
    job_store: JobStore
    prefix: str = ""

    async def order(self, actor: Actor, resource_id: str, number: int) -> None:
        """Have the film of a version made, unless it is there or on its way.

        Raises:
            ResourceNotFound: there is none for the actor.
            Forbidden: the actor may not export it.
            WrongResourceState: the version is neither at work nor published.
            RecordingNotReady: the recording is not finished.
            Refused: a source lacks consent.
            TooManyJobs: the actor has all the films on the way that there may be.
        """
        seen = await self.ground.seen(
            actor, Action.EXPORT_FILM, resource_id, AuditAction.FILM_ORDER
        )
        # Judged before the recording is sealed, which runs in a transaction of its own.
        manifest = await self._judged(actor, AuditAction.FILM_ORDER, seen, number)
        await self.ground.recorder.seal(seen.row.recording_id)
        async with self.ground.opened(
            actor, AuditAction.FILM_ORDER, Action.EXPORT_FILM, resource_id
        ) as (work, held):
            session, now = work.session, self.ground.clock.now()
            version = await exported(session, held, number)
            await self._demand_consent(session, version, manifest)
            work.detail = detail_of(version=number)
            film_id = self.films.film_id(version.order)
            rows = await store.of_version(session, resource_id, number, now)
            present = next((row for row in rows if row.film_id == film_id), None)
            if present is not None and await self._stands(work, present):
                work.nothing_to_do()
                return
            if await store.open_of(session, actor.actor_id, FILM.name) >= MAX_OPEN:
                raise TooManyJobs(facts={"most": MAX_OPEN})
            for row in rows:
                await self._end(work, row)
            task = task_of(version.order)
            job = await self.jobs.submit(actor, FILM, task, branch=held.path, work=work)
            await session.merge(
                FilmRow(
                    resource_id=resource_id,
                    number=number,
                    film_id=film_id,
                    recording_id=held.row.recording_id,
                    job_id=job.job_id,
                    media_s=shown_s(version.edits.keep, manifest.entry.duration_s),
                    ordered_at=now,
                    expires_at=now + LIFE,
                )
            )

    async def remove(self, actor: Actor, resource_id: str, number: int) -> None:
        """Cancel the film of a version, or give it up before its time. Raises as `order`."""
        async with self.ground.opened(
            actor, AuditAction.FILM_REMOVE, Action.EXPORT_FILM, resource_id
        ) as (work, held):
            await exported(work.session, held, number)
            now = self.ground.clock.now()
            rows = await store.of_version(work.session, resource_id, number, now)
            for row in rows:
                await self._end(work, row)
            work.detail = detail_of(version=number)
            if not rows:
                work.nothing_to_do()

    async def status(self, actor: Actor, resource_id: str, number: int) -> FilmStatus:
        """Tell about the film of a version. Raises as `order`, but for consent."""
        held = await self.ground.seen(actor, Action.EXPORT_FILM, resource_id)
        async with self.ground.database.read() as session:
            try:
                version = await exported(session, held, number)
            except WrongResourceState:  # of a version that is past there is none
                return FilmStatus(number, FilmState.NONE, False, 1)
            now = self.ground.clock.now()
            rows = await store.of_version(session, resource_id, number, now)
        film_id = self.films.film_id(version.order)
        row = next((one for one in rows if one.film_id == film_id), None)
        job = None if row is None else await self.job_store.job(row.job_id)
        if row is None or job is None:
            stale = any(one.film_id != film_id for one in rows)
            length = await self._length(version)
            return FilmStatus(number, FilmState.NONE, stale, minutes_left(length, 0, 0, 0.0, PACE))
        return self._shown(held, row, job)

    async def content(self, actor: Actor, resource_id: str, number: int) -> FoundFilm:
        """Open the film of a version, to be saved; who does is audited, once an hour.

        Raises:
            NotFound: there is none of the version as it is now.
            FilmNotFound: its file is lost; it may be ordered anew.
            Refused: a source lacks consent by now.
        """
        held = await self.ground.seen(
            actor, Action.EXPORT_FILM, resource_id, AuditAction.FILM_DOWNLOAD
        )
        await self._judged(actor, AuditAction.FILM_DOWNLOAD, held, number)
        async with self.ground.database.read() as session:
            version = await exported(session, held, number)
            now = self.ground.clock.now()
            rows = await store.of_version(session, resource_id, number, now)
        film_id = self.films.film_id(version.order)
        row = next((one for one in rows if one.film_id == film_id), None)
        job = None if row is None else await self.job_store.job(row.job_id)
        if row is None or job is None or job.state is not JobState.DONE:
            raise NotFound(code=ProblemCode.FILE_NOT_FOUND)
        try:
            file = await self.films.file(row.recording_id, row.film_id)
        except FilmNotFound:
            await self._lost(row)
            raise
        detail = detail_of(version=number)
        await self.ground.audit.note_download(
            actor,
            AuditAction.FILM_DOWNLOAD,
            resource_id,
            detail,
            file=film_id,
            path=held.path,
            name=held.row.title,
        )
        return FoundFilm(file, f"{version.metadata.title}.mp4")

    # --- what the server does by itself ----------------------------------------------------------

    async def keep_up(self) -> None:
        """End films of versions that are past, and delete those whose time is over."""
        now = self.ground.clock.now()
        async with self.ground.database.read() as session:
            rows = await store.past(session, now, _AT_ONCE)
        for row in rows:
            async with self.ground.audit.work(
                SYSTEM, AuditAction.JOB_CANCEL, row.job_id, FILM.name
            ) as work:
                work.nothing_to_do()  # the withdrawal or the new version was audited
                await self._end(work, await work.session.merge(row))
        async with self.ground.database.read() as session:
            rows = await store.over(session, now - REMOVE_AFTER, _AT_ONCE)
        for row in rows:
            await self._delete(row)

    # --- inside ----------------------------------------------------------------------------------

    async def _judged(self, actor: Actor, deed: AuditAction, held: Held, number: int) -> Manifest:
        """Return the contents of which a film may be made. Raises as `order`."""
        manifest = await self.ground.whole(held.row.recording_id)
        async with self.ground.database.read() as session:
            version = await exported(session, held, number)
            try:
                await self._demand_consent(session, version, manifest)
            except SignalingError as error:
                refused: SignalingError | None = error
            else:
                refused = None
        if refused is not None:
            about = (held.path, held.row.title)
            await self.ground.note_refusal(actor, deed, held.resource_id, about, refused)
            raise refused
        return manifest

    async def _demand_consent(
        self, session: AsyncSession, version: Exported, manifest: Manifest
    ) -> None:
        """Raise Refused where a source may not be shown to anybody who has the file."""
        missing = await version.unseen(self.ground, session, manifest)
        if missing:
            sources = " ".join(one.source_id for one in missing)
            raise Refused(
                code=ProblemCode.CONSENT_MISSING,
                field="edits.hidden_sources",
                facts={"sources": sources[:500]},
            )

    async def _stands(self, work: Work, row: FilmRow) -> bool:
        """Return whether a film is there or on its way."""
        job = await self.job_store.job_in(work, row.job_id)
        return job is not None and job.state in {*OPEN_STATES, JobState.DONE}

    async def _end(self, work: Work, row: FilmRow) -> None:
        """Cancel the job of a film, and have its file deleted soon."""
        row.expires_at = self.ground.clock.now()
        await self.jobs.withdraw(work, row.job_id)

    async def _lost(self, row: FilmRow) -> None:
        """Forget a film whose file is gone, as after a restored database."""
        log.warning("film_lost", resource_id=row.resource_id, film_id=row.film_id)
        async with self.ground.database.write() as session:
            await store.forget(session, row)

    async def _delete(self, row: FilmRow) -> None:
        """Delete a film and its row, unless another version needs the file."""
        now = self.ground.clock.now()
        async with self.ground.audit.work(
            SYSTEM, AuditAction.JOB_CANCEL, row.job_id, FILM.name
        ) as work:
            work.nothing_to_do()
            await self.jobs.withdraw(work, row.job_id)  # one that waited for seven days
            shared = await store.shared(work.session, row, now)
        try:
            if not shared:
                await self.films.delete(row.recording_id, row.film_id)
        except (OSError, RecorderError) as error:  # the storage is away: the next round tries
            log.warning("film_not_deleted", film_id=row.film_id, reason=repr(error))
            return
        async with self.ground.database.write() as session:
            await store.forget(session, row)

    async def _length(self, version: Exported) -> float:
        recording_id = version.held.row.recording_id
        entry = (await self.ground.recorder.entries_of([recording_id])).get(recording_id)
        return shown_s(version.edits.keep, 0.0 if entry is None else entry.duration_s)

    def _shown(self, held: Held, row: FilmRow, job: JobRecord) -> FilmStatus:
        state, done, total = STATES[job.state], job.progress_done, job.progress_total
        ran_s = 0.0
        if job.started_at is not None:
            ran_s = (self.ground.clock.now() - job.started_at).total_seconds()
        made = _RESULT.decode(job.result) if job.state is JobState.DONE and job.result else None
        folder = f"{self.prefix}/api/resources/{held.resource_id}/versions/{row.number}"
        return FilmStatus(
            version=row.number,
            state=state,
            stale=False,
            minutes=minutes_left(row.media_s, done, total, ran_s, PACE),
            progress=round(done / total, 3) if total else 0.0,
            problem=None if job.problem is None else job.problem.code,
            duration_s=None if made is None else made.duration_s,
            size=None if made is None else made.size,
            expires_at=row.expires_at if made is not None else None,
            url=f"{folder}/film/content" if made is not None else None,
        )
