"""Whole lessons through a room: what is published arrives, as each viewer can take it."""

from __future__ import annotations

import hashlib

import pytest

from relay.api import Layer, SlotWish
from tests.simulated import publisher, viewer
from tests.simulated.checks import assert_continuous, frames_of, share
from tests.simulated.classroom import Classroom, Sink
from tests.simulated.network import Profile
from tests.simulated.viewer import SimulatedViewer

CODECS = [publisher.VP8, publisher.H264]


def test_the_driver_paces_only_while_something_waits() -> None:
    lesson = Classroom(start_bps=600e3)
    lesson.publish("lead.camera")
    student = lesson.watch("room-1")
    student.show("lead.camera")
    waited = [False]

    def look() -> None:
        pacer = student.session.outlet.pacer
        assert lesson.room.any_waits is (pacer.queued_bytes > 0 or pacer.probe > 0)
        waited.append(lesson.room.any_waits)

    lesson.world.every(0.003, look)
    lesson.run(5.0)
    assert sum(waited) > 10  # the first key frame, and probes
    lesson.run(5.0)
    assert not any(waited[-30:])


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
def test_a_clean_link_delivers_every_frame_of_the_highest_layer(codec) -> None:
    room = Classroom()
    teacher = room.publish("lead.camera", codec=codec)
    watching = room.watch("room-1")
    watching.show("lead.camera")
    room.run(5)
    slot = watching.video[0]
    assert slot.streams() == ["leah"]
    assert slot.broken == 0
    assert slot.plis == 0
    last = teacher.encodings[Layer.HIGH].frame - 2
    assert share(slot, "leah", 1, last) == 1.0
    assert room.events.slots["room-1"][0].layer is Layer.HIGH
    assert room.events.sources["lead.camera"].layers == (Layer.HIGH, Layer.MIDDLE, Layer.LOW)
    assert_continuous(slot, room.now)


def test_the_first_key_frame_is_enough_for_those_who_wait_already() -> None:
    room = Classroom()
    watching = room.watch("room-1")
    watching.show("lead.camera")
    room.run(1)
    teacher = room.publish("lead.camera")
    room.run(2)
    assert frames_of(watching.video[0], "leah") >= set(range(1, 40))
    assert teacher.plis == 0


def test_small_slots_get_small_layers() -> None:
    room = Classroom()
    room.publish("lead.camera")
    watching = room.watch("room-1", video=3)
    watching.view(
        SlotWish(0, "lead.camera", max_height=200),
        SlotWish(1, "lead.camera", max_height=400),
        SlotWish(2, "lead.camera", max_height=1080),
    )
    room.run(3)
    layers = [slot.layer for slot in watching.session.slots()]
    assert layers == [Layer.LOW, Layer.MIDDLE, Layer.HIGH]


def test_a_codec_that_a_viewer_does_not_take_is_not_sent() -> None:
    room = Classroom()
    room.publish("lead.camera", codec=publisher.H264)
    watching = room.watch("room-1", codecs=(viewer.VP8,))
    watching.show("lead.camera")
    room.run(2)
    assert watching.down.sent == 0
    assert watching.session.slots()[0].source_id is None


def test_a_viewer_is_told_that_it_lacks_the_codec_and_when_it_does_not_any_more() -> None:
    room = Classroom()
    sent = room.publish("lead.camera", codec=publisher.H264)
    watching = room.watch("room-1", codecs=(viewer.VP8,))
    watching.show("lead.camera")
    room.run(10)  # long enough for layers that nobody takes to stop
    state = watching.session.slots()[0]
    assert (state.codec_missing, state.ideal) == (True, None)
    assert room.events.slots["room-1"][0].codec_missing
    assert room.counters.slots_without_codec == 1
    sent.stop()
    room.publish("lead.camera", seed=7)
    room.run(3)
    state = watching.session.slots()[0]
    assert (state.codec_missing, state.layer) == (False, Layer.HIGH)
    assert room.counters.slots_without_codec == 1


def test_a_picture_that_has_not_come_yet_lacks_no_codec() -> None:
    room = Classroom()
    watching = room.watch("room-1", codecs=(viewer.VP8,))
    watching.show("lead.camera")
    room.run(1)
    assert not watching.session.slots()[0].codec_missing


def test_the_programme_fills_slots_in_order_with_what_is_published() -> None:
    room = Classroom()
    room.publish("lead.camera", seed=3)
    room.room.set_programme(["absent.camera", "room.camera", "lead.camera"], room.now)
    watching = room.watch("obs", video=2, programme=True)
    room.run(2)
    assert [slot.source_id for slot in watching.session.slots()] == ["lead.camera", None]
    room.publish("room.camera", seed=4)
    room.run(2)
    shown = [slot.source_id for slot in watching.session.slots()]
    assert shown == ["room.camera", "lead.camera"]


def test_a_publisher_without_simulcast_and_extensions_is_understood() -> None:
    room = Classroom()
    recorder = room.publish("lead.camera", layers=(Layer.HIGH,), codec=publisher.H264)
    recorder._extensions = lambda encoding, repair: {}  # type: ignore[method-assign]
    watching = room.watch("room-1")
    watching.show("lead.camera", max_layer=Layer.LOW)
    room.run(3)
    assert watching.video[0].streams() == ["leah"]
    assert watching.video[0].broken == 0


def _lesson(seed: int) -> str:
    room = Classroom()
    lossy = Profile(loss=0.03, delay=0.02, jitter=0.01, in_order=False)
    room.publish("lead.camera", up=lossy, seed=seed)
    room.publish("room.camera", up=lossy, seed=seed + 1)
    room.room.set_audible({"lead.camera", "room.camera"}, room.now)
    viewers: list[SimulatedViewer] = []
    for index in range(3):
        watching = room.watch(f"v{index}", audio=1, down=lossy, seed=seed + 10 + index)
        watching.show("lead.camera")
        viewers.append(watching)
    room.run(2)
    viewers[1].show("room.camera", max_layer=Layer.LOW)
    room.run(2)
    digest = hashlib.sha256()
    for watching in viewers:
        for packet in watching.raw:
            digest.update(packet)
    return digest.hexdigest()


def test_two_runs_are_identical_to_the_byte() -> None:
    assert _lesson(5) == _lesson(5)
    assert _lesson(5) != _lesson(6)


def test_when_all_have_left_nothing_is_kept() -> None:
    room = Classroom()
    teacher = room.publish("lead.camera")
    watching = room.watch("room-1", audio=2)
    room.room.set_audible({"lead.camera"}, room.now)
    sink = Sink()
    tap = room.room.add_tap(sink, room.now)
    watching.show("lead.camera")
    room.run(2)
    layers = (*teacher.session.video.values(), teacher.session.audio)
    watching.close()
    watching.session.close(room.now)
    tap.close(room.now)
    for layer in layers:
        assert layer is not None
        assert layer.slots == ()
        assert layer.waiting == ()
    assert not room.room.is_empty
    teacher.stop()
    assert room.room.is_empty
