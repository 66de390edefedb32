"""The times of an archive whose segments repeat what was before them."""

from __future__ import annotations

from msgspec import structs

from recorder.core.archive_format import MAX_SEGMENT_SECONDS, RUN_SHIFT, Packet, TrackBegin
from recorder.core.run_times import RunTimes

START = 1_700_000_000.0
TRACK = TrackBegin(
    track=1 << RUN_SHIFT,
    source_id="lead.camera",
    kind="audio",
    codec="opus",
    clock_rate=48000,
    channels=2,
    fmtp="",
    now=START,
)
RTP = bytes(12)


def test_a_segment_that_opens_with_the_tracks_before_it_sets_no_time_back() -> None:
    times = RunTimes()
    for segment in range(40):
        begins = START + segment * MAX_SEGMENT_SECONDS
        opened = times.place(TRACK)
        assert isinstance(opened, TrackBegin)
        assert opened.now == START
        for second in range(int(MAX_SEGMENT_SECONDS)):
            packet = Packet(TRACK.track, begins + second, RTP)
            assert times.place(packet) == packet
    assert times.cuts == []


def test_repeated_tracks_follow_their_run_when_it_was_moved() -> None:
    times = RunTimes()
    times.place(TRACK)
    second = structs.replace(TRACK, track=2 << RUN_SHIFT, now=START - 5000.0)
    moved = times.place(second)
    times.place(Packet(second.track, second.now + 100.0, RTP))
    assert times.place(second) == moved
    assert len(times.cuts) == 1
