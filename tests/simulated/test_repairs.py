"""Losses on links up and down: repaired, throttled, reported."""

from __future__ import annotations

import itertools
import struct

import pytest

from relay.api import Layer, SlotWish
from relay.core.wire import rtcp
from tests.simulated import publisher
from tests.simulated.checks import assert_continuous, share
from tests.simulated.classroom import Classroom
from tests.simulated.network import Profile

CODECS = [publisher.VP8, publisher.H264]


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
def test_loss_up_and_down_is_repaired_and_others_are_untouched(codec) -> None:
    room = Classroom()
    lossy = Profile(loss=0.05, delay=0.02)
    teacher = room.publish("lead.camera", codec=codec, up=lossy, down=Profile(delay=0.02))
    bad = room.watch("room-1", down=lossy, up=Profile(delay=0.02), seed=11)
    good = room.watch("room-2", seed=12)
    for one in (bad, good):
        one.show("lead.camera")
    room.run(30)
    last = teacher.encodings[Layer.HIGH].frame - 25
    assert bad.down.lost > 50
    assert share(bad.video[0], "leah", 10, last) >= 0.99
    assert share(good.video[0], "leah", 10, last) >= 0.99
    assert good.video[0].plis == 0
    assert room.counters.packets_unrepaired == 0
    assert good.down.sent < bad.down.sent
    stats = teacher.session.stats(room.now)
    high = next(one for one in stats.layers if one.layer is Layer.HIGH)
    assert 0.01 < high.loss_fraction < 0.12
    assert high.unrepaired_fraction < 0.02
    assert stats.rtt_ms is not None
    assert 30 < stats.rtt_ms < 90
    assert (high.width, high.height) == (1280, 720)
    assert high.frames_per_second == pytest.approx(25, abs=2)


@pytest.mark.parametrize("rtx", [True, False])
def test_what_was_repaired_on_the_uplink_does_not_look_reordered_to_viewers(rtx: bool) -> None:
    """A browser that sees late originals waits for reordering before it asks for what is lost."""
    room = Classroom()
    teacher = room.publish("lead.camera", up=Profile(loss=0.05, delay=0.02))
    watching = room.watch("room-1", rtx=rtx)
    watching.show("lead.camera")
    room.run(10)
    slot = watching.video[0]
    late = [b for a, b in itertools.pairwise(slot.order) if b.sequence < a.sequence]
    assert len(late) > 20
    assert all(packet.repaired is rtx for packet in late)
    assert share(slot, "leah", 10, teacher.encodings[Layer.HIGH].frame - 25) >= 0.99


@pytest.mark.parametrize(
    ("loss", "delay", "twice"), [(0.06, 0.02, True), (0.005, 0.02, False), (0.005, 0.15, True)]
)
def test_repairs_go_out_twice_where_losing_one_is_likely_or_dear(loss, delay, twice) -> None:
    room = Classroom()
    room.publish("lead.camera")
    watching = room.watch("room-1", down=Profile(loss=loss, delay=delay), up=Profile(delay=delay))
    watching.show("lead.camera")
    room.run(20)
    answered, slot = room.counters.rtx_answered, watching.video[0]
    assert answered > 10
    assert (slot.duplicates > 0.6 * answered) is twice
    assert share(slot, "leah", 10, 400) >= 0.99


@pytest.mark.parametrize(("delay", "repaired"), [(0.15, True), (0.03, False)])
def test_over_a_long_round_trip_losses_are_repaired_before_they_are_asked_for(
    delay: float, repaired: bool
) -> None:
    """The question may be lost as well, and the next one would come too late."""
    room = Classroom()
    room.publish("lead.camera")
    up = Profile(delay=delay)
    watching = room.watch("room-1", down=Profile(loss=0.02, delay=delay), up=up, asks=False)
    watching.show("lead.camera")
    room.run(20)
    slot = watching.video[0]
    assert room.counters.nacks_received == 0
    assert (room.counters.rtx_answered > 20) is repaired
    assert (share(slot, "leah", 60, 400) >= 0.99) is repaired  # once the round trip is known


def test_what_nobody_takes_is_not_asked_for_again() -> None:
    room = Classroom()
    lossy = Profile(loss=0.1, delay=0.02)
    away = room.publish("room-a.camera", layers=(Layer.LOW,), audio=False, up=lossy)
    room.run(5)
    assert away.nacks == 0
    room.watch("room-1").show("room-a.camera")
    room.run(5)
    assert away.nacks > 5


def test_a_publisher_of_little_gets_less_feedback() -> None:
    def packets_in_10_s(layers: tuple[Layer, ...]) -> int:
        room = Classroom()
        room.publish("room-a.camera", layers=layers)
        room.run(2)
        before = room.counters.transport_feedback_sent
        room.run(10)
        return room.counters.transport_feedback_sent - before

    assert packets_in_10_s(()) < 60
    assert packets_in_10_s((Layer.HIGH, Layer.MIDDLE, Layer.LOW)) >= 95


def test_a_viewer_learns_its_round_trip_but_not_at_the_price_of_a_storm() -> None:
    room = Classroom()
    room.publish("lead.camera")
    watching = room.watch("room-1")
    question = struct.pack("!BBHI BBHQ", 0x80, rtcp.XR, 4, 5, 4, 0, 2, 0x0123456789ABCDEF)
    for _ in range(50):
        watching.session.on_rtcp(question, room.now)
    room.run(1)
    answers = [data for data in watching.raw if struct.pack("!I", 0x456789AB) in data]
    assert len(answers) == 1
    watching.session.on_rtcp(question, room.now)
    assert room.counters.receiver_times_answered == 2


def test_reordered_packets_find_their_place_without_repair() -> None:
    room = Classroom()
    teacher = room.publish("lead.camera", up=Profile(delay=0.02, jitter=0.008, in_order=False))
    watching = room.watch("room-1", down=Profile(delay=0.02, jitter=0.008, in_order=False))
    watching.show("lead.camera")
    room.run(10)
    slot = watching.video[0]
    assert any(a.sequence > b.sequence for a, b in zip(slot.order, slot.order[1:], strict=False))
    assert share(slot, "leah", 10, teacher.encodings[Layer.HIGH].frame - 3) == 1.0
    assert slot.broken == 0
    assert room.counters.nacks_sent < 20


def test_repair_reaches_back_over_a_switch() -> None:
    room = Classroom()
    room.publish("lead.camera")
    watching = room.watch("room-1", down=Profile(loss=0.08, delay=0.03))
    watching.show("lead.camera", max_layer=Layer.LOW)
    room.run(1)
    before = watching.video[0].plis  # the very first key frame may have been hit
    for turn in range(20):
        watching.show("lead.camera", max_layer=Layer.HIGH if turn % 2 else Layer.MIDDLE)
        room.run(0.5)
    room.run(1)
    assert watching.video[0].plis == before
    assert_continuous(watching.video[0], room.now)


def test_without_rtx_the_packet_itself_is_sent_again() -> None:
    room = Classroom()
    teacher = room.publish("lead.camera")
    watching = room.watch("room-1", down=Profile(loss=0.05), rtx=False)
    watching.show("lead.camera")
    room.run(8)
    assert room.counters.rtx_answered > 20
    assert share(watching.video[0], "leah", 10, teacher.encodings[Layer.HIGH].frame - 20) == 1.0


def test_the_transport_wide_number_counts_every_packet_of_a_viewer() -> None:
    room = Classroom()
    room.publish("lead.camera")
    room.publish("lead.courseware", seed=5, audio=False)
    watching = room.watch("room-1", video=2, audio=1)
    room.room.set_audible({"lead.camera"}, room.now)
    watching.view(SlotWish(0, "lead.camera"), SlotWish(1, "lead.courseware"))
    room.run(3)
    steps = {(b - a) & 0xFFFF for a, b in zip(watching.wide, watching.wide[1:], strict=False)}
    assert steps == {1}


def test_publishers_get_feedback_for_every_packet() -> None:
    room = Classroom()
    teacher = room.publish("lead.camera", up=Profile(loss=0.1, delay=0.03))
    room.run(5)
    reported = [arrival for feedback in teacher.feedback for arrival in feedback.arrivals]
    received = [number for number, at in reported if at is not None]
    assert len(received) == len(set(received))
    arrived = teacher.up.sent - teacher.up.lost
    assert arrived - 60 < len(received) <= arrived
    block = next(b for b in teacher.reports[::-1] if b.ssrc == teacher.encodings[Layer.HIGH].ssrc)
    assert 5 < block.fraction_lost < 60
    assert block.last_report
