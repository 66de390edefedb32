"""Costs of lessons from CPU shares, and the packets of people without codecs."""

from collections import Counter

import pytest

from load_tests.linear.figures import Shares, linear_figures, run_figures
from load_tests.linear.people import SourceFeeder, frame_bytes
from load_tests.media import CAMERA_LAYERS, MediaClock
from load_tests.packetize import MAX_PAYLOAD_BYTES
from load_tests.participants import CAMERA_FPS

SECONDS = 5
KEY_START = b"\x9d\x01\x2a"  # RFC 6386 §9.1


def test_the_cost_of_a_lesson_is_told_for_each_process():
    idle = Shares([0.02, 0.02], web=0.01, redis=0.004)
    busy = Shares([0.22, 0.26], web=0.03, redis=0.008, others=0.001)
    told = run_figures(idle, busy, lessons=4, packets_per_s=2400)
    assert told["cell_idle"] == 20
    assert told["lesson_in_cell"] == 120
    assert told["lesson_in_cell_more"] == 110
    assert told["dearest_cell"] == 130
    assert told["us_per_packet"] == 50
    assert (told["lesson_in_web"], told["lesson_in_redis"]) == (5, 1)


def _run(cell, more):
    return {"lesson_in_cell": cell, "lesson_in_cell_more": more, "us_per_packet": cell / 2}


def test_cells_that_cost_the_same_carry_as_many_lessons_as_there_are_cells():
    runs = {
        0: [_run(110.0, 100.0)],
        1: [_run(100.0, 90.0), _run(120.0, 110.0), _run(900.0, 900.0)],
        4: [_run(150.0, 121.0)],
    }
    told = linear_figures(runs)
    assert told["carried"] == told["carried_by_packets"] == {"1": 1.0, "4": 3.2}
    assert told["cost_of_a_lesson_to_before"] == {"1": 1.1, "4": 1.21}


class CountingPeer:
    """Takes what a feeder sends."""

    def __init__(self):
        self.bytes = Counter()
        self.pictures = Counter()
        self.keys = Counter()
        self.sounds = 0

    def send_payloads(self, rid, payloads, _capture_s):
        assert all(len(one) <= MAX_PAYLOAD_BYTES + 10 for one in payloads)
        self.bytes[rid] += sum(map(len, payloads))
        self.pictures[rid] += 1
        self.keys[rid] += KEY_START in payloads[0]

    def send_audio(self, _audio):
        self.sounds += 1


@pytest.mark.parametrize("level", [None, 30])
def test_a_source_has_the_rate_of_each_layer_and_key_frames_when_asked(level):
    peer = CountingPeer()
    feeder = SourceFeeder(peer, MediaClock(), CAMERA_LAYERS, CAMERA_FPS, level)
    for beat in range(50 * SECONDS):
        if beat == 100:
            peer.on_key_frame_request("m")
        feeder.send(beat * 0.02, beat * 0.02)
    assert peer.sounds == (0 if level is None else 50 * SECONDS)
    assert peer.keys == {"l": 1, "m": 2, "h": 1}
    for layer in CAMERA_LAYERS:
        assert peer.pictures[layer.rid] == CAMERA_FPS * SECONDS
        assert peer.bytes[layer.rid] * 8 / SECONDS == pytest.approx(layer.bitrate, rel=0.02)
        assert frame_bytes(layer, CAMERA_FPS) * 8 * CAMERA_FPS == pytest.approx(
            layer.bitrate, rel=0.01
        )
