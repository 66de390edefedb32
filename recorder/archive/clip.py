"""A clip for the demo county: some sources out of the archive of a short lesson.

`tongke demo --seconds 12 --codec H264 --keep` holds the lesson and leaves its data folder. The
clip is one segment, which `RecorderService.keep_copy` tells as the recording of any lesson.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator

from recorder.core.archive_format import (
    ArchiveEnd,
    Begin,
    LessonEnd,
    Record,
    SegmentReader,
    TrackBegin,
    encode_record,
    segment_header,
)


def cut_clip(segment: bytes, sources: Collection[str]) -> bytes:
    """Return a recorded segment with some of its sources.

    Raises:
        ValueError: the segment does not hold a whole lesson.
    """
    records = list(SegmentReader(segment))
    if not isinstance(records[0], Begin) or not isinstance(records[-1], ArchiveEnd):
        raise ValueError("the segment does not hold a whole lesson")
    parts = [segment_header(1, records[0].started_at)]
    parts += [encode_record(record) for record in _of(records, sources)]
    return b"".join(parts)


def _of(records: list[Record], sources: Collection[str]) -> Iterator[Record]:
    tracks = {
        record.track
        for record in records
        if isinstance(record, TrackBegin) and record.source_id in sources
    }
    for record in records:
        whole = isinstance(record, Begin | LessonEnd | ArchiveEnd)
        if whole or getattr(record, "track", None) in tracks:
            yield record


def main(*sources: str) -> None:
    """`python -m recorder.archive.clip lead.camera lead.courseware < segment.tka > clip.tka`."""
    sys.stdout.buffer.write(cut_clip(sys.stdin.buffer.read(), sources))


if __name__ == "__main__":
    main(*sys.argv[1:])
