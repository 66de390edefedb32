"""The recorder itself: records rooms and has their archives finished."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import Any

import structlog

from recorder.api import (
    ALL_DUTIES,
    Entry,
    GoesOn,
    LessonFacts,
    LessonGuard,
    Manifest,
    NotOnDuty,
    PublishedFile,
    RecorderDuty,
    RecorderListener,
    RecordingFailure,
    RecordingState,
    StorageState,
)
from recorder.archive.copying import copied
from recorder.archive.reader import has_ended
from recorder.archive.shipping import Shipping
from recorder.config import RecorderConfig
from recorder.core.archive_format import Begin
from recorder.editions.service import EditionService
from recorder.films.service import FilmService
from recorder.finishing.queue import FinishQueue
from recorder.recordings.adopting import Adoption
from recorder.recordings.left_here import LeftHere
from recorder.recordings.live import LiveRecordings
from recorder.recordings.rows import Turn
from recorder.recordings.service import Recordings
from recorder.recordings.store import RecordingStore
from recorder.recordings.storing import Storing
from recorder.recordings.unfinished import Claims, Search
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
        duties: RecorderDuty = ALL_DUTIES,
        guard: LessonGuard | None = None,
        goes_on: GoesOn | None = None,
        storage: Storage | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Put it together.

        Args:
            config: the settings.
            duties: what it does beside reading; see `RecorderDuty`.
            guard: asked in each transaction that writes about a lesson that it records.
            goes_on: asked by a recorder that finishes and does not record. None: it finishes the
                unended recordings that it finds at its start, unless they are taken up within
                `RecorderConfig.continue_within_s`.
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
        self._records = RecorderDuty.RECORD in duties
        self._finishes = RecorderDuty.FINISH in duties
        self._shares = duties != ALL_DUTIES  # other processes write to the same rows
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: set[str] = set()  # interrupted recordings that may yet go on
        self._claims = Claims(self._store, self._storage, self._queue.cancel)
        self._search = Search(
            self._store,
            self._claims,
            goes_on=goes_on,
            continue_within_s=config.continue_within_s,
            put=self._queue.put,
            is_queued=self._queue.has,
        )
        ships = self._storage.ships and self._records and not self._finishes
        self._shipping = Shipping(self._storage) if ships else None
        self._live = LiveRecordings(
            config,
            self._store,
            self._storage,
            self._recordings,
            clock=clock,
            guard=guard,
            finishing=_OwnFinishing(self._queue, self._waiting) if self._finishes else None,
            spawn=self._spawn,
            shipping=self._shipping,
        )

    # --- life ---

    async def start(self) -> None:
        """See `Recorder`."""
        await asyncio.to_thread(self._storage.open)
        await self._store.open()
        if self._shipping is not None:
            left = LeftHere(self._store, self._storage, self._shipping)
            self._spawn(left.run(), _WAITING_TASK)
        if not self._finishes:
            return
        await self._adoption.adopt_here()
        if not self._shares:
            for entry in await self._store.unfinished():
                await self._resume(entry)
        self._queue.start()
        self._storing.start()
        if self._shares:
            self._spawn(self._search.run(), _WAITING_TASK)
            self._spawn(self._claims.beat(), _WAITING_TASK)
        else:
            self._spawn(self._finish_waiting(), _WAITING_TASK)
        self._spawn(self._adoption.adopt_distant(self._adopted))

    async def stop_asking(self) -> None:
        """Ask no more which lessons go on: who answers stops before the recorder does."""
        await self._search.stop()

    async def stop(self) -> None:
        """See `Recorder`."""
        await self._live.stop()
        if self._shipping is not None:
            await self._shipping.stop()
        self._waiting.clear()
        self._adoption.stop()
        self._storing.break_off()
        self._storage.close()  # no thread waits for a bucket from here on
        for task in list(self._tasks):
            if task.get_name() == _WAITING_TASK:
                task.cancel()
        while self._tasks:  # one may leave another behind: a lesson that just ended is handed over
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._queue.stop()
        if self._shares and self._finishes:
            await self._claims.release()
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
        if not self._records:
            raise NotOnDuty("this process records no lessons")
        return await self._live.begin(relay, room_id, facts)

    def name_source(self, room_id: str, source_id: str, name: str) -> None:
        """See `Recorder`."""
        self._live.name_source(room_id, source_id, name)

    def mark_stage(self, room_id: str, participant_id: str, name: str, on_stage: bool) -> None:
        """See `Recorder`."""
        self._live.mark_stage(room_id, participant_id, name, on_stage)

    async def end(self, room_id: str) -> None:
        """See `Recorder`."""
        await self._live.end(room_id)

    async def abandon(self, room_id: str) -> None:
        """See `Recorder`."""
        await self._live.abandon(room_id)

    async def seal(self, recording_id: str) -> Entry:
        """See `Recorder`."""
        async with self._live.lock:  # not in the middle of a begin() that goes on with it
            entry = await self._recordings.seal(recording_id)
        if self._finishes:
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
        async with self._live.lock:  # not in the middle of a begin()
            for recording_id in self._waiting:
                self._queue.put(recording_id)
            self._waiting.clear()

    async def _finishing_started(self, recording_id: str) -> None:
        entry = await self._claims.take(recording_id) if self._shares else None
        if entry is None:
            state = RecordingState.FINISHING
            turn = self._turn(recording_id)
            entry = await self._store.set_state(recording_id, state, turn=turn)
        self._recordings.tell(entry)

    async def _finishing_went_on(self, recording_id: str, progress: float) -> None:
        turn = self._turn(recording_id)
        self._recordings.tell(await self._store.set_progress(recording_id, progress, turn=turn))

    async def _finishing_done(self, recording_id: str) -> None:
        manifest = await self._recordings.published_manifest(recording_id)
        turn = self._turn(recording_id)
        self._recordings.tell(await self._store.set_ready(manifest, turn=turn))
        self._claims.drop(recording_id)
        self._storing.put(recording_id)

    async def _finishing_failed(
        self, recording_id: str, failure: RecordingFailure, again: bool
    ) -> None:
        entry = await self._store.set_state(
            recording_id,
            RecordingState.FAILED,
            failure=failure,
            retrying=again,
            turn=self._turn(recording_id),
        )
        if not again:
            self._claims.drop(recording_id)
        self._recordings.tell(entry)

    def _turn(self, recording_id: str) -> Turn | None:
        """Return the right to write the row of what is finished. Raises LessonLost."""
        return self._claims.turn(recording_id) if self._shares else None

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

    def unfinished(self) -> int:
        """See `Recorder`."""
        return len(self._queue)

    # --- inside ---

    def _adopted(self, recording_id: str) -> None:
        """Have an adopted recording finished; among several it is searched for."""
        if not self._shares:
            self._queue.put(recording_id)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str | None = None) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)

    def _task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("recorder_task_failed", error=repr(error), exc_info=error)


class _OwnFinishing:
    """Implements `recordings.live.Finishing` for the recorder that does all."""

    def __init__(self, queue: FinishQueue, waiting: set[str]) -> None:
        self._queue = queue
        self._waiting = waiting

    async def release(self, recording_id: str) -> None:
        """See `Finishing`."""
        self._waiting.discard(recording_id)
        await self._queue.cancel(recording_id)

    def take(self, recording_id: str) -> None:
        """See `Finishing`."""
        self._queue.put(recording_id)


def _write_segment(archive: ArchiveFiles, data: bytes) -> None:
    archive.open()
    file = archive.create(1)
    try:
        file.append(data)
        file.sync()
    finally:
        file.close()
