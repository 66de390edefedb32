"""An archive's segment told anew: the same media as another lesson's recording, at another time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from recorder.core.archive_format import (
    Begin,
    Record,
    SegmentReader,
    encode_record,
    segment_header,
)

_TIMES = ("now", "capture_time", "since", "until")  # fields in Unix seconds


def copied(segment: bytes, begin: Begin) -> bytes:
    """Return a segment with the media of another one, as the first of a recording.

    Args:
        segment: a segment that holds a whole recording.
        begin: the recording that the copy belongs to; its start takes the place of the other's.

    Raises:
        ValueError: the segment does not begin a recording, or is damaged.
    """
    reader = SegmentReader(segment)
    records = iter(reader)
    first = next(records, None)
    if not isinstance(first, Begin):
        raise ValueError("the segment does not begin a recording")
    move = _mover(begin.started_at - first.started_at)
    opening = msgspec.structs.replace(begin, run=first.run)
    parts = [segment_header(1, begin.started_at), encode_record(opening)]
    parts += [encode_record(move(record)) for record in _others(records)]
    if reader.bad_records or reader.cut_bytes:
        raise ValueError("the segment is damaged")
    return b"".join(parts)


def _others(records: Iterator[Record]) -> Iterator[Record]:
    return (record for record in records if not isinstance(record, Begin))


def _mover(by_s: float) -> Callable[[Record], Record]:
    def move(record: Record) -> Record:
        moved = {
            name: getattr(record, name) + by_s
            for name in _TIMES
            if name in record.__struct_fields__
        }
        return msgspec.structs.replace(record, **moved)

    return move
