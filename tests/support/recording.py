"""Recordings for tests: a tap to feed by hand, archives written by the real writer, and waiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from recorder.api import (
    ALL_DUTIES,
    Entry,
    GoesOn,
    LessonFacts,
    LessonGuard,
    Manifest,
    RecorderDuty,
    RecordingState,
    RecordingTrouble,
)
from recorder.archive.tap import ArchiveTap
from recorder.archive.writer import ArchiveWriter
from recorder.config import RecorderConfig
from recorder.core.archive_format import Begin
from recorder.finishing.finish import finish
from recorder.service import RecorderService
from recorder.storage.api import ARCHIVE_FOLDER, Storage
from recorder.storage.folder import FolderArchive, publish_results
from relay.api import CloseReason, TapSink, TapTrack
from tests.support.rtp_media import Happening, feed

START = 1_700_000_000.0
FACTS = LessonFacts(
    lesson_id="lesson-1",
    title="四年级语文《观潮》",
    subject="语文",
    grade="四年级",
    class_kind="dedicated",
    lead_teacher_id="person-1",
    lead_teacher="王老师",
    source_names={"lead.camera": "王老师"},
    lead_sources=("lead.camera", "lead.courseware"),
)


class HandTap:
    """What a relay's `tap` gives, fed by the test; it ends open tracks on closing."""

    def __init__(self, sink: TapSink) -> None:
        self._sink = sink
        self._open: set[int] = set()
        self.key_frames_asked: asyncio.Queue[None] = asyncio.Queue()
        self.closed = False
        self._offset = START - time.monotonic()

    def now(self) -> float:
        return time.monotonic() + self._offset

    def on_track(self, track: TapTrack, now: float) -> None:
        self._open.add(track.track_id)
        self._sink.on_track(track, now)

    def on_packet(self, track_id: int, packet: bytes, now: float) -> None:
        self._sink.on_packet(track_id, packet, now)

    def on_clock(self, track_id: int, rtp_timestamp: int, capture_time: float, now: float) -> None:
        self._sink.on_clock(track_id, rtp_timestamp, capture_time, now)

    def on_track_end(self, track_id: int, reason: CloseReason, now: float) -> None:
        self._open.discard(track_id)
        self._sink.on_track_end(track_id, reason, now)

    def request_key_frames(self) -> None:
        self.key_frames_asked.put_nowait(None)

    def close(self) -> None:
        self.closed = True
        for track_id in sorted(self._open):
            self._sink.on_track_end(track_id, CloseReason.REQUESTED, START)
        self._open.clear()


class HandRelay:
    """The one part of a relay that a recorder uses; media comes from the test."""

    def __init__(self) -> None:
        self.taps: dict[str, HandTap] = {}

    def tap(self, room_id: str, sink: TapSink) -> HandTap:
        self.taps[room_id] = HandTap(sink)
        return self.taps[room_id]


class Watcher:
    """A listener that can be waited on."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.troubles: list[tuple[str, RecordingTrouble]] = []
        self.recovered: list[str] = []
        self.excess: list[tuple[str, str, bool]] = []
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    def on_recording_changed(self, entry: Entry) -> None:
        self.entries.append(entry)
        self._wake()

    def on_recording_trouble(self, lesson_id: str, trouble: RecordingTrouble) -> None:
        self.troubles.append((lesson_id, trouble))
        self._wake()

    def on_recording_recovered(self, lesson_id: str) -> None:
        self.recovered.append(lesson_id)
        self._wake()

    def on_source_excess(self, lesson_id: str, source_id: str, excess: bool) -> None:
        self.excess.append((lesson_id, source_id, excess))
        self._wake()

    def states(self, recording_id: str) -> list[RecordingState]:
        """The states gone through, without repeats."""
        states: list[RecordingState] = []
        for entry in self.entries:
            if entry.recording_id == recording_id and states[-1:] != [entry.state]:
                states.append(entry.state)
        return states

    async def reached(self, recording_id: str, *states: RecordingState) -> Entry:
        """Wait until the recording's latest state is one of these."""

        def found() -> Entry | None:
            latest = [e for e in self.entries if e.recording_id == recording_id][-1:]
            return latest[0] if latest and latest[0].state in states else None

        async with asyncio.timeout(60), self._changed:
            while (entry := found()) is None:
                await self._changed.wait()
            return entry

    async def changed(self) -> None:
        """Wait until anything is told."""
        async with self._changed:
            await self._changed.wait()

    def _wake(self) -> None:
        async def wake() -> None:
            async with self._changed:
                self._changed.notify_all()

        task = asyncio.get_running_loop().create_task(wake())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def service(
    data: Path,
    *,
    database_url: str | None = None,
    continue_within_s: float = 0.0,
    tail_s: float = 0.0,
    clock: Callable[[], float] = time.time,
    storage: Storage | None = None,
    duties: RecorderDuty = ALL_DUTIES,
    guard: LessonGuard | None = None,
    goes_on: GoesOn | None = None,
) -> tuple[RecorderService, Watcher]:
    """A service on a folder, with a watcher; not started."""
    url = database_url or f"sqlite+aiosqlite:///{data}/tongke.db"
    made = RecorderService(
        RecorderConfig(
            data, url, continue_within_s=continue_within_s, min_free_bytes=0, tail_s=tail_s
        ),
        duties=duties,
        guard=guard,
        goes_on=goes_on,
        storage=storage,
        clock=clock,
    )
    watcher = Watcher()
    made.add_listener(watcher)
    return made, watcher


@contextmanager
def archive_sink(
    folder: Path, facts: LessonFacts = FACTS
) -> Iterator[tuple[ArchiveTap, ArchiveWriter]]:
    """A sink that archives into a recording's folder, until the lesson ends on leaving."""
    troubles: list[RecordingTrouble] = []
    archive = FolderArchive(folder / ARCHIVE_FOLDER)
    writer = ArchiveWriter(archive, Begin("r1", START, facts), troubles.append)
    sink = ArchiveTap(writer, writer.open())
    try:
        yield sink, writer
    finally:
        writer.close(ended=True)
    assert not troubles


def recorded(folder: Path, *streams: Iterable[Happening], facts: LessonFacts = FACTS) -> Manifest:
    """Archive what a tap would have said, and finish it."""
    with archive_sink(folder, facts) as (sink, _):
        feed(sink, *streams)
    return finished(folder)


def segment_paths(folder: Path) -> list[Path]:
    """The files of the archive in a recording's folder."""
    archive = FolderArchive(folder / ARCHIVE_FOLDER)
    return [archive.path(index) for index in archive.segments()]


def finished(folder: Path) -> Manifest:
    """Finish a recording's folder and publish what was made."""
    manifest = finish(folder, lambda progress: None)
    publish_results(folder)
    return manifest
