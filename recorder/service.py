"""The recorder itself: taps rooms, keeps archives, has them finished, answers for the library."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import structlog

from recorder.api import (
    Entry,
    LessonFacts,
    Manifest,
    RecorderListener,
    RecordingNotFound,
    RecordingState,
    StorageUnavailable,
)
from recorder.archive import ArchiveWriter
from recorder.archive_files import (
    ARCHIVE_FOLDER,
    MANIFEST_NAME,
    THUMBNAIL_NAME,
    has_ended,
    read_archive,
    recordings_folder,
)
from recorder.config import RecorderConfig
from recorder.core.archive_format import Begin, SourceName, Stage
from recorder.core.manifest import decode_manifest
from recorder.core.source_quota import QuotaRules
from recorder.finish import DISK_FULL_CODE, NothingRecordedError
from recorder.finish_queue import FinishQueue
from recorder.library import Library
from recorder.recording_clock import RecordingClock, steady
from recorder.tap import ArchiveTap
from recorder.trouble import Trouble
from recorder.upkeep import Upkeep
from relay.api import Relay, Tap

_WAITING_TASK = "finish-waiting"
_NOTHING_RECORDED = "没有收到任何画面和声音"
_FINISHING_FAILED = "整理失败,原始录像已保留"
_NO_ROOM_TO_FINISH = "磁盘空间不足,尚未整理,原始录像已保留"
_TRIED_AGAIN = ",将自动重试"
_TROUBLE_TEXT = {
    Trouble.QUEUE_FULL: "存储过慢,部分录像未能保存",
    Trouble.DISK_FULL: "磁盘空间不足,录像暂时无法保存",
    Trouble.IO_ERROR: "存储故障,录像暂时无法保存",
    Trouble.TOO_MANY_TRACKS: "画面和声音过多,部分未能录下",
}

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Running:
    """A recording being made."""

    recording_id: str
    writer: ArchiveWriter
    sink: ArchiveTap
    tap: Tap
    ticker: asyncio.Task[None]
    clock: RecordingClock


class RecorderService:
    """Implements `recorder.api.Recorder`; see there. All calls on one event loop."""

    def __init__(self, config: RecorderConfig, *, clock: Callable[[], float] = time.time) -> None:
        self._config = config
        self._clock = clock
        self._root = recordings_folder(config.data_dir)
        self._upkeep = Upkeep(config, self._root)
        self._library = Library(config.database_url)
        self._queue = FinishQueue(
            self._folder,
            on_start=self._finishing_started,
            on_progress=self._finishing_went_on,
            on_done=self._finishing_done,
            on_failed=self._finishing_failed,
        )
        self._running: dict[str, _Running] = {}
        self._tails: dict[str, asyncio.Event] = {}  # rooms whose lesson's last moments still arrive
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: set[str] = set()  # interrupted recordings that may yet go on
        self._listeners: list[RecorderListener] = []

    # --- life ---

    async def start(self) -> None:
        """See `Recorder`."""
        self._root.mkdir(parents=True, exist_ok=True)
        await self._library.open()
        await self._adopt_unknown()
        for entry, ended in await self._library.unfinished():
            await self._resume(entry, ended)
        self._queue.start()
        self._spawn(self._finish_waiting(), _WAITING_TASK)

    async def stop(self) -> None:
        """See `Recorder`."""
        async with self._lock:
            running, self._running = list(self._running.values()), {}
        closings = (self._close_running(item, ended=False) for item in running)
        outcomes = await asyncio.gather(*closings, return_exceptions=True)
        for item, outcome in zip(running, outcomes, strict=True):
            if isinstance(outcome, BaseException):  # the others, and the rest, are closed anyway
                _log.error("recording_not_closed", recording_id=item.recording_id, exc_info=outcome)
        self._waiting.clear()
        for task in list(self._tasks):
            if task.get_name() == _WAITING_TASK:
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._queue.stop()
        await self._library.close()

    def add_listener(self, listener: RecorderListener) -> None:
        """See `Recorder`."""
        self._listeners.append(listener)

    # --- recording ---

    async def begin(self, relay: Relay, room_id: str, facts: LessonFacts) -> str:
        """See `Recorder`."""
        async with self._lock:
            present = self._running.get(room_id)
            if present is not None:
                return present.recording_id
            entry = await self._entry_to_continue(facts.lesson_id)
            recording_id = entry.recording_id if entry else secrets.token_hex(8)
            started_at = entry.started_at.timestamp() if entry else self._clock()
            writer, run = await self._open_archive(recording_id, started_at, facts)
            try:
                if entry is None:
                    entry = await self._library.add(recording_id, facts, started_at)
                else:
                    entry = await self._library.set_state(recording_id, RecordingState.RECORDING)
                sink = self._make_sink(writer, run, facts.lesson_id)
                tap = relay.tap(room_id, sink)
                clock = RecordingClock(tap.now, self._clock)
            except BaseException:
                await asyncio.to_thread(writer.close, ended=False)
                raise
            upkeep = self._upkeep.look_after(writer, sink, tap, clock)
            ticker = asyncio.create_task(upkeep, name="recording")
            self._running[room_id] = _Running(recording_id, writer, sink, tap, ticker, clock)
        _log.info("recording_began", recording_id=recording_id, room_id=room_id, run=run)
        self._tell(entry)
        return recording_id

    def name_source(self, room_id: str, source_id: str, name: str) -> None:
        """See `Recorder`."""
        running = self._running.get(room_id)
        if running is not None:
            running.writer.put(SourceName(source_id, name))

    def mark_stage(self, room_id: str, participant_id: str, name: str, on_stage: bool) -> None:
        """See `Recorder`."""
        running = self._running.get(room_id)
        if running is not None:
            running.writer.put(Stage(participant_id, name, on_stage, running.clock.now()))

    async def end(self, room_id: str) -> None:
        """See `Recorder`."""
        if (present := self._running.get(room_id)) is not None:
            present.sink.end()  # now, however long the lock takes
        try:
            async with self._lock:
                running = self._running.pop(room_id, None)
                if running is not None:
                    running.sink.end()
                    tail = self._tails[room_id] = asyncio.Event()
                    # Also if the database is away: the archive knows.
                    self._spawn(self._end(running, room_id, tail))
                    # Before the lock is given up: from here on, begin() makes a new recording.
                    await self._library.set_ended(running.recording_id)
        finally:
            if (under_way := self._tails.get(room_id)) is not None:
                await under_way.wait()

    async def _end(self, running: _Running, room_id: str, tail: asyncio.Event) -> None:
        try:
            try:
                await self._let_tail_arrive(running, room_id, tail)
            finally:
                await self._close_running(running, ended=True)
            state = RecordingState.FINISHING
            self._tell(await self._library.set_state(running.recording_id, state))
        finally:
            self._queue.put(running.recording_id)  # sets the state, too, and patiently

    async def _let_tail_arrive(self, running: _Running, room_id: str, tail: asyncio.Event) -> None:
        try:
            await asyncio.sleep(self._config.tail_s)
            running.tap.close()
        finally:  # or every later end() would wait for ever
            tail.set()
            if self._tails.get(room_id) is tail:  # else the lesson was begun and ended once more
                del self._tails[room_id]

    async def _close_running(self, running: _Running, *, ended: bool) -> None:
        running.ticker.cancel()
        try:
            running.tap.close()
            with contextlib.suppress(asyncio.CancelledError):
                await running.ticker
        finally:
            await asyncio.to_thread(running.writer.close, ended=ended)

    async def _entry_to_continue(self, lesson_id: str) -> Entry | None:
        """The lesson's recording if its end was never marked: it goes on, with a gap."""
        recording_id = await self._library.unended_recording_of(lesson_id)
        if recording_id is None:
            return None
        self._waiting.discard(recording_id)
        await self._queue.cancel(recording_id)
        return await self._library.entry(recording_id)

    async def _open_archive(
        self, recording_id: str, started_at: float, facts: LessonFacts
    ) -> tuple[ArchiveWriter, int]:
        loop = asyncio.get_running_loop()

        def tell(*call: Any) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to tell
                loop.call_soon_threadsafe(*call)

        writer = ArchiveWriter(
            self._folder(recording_id) / ARCHIVE_FOLDER,
            Begin(recording_id, started_at, facts),
            lambda trouble: tell(self._tell_trouble, facts.lesson_id, trouble),
            lambda: tell(self._tell_recovery, facts.lesson_id),
            clock=steady(self._clock),
        )

        def open_it() -> int:
            free = shutil.disk_usage(self._root).free
            if free < self._config.min_free_bytes:
                raise StorageUnavailable(f"only {free} bytes free at {self._root}")
            return writer.open()

        try:
            return writer, await asyncio.to_thread(open_it)
        except OSError as error:
            raise StorageUnavailable(str(error)) from error

    def _make_sink(self, writer: ArchiveWriter, run: int, lesson_id: str) -> ArchiveTap:
        loop = asyncio.get_running_loop()
        rules = QuotaRules(self._config.source_bps, most_bytes=self._config.source_bytes)

        def on_excess(source_id: str, excess: bool) -> None:
            loop.call_soon(self._tell_excess, lesson_id, source_id, excess)

        return ArchiveTap(writer, run, rules=rules, on_excess=on_excess)

    # --- finishing ---

    async def _adopt_unknown(self) -> None:
        """Archives without an entry (the database was lost or restored) get one."""
        folders = await asyncio.to_thread(
            lambda: {p.parent.name: p for p in self._root.glob(f"*/{ARCHIVE_FOLDER}")}
        )
        names = list(folders)
        known = set()
        for start in range(0, len(names), 500):
            known |= await self._library.known(names[start : start + 500])
        for name in names:
            if name in known:
                continue
            begin = await asyncio.to_thread(_first_begin, folders[name])
            if begin is not None and begin.recording_id == name:
                _log.warning("recording_adopted", recording_id=name)
                ended = await asyncio.to_thread(has_ended, folders[name])
                await self._library.add(name, begin.facts, begin.started_at, ended=ended)

    async def _resume(self, entry: Entry, ended: bool) -> None:
        if entry.state is RecordingState.FAILED and entry.failure == _NOTHING_RECORDED:
            return
        archive = self._folder(entry.recording_id) / ARCHIVE_FOLDER
        if not ended and await asyncio.to_thread(has_ended, archive):
            ended = True  # the process died between the end marker and the database
            await self._library.set_ended(entry.recording_id)
        if ended:
            self._queue.put(entry.recording_id)
        else:
            self._waiting.add(entry.recording_id)

    async def _finish_waiting(self) -> None:
        if not self._waiting:
            return
        await asyncio.sleep(self._config.continue_within_s)
        async with self._lock:  # not in the middle of a begin()
            for recording_id in self._waiting:
                self._queue.put(recording_id)
            self._waiting.clear()

    async def _finishing_started(self, recording_id: str) -> None:
        self._tell(await self._library.set_state(recording_id, RecordingState.FINISHING))

    async def _finishing_went_on(self, recording_id: str, progress: float) -> None:
        self._tell(await self._library.set_progress(recording_id, progress))

    async def _finishing_done(self, recording_id: str) -> None:
        manifest = await asyncio.to_thread(self._read_manifest, recording_id)
        self._tell(await self._library.set_ready(manifest))

    async def _finishing_failed(self, recording_id: str, reason: str, again: bool) -> None:
        text = {
            NothingRecordedError.code: _NOTHING_RECORDED,
            DISK_FULL_CODE: _NO_ROOM_TO_FINISH,
        }.get(reason, _FINISHING_FAILED) + (_TRIED_AGAIN if again else "")
        self._tell(await self._library.set_state(recording_id, RecordingState.FAILED, failure=text))

    # --- the library ---

    async def entries(
        self, *, limit: int, before: str | None, query: str | None
    ) -> tuple[Sequence[Entry], str | None]:
        """See `Recorder`."""
        found, cursor = await self._library.page(limit=limit, before=before, query=query)
        return [self._live(entry) for entry in found], cursor

    async def manifest(self, recording_id: str) -> Manifest:
        """See `Recorder`."""
        entry = await self._library.entry(recording_id)
        if entry.state is not RecordingState.READY:
            return Manifest(self._live(entry), (), ())
        manifest = await asyncio.to_thread(self._read_manifest, recording_id)
        return replace(manifest, entry=entry)

    async def recording_of(self, lesson_id: str) -> str | None:
        """See `Recorder`."""
        return await self._library.recording_of(lesson_id)

    async def file_path(self, recording_id: str, name: str) -> Path:
        """See `Recorder`."""
        entry = await self._library.entry(recording_id)
        if entry.state is not RecordingState.READY:
            raise RecordingNotFound(recording_id)
        manifest = await asyncio.to_thread(self._read_manifest, recording_id)
        names = {file.name for source in manifest.sources for file in source.files}
        if entry.has_thumbnail:
            names.add(THUMBNAIL_NAME)
        if name not in names:  # so no name can lead out of the folder
            raise RecordingNotFound(f"{recording_id}/{name}")
        return self._folder(recording_id) / name

    def _read_manifest(self, recording_id: str) -> Manifest:
        try:
            return decode_manifest((self._folder(recording_id) / MANIFEST_NAME).read_bytes())
        except (OSError, msgspec.DecodeError) as error:
            raise RecordingNotFound(recording_id) from error

    def _live(self, entry: Entry) -> Entry:
        if entry.state is not RecordingState.RECORDING:
            return entry
        running = (one for one in self._running.values() if one.recording_id == entry.recording_id)
        now = next((one.clock.wall_now() for one in running), self._clock())
        return replace(entry, duration_s=max(0.0, now - entry.started_at.timestamp()))

    def _folder(self, recording_id: str) -> Path:
        return self._root / recording_id

    # --- telling ---

    def _tell(self, entry: Entry) -> None:
        for listener in self._listeners:
            listener.on_recording_changed(self._live(entry))

    def _tell_trouble(self, lesson_id: str, trouble: Trouble) -> None:
        for listener in self._listeners:
            listener.on_recording_trouble(lesson_id, _TROUBLE_TEXT[trouble])

    def _tell_excess(self, lesson_id: str, source_id: str, excess: bool) -> None:
        _log.warning("source_excess", lesson_id=lesson_id, source_id=source_id, excess=excess)
        for listener in self._listeners:
            listener.on_source_excess(lesson_id, source_id, excess)

    def _tell_recovery(self, lesson_id: str) -> None:
        for listener in self._listeners:
            listener.on_recording_recovered(lesson_id)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str | None = None) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)

    def _task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("recorder_task_failed", error=repr(error), exc_info=error)


def _first_begin(archive: Path) -> Begin | None:
    records = read_archive(archive)
    return next((record for record in records if isinstance(record, Begin)), None)
