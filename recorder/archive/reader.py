"""Reading an archive back: every record that the disk still gives."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from recorder.core.archive_format import MAX_SEGMENT_BYTES, ArchiveEnd, Begin, Record, SegmentReader
from recorder.storage.api import ArchiveFiles, StorageAway

# Bytes. The writer cuts a segment after the record that reaches MAX_SEGMENT_BYTES, so a longer
# file is not the recorder's.
_MAX_READ_BYTES = 2 * MAX_SEGMENT_BYTES
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

    Args:
        archive: the segments.
        on_progress: told 0…1 after each segment.
        damage: counts what is passed over.

    Raises:
        OSError: a segment cannot be read now. What the disk has lost for good is damage.
    """
    segments = archive.segments()
    for number, index in enumerate(segments, 1):
        reader = SegmentReader(_read(archive, index, damage))
        yield from reader
        if damage is not None:
            damage.records += reader.bad_records
        if on_progress is not None:
            on_progress(number / len(segments))


def has_ended(archive: ArchiveFiles) -> bool:
    """Tell whether the archive holds its end marker. Blocks. Raises OSError."""
    segments = archive.segments()
    return bool(segments) and any(
        isinstance(record, ArchiveEnd) for record in SegmentReader(_read(archive, segments[-1]))
    )


def first_begin(archive: ArchiveFiles) -> Begin | None:
    """Find the record that names the recording. Blocks. Raises OSError."""
    return next((record for record in read_archive(archive) if isinstance(record, Begin)), None)


def _read(archive: ArchiveFiles, index: int, damage: Damage | None = None) -> bytes:
    try:
        return archive.read(index, _MAX_READ_BYTES)
    except OSError as error:
        if isinstance(error, StorageAway) or error.errno not in _LOST:
            raise  # too many open files, say: the segment is whole
        if damage is not None:
            damage.segments += 1
        return b""  # one unreadable segment must not cost the others
