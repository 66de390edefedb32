"""Padding in silence, where nothing else is sent."""

from __future__ import annotations

from relay.core.congestion.heartbeat import Heartbeat


def test_a_heart_beats_in_silence_alone_and_does_not_count_as_sound() -> None:
    heartbeat, octets, beats = Heartbeat(0.0), 0, 0
    for tick in range(1, 300):
        now = tick * 0.02
        if now < 2.0:
            octets += 100
        heartbeat.look(octets, now)
        if heartbeat.poll(now) is not None:
            beats += 1
            octets += 64
    assert 14 <= beats <= 17
    assert heartbeat.quiet_since < 2.01
