"""The tap's bounds: closed tracks cost nothing, refused ones are told of."""

import pytest

from recorder import tap
from recorder.archive import ArchiveWriter
from recorder.core.archive_format import LessonEnd, Packet, Record, TrackBegin
from recorder.tap import ArchiveTap
from recorder.trouble import Trouble
from relay.api import CloseReason, MediaKind, TapTrack

PACKET = b"\x80" * 20


class Paper(ArchiveWriter):
    """A writer that keeps what it is given in memory."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.complaints: list[Trouble] = []

    def put(self, record: Record) -> None:
        self.records.append(record)

    def complain(self, trouble: Trouble, detail: str) -> None:
        self.complaints.append(trouble)


def _track(number: int) -> TapTrack:
    return TapTrack(number, "room-a.camera", MediaKind.AUDIO, "opus", 48000, 2, "")


def test_tracks_that_came_and_went_leave_room_for_others() -> None:
    paper = Paper()
    sink = ArchiveTap(paper, 3)
    for number in range(6000):
        sink.on_track(_track(number), 0.0)
        sink.on_packet(number, PACKET, 0.0)
        sink.on_track_end(number, CloseReason.REQUESTED, 0.0)
    begins = {record.track for record in paper.records if isinstance(record, TrackBegin)}
    packets = [record.track for record in paper.records if isinstance(record, Packet)]
    assert len(begins) == len(set(packets)) == 6000
    assert paper.complaints == []
    # Numbers of the next run are others, and fit into the archive's 32 bits.
    ArchiveTap(paper, 4).on_track(_track(1), 0.0)
    again = paper.records[-1]
    assert isinstance(again, TrackBegin)
    assert max(begins) < again.track < 1 << 32


def test_too_many_at_once_are_refused_counted_and_told_of_while_it_lasts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tap, "MAX_OPEN_TRACKS", 2)
    paper = Paper()
    sink = ArchiveTap(paper, 1)
    for number in range(3):
        sink.on_track(_track(number), 0.0)
    assert (sink.refused_tracks, paper.complaints) == (1, [Trouble.TOO_MANY_TRACKS])
    sink.on_packet(2, PACKET, 1.0)
    assert len(paper.complaints) == 2
    sink.on_track_end(2, CloseReason.REQUESTED, 2.0)
    sink.on_packet(2, PACKET, 3.0)
    assert len(paper.complaints) == 2
    sink.on_track_end(0, CloseReason.REQUESTED, 4.0)
    sink.on_track(_track(9), 5.0)
    assert sink.refused_tracks == 1


def test_the_end_is_told_once_by_the_latest_arrival_though_a_kept_packet_came_last() -> None:
    paper = Paper()
    sink = ArchiveTap(paper, 1)
    sink.end()  # nothing came: there is nothing to leave out
    sink.on_track(_track(1), 0.0)
    for now in (10.0, 11.0, 10.4, 10.9):  # a tap begins with what the relay kept
        sink.on_packet(1, PACKET, now)
    sink.end()
    sink.on_packet(1, PACKET, 11.2)
    sink.end()
    assert [one for one in paper.records if isinstance(one, LessonEnd)] == [LessonEnd(11.0)]
