"""The archive survives what crashes and disks do to files."""

import pytest

from recorder.api import LessonFacts
from recorder.core.archive_format import (
    MAX_BODY_BYTES,
    ArchiveEnd,
    Begin,
    Clock,
    Lost,
    Packet,
    Record,
    SegmentReader,
    SourceName,
    Stage,
    TrackBegin,
    TrackEnd,
    encode_record,
    segment_header,
)
from relay.api import MediaKind

FACTS = LessonFacts(
    "l1",
    "观潮",
    "语文",
    "四年级",
    "dedicated",
    "p1",
    "王老师",
    {"lead.camera": "王老师"},
    ("lead.camera",),
)
RECORDS: list[Record] = [
    Begin("r1", 1000.5, FACTS),
    TrackBegin(4096, "lead.camera", MediaKind.VIDEO, "VP8", 90000, 1, "", 1000.6),
    Packet(4096, 1000.7, b"\x80" * 40),
    Clock(4096, 0xFFFFFFFF, 1000.65, 1000.7),
    SourceName("room-1.camera", "青山教学点"),
    Stage("room-1", "青山教学点", True, 1001.0),
    Lost(1001.0, 1002.0, 17),
    Packet(4096, 1003.0, b"\x90" * 1200),
    TrackEnd(4096, "requested", 1004.0),
    ArchiveEnd(1005.0),
]


def segment(records: list[Record] = RECORDS) -> bytes:
    return segment_header(1, 1000.0) + b"".join(map(encode_record, records))


def test_every_kind_of_record_reads_back_as_written() -> None:
    reader = SegmentReader(segment())
    assert list(reader) == RECORDS
    assert (reader.bad_records, reader.cut_bytes) == (0, 0)


def test_a_torn_tail_costs_the_torn_record_only() -> None:
    whole = segment()
    last = len(encode_record(RECORDS[-1]))
    for missing in range(1, last):
        reader = SegmentReader(whole[:-missing])
        assert list(reader) == RECORDS[:-1]
        assert reader.cut_bytes == last - missing


def test_a_damaged_record_is_skipped_and_counted() -> None:
    data = bytearray(segment())
    offset = len(segment(RECORDS[:2])) + 20  # within the first packet's body
    data[offset] ^= 0xFF
    reader = SegmentReader(bytes(data))
    assert list(reader) == RECORDS[:2] + RECORDS[3:]
    assert reader.bad_records == 1


def test_a_damaged_length_costs_its_record() -> None:
    data = bytearray(segment())
    offset = len(segment(RECORDS[:4]))
    data[offset : offset + 4] = b"\xff\xff\xff\x7f"
    reader = SegmentReader(bytes(data))
    assert list(reader) == RECORDS[:4] + RECORDS[5:]
    assert (reader.bad_records, reader.cut_bytes) == (1, 0)


def test_a_torn_packet_is_not_searched_for_records_that_its_sender_put_there() -> None:
    forged = encode_record(ArchiveEnd(5.0))
    torn = encode_record(Packet(4096, 1.0, bytes(30) + forged + bytes(30)))[:-10]
    reader = SegmentReader(segment(RECORDS[:3]) + torn)
    assert list(reader) == RECORDS[:3]
    assert reader.cut_bytes == len(torn)


@pytest.mark.parametrize("data", [b"", b"TKARCH", b"\x00" * 500, b"TKARCH\x00\x02" + b"\x00" * 40])
def test_a_file_that_is_no_segment_gives_nothing(data: bytes) -> None:
    reader = SegmentReader(data)
    assert list(reader) == []
    assert reader.cut_bytes == len(data)


def test_trailing_zeros_as_after_a_power_cut_are_cut_off() -> None:
    reader = SegmentReader(segment() + b"\x00" * 4096)
    assert list(reader) == RECORDS
    assert reader.cut_bytes + reader.bad_records > 0


def test_an_oversized_record_is_refused_when_written() -> None:
    with pytest.raises(ValueError, match="record of"):
        encode_record(Packet(1, 0.0, b"x" * MAX_BODY_BYTES))
