"""Reading an archive back: every record that the disk still gives."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from recorder.core.archive_format import (
    MAX_BODY_BYTES,
    MAX_SEGMENT_BYTES,
    ArchiveEnd,
    Begin,
    Record,
    SegmentReader,
)
from recorder.core.archive_runs import kept_bytes, latest_run
from recorder.storage.api import ArchiveFiles, StorageAway

# Bytes. The writer cuts a segment after the record that reaches MAX_SEGMENT_BYTES, so a longer
# file is not the recorder's.
_MAX_READ_BYTES = 2 * MAX_SEGMENT_BYTES
# Bytes in which a segment's opening record is looked for: one of a few names, then one of any.
_OPENING_BYTES = (4096, MAX_BODY_BYTES + 1024)
# Errors of a disk that has lost what it held: asking again does not help.
_LOST = frozenset((errno.EIO, errno.EBADMSG, errno.ENODATA, errno.EUCLEAN))


@dataclass(slots=True)
class Damage:
    """Damage met while an archive was read: `records` and whole `segments` that were spoilt."""

    records: int = 0
    segments: int = 0


def read_archive(
    archive: ArchiveFiles,
    on_progress: Callable[[float], None] | None = None,
    damage: Damage | None = None,
) -> Iterator[Record]:
    """Every readable record of an archive, in order; damage is passed over. Blocks.

    What a run wrote after a later one had begun is no part of the recording, and left out.

    Args:
        archive: the segments.
        on_progress: told 0…1 after each segment.
        damage: counts what is passed over.

    Raises:
        OSError: a segment cannot be read now. What the disk has lost for good is damage.
    """
    segments = archive.segments()
    kept = kept_bytes(openings(archive, segments))
    for number, index in enumerate(segments, 1):
        if kept[index] != 0:
            reader = SegmentReader(_read(archive, index, damage)[: kept[index]])
            yield from reader
            if damage is not None:
                damage.records += reader.bad_records
        if on_progress is not None:
            on_progress(number / len(segments))


def has_ended(archive: ArchiveFiles) -> bool:
    """Tell whether the latest run closed the archive with its end marker. Blocks.

    Raises OSError.
    """
    segments = archive.segments()
    if not segments:
        return False
    if _holds_end(archive, segments[-1], None):
        return True  # so a bucket is asked for one segment only
    kept = kept_bytes(openings(archive, segments))
    last = next((index for index in reversed(segments) if kept[index] != 0), segments[-1])
    return last != segments[-1] and _holds_end(archive, last, kept[last])


def first_begin(archive: ArchiveFiles) -> Begin | None:
    """Find the record that names the recording. Blocks. Raises OSError."""
    for index in archive.segments():
        for record in SegmentReader(_read(archive, index)):
            if isinstance(record, Begin):
                return record
    return None


def latest_take(archive: ArchiveFiles) -> int:
    """Tell how often the recording was taken up, as far as its runs say. Blocks. Raises OSError."""
    found = latest_run(openings(archive, archive.segments()))
    return 0 if found is None else found[0].take


def openings(archive: ArchiveFiles, segments: Sequence[int]) -> dict[int, Begin | None]:
    """Read the opening record of each segment; None where the disk has lost it. Blocks.

    Raises OSError.
    """
    return {index: read_opening(archive, index) for index in segments}


def read_opening(archive: ArchiveFiles, index: int) -> Begin | None:
    """Read a segment's opening record; None if it has none. Blocks. Raises OSError."""
    for limit in _OPENING_BYTES:
        data = _read(archive, index, limit=limit)
        first = next(iter(SegmentReader(data)), None)
        if isinstance(first, Begin):
            return first
        if len(data) < limit:
            break
    return None


def _holds_end(archive: ArchiveFiles, index: int, limit: int | None) -> bool:
    records = SegmentReader(_read(archive, index)[:limit])
    return any(isinstance(record, ArchiveEnd) for record in records)


def _read(
    archive: ArchiveFiles,
    index: int,
    damage: Damage | None = None,
    limit: int = _MAX_READ_BYTES,
) -> bytes:
    try:
        return archive.read(index, limit)
    except OSError as error:
        if isinstance(error, StorageAway) or error.errno not in _LOST:
            raise  # too many open files, say: the segment is whole
        if damage is not None:
            damage.segments += 1
        return b""  # one unreadable segment must not cost the others
