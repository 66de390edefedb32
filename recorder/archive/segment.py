"""The segments of one run: each is a file of its own, which no other process writes.

Several processes may hold the same archive: one stood still, and another went on with its lesson.
Files are created exclusively, and a run that meets a later one stops. Where archives are shipped,
the processes may be on different machines. Then a run begins after all that was shipped.
"""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Sequence

import msgspec
import structlog

from recorder.archive.reader import read_opening
from recorder.core.archive_format import (
    MAX_SEGMENT_BYTES,
    MAX_SEGMENT_SECONDS,
    Begin,
    Record,
    SourceName,
    TrackBegin,
    TrackEnd,
    encode_record,
    segment_header,
)
from recorder.core.archive_runs import latest_run, run_key
from recorder.storage.api import ArchiveFiles, GrowingFile
from recorder.storage.pieces import ShippedRun, shipped_runs

SYNC_INTERVAL_S = 0.75  # s; longest stay in the page cache
_CREATE_ATTEMPTS = 16  # each fails only if another process creates a file at that moment
# Numbers that are left free for runs of which nobody can tell: one for each second since the
# recording began, which is 134 Mbit/s, and some more.
_UNSEEN_PER_TAKE = 64
_MAX_UNSEEN = 40_000  # a track's number has 16 bits for its run
_LOOK_AHEAD = 3  # numbers looked at for a later run; one may be missing, if a disk was full

_log = structlog.get_logger(__name__)


class LaterRunError(Exception):
    """Another process has taken the recording up: `take` is its number."""

    def __init__(self, take: int) -> None:
        super().__init__(f"take {take} goes on with it")
        self.take = take


class SegmentWriter:
    """The segment being written, and the records that the next ones must open with."""

    def __init__(self, archive: ArchiveFiles, begin: Begin) -> None:
        """Begin a run; `begin` tells its `take`."""
        self._archive = archive
        self._begin = begin
        self._tracks: dict[int, TrackBegin] = {}
        self._names: dict[str, str] = {}
        self._file: GrowingFile | None = None
        self._size = 0
        self._started = 0.0
        self._synced = 0.0
        self._dirty = False
        self._following = 1  # the number after the run's latest segment

    def start(self, now: float) -> int:
        """Create the next file and write its opening records.

        Raises:
            LaterRunError: another process has taken the recording up since.
            OSError: the file cannot be made or written.
        """
        index = self._create(now)
        self._size, self._started = 0, now
        opening = [segment_header(index, now), encode_record(self._begin)]
        opening += map(encode_record, self._tracks.values())
        opening += (encode_record(SourceName(*item)) for item in self._names.items())
        try:
            self._write(b"".join(opening))
        except OSError:
            # A full disk still takes names, so each attempt would leave an empty file behind.
            self.abandon()
            self._archive.drop(index)
            self._following = index  # its number is free again, for others too
            raise
        return index

    def demand_latest(self) -> None:
        """Look whether a later run has begun; an archive that cannot be read tells of none.

        Raises LaterRunError.
        """
        with contextlib.suppress(OSError):  # writing will see
            for index in range(self._following, self._following + _LOOK_AHEAD):
                self._demand_latest(index)

    def is_full(self, now: float) -> bool:
        """Tell whether the next file is due, or none is open."""
        return (
            self._file is None
            or self._size >= MAX_SEGMENT_BYTES
            or abs(now - self._started) >= MAX_SEGMENT_SECONDS
        )

    def append(self, records: list[Record]) -> None:
        """Write all records, or none as far as the disk can be rolled back."""
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
        if self._file is not None:
            self._file.sync()
        self._dirty = False
        self._synced = time.monotonic()

    def close(self) -> None:
        """Sync and close; errors are logged."""
        try:
            self.sync()
        except OSError as error:
            _log.warning("archive_sync_failed", error=str(error))
        self.abandon()

    def abandon(self) -> None:
        """Close after an error; the next write begins a new file."""
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError as error:
                _log.warning("archive_close_failed", error=str(error))

    def _create(self, now: float) -> int:
        """Create a file that nobody else writes, and choose the run's number with the first."""
        for _ in range(_CREATE_ATTEMPTS):
            present = self._archive.segments()
            index = max(present[-1] + 1 if present else 1, self._following)
            begin = self._begin if self._begin.run else self._first(index, present, now)
            index = max(index, begin.run)
            for other in range(self._following, index):
                self._demand_latest(other)
            try:
                self._file = self._archive.create(index)
            except FileExistsError:
                continue  # another process was quicker
            self._begin, self._following = begin, index + 1
            return index
        raise OSError(errno.EEXIST, "others create segments all the time")

    def _first(self, index: int, present: Sequence[int], now: float) -> Begin:
        """Open a run: note how much the run before has written, so that it writes no more."""
        found = latest_run({other: self._opening(other) for other in present})
        shipped = self._shipped()
        before = [(0, 0, -1)]  # take, last segment, its bytes
        if found is not None:
            size = self._archive.size(found[1])
            before.append((found[0].take, found[1], -1 if size is None else size))
        before += [(run.take, run.last, run.size) for run in shipped or ()]
        take, last, size = max(before)
        if take and take >= self._begin.take:
            raise LaterRunError(take)
        run = max(index, last + 1)
        if shipped is None:
            elapsed = round(max(0.0, now - self._begin.started_at))
            run += min(elapsed + _UNSEEN_PER_TAKE * self._begin.take, _MAX_UNSEEN)
        self._following = run
        return msgspec.structs.replace(
            self._begin, run=run, after=(last, size) if size >= 0 else None
        )

    def _shipped(self) -> list[ShippedRun] | None:
        """List the runs that other machines have shipped; None if nobody can tell now."""
        if self._begin.take <= 1:
            return []
        try:
            return shipped_runs(self._archive.pieces(soon=True))
        except OSError as error:  # no reason not to record
            _log.warning("archive_pieces_not_listed", reason=str(error))
            return None

    def _demand_latest(self, index: int) -> None:
        """Raise LaterRunError if a segment is of a later run."""
        if self._archive.size(index) is None:
            return
        begin = self._opening(index)
        if begin is not None and run_key(begin) > run_key(self._begin):
            raise LaterRunError(begin.take)

    def _opening(self, index: int) -> Begin | None:
        try:
            return read_opening(self._archive, index)
        except OSError as error:  # no reason not to record
            _log.warning("archive_not_read", segment=index, reason=str(error))
            return None

    def _write(self, data: bytes) -> None:
        assert self._file is not None
        self._file.append(data)
        self._size += len(data)
        self._dirty = True
