"""One lesson over two relays: what an edge takes comes to it once, whole, and nothing else does."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from relay.api import CloseReason, Layer, SlotWish
from relay.core.wire.negotiated import Codec
from relay.core.wire.serial import signed
from tests.simulated import publisher as browsers
from tests.simulated.checks import assert_continuous, assert_timestamps_follow_time, share
from tests.simulated.network import Profile
from tests.simulated.piping import EdgeLesson


@pytest.mark.parametrize("codec", [browsers.VP8, browsers.H264], ids=lambda codec: codec.name)
def test_viewers_at_an_edge_see_and_hear(codec: Codec) -> None:
    lesson = EdgeLesson()
    teacher = lesson.owner.publish("lead.camera", codec=codec)
    student = lesson.watch("room-1", audio=1)
    lesson.set_audible("lead.camera")
    student.show("lead.camera")
    lesson.run(10)
    slot = student.video[0]
    assert slot.broken == 0
    assert slot.streams()[-1] == "leah"
    assert student.audio[0].streams() == ["leaa"]
    heard = len(student.audio[0].decoded)
    assert teacher.sound is not None
    assert heard > 0.9 * teacher.sound.frame
    assert_continuous(slot, lesson.now)
    assert_timestamps_follow_time(slot)
    assert lesson.events.sources["lead.camera"].layers[0] is Layer.HIGH


def test_the_first_picture_comes_soon() -> None:
    lesson = EdgeLesson()
    lesson.owner.publish("lead.camera")
    lesson.run(2)
    student = lesson.watch("room-1")
    student.show("lead.camera")
    asked = lesson.now
    lesson.run(3)
    assert student.video[0].decoded[0].at - asked < 0.5


def test_nothing_is_piped_that_nobody_at_the_edge_takes() -> None:
    lesson = EdgeLesson()
    lesson.owner.publish("lead.camera")
    lesson.owner.publish("lead.courseware", layers=(Layer.HIGH,), audio=False, seed=2)
    local = lesson.owner.watch("local")
    local.show("lead.camera")
    assert lesson.sent_layers(8) == set()
    student = lesson.watch("room-1")
    student.show("lead.camera", max_layer=Layer.LOW)
    lesson.run(1)
    assert lesson.sent_layers(3) == {Layer.LOW}
    student.show("lead.camera", max_layer=Layer.HIGH)
    lesson.run(8)  # the lower one is kept for a while
    assert lesson.sent_layers(3) == {Layer.HIGH}
    student.view()
    lesson.run(6)
    assert lesson.sent_layers(3) == set()


@pytest.mark.parametrize("viewers", [1, 5])
def test_one_copy_crosses_however_many_watch(viewers: int) -> None:
    lesson = EdgeLesson()
    teacher = lesson.owner.publish("lead.camera", audio=False)
    for number in range(viewers):
        lesson.watch(f"room-{number}", seed=100 + number).show("lead.camera")
    lesson.run(8)
    lesson.sent.clear()
    before = teacher.encodings[Layer.HIGH].packets
    lesson.run(5)
    copies = Counter((one.ssrc, one.sequence_number) for one in lesson.sent)
    assert max(copies.values()) == 1
    assert len(copies) == pytest.approx(teacher.encodings[Layer.HIGH].packets - before, abs=5)


def test_a_layer_that_only_the_edge_takes_is_asked_for() -> None:
    lesson = EdgeLesson()
    teacher = lesson.owner.publish("lead.camera")
    lesson.owner.watch("local").show("lead.camera", max_layer=Layer.LOW)
    lesson.run(8)
    assert lesson.owner.events.wanted[teacher.session.session_id] == [Layer.LOW]
    lesson.watch("room-1").show("lead.camera")
    lesson.run(8)
    assert Layer.HIGH in lesson.owner.events.wanted[teacher.session.session_id]


def test_a_picture_loss_at_the_edge_brings_a_key_frame() -> None:
    lesson = EdgeLesson()
    teacher = lesson.owner.publish("lead.camera")
    student = lesson.watch("room-1")
    student.show("lead.camera")
    lesson.run(8)
    before = teacher.encodings[Layer.HIGH].key_frames
    student._want_key(student.video[0])
    lesson.run(0.3)
    assert teacher.encodings[Layer.HIGH].key_frames == before + 1
    for number in range(5):  # five who join together share one
        lesson.watch(f"late-{number}", seed=200 + number).show("lead.camera")
    lesson.run(0.6)
    assert teacher.encodings[Layer.HIGH].key_frames <= before + 3


@pytest.mark.parametrize("codec", [browsers.VP8, browsers.H264], ids=lambda codec: codec.name)
def test_losses_on_the_pipe_are_repaired(codec: Codec) -> None:
    lossy = Profile(loss=0.05, delay=0.01, jitter=0.004, in_order=False)
    lesson = EdgeLesson(way=lossy, back=Profile(loss=0.05, delay=0.01))
    teacher = lesson.owner.publish("lead.camera", codec=codec)
    student = lesson.watch("room-1", audio=1)
    lesson.set_audible("lead.camera")
    student.show("lead.camera")
    lesson.run(10)
    first = teacher.encodings[Layer.HIGH].frame
    lesson.run(20)
    last = teacher.encodings[Layer.HIGH].frame - 10
    assert share(student.video[0], "leah", first, last) > 0.995
    assert lesson.to_edge.lost > 100
    assert lesson.pipe.outlet.repairs > 50
    assert lesson.owner.counters.rtx_answered > 50
    assert lesson.pipe.loss_fraction < 0.2
    sound = student.audio[0].decoded
    assert len({one.frame for one in sound if one.at > 110}) > 0.99 * 50 * 20


def test_sound_that_may_not_be_heard_does_not_leave_the_owner() -> None:
    lesson = EdgeLesson()
    lesson.owner.publish("room-2.camera")
    lesson.watch("room-1", audio=1)
    lesson.room.set_audible(["room-2.camera"], lesson.now)  # the edge alone believes so
    assert None not in lesson.sent_layers(3)
    lesson.set_audible("room-2.camera")
    assert None in lesson.sent_layers(2)
    lesson.owner.room.set_audible([], lesson.now)
    assert None not in lesson.sent_layers(2)


def test_sound_crosses_only_if_somebody_listens() -> None:
    lesson = EdgeLesson()
    lesson.owner.publish("lead.camera")
    lesson.set_audible("lead.camera")
    lesson.watch("muted").show("lead.camera", max_layer=Layer.LOW)
    lesson.run(1)
    assert lesson.sent_layers(3) == {Layer.LOW}
    student = lesson.watch("room-1", audio=1, seed=101)
    joined = lesson.now
    assert None in lesson.sent_layers(2)
    assert student.audio[0].decoded[0].at - joined < 0.25


def test_levels_of_sound_arrive() -> None:
    lesson = EdgeLesson()
    loud = lesson.owner.publish("loud", layers=(), seed=2)
    quiet = lesson.owner.publish("quiet", layers=(), seed=3)
    loud.level, quiet.level = 20, 90
    student = lesson.watch("room-1", audio=1)
    lesson.set_audible("quiet", "loud")
    lesson.run(5)
    assert student.audio[0].decoded[-1].stream == "loua"
    loud.level, quiet.level = 90, 20
    lesson.run(5)
    assert student.audio[0].decoded[-1].stream == "quia"


def test_a_source_that_is_published_anew_goes_on() -> None:
    lesson = EdgeLesson()
    first = lesson.owner.publish("lead.camera")
    student = lesson.watch("room-1")
    student.show("lead.camera")
    lesson.run(8)
    first.stop(CloseReason.CONSENT_EXPIRED)
    lesson.run(0.5)
    assert "lead.camera" not in lesson.events.sources
    again = lesson.owner.publish("lead.camera", seed=4)
    lesson.run(8)
    slot = student.video[0]
    assert share(slot, "leah", 150, again.encodings[Layer.HIGH].frame - 3) == 1.0
    again_in_place = lesson.owner.publish("lead.camera", seed=5)  # without a pause
    changed = lesson.now
    lesson.run(8)
    new = next(one.at for one in slot.decoded if one.at > changed + 0.05)
    assert new - changed < 0.3  # two messages of 30 ms, two ticks, a key frame
    assert lesson.now - slot.decoded[-1].at < 0.2
    assert again_in_place.encodings[Layer.HIGH].key_frames > 0
    times = [one.timestamp for one in slot.decoded]
    assert all(signed(b - a, 32) > 0 for a, b in itertools.pairwise(times))


def test_a_stream_that_begins_anew_begins_anew_at_the_edge() -> None:
    lesson = EdgeLesson()
    teacher = lesson.owner.publish("lead.camera")
    student = lesson.watch("room-1")
    student.show("lead.camera")
    lesson.run(8)
    encoding = teacher.encodings[Layer.HIGH]
    encoding.sequence = (encoding.sequence + 30_000) & 0xFFFF
    encoding.timestamp_base = (encoding.timestamp_base + 77_777_777) & 0xFFFFFFFF
    asked = encoding.key_frames
    lesson.run(0.4)
    first = encoding.frame
    lesson.run(3)
    assert share(student.video[0], "leah", first, encoding.frame - 3) == 1.0
    assert encoding.key_frames == asked + 1  # the first one was taken
    assert_timestamps_follow_time(student.video[0])


def test_numbers_in_a_pipe_only_rise_through_long_pauses() -> None:
    """SRTP counts their cycles: one that seems old is never sent, nor taken."""
    lesson = EdgeLesson()
    teacher = lesson.owner.publish("lead.camera", audio=False)
    lesson.owner.watch("local").show("lead.camera")
    student = lesson.watch("room-1")
    for pause in (10_000, 40_000, 65_000):
        student.show("lead.camera")
        lesson.run(4)
        student.view()
        lesson.run(6)
        encoding = teacher.encodings[Layer.HIGH]
        for _ in range(pause // 2000):  # as if it had gone on for long
            encoding.sequence = (encoding.sequence + 2000) & 0xFFFF
            lesson.run(0.05)
    student.show("lead.camera")
    lesson.run(4)
    assert lesson.now - student.video[0].decoded[-1].at < 0.2
    numbers: dict[int, int] = {}
    for packet in lesson.sent:
        before = numbers.get(packet.ssrc)
        if before is not None:
            assert 0 < signed(packet.sequence_number - before, 16) < 9000
        numbers[packet.ssrc] = packet.sequence_number


def test_clocks_at_the_edge_are_the_publishers() -> None:
    """Lip sync: the timestamps that a viewer is told belong to one moment of the publisher."""
    lesson = EdgeLesson(way=Profile(delay=0.04, jitter=0.02))
    teacher = lesson.owner.publish("lead.camera")
    student = lesson.watch("room-1", audio=1)
    lesson.set_audible("lead.camera")
    student.show("lead.camera")
    lesson.run(15)
    assert teacher.sound is not None
    layer = lesson.room.publisher_of("lead.camera").video[Layer.HIGH]  # type: ignore[union-attr]
    sound = lesson.room.publisher_of("lead.camera").audio  # type: ignore[union-attr]
    assert sound is not None
    picture = layer.clock.capture_time(layer.highest_timestamp)
    spoken = sound.clock.capture_time(sound.highest_timestamp)
    assert picture is not None
    assert spoken is not None
    captured = teacher.timestamp(teacher.encodings[Layer.HIGH]) - layer.highest_timestamp
    said = teacher.timestamp(teacher.sound) - sound.highest_timestamp
    ages = signed(captured, 32) / 90_000, signed(said, 32) / 48_000
    assert (spoken + ages[1]) - (picture + ages[0]) == pytest.approx(0.0, abs=0.003)


def test_a_pipe_sends_no_more_than_it_may() -> None:
    lesson = EdgeLesson(pps=50)
    lesson.owner.publish("lead.camera")
    lesson.watch("room-1").show("lead.camera")
    lesson.run(20)
    assert lesson.pipe.outlet.dropped > 100
    assert lesson.pipe.outlet.packets < 50 * 22 + 100


def test_a_layer_that_stops_is_told_at_once() -> None:
    lesson = EdgeLesson()
    teacher = lesson.owner.publish("lead.camera")
    student = lesson.watch("room-1")
    student.show("lead.camera")
    lesson.run(8)
    teacher.encodings[Layer.HIGH].active = False
    lesson.run(1.2)
    assert Layer.HIGH not in lesson.events.sources["lead.camera"].layers
    lesson.run(1)
    assert student.video[0].streams()[-1] in {"leam", "leal"}


def test_a_closed_pipe_takes_nothing_more() -> None:
    lesson = EdgeLesson()
    teacher = lesson.owner.publish("lead.camera")
    lesson.watch("room-1").show("lead.camera")
    lesson.run(5)
    lesson.pipe.close(lesson.now)
    lesson.pipe.close(lesson.now)
    assert lesson.sent_layers(1) == set()
    for layer in teacher.session.video.values():
        assert layer.slots == layer.waiting == ()
    lesson.run(10)
    assert lesson.owner.events.wanted[teacher.session.session_id] == []
    teacher.stop()
    assert lesson.owner.room.is_empty


def test_a_wall_of_small_pictures_takes_the_low_layers_only() -> None:
    lesson = EdgeLesson()
    for number in range(3):
        lesson.owner.publish(f"{number}xx", seed=number + 2, audio=False)
    wall = lesson.watch("wall", video=3)
    wall.view(*(SlotWish(slot, f"{slot}xx", max_height=180) for slot in range(3)))
    assert lesson.sent_layers(5) == {Layer.LOW}
    assert all(slot.streams() == [f"{index}xxl"] for index, slot in enumerate(wall.video))
