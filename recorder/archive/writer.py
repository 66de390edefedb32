"""The archive's writer: takes records from the event loop and writes them on its own thread.

A crash may cost at most 2 s. A record waits at most `FLUSH_INTERVAL_S` in memory, which `kill -9`
can take. It waits `SYNC_INTERVAL_S` more in the page cache, which a power cut can take as well. The
other half of the 2 s is left for the disk to answer.
"""

from __future__ import annotations

import errno
import threading
import time
from collections import deque
from collections.abc import Callable

import structlog

from recorder.api import RecordingTrouble
from recorder.archive.segment import LaterRunError, SegmentWriter
from recorder.archive.trouble import TroubleWatch
from recorder.core.archive_format import (
    ArchiveEnd,
    Begin,
    Clock,
    Lost,
    Packet,
    Record,
)
from recorder.storage.api import ArchiveFiles

FLUSH_INTERVAL_S = 0.25  # s; longest stay in memory
MAX_QUEUED_BYTES = 32 * 1024 * 1024  # some 20 s of a whole class at 12 Mbit/s
RETRY_INTERVAL_S = 1.0  # s between two attempts on a failing disk
CLOSE_ATTEMPTS = 3  # then the rest is given up
_RECORD_OVERHEAD = 64  # bytes of a queued record beside its packet, roughly
_MAX_CHUNK_BYTES = 1024 * 1024  # of one write

_log = structlog.get_logger(__name__)


class ArchiveWriter:
    """Appends records to one recording's archive.

    `put` is for one thread; it never blocks and never fails. Records that cannot be kept are
    counted, marked in the archive as `Lost`, and reported to `on_trouble`. `on_recovery` is called
    when everything is kept again. `on_later_run` is called once if another process goes on with the
    recording: from then on nothing is kept. All are called on either thread.
    """

    def __init__(
        self,
        archive: ArchiveFiles,
        begin: Begin,
        on_trouble: Callable[[RecordingTrouble], None],
        on_recovery: Callable[[], None] = lambda: None,
        *,
        on_later_run: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.time,
        max_queued_bytes: int = MAX_QUEUED_BYTES,
    ) -> None:
        self._archive = archive
        self._begin = begin
        self._watch = TroubleWatch(begin.recording_id, on_trouble, on_recovery)
        self._clock = clock
        self._max_queued_bytes = max_queued_bytes
        self._queue: deque[Record] = deque()
        # Two counters, each written by one thread, instead of one under a lock on the hot path.
        self._put_bytes = 0
        self._taken_bytes = 0
        self._lost_since = 0.0
        self._lost_records = 0
        self._closing = threading.Event()
        self._on_later_run = on_later_run
        self._gave_way = False  # to a later run
        self._segment = SegmentWriter(archive, begin)
        self._thread = threading.Thread(target=self._run, name="archive-writer", daemon=True)

    def open(self) -> int:
        """Create the first segment; start the thread. Blocks.

        Returns:
            The number of that segment, unique among all runs of this archive.

        Raises:
            LaterRunError: another process has taken the recording up since.
            OSError: the archive cannot be written.
        """
        self._archive.open()
        index = self._segment.start(self._clock())
        self._segment.sync()
        self._thread.start()
        return index

    def put(self, record: Record) -> None:
        """Queue one record. A full queue throws media away and counts it."""
        if self._gave_way:
            return
        size = _size(record)
        if self._put_bytes - self._taken_bytes + size > self._max_queued_bytes and isinstance(
            record, (Packet, Clock)
        ):
            self._lose()
            return
        if self._lost_records:
            self._mark_loss()
        self._append(record, size)

    def complain(self, trouble: RecordingTrouble, detail: str) -> None:
        """Report something that never became a record."""
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
            self._watch.complain(RecordingTrouble.QUEUE_FULL, "queue full")

    def _mark_loss(self) -> None:
        self._append(Lost(self._lost_since, self._clock(), self._lost_records), _RECORD_OVERHEAD)
        self._lost_records = 0

    # --- on the writer's thread ---

    def _run(self) -> None:
        chunk: list[Record] = []
        failures = 0
        while True:
            # Read before the queue, so that nothing comes after it.
            closing = self._closing.is_set()
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
            if self._gave_way:
                break
            failures += 1
            if closing and failures >= CLOSE_ATTEMPTS:
                _log.error(
                    "archive_abandoned",
                    recording_id=self._begin.recording_id,
                    records=len(chunk),
                )
                break
            time.sleep(RETRY_INTERVAL_S)
        self._segment.close()

    def _give_way(self, later: LaterRunError) -> None:
        """Keep nothing more: this process stood still, say, and lost the lesson meanwhile."""
        self._gave_way = True
        self._queue.clear()
        _log.warning(
            "archive_goes_on_elsewhere", recording_id=self._begin.recording_id, reason=str(later)
        )
        self._on_later_run()

    def _take(self) -> list[Record]:
        chunk, size = [], 0
        while self._queue and size < _MAX_CHUNK_BYTES:
            record = self._queue.popleft()
            size += _size(record)
            chunk.append(record)
        return chunk

    def _write(self, chunk: list[Record]) -> bool:
        """Write and, when due, sync; return False if the chunk was not written."""
        try:
            self._segment.demand_latest()
            if self._segment.is_full(self._clock()):
                self._segment.close()
                self._segment.start(self._clock())
            if chunk:
                self._segment.append(chunk)
                self._taken_bytes += sum(map(_size, chunk))
                chunk.clear()
            self._segment.sync_if_due()
        except LaterRunError as later:
            self._give_way(later)
            return False
        except OSError as error:
            self._segment.abandon()
            self._report(error)
            return False
        return True

    def _report(self, error: OSError) -> None:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        trouble = RecordingTrouble.DISK_FULL if full else RecordingTrouble.IO_ERROR
        self._watch.complain(trouble, str(error))


def _size(record: Record) -> int:
    return _RECORD_OVERHEAD + (len(record.rtp) if isinstance(record, Packet) else 0)
