"""The archive's writer: records in from the event loop, out to disk from a thread of its own.

How much a crash can cost: a record waits at most `FLUSH_INTERVAL_S` in memory (all that `kill -9`
can take) and `SYNC_INTERVAL_S` more in the page cache (what a power cut can take as well), so 2 s
holds with half of it left for the disk to answer.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog

from recorder.archive_files import segment_path, segments, sync_folder
from recorder.core.archive_format import (
    MAX_SEGMENT_BYTES,
    MAX_SEGMENT_SECONDS,
    ArchiveEnd,
    Begin,
    Clock,
    Lost,
    Packet,
    Record,
    SourceName,
    TrackBegin,
    TrackEnd,
    encode_record,
    segment_header,
)
from recorder.trouble import Trouble, TroubleWatch

FLUSH_INTERVAL_S = 0.25
SYNC_INTERVAL_S = 0.75
MAX_QUEUED_BYTES = 32 * 1024 * 1024  # some 20 s of a whole class at 12 Mbit/s
RETRY_INTERVAL_S = 1.0
CLOSE_ATTEMPTS = 3
_RECORD_OVERHEAD = 64  # a queued record's cost beside its packet, roughly
_MAX_CHUNK_BYTES = 1024 * 1024

_log = structlog.get_logger(__name__)


class ArchiveWriter:
    """Appends records to one recording's archive.

    `put` may be called from one thread, never blocks and never fails; what cannot be kept is
    counted, marked in the archive as `Lost`, and told to `on_trouble`; `on_recovery` is told when
    everything is kept again (both on either thread).
    """

    def __init__(
        self,
        archive: Path,
        begin: Begin,
        on_trouble: Callable[[Trouble], None],
        on_recovery: Callable[[], None] = lambda: None,
        *,
        clock: Callable[[], float] = time.time,
        max_queued_bytes: int = MAX_QUEUED_BYTES,
    ) -> None:
        self._archive = archive
        self._begin = begin
        self._watch = TroubleWatch(archive.parent.name, on_trouble, on_recovery)
        self._clock = clock
        self._max_queued_bytes = max_queued_bytes
        self._queue: deque[Record] = deque()
        # Two counters, each written by one thread, instead of one under a lock on the hot path.
        self._put_bytes = 0
        self._taken_bytes = 0
        self._lost_since = 0.0
        self._lost_records = 0
        self._closing = threading.Event()
        self._segment = _Segment(archive, begin)
        self._thread = threading.Thread(target=self._run, name="archive-writer", daemon=True)

    def open(self) -> int:
        """Create the folder and the first segment; start the thread. Blocks.

        Returns:
            The number of that segment, unique among all runs of this archive.

        Raises:
            OSError: the folder cannot be written.
        """
        self._archive.mkdir(parents=True, exist_ok=True)
        index = self._segment.start(self._clock())
        self._segment.sync()
        sync_folder(self._archive)
        sync_folder(self._archive.parent)
        self._thread.start()
        return index

    @property
    def lost_records(self) -> int:
        """Records thrown away so far, and not yet marked in the archive."""
        return self._lost_records

    def put(self, record: Record) -> None:
        """Queue one record. If the queue is full, media is thrown away and counted."""
        size = _size(record)
        if self._put_bytes - self._taken_bytes + size > self._max_queued_bytes and isinstance(
            record, (Packet, Clock)
        ):
            self._lose()
            return
        if self._lost_records:
            self._mark_loss()
        self._append(record, size)

    def complain(self, trouble: Trouble, detail: str) -> None:
        """Tell of something that never became a record."""
        self._watch.complain(trouble, detail)

    def close(self, *, ended: bool) -> None:
        """Write what is queued, with an end marker if the lesson `ended`, and stop. Blocks."""
        if self._lost_records:
            self._mark_loss()
        if ended:
            self.put(ArchiveEnd(self._clock()))
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _append(self, record: Record, size: int) -> None:
        self._put_bytes += size
        self._queue.append(record)

    def _lose(self) -> None:
        self._lost_records += 1
        if self._lost_records == 1:
            self._lost_since = self._clock()
            self._watch.complain(Trouble.QUEUE_FULL, "queue full")

    def _mark_loss(self) -> None:
        self._append(Lost(self._lost_since, self._clock(), self._lost_records), _RECORD_OVERHEAD)
        self._lost_records = 0

    # --- on the writer's thread ---

    def _run(self) -> None:
        chunk: list[Record] = []
        failures = 0
        while True:
            closing = (
                self._closing.is_set()
            )  # before looking into the queue: nothing comes after it
            chunk = chunk or self._take()
            if not chunk and closing:
                break
            if self._write(chunk):
                chunk, failures = [], 0
                if not self._queue:
                    if not self._lost_records:
                        self._watch.well()
                    self._closing.wait(FLUSH_INTERVAL_S)
                continue
            failures += 1
            if closing and failures >= CLOSE_ATTEMPTS:
                _log.error("archive_abandoned", folder=str(self._archive), records=len(chunk))
                break
            time.sleep(RETRY_INTERVAL_S)
        self._segment.close()

    def _take(self) -> list[Record]:
        chunk, size = [], 0
        while self._queue and size < _MAX_CHUNK_BYTES:
            record = self._queue.popleft()
            size += _size(record)
            chunk.append(record)
        return chunk

    def _write(self, chunk: list[Record]) -> bool:
        """Write and, when due, sync; False if it failed (the chunk is to be tried again)."""
        try:
            if self._segment.is_full(self._clock()):
                self._segment.close()
                self._segment.start(self._clock())
                sync_folder(self._archive)
            if chunk:
                self._segment.append(chunk)
                self._taken_bytes += sum(map(_size, chunk))
                chunk.clear()
            self._segment.sync_if_due()
        except OSError as error:
            self._segment.abandon()
            self._report(error)
            return False
        return True

    def _report(self, error: OSError) -> None:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        self._watch.complain(Trouble.DISK_FULL if full else Trouble.IO_ERROR, str(error))


class _Segment:
    """The segment being written, and what its successors must open with."""

    def __init__(self, archive: Path, begin: Begin) -> None:
        self._archive = archive
        self._begin = begin
        self._tracks: dict[int, TrackBegin] = {}
        self._names: dict[str, str] = {}
        self._descriptor: int | None = None
        self._size = 0
        self._started = 0.0
        self._synced = 0.0
        self._dirty = False

    def start(self, now: float) -> int:
        """Create the next file and write its opening records."""
        present = segments(self._archive)
        index = present[-1][0] + 1 if present else 1
        path = segment_path(self._archive, index)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        self._size, self._started = 0, now
        if not self._begin.run:
            self._begin = msgspec.structs.replace(self._begin, run=index)
        opening = [segment_header(index, now), encode_record(self._begin)]
        opening += map(encode_record, self._tracks.values())
        opening += (encode_record(SourceName(*item)) for item in self._names.items())
        try:
            self._write(b"".join(opening))
        except OSError:
            # A full disk still takes names: each attempt would leave an empty file behind.
            self.abandon()
            path.unlink(missing_ok=True)
            raise
        return index

    def is_full(self, now: float) -> bool:
        """Time for the next file (or none is open)?"""
        return (
            self._descriptor is None
            or self._size >= MAX_SEGMENT_BYTES
            or abs(now - self._started) >= MAX_SEGMENT_SECONDS
        )

    def append(self, records: list[Record]) -> None:
        """Write records; all or, as far as the disk lets itself be rolled back, none."""
        self._write(b"".join(map(encode_record, records)))
        for record in records:
            if isinstance(record, TrackBegin):
                self._tracks[record.track] = record
            elif isinstance(record, TrackEnd):
                self._tracks.pop(record.track, None)
            elif isinstance(record, SourceName):
                self._names[record.source_id] = record.name

    def sync_if_due(self) -> None:
        """Bring what was written to the platter, at most every `SYNC_INTERVAL_S`."""
        if self._dirty and time.monotonic() - self._synced >= SYNC_INTERVAL_S:
            self.sync()

    def sync(self) -> None:
        """Bring what was written to the platter."""
        if self._descriptor is not None:
            os.fsync(self._descriptor)
        self._dirty = False
        self._synced = time.monotonic()

    def close(self) -> None:
        """Sync and close; errors are of no use to anyone here."""
        try:
            self.sync()
        except OSError as error:
            _log.warning("archive_sync_failed", error=str(error))
        self.abandon()

    def abandon(self) -> None:
        """Close after an error; the next write begins a new file."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            try:
                os.close(descriptor)
            except OSError as error:
                _log.warning("archive_close_failed", error=str(error))

    def _write(self, data: bytes) -> None:
        assert self._descriptor is not None
        view, good = memoryview(data), self._size
        try:
            while view:
                written = os.write(self._descriptor, view)
                view = view[written:]
                self._size += written
        except OSError:
            self._size = good
            os.ftruncate(self._descriptor, good)
            raise
        self._dirty = True


def _size(record: Record) -> int:
    return _RECORD_OVERHEAD + (len(record.rtp) if isinstance(record, Packet) else 0)
