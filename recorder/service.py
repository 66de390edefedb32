"""The recorder itself: records rooms and has their archives finished."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import Any

import structlog

from recorder.api import (
    Entry,
    LessonFacts,
    Manifest,
    PublishedFile,
    RecorderListener,
    RecordingFailure,
    RecordingState,
    StorageState,
)
from recorder.archive.copying import copied
from recorder.archive.reader import has_ended
from recorder.archive.session import OpenArchive, RecordingSession
from recorder.config import RecorderConfig
from recorder.core.archive_format import Begin, SourceName, Stage
from recorder.editions.service import EditionService
from recorder.films.service import FilmService
from recorder.finishing.queue import FinishQueue
from recorder.recordings.adopting import Adoption
from recorder.recordings.service import Recordings
from recorder.recordings.store import RecordingStore
from recorder.recordings.storing import Storing
from recorder.storage.api import ArchiveFiles, Storage
from recorder.storage.chosen import chosen_storage
from relay.api import Relay

_WAITING_TASK = "finish-waiting"

_log = structlog.get_logger(__name__)


class RecorderService:
    """Implements `recorder.api.Recorder`; see there. All calls on one event loop.

    Attributes:
        editions: the recordings' editions, for players.
        films: the films made of recordings.
    """

    def __init__(
        self,
        config: RecorderConfig,
        *,
        storage: Storage | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Put it together.

        Args:
            config: the settings.
            storage: keeps the files; the one that `config` names if None.
            clock: gives Unix seconds.

        Raises:
            BadLocation: `config` names a storage that cannot be used.
        """
        self._config = config
        self._clock = clock
        self._storage = storage or chosen_storage(config)
        self.editions = EditionService(self._storage)
        self.films = FilmService(self._storage)
        self._store = RecordingStore(config.database_url)
        self._recordings = Recordings(self._store, self._storage, clock)
        self._queue = FinishQueue(
            self._storage,
            on_start=self._finishing_started,
            on_progress=self._finishing_went_on,
            on_done=self._finishing_done,
            on_failed=self._finishing_failed,
        )
        self._adoption = Adoption(self._store, self._storage, self._recordings)
        self._storing = Storing(self._storage, self._store.entry)
        self._sessions: dict[str, RecordingSession] = {}  # by room
        self._tails: dict[str, asyncio.Event] = {}  # rooms whose lesson's last moments still arrive
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: set[str] = set()  # interrupted recordings that may yet go on

    # --- life ---

    async def start(self) -> None:
        """See `Recorder`."""
        await asyncio.to_thread(self._storage.open)
        await self._store.open()
        await self._adoption.adopt_here()
        for entry in await self._store.unfinished():
            await self._resume(entry)
        self._queue.start()
        self._storing.start()
        self._spawn(self._finish_waiting(), _WAITING_TASK)
        self._spawn(self._adoption.adopt_distant(self._queue.put))

    async def stop(self) -> None:
        """See `Recorder`."""
        async with self._lock:
            sessions, self._sessions = list(self._sessions.values()), {}
        closings = (self._close(session, ended=False) for session in sessions)
        outcomes = await asyncio.gather(*closings, return_exceptions=True)
        for session, outcome in zip(sessions, outcomes, strict=True):
            if isinstance(outcome, BaseException):  # the others, and the rest, are closed anyway
                _log.error(
                    "recording_not_closed", recording_id=session.recording_id, exc_info=outcome
                )
        self._waiting.clear()
        self._adoption.stop()
        self._storing.break_off()
        self._storage.close()  # no thread waits for a bucket from here on
        for task in list(self._tasks):
            if task.get_name() == _WAITING_TASK:
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._queue.stop()
        await self._storing.stop()
        await self._store.close()

    async def keep_copy(
        self, segment: bytes, recording_id: str, facts: LessonFacts, started_at: float
    ) -> None:
        """Put the media of a recorded segment into the storage as another lesson's recording.

        Before `start`, which lists it and has it finished.

        Args:
            segment: a whole archive of one segment.
            recording_id: of the copy; there is no such recording yet.
            facts: of the lesson.
            started_at: Unix seconds.

        Raises:
            ValueError: the segment is none.
            OSError: it cannot be written.
        """
        data = copied(segment, Begin(recording_id, started_at, facts))
        await asyncio.to_thread(self._storage.open)
        await asyncio.to_thread(_write_segment, self._storage.archive(recording_id), data)

    def add_listener(self, listener: RecorderListener) -> None:
        """See `Recorder`."""
        self._recordings.add_listener(listener)

    # --- recording ---

    async def begin(self, relay: Relay, room_id: str, facts: LessonFacts) -> str:
        """See `Recorder`."""
        async with self._lock:
            present = self._sessions.get(room_id)
            if present is not None:
                return present.recording_id
            entry = await self._entry_to_continue(facts.lesson_id)
            recording_id = entry.recording_id if entry else secrets.token_hex(8)
            started_at = entry.started_at.timestamp() if entry else self._clock()
            archive = await OpenArchive.open(
                self._storage,
                Begin(recording_id, started_at, facts),
                self._config,
                self._clock,
                self._recordings,
            )
            try:
                if entry is None:
                    entry = await self._store.add(recording_id, facts, started_at)
                else:
                    entry = await self._store.set_state(recording_id, RecordingState.RECORDING)
                session = RecordingSession(
                    recording_id,
                    archive,
                    relay,
                    room_id,
                    storage=self._storage,
                    config=self._config,
                    wall_clock=self._clock,
                    listener=self._recordings,
                )
            except BaseException:
                await archive.close(ended=False)
                raise
            self._sessions[room_id] = session
            self._recordings.runs(recording_id, session.clock.wall_now)
        _log.info("recording_began", recording_id=recording_id, room_id=room_id, run=archive.run)
        self._recordings.tell(entry)
        return recording_id

    def name_source(self, room_id: str, source_id: str, name: str) -> None:
        """See `Recorder`."""
        session = self._sessions.get(room_id)
        if session is not None:
            session.put(SourceName(source_id, name))

    def mark_stage(self, room_id: str, participant_id: str, name: str, on_stage: bool) -> None:
        """See `Recorder`."""
        session = self._sessions.get(room_id)
        if session is not None:
            session.put(Stage(participant_id, name, on_stage, session.clock.now()))

    async def end(self, room_id: str) -> None:
        """See `Recorder`."""
        if (present := self._sessions.get(room_id)) is not None:
            present.mark_end()  # now, however long the lock takes
        try:
            async with self._lock:
                session = self._sessions.pop(room_id, None)
                if session is not None:
                    session.mark_end()
                    tail = self._tails[room_id] = asyncio.Event()
                    # Also if the database is away: the archive knows.
                    self._spawn(self._end(session, room_id, tail))
                    # Before the lock is given up: from here on, begin() makes a new recording.
                    await self._store.set_ended(session.recording_id)
        finally:
            if (under_way := self._tails.get(room_id)) is not None:
                await under_way.wait()

    async def _end(self, session: RecordingSession, room_id: str, tail: asyncio.Event) -> None:
        try:
            try:
                await self._let_tail_arrive(session, room_id, tail)
            finally:
                await self._close(session, ended=True)
            state = RecordingState.FINISHING
            self._recordings.tell(await self._store.set_state(session.recording_id, state))
        finally:
            self._queue.put(session.recording_id)  # sets the state, too, and patiently

    async def _let_tail_arrive(
        self, session: RecordingSession, room_id: str, tail: asyncio.Event
    ) -> None:
        try:
            await session.let_tail_arrive()
        finally:  # or every later end() would wait for ever
            tail.set()
            if self._tails.get(room_id) is tail:  # else the lesson was begun and ended once more
                del self._tails[room_id]

    async def _close(self, session: RecordingSession, *, ended: bool) -> None:
        try:
            await session.close(ended=ended)
        finally:
            self._recordings.runs_no_more(session.recording_id)

    async def _entry_to_continue(self, lesson_id: str) -> Entry | None:
        """Find the lesson's recording if its end was never marked: it goes on, with a gap."""
        recording_id = await self._store.unended_recording_of(lesson_id)
        if recording_id is None:
            return None
        self._waiting.discard(recording_id)
        await self._queue.cancel(recording_id)
        return await self._store.entry(recording_id)

    async def seal(self, recording_id: str) -> Entry:
        """See `Recorder`."""
        async with self._lock:  # not in the middle of a begin() that goes on with it
            entry = await self._recordings.seal(recording_id)
        self._storing.put(recording_id)  # its archive may leave now
        return entry

    async def adopt(self, recording_id: str) -> Entry:
        """See `Recorder`."""
        return await self._adoption.adopt_finished(recording_id)

    # --- finishing ---

    async def _resume(self, entry: Entry) -> None:
        if entry.failure is RecordingFailure.NOTHING_RECORDED:
            return
        recording_id, ended = entry.recording_id, entry.sealed
        try:
            if not ended:
                ended = await asyncio.to_thread(has_ended, self._storage.archive(recording_id))
                if ended:  # the process died between the end marker and the database
                    await self._store.set_ended(recording_id)
        except OSError as error:  # finishing will see whether it can be read
            _log.warning("archive_not_read", recording_id=recording_id, reason=str(error))
        if ended:
            self._queue.put(recording_id)
        else:
            self._waiting.add(recording_id)

    async def _finish_waiting(self) -> None:
        if not self._waiting:
            return
        await asyncio.sleep(self._config.continue_within_s)
        async with self._lock:  # not in the middle of a begin()
            for recording_id in self._waiting:
                self._queue.put(recording_id)
            self._waiting.clear()

    async def _finishing_started(self, recording_id: str) -> None:
        state = RecordingState.FINISHING
        self._recordings.tell(await self._store.set_state(recording_id, state))

    async def _finishing_went_on(self, recording_id: str, progress: float) -> None:
        self._recordings.tell(await self._store.set_progress(recording_id, progress))

    async def _finishing_done(self, recording_id: str) -> None:
        manifest = await self._recordings.published_manifest(recording_id)
        self._recordings.tell(await self._store.set_ready(manifest))
        self._storing.put(recording_id)

    async def _finishing_failed(
        self, recording_id: str, failure: RecordingFailure, again: bool
    ) -> None:
        state = RecordingState.FAILED
        entry = await self._store.set_state(recording_id, state, failure=failure, retrying=again)
        self._recordings.tell(entry)

    # --- answers ---

    async def entry(self, recording_id: str) -> Entry:
        """See `Recorder`."""
        return await self._recordings.entry(recording_id)

    async def entries_of(self, recording_ids: Collection[str]) -> dict[str, Entry]:
        """See `Recorder`."""
        return await self._recordings.entries_of(recording_ids)

    async def entries(
        self, *, limit: int, before: str | None
    ) -> tuple[Sequence[Entry], str | None]:
        """See `Recorder`."""
        return await self._recordings.entries(limit=limit, before=before)

    async def manifest(self, recording_id: str) -> Manifest:
        """See `Recorder`."""
        return await self._recordings.manifest(recording_id)

    async def recording_of(self, lesson_id: str) -> str | None:
        """See `Recorder`."""
        return await self._store.recording_of(lesson_id)

    async def file(self, recording_id: str, name: str) -> PublishedFile:
        """See `Recorder`."""
        return await self._recordings.file(recording_id, name)

    def storage_state(self) -> StorageState:
        """See `Recorder`."""
        return self._storing.state

    # --- inside ---

    def _spawn(self, work: Coroutine[Any, Any, None], name: str | None = None) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)

    def _task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("recorder_task_failed", error=repr(error), exc_info=error)


def _write_segment(archive: ArchiveFiles, data: bytes) -> None:
    archive.open()
    file = archive.create(1)
    try:
        file.append(data)
        file.sync()
    finally:
        file.close()
