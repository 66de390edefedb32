"""H.264 whose parameter sets stand in the offer alone: every viewer gets them in the stream."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.api import Layer
from tests.simulated import publisher, streams
from tests.simulated.checks import assert_continuous
from tests.simulated.classroom import Classroom, Sink
from tests.simulated.network import Profile
from tests.simulated.viewer import Slot

SIZE = publisher.SIZES[Layer.HIGH]
APART = replace(publisher.H264, fmtp=f"{publisher.H264.fmtp};{streams.sprop(*SIZE)}")


@pytest.fixture
def sets_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publishers send key frames without their parameter sets."""
    whole = streams.h264_frame

    def picture_only(
        stream: str, frame: int, key: bool, octets: int, size: tuple[int, int]
    ) -> list[bytes]:
        if not key:
            return whole(stream, frame, key, octets, size)
        plain = whole(stream, frame, False, octets, size)
        payloads = []
        for index, payload in enumerate(plain):
            tail = streams.trailer(stream, frame, index, len(plain), True)
            payloads.append(payload[:1] + bytes([payload[1] & 0xC0 | 5]) + payload[2 : -len(tail)])
            payloads[-1] += tail
        return payloads

    monkeypatch.setattr(streams, "h264_frame", picture_only)


def first_of_each_stream(slot: Slot) -> list[bytes]:
    """The payloads with which the slot's pictures begin after each switch."""
    numbers = sorted(slot.packets)
    firsts, before = [], None
    for number in numbers:
        payload = slot.packets[number].payload
        if streams.is_parameter_sets(payload):
            firsts.append(payload)
            before = None
            continue
        stream = streams.read(payload).stream
        if before is not None:
            assert stream == before, "a switch without parameter sets"
        before = stream
    return firsts


@pytest.mark.usefixtures("sets_apart")
def test_each_viewer_and_each_switch_begins_with_the_sets() -> None:
    room = Classroom()
    for source, seed in (("lead.camera", 1), ("room.camera", 2)):
        room.publish(source, codec=APART, layers=(Layer.HIGH,), seed=seed)
    early, late = room.watch("early"), room.watch("late", seed=101)
    early.show("lead.camera")
    room.run(2)
    late.show("lead.camera")
    early.show("room.camera")
    room.run(2)

    assert len(first_of_each_stream(early.video[0])) == 2
    assert len(first_of_each_stream(late.video[0])) == 1
    for watching in (early, late):
        slot = watching.video[0]
        assert slot.broken == 0
        assert slot.leads == len(first_of_each_stream(slot))
        assert_continuous(slot, room.now)
    assert early.video[0].streams() == ["leah", "rooh"]


@pytest.mark.usefixtures("sets_apart")
def test_the_sets_are_repaired_like_any_packet() -> None:
    room = Classroom()
    for source, seed in (("lead.camera", 1), ("room.camera", 2)):
        room.publish(source, codec=APART, layers=(Layer.HIGH,), seed=seed)
    watchers = [
        room.watch(f"v{index}", down=Profile(loss=0.08, delay=0.01), seed=200 + index)
        for index in range(40)
    ]
    for source in ("lead.camera", "room.camera"):
        for watching in watchers:
            watching.show(source)
        room.run(3)
    repaired = 0
    for watching in watchers:
        packets = watching.video[0].packets.values()
        sets = [one for one in packets if streams.is_parameter_sets(one.payload)]
        repaired += sum(one.repaired for one in sets)
    assert repaired > 0


@pytest.mark.usefixtures("sets_apart")
def test_who_cannot_decode_gets_the_sets_again() -> None:
    room = Classroom()
    teacher = room.publish("lead.camera", codec=APART, layers=(Layer.HIGH,))
    watching = room.watch("room-1")
    watching.show("lead.camera")
    room.run(2)
    slot = watching.video[0]
    before = teacher.encodings[Layer.HIGH].key_frames
    watching._want_key(slot)
    room.run(1)
    assert teacher.encodings[Layer.HIGH].key_frames == before + 1
    assert slot.leads == 2
    assert slot.longest_freeze() < 0.5
    assert watching.session.slots()[0].source_id == "lead.camera"
    assert_continuous(slot, room.now)


def test_sets_in_the_stream_are_left_alone() -> None:
    room = Classroom()
    room.publish("lead.camera", codec=APART, layers=(Layer.HIGH,))
    watching = room.watch("room-1")
    watching.show("lead.camera")
    room.run(2)
    assert watching.video[0].leads == 0
    assert watching.video[0].broken == 0


@pytest.mark.usefixtures("sets_apart")
def test_the_size_is_known_and_the_tap_gets_what_was_sent() -> None:
    room = Classroom()
    sink = Sink()
    room.room.add_tap(sink, room.now)
    teacher = room.publish("lead.camera", codec=APART, layers=(Layer.HIGH,), audio=False)
    room.run(1)
    [layer] = teacher.session.stats(room.now).layers
    assert (layer.width, layer.height) == SIZE
    [(track_id, track)] = sink.tracks.items()
    assert streams.sprop(*SIZE) in track.fmtp
    assert not [one for one in sink.packets[track_id] if streams.is_parameter_sets(one[12:])]
