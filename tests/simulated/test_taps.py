"""Taps take the best of every source, continuously and dated."""

from __future__ import annotations

import pytest

from relay.api import CloseReason, Layer, MediaKind
from relay.core.wire import rtp, vp8
from relay.core.wire.serial import signed
from tests.simulated.classroom import WALL_OFFSET, Classroom, Sink
from tests.simulated.network import Profile


def test_a_tap_gets_the_highest_layer_continuously_with_its_clock() -> None:
    room = Classroom()
    teacher = room.publish("lead.camera", up=Profile(loss=0.02, delay=0.02), clock_offset=-77.0)
    sink = Sink()
    tap = room.room.add_tap(sink, room.now)
    room.run(3)
    teacher.encodings[Layer.HIGH].active = False
    room.run(3)
    tap.request_key_frames(room.now)
    room.run(1)
    by_kind = {track.kind.value: track for track in sink.tracks.values()}
    video, audio = by_kind["video"], by_kind["audio"]
    assert (video.codec, video.clock_rate, audio.codec, audio.channels) == (
        "VP8",
        90_000,
        "opus",
        2,
    )
    packets = [rtp.parse(packet) for packet in sink.packets[video.track_id]]
    numbers = [packet.sequence_number for packet in packets]
    unwrapped = sorted({signed(number - numbers[0], 16) for number in numbers})
    assert len(unwrapped) == len(numbers)
    assert unwrapped[-1] - unwrapped[0] + 1 - len(unwrapped) <= 4
    assert all(packet.extensions == {} for packet in packets)
    # Sound and picture: the same sender moment must map to the same capture time.
    offsets = []
    for track, encoding in ((video, teacher.encodings[Layer.MIDDLE]), (audio, teacher.sound)):
        timestamp, capture = sink.clocks[track.track_id][-1]
        last = rtp.parse(sink.packets[track.track_id][-1])
        moment = capture + signed(last.timestamp - timestamp, 32) / track.clock_rate
        assert encoding is not None
        sent = encoding.history[encoding.sequence]
        captured = teacher._start + (sent.timestamp - encoding.timestamp_base) / track.clock_rate
        offsets.append(moment - captured)
    assert offsets[0] - WALL_OFFSET == pytest.approx(0.02, abs=0.045)
    tap.close(room.now)
    assert set(sink.ended.values()) == {CloseReason.REQUESTED}


def _heights_kept(layers_active: tuple[Layer, ...]) -> list[int]:
    """Heights of the key frames that a tap gets in a publisher's first two seconds."""
    room = Classroom()
    sink = Sink()
    room.room.add_tap(sink, room.now)
    teacher = room.publish("lead.camera", layers=(Layer.LOW, Layer.MIDDLE, Layer.HIGH))
    for layer, encoding in teacher.encodings.items():
        encoding.active = layer in layers_active
    room.run(2)
    [video] = [track for track in sink.tracks.values() if track.kind is MediaKind.VIDEO]
    payloads = [vp8.parse(rtp.parse(data).payload) for data in sink.packets[video.track_id]]
    return [payload.height for payload in payloads if payload.key_frame]


def test_a_tap_does_not_begin_on_a_layer_that_a_better_one_replaces_at_once() -> None:
    heights = _heights_kept((Layer.LOW, Layer.MIDDLE, Layer.HIGH))
    assert heights
    assert set(heights) == {720}


def test_a_tap_takes_what_there_is_when_the_best_layer_does_not_come() -> None:
    heights = _heights_kept((Layer.LOW, Layer.MIDDLE))
    assert heights
    assert set(heights) == {360}
