"""Switches of layers and sources leave no seam; key frames are asked for with measure."""

from __future__ import annotations

import pytest

from relay.api import CloseReason, Layer, MediaKind
from relay.core.incoming.clock import ntp_to_unix
from relay.core.wire import rtcp, rtcp_writer, rtp
from relay.core.wire.negotiated import IncomingTrack
from relay.core.wire.serial import signed
from tests.simulated import publisher, streams
from tests.simulated.checks import (
    assert_continuous,
    assert_picture_ids_run_on,
    assert_timestamps_follow_time,
)
from tests.simulated.classroom import WALL_OFFSET, Classroom, Sink
from tests.simulated.network import Profile

CODECS = [publisher.VP8, publisher.H264]


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
def test_ten_layer_switches_leave_no_seam(codec) -> None:
    room = Classroom()
    room.publish("lead.camera", codec=codec)
    watching = room.watch("room-1")
    watching.show("lead.camera", max_layer=Layer.LOW)
    room.run(2)
    start = room.now
    wanted = [Layer(rid) for rid in "mhlhmlhlmh"]
    for layer in wanted:
        watching.show("lead.camera", max_layer=layer)
        room.run(1)
        assert watching.session.slots()[0].layer is layer
    slot = watching.video[0]
    assert slot.streams() == ["leal", *(f"lea{layer.value}" for layer in wanted)]
    assert slot.broken == 0
    assert slot.longest_freeze(start) < 0.1
    assert_continuous(slot, room.now)
    if codec.name == "VP8":
        assert_picture_ids_run_on(slot)
    assert_timestamps_follow_time(slot)


def test_a_source_switch_is_seamless_too_and_reports_stay_true() -> None:
    room = Classroom()
    room.publish("lead.camera", seed=3, clock_offset=50.0)
    room.publish("room.camera", seed=4, clock_offset=-9000.0)
    watching = room.watch("room-1")
    watching.show("lead.camera")
    room.run(3)
    for _ in range(5):
        watching.show("room.camera")
        room.run(2)
        watching.show("lead.camera")
        room.run(2)
    slot = watching.video[0]
    assert slot.streams() == ["leah", *(["rooh", "leah"] * 5)]
    assert slot.broken == 0
    assert_continuous(slot, room.now)
    assert_picture_ids_run_on(slot)
    assert_timestamps_follow_time(slot)
    # Frames are captured and sent in the same moment here, so a report's clock must lie one uplink
    # delay (10 ms) from the frames' arrival at the relay.
    for _, report in slot.reports[2:]:
        wall = ntp_to_unix(report.ntp) - WALL_OFFSET
        near = min(slot.decoded, key=lambda one: abs(one.at - wall))
        behind = signed(report.rtp_timestamp - near.timestamp, 32) / 90_000
        assert wall - behind == pytest.approx(near.at - 0.01, abs=0.025)


def test_a_late_joiner_sees_a_picture_at_once_and_many_share_one_key_frame() -> None:
    room = Classroom()
    teacher = room.publish("lead.camera")
    room.run(5)
    before = teacher.encodings[Layer.HIGH].key_frames
    late = [room.watch(f"room-{index}", seed=20 + index) for index in range(20)]
    for one in late:
        one.show("lead.camera")
    joined = room.now
    room.run(1)
    for one in late:
        assert one.video[0].decoded[0].at - joined < 0.2
    assert teacher.encodings[Layer.HIGH].key_frames - before == 1


def test_a_viewers_key_frame_requests_are_throttled() -> None:
    room = Classroom()
    teacher = room.publish("lead.camera")
    watching = room.watch("room-1")
    watching.show("lead.camera")
    room.run(2)
    before = teacher.encodings[Layer.HIGH].key_frames
    for _ in range(100):
        watching._send(
            rtcp_writer.picture_loss(1, watching.video[0].negotiated.ssrc)
            + rtcp_writer.intra_request(1, watching.video[0].negotiated.ssrc, 1)
        )
        room.run(0.01)
    assert 2 <= teacher.encodings[Layer.HIGH].key_frames - before <= 5


def test_an_unanswered_key_frame_request_is_repeated_ever_more_slowly() -> None:
    room = Classroom()
    teacher = room.publish("lead.camera")
    room.run(1)
    teacher.down.profile = Profile(loss=1.0)
    sent = room.counters.key_frame_requests_sent
    watching = room.watch("room-1")
    watching.show("lead.camera")
    room.run(10)
    assert 5 <= room.counters.key_frame_requests_sent - sent <= 8
    teacher.down.profile = Profile()
    room.run(3)
    assert watching.video[0].decoded


def test_a_dead_layer_is_left_for_one_that_flows_and_taken_again() -> None:
    room = Classroom()
    teacher = room.publish("lead.camera")
    watching = room.watch("room-1")
    watching.show("lead.camera")
    room.run(2)
    teacher.encodings[Layer.HIGH].active = False
    room.run(2)
    assert watching.video[0].streams() == ["leah", "leam"]
    assert watching.video[0].longest_freeze() < 0.9
    assert room.events.sources["lead.camera"].layers == (Layer.MIDDLE, Layer.LOW)
    teacher.encodings[Layer.HIGH].active = True
    teacher.encodings[Layer.HIGH].key_wanted = True
    room.run(2)
    assert watching.video[0].streams() == ["leah", "leam", "leah"]
    assert_continuous(watching.video[0], room.now)


def test_a_publisher_that_comes_again_is_seen_again_in_the_same_stream() -> None:
    room = Classroom()
    first = room.publish("lead.camera", seed=3)
    watching = room.watch("room-1")
    sink = Sink()
    tap = room.room.add_tap(sink, room.now)
    watching.show("lead.camera")
    room.run(3)
    first.stopped = True
    room.publish("lead.camera", seed=7, session="again")
    room.run(3)
    slot = watching.video[0]
    assert room.events.removed == []
    assert room.events.sources["lead.camera"].session_id == "again"
    assert slot.decoded[-1].at > room.now - 0.1
    assert slot.broken == 0
    assert_continuous(slot, room.now)
    assert_timestamps_follow_time(slot)
    assert_picture_ids_run_on(slot)
    assert sorted(sink.ended.values()) == [CloseReason.REPLACED] * 2
    assert len(sink.tracks) == 4
    tap.close(room.now)
    assert len(sink.ended) == 4


def test_a_still_page_keeps_its_slot_and_needs_no_key_frame_to_go_on() -> None:
    room = Classroom()
    pages = room.publish("lead.courseware", audio=False, layers=(Layer.HIGH,))
    watching = room.watch("room-1")
    watching.show("lead.courseware")
    room.run(2)
    keys = pages.encodings[Layer.HIGH].key_frames
    pages.encodings[Layer.HIGH].active = False
    room.run(20)
    assert room.events.sources["lead.courseware"].layers == ()
    assert room.events.slots["room-1"][0].source_id == "lead.courseware"
    pages.encodings[Layer.HIGH].active = True
    room.run(1)
    assert watching.video[0].decoded[-1].at > room.now - 0.1
    assert watching.video[0].broken == 0
    assert pages.encodings[Layer.HIGH].key_frames == keys
    assert_timestamps_follow_time(watching.video[0])


def test_a_source_that_ends_empties_its_slot() -> None:
    room = Classroom()
    teacher = room.publish("lead.camera")
    watching = room.watch("room-1")
    watching.show("lead.camera")
    room.run(1)
    teacher.stop()
    room.run(0.5)
    assert room.events.removed == ["lead.camera"]
    state = room.events.slots["room-1"][0]
    assert state.source_id is None
    assert state.layer is None


def test_a_stream_that_begins_anew_is_followed() -> None:
    room = Classroom()
    teacher = room.publish("lead.camera")
    watching = room.watch("room-1")
    watching.show("lead.camera")
    room.run(2)
    high = teacher.encodings[Layer.HIGH]
    high.sequence = (high.sequence + 20_000) & 0xFFFF
    high.timestamp_base += 1_000_000_000
    room.run(2)
    slot = watching.video[0]
    assert slot.decoded[-1].at > room.now - 0.1
    assert slot.longest_freeze() < 0.5
    assert_continuous(slot, room.now)
    assert_timestamps_follow_time(slot)


def test_a_stream_begun_anew_is_itself_asked_for_its_key_frame() -> None:
    room = Classroom()
    sent: list[bytes] = []
    track = IncomingTrack("1", MediaKind.VIDEO, (publisher.VP8,), publisher.IDS)
    session = room.room.add_publisher(
        "pub", "one.camera", [track], send_rtcp=sent.append, now=room.now
    )
    room.room.add_tap(Sink(), room.now)
    for ssrc, key in ((10, True), (11, False)):
        (payload,) = streams.vp8_frame("oneh", 1, key, 500, (640, 360), 1)
        packet = rtp.build(96, 1, 0, ssrc, payload, extensions={publisher.IDS.mid: b"1"})
        session.on_rtp(packet, room.now)
        if key:
            room.run(2)
            sent.clear()
    asked = [one for packet in sent for one in rtcp.parse(packet)]
    assert [one.media for one in asked if isinstance(one, rtcp.PictureLoss)] == [11]


def test_frames_that_were_held_back_keep_their_time_over_a_layer_switch() -> None:
    """A busy machine or a stalled uplink delivers a layer seconds late: still its time is true."""
    room = Classroom()
    teacher = room.publish("lead.camera")
    sink = Sink()
    room.room.add_tap(sink, room.now)
    room.run(3)
    [video] = [track for track, one in sink.tracks.items() if one.kind is MediaKind.VIDEO]
    started = room.now
    first = rtp.parse(sink.packets[video][-1]).timestamp
    teacher.encodings[Layer.HIGH].active = False
    teacher.up.profile = Profile(delay=2.6)
    room.run(6)
    last = rtp.parse(sink.packets[video][-1]).timestamp
    captured = room.now - 2.6 - started
    assert signed(last - first, 32) / 90_000 == pytest.approx(captured, abs=0.1)


def test_a_key_frame_that_is_long_in_coming_may_be_asked_for_often() -> None:
    """Browsers repeat each wish five times a second: that is one wish, not a flood of them."""
    room = Classroom()
    teacher = room.publish("lead.camera", layers=(Layer.HIGH,), audio=False)
    viewer = room.watch("room-1")
    viewer.show("lead.camera")
    room.run(2)
    encoding = teacher.encodings[Layer.HIGH]
    picture_lost = rtcp_writer.picture_loss(77, viewer.video[0].negotiated.ssrc)
    deaf_until = room.now + 8

    def turn_a_deaf_ear() -> None:
        encoding.key_wanted &= room.now > deaf_until

    def ask() -> None:
        viewer.session.on_rtcp(picture_lost, room.now)

    room.world.every(0.01, turn_a_deaf_ear)
    for asked in range(40):
        room.world.at(room.now + asked / 5, ask)
    room.run(11)
    answered = encoding.key_frames
    ask()
    room.run(0.5)
    assert encoding.key_frames == answered + 1
    assert room.counters.snapshot()["picture_losses_flooded"] == 0
