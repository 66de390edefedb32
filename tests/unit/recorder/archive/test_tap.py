"""The tap's bounds: closed tracks cost nothing, refused ones and cut sources are told of."""

import pytest

from recorder.api import RecordingTrouble
from recorder.archive import tap
from recorder.archive.tap import ArchiveTap
from recorder.archive.writer import ArchiveWriter
from recorder.core.archive_format import Clock, LessonEnd, Packet, Record, TrackBegin, TrackEnd
from recorder.core.source_quota import QuotaRules
from relay.api import CloseReason, MediaKind, TapTrack

PACKET = b"\x80" * 20


class Paper(ArchiveWriter):
    """A writer that keeps what it is given in memory."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.complaints: list[RecordingTrouble] = []

    def put(self, record: Record) -> None:
        self.records.append(record)

    def complain(self, trouble: RecordingTrouble, detail: str) -> None:
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
    assert (sink.refused_tracks, paper.complaints) == (1, [RecordingTrouble.TOO_MANY_TRACKS])
    sink.on_packet(2, PACKET, 1.0)
    assert len(paper.complaints) == 2
    sink.on_track_end(2, CloseReason.REQUESTED, 2.0)
    sink.on_packet(2, PACKET, 3.0)
    assert len(paper.complaints) == 2
    sink.on_track_end(0, CloseReason.REQUESTED, 4.0)
    sink.on_track(_track(9), 5.0)
    assert sink.refused_tracks == 1


def test_a_source_that_comes_again_is_none_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tap, "MAX_SOURCES", 1)
    paper = Paper()
    sink = ArchiveTap(paper, 1)
    for number in range(2):
        sink.on_track(_track(number), 0.0)
        sink.on_track_end(number, CloseReason.REQUESTED, 1.0)
    assert sink.refused_tracks == 0
    sink.on_track(TapTrack(2, "room-b.camera", MediaKind.AUDIO, "opus", 48000, 2, ""), 2.0)
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


RULES = QuotaRules(bps=80_000, modest_bps=8_000, most_tracks=20)  # 10,000 bytes a second
BIG = b"\x80".ljust(968, b"\0")  # with its record 1,000 bytes


def _open(number: int, source: str, kind: MediaKind = MediaKind.VIDEO) -> TapTrack:
    return TapTrack(number, source, kind, "VP8", 90_000, 1, "")


class Told:
    """A tap that bounds its sources, and what it told of them."""

    def __init__(self) -> None:
        self.paper = Paper()
        self.excess: list[tuple[str, bool]] = []
        self.sink = ArchiveTap(
            self.paper,
            1,
            rules=RULES,
            on_excess=lambda source, excess: self.excess.append((source, excess)),
        )

    def of(self, source: str) -> tuple[list[TrackBegin], list[TrackEnd], int]:
        """A source's tracks, their ends, and how many packets were kept."""
        begins = [
            one
            for one in self.paper.records
            if isinstance(one, TrackBegin) and one.source_id == source
        ]
        numbers = {one.track for one in begins}
        mine = [
            one
            for one in self.paper.records
            if isinstance(one, (TrackEnd, Packet)) and one.track in numbers
        ]
        ends = [one for one in mine if isinstance(one, TrackEnd)]
        return begins, ends, len(mine) - len(ends)


def test_a_source_that_brings_too_much_is_cut_and_no_other() -> None:
    told = Told()
    for number, source in ((1, "bad.camera"), (2, "good.camera")):
        told.sink.on_track(_open(number, source), 0.0)
    for n in range(1000):  # 100,000 bytes a second and 5,000
        told.sink.on_packet(1, BIG, n / 100)
        if n % 20 == 0:
            told.sink.on_packet(2, BIG, n / 100)
    begins, ends, kept = told.of("bad.camera")
    assert len(begins) == 1
    assert [end.reason for end in ends] == ["excess"]
    assert 50 <= kept <= 60
    assert told.of("good.camera")[2] == 50
    assert told.excess == [("bad.camera", True)]
    assert told.paper.complaints == []  # the recording itself is well


def test_a_cut_source_that_calmed_down_goes_on_in_a_new_track_with_a_key_frame() -> None:
    told = Told()
    told.sink.on_track(_open(1, "bad.camera"), 0.0)
    for n in range(100):
        told.sink.on_packet(1, BIG, n / 1000)
    assert told.excess == [("bad.camera", True)]
    assert not told.sink.lost_pictures(1.0)
    for n in range(20):
        told.sink.on_packet(1, BIG, 1.0 + n / 2)
    begins, ends, _ = told.of("bad.camera")
    assert len({one.track for one in begins}) == 2
    assert [end.reason for end in ends] == ["excess"]
    assert told.excess == [("bad.camera", True), ("bad.camera", False)]
    assert told.sink.lost_pictures(11.0)
    assert not told.sink.lost_pictures(11.0)
    told.sink.on_track_end(1, CloseReason.REQUESTED, 12.0)
    assert told.of("bad.camera")[1][-1].reason == "requested"


def test_a_source_with_tracks_without_end_leaves_numbers_for_others() -> None:
    told = Told()
    for number in range(100):
        told.sink.on_track(_open(number, "bad.camera"), 0.0)
        told.sink.on_packet(number, PACKET, 0.0)
        told.sink.on_track_end(number, CloseReason.REPLACED, 0.0)
    told.sink.on_track(_open(200, "good.camera"), 0.0)
    told.sink.on_packet(200, PACKET, 0.0)
    assert len(told.of("bad.camera")[0]) == RULES.most_tracks
    assert told.of("good.camera")[2] == 1
    assert told.excess == [("bad.camera", True)]
    assert told.paper.complaints == []


def test_clock_mappings_without_end_count_as_well() -> None:
    told = Told()
    told.sink.on_track(_open(1, "bad.camera"), 0.0)
    for n in range(10_000):
        told.sink.on_clock(1, n, float(n), n / 5000)
    clocks = sum(isinstance(one, Clock) for one in told.paper.records)
    assert clocks <= 70_000 / 32
    assert told.excess == [("bad.camera", True)]


def test_while_space_is_short_what_brings_much_is_cut() -> None:
    told = Told()
    told.sink.short_of_space = True
    told.sink.on_track(_open(1, "heavy.camera"), 0.0)
    told.sink.on_track(_open(2, "modest.camera"), 0.0)
    for n in range(100):  # 5,000 and 500 bytes a second
        told.sink.on_packet(1, BIG, n / 5)
        if n % 10 == 0:
            told.sink.on_packet(2, BIG, n / 5)
    assert told.excess == [("heavy.camera", True)]
    assert told.of("modest.camera")[2] == 10
