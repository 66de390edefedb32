"""Sound that nobody may hear is not wanted of its publisher, and is back at once when it may."""

from __future__ import annotations

import itertools

import pytest

from relay.api import Layer, MediaKind
from relay.core.wire import rtp
from tests.simulated.classroom import WALL_OFFSET, Classroom, Sink
from tests.simulated.network import Profile
from tests.simulated.publisher import SimulatedPublisher

ROOM = "one.camera"
LEAD = "lead.camera"
PAUSE_AFTER = 5.0  # s off stage


def wanted(room: Classroom, publisher: SimulatedPublisher) -> bool:
    """The last news that the publisher was told."""
    return room.events.sound_wanted[publisher.session.session_id]


def kept_sound(sink: Sink) -> list[rtp.RtpPacket]:
    """The packets of the one microphone that a tap got."""
    track = next(one for one in sink.tracks.values() if one.kind is MediaKind.AUDIO)
    return [rtp.parse(raw) for raw in sink.packets[track.track_id]]


def steps_between(packets: list[rtp.RtpPacket]) -> list[int]:
    """Steps of RTP time from packet to packet."""
    return [(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in itertools.pairwise(packets)]


def lesson(*audible: str) -> tuple[Classroom, SimulatedPublisher]:
    """A room whose teaching point has just come."""
    room = Classroom()
    room.room.set_audible({LEAD, *audible}, room.now)
    publisher = room.publish(ROOM, seed=4)
    room.run(0.021)
    return room, publisher


def test_who_comes_off_stage_is_told_at_once_and_who_comes_on_stage_as_well() -> None:
    assert not wanted(*lesson())
    assert wanted(*lesson(ROOM))


def test_who_is_called_on_stage_is_told_before_any_time_passes() -> None:
    room, publisher = lesson()
    room.run(10)
    room.room.set_audible({LEAD, ROOM}, room.now)
    assert wanted(room, publisher)


def test_sound_goes_on_for_a_while_after_the_stage() -> None:
    room, publisher = lesson(ROOM)
    room.run(3)
    room.room.set_audible({LEAD}, room.now)
    room.run(PAUSE_AFTER - 0.2)
    assert wanted(room, publisher)
    room.run(0.4)
    assert not wanted(room, publisher)


def test_who_is_called_back_within_that_while_never_pauses() -> None:
    room, publisher = lesson(ROOM)
    for _ in range(4):
        room.room.set_audible({LEAD}, room.now)
        room.run(PAUSE_AFTER - 1)
        assert wanted(room, publisher)
        room.room.set_audible({LEAD, ROOM}, room.now)
        room.run(2)


def test_a_new_session_is_told_whatever_the_one_before_was() -> None:
    room, before = lesson(ROOM)
    room.run(1)
    after = room.publish(ROOM, seed=5)
    room.run(0.021)
    assert wanted(room, after)
    assert before.session.session_id != after.session.session_id


def test_a_source_without_layers_to_choose_from_is_told_of_its_sound_and_keeps_its_picture() -> (
    None
):
    room = Classroom()
    publisher = room.publish(ROOM, layers=[Layer.HIGH], seed=4)
    room.run(12)
    assert not wanted(room, publisher)
    assert room.events.wanted[publisher.session.session_id] == [Layer.HIGH]


@pytest.mark.parametrize("stalls", [False, True], ids=["time went on", "time stood still"])
@pytest.mark.parametrize("pause", [0.6, 8.0])
def test_a_recording_goes_on_in_time_after_a_pause(pause: float, stalls: bool) -> None:
    room, publisher = lesson(ROOM)
    sink = Sink()
    room.room.add_tap(sink, room.now)
    room.run(10)
    publisher.pause_sound()
    room.run(pause)
    publisher.resume_sound(pause if stalls else 0.0)
    room.run(10)
    steps = steps_between(kept_sound(sink))
    assert sum(step > 960 for step in steps) == 1
    assert max(steps) / 48_000 == pytest.approx(pause, abs=0.05)
    # What the sender reports say of it is one straight line.
    (clocks,) = (
        sink.clocks[number] for number, one in sink.tracks.items() if one.kind is MediaKind.AUDIO
    )
    first_timestamp, first_capture = clocks[0]
    assert first_capture == pytest.approx(WALL_OFFSET + 101, abs=3)
    for timestamp, capture in clocks:
        elapsed = ((timestamp - first_timestamp + 2**31) % 2**32 - 2**31) / 48_000
        assert capture - first_capture == pytest.approx(elapsed, abs=0.05)


def test_a_pause_that_was_asked_for_needs_no_bye_to_be_known() -> None:
    room, publisher = lesson()
    sink = Sink()
    room.room.add_tap(sink, room.now)
    room.run(10)
    assert not wanted(room, publisher)
    publisher.pause_sound(bye=False)  # it was lost
    room.run(8)
    publisher.resume_sound(8.0)
    room.run(10)
    assert max(steps_between(kept_sound(sink))) / 48_000 == pytest.approx(8.0, abs=0.05)


def test_an_outage_that_delivers_everything_afterwards_is_no_pause() -> None:
    room, publisher = lesson(ROOM)
    sink = Sink()
    room.room.add_tap(sink, room.now)
    listener = room.watch("l", audio=1, seed=21)
    room.run(10)
    publisher.up.profile = Profile(delay=8.0)
    room.run(0.05)
    publisher.up.profile = Profile()  # what follows waits behind what is under way
    room.run(20)
    packets = kept_sound(sink)
    assert len(packets) == pytest.approx(30.05 * 50, abs=2)
    assert set(steps_between(packets)) == {960}
    heard = listener.audio[0].order
    assert (heard[-1].timestamp - heard[0].timestamp) % 2**32 == 960 * (len(heard) - 1)


def test_a_viewer_hears_the_first_packet_after_a_pause() -> None:
    room, publisher = lesson()
    listener = room.watch("l", audio=1, seed=21)
    publisher.pause_sound()
    room.run(20)
    assert not listener.audio[0].decoded
    room.room.set_audible({LEAD, ROOM}, room.now)
    publisher.resume_sound(stalled=20.0)
    frames = publisher.sound.frame if publisher.sound else 0
    room.run(0.5)
    assert publisher.sound is not None
    assert len(listener.audio[0].decoded) >= publisher.sound.frame - frames - 2  # on their way
