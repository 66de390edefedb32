"""Pacing: packets that pass, wait or are dropped, and probes."""

from __future__ import annotations

import math

from relay.core.congestion.pacer import Pacer, Priority
from relay.core.congestion.probe import Probe


class Wire:
    """Takes what the pacer sends; `padding` is what it can fill."""

    def __init__(self, rate: float, padding: int = 1 << 30) -> None:
        self.sent: list[tuple[float, object, int]] = []
        self.padding = padding
        self.pacer = Pacer(self.send, self.fill, 0.001)
        self.pacer.set_rate(rate)

    def send(self, data: object, size: int, now: float) -> None:
        self.sent.append((now, data, size))

    def fill(self, size: int, now: float) -> int:
        size = min(size, self.padding)
        self.padding -= size
        if size:
            self.sent.append((now, "padding", size))
        return size

    def offer(self, data: object, size: int, priority: Priority, now: float) -> bool:
        passed = self.pacer.on_packet(data, size, priority, now)
        if passed:
            self.sent.append((now, data, size))
        return passed

    def run(self, begin: float, end: float, tick: float = 0.005) -> None:
        for index in range(math.ceil((end - begin) / tick)):
            now = begin + index * tick
            if now >= self.pacer.next_due:
                self.pacer.on_timer(now)


def test_a_steady_stream_passes_straight_through() -> None:
    wire = Wire(1e6)
    assert all(wire.offer(index, 1200, Priority.VIDEO, index * 0.01) for index in range(100))
    assert wire.pacer.next_due == math.inf


def test_a_key_frame_is_spread_and_in_order() -> None:
    wire = Wire(3e6)
    for index in range(100):
        wire.offer(index, 1200, Priority.VIDEO, 1.0)
    wire.run(1.0, 2.0)
    assert [data for _, data, _ in wire.sent] == list(range(100))
    lasted = wire.sent[-1][0] - 1.0
    assert 0.1 < lasted < 0.4  # 120 kB at 1.5 to 2.5 × 3 Mbit/s
    assert wire.pacer.queued_bytes == 0
    assert wire.pacer.dropped_bytes == 0


def test_sound_never_waits_and_repeats_go_first() -> None:
    wire = Wire(1e6)
    for index in range(30):
        wire.offer(("video", index), 1200, Priority.VIDEO, 1.0)
    assert not wire.offer("repeat", 1200, Priority.RETRANSMISSION, 1.0)
    assert wire.offer("sound", 100, Priority.AUDIO, 1.0)
    passed = len(wire.sent)
    wire.run(1.0, 1.1)
    assert wire.sent[passed][1] == "repeat"


def test_sound_during_an_outage_does_not_block_the_picture_after_it() -> None:
    wire = Wire(30e3)
    for index in range(250):
        assert wire.offer("sound", 160, Priority.AUDIO, 1.0 + index * 0.02)  # 64 kbit/s for 5 s
    wire.pacer.set_rate(500e3)
    assert not wire.offer("picture", 1200, Priority.VIDEO, 6.0)
    wire.run(6.0, 6.5)
    assert wire.sent[-1][1] == "picture"
    assert wire.sent[-1][0] < 6.3


def test_what_cannot_leave_in_time_is_dropped_and_told() -> None:
    wire = Wire(300e3)
    for index in range(200):
        wire.offer(index, 1200, Priority.VIDEO, 1.0)
    held = wire.pacer.queued_bytes
    assert held * 8 / (2.5 * 300e3) < 0.45
    assert wire.pacer.dropped_bytes + held + sum(size for *_, size in wire.sent) == 200 * 1200
    wire.run(1.0, 2.0)
    assert wire.sent[-1][0] < 1.55


def test_what_waits_too_long_is_dropped() -> None:
    wire = Wire(3e6)
    for index in range(60):
        wire.offer(index, 1200, Priority.VIDEO, 1.0)
    wire.pacer.set_rate(30e3)
    wire.run(1.0, 2.0)
    assert wire.pacer.queued_bytes == 0
    assert wire.pacer.dropped_bytes > 0
    assert wire.sent[-1][0] <= 1.51


def test_clear_forgets_a_layer() -> None:
    wire = Wire(300e3)
    for index in range(10):
        wire.offer(index, 1200, Priority.VIDEO, 1.0)
    wire.pacer.clear(Priority.VIDEO)
    assert wire.pacer.queued_bytes == 0
    sent = len(wire.sent)
    wire.run(1.0, 2.0)
    assert len(wire.sent) == sent


def test_a_probe_leaves_at_its_rate() -> None:
    wire = Wire(500e3)
    wire.pacer.start(Probe(1, 1e6, 5000), 1.0)
    assert wire.pacer.probe == 1
    wire.run(1.0, 1.2, tick=0.001)
    assert wire.pacer.probe == 0
    total = sum(size for *_, size in wire.sent)
    assert 5000 <= total < 6000
    assert 0.03 < wire.sent[-1][0] - wire.sent[0][0] < 0.05
    assert len(wire.sent) >= 5


def test_media_belongs_to_the_probe() -> None:
    wire = Wire(500e3)
    wire.pacer.start(Probe(1, 1e6, 5000), 1.0)
    for index in range(3):
        wire.offer(index, 1200, Priority.VIDEO, 1.0)
    wire.run(1.0, 1.2, tick=0.001)
    assert sum(size for _, data, size in wire.sent if data == "padding") < 3000
    assert [data for _, data, _ in wire.sent if data != "padding"] == [0, 1, 2]


def test_a_probe_without_padding_is_given_up() -> None:
    wire = Wire(500e3, padding=500)
    wire.pacer.start(Probe(1, 1e6, 5000), 1.0)
    wire.run(1.0, 1.1, tick=0.001)
    assert wire.pacer.probe == 0
    assert wire.pacer.abandoned
    assert wire.offer("next", 1200, Priority.VIDEO, 1.2)
