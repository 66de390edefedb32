"""Loudness, with all packets sent and with pauses left out."""

from __future__ import annotations

import pytest

from relay.core.incoming.loudness import Loudness

VOICE, SILENCE = bytes([0x80 | 30]), bytes([127])


def speak(loudness: Loudness, start: float, seconds: float) -> float:
    packets = round(seconds / 0.02)
    for packet in range(packets):
        loudness.on_packet(VOICE, start + 0.02 * packet)
    return start + 0.02 * packets


def test_a_voice_is_loud_within_a_tenth_of_a_second() -> None:
    loudness = Loudness()
    end = speak(loudness, 1.0, 0.12)
    assert loudness.at(end) > 90


def test_a_breath_does_not_lose_the_floor() -> None:
    loudness = Loudness()
    now = speak(loudness, 1.0, 1.0)
    for packet in range(5):
        loudness.on_packet(SILENCE, now + 0.02 * packet)
    assert loudness.at(now + 0.1) > 75


@pytest.mark.parametrize("spacing", [0.02, 0.4])
def test_who_fell_silent_is_quiet_two_seconds_later_with_and_without_pauses(spacing: float) -> None:
    """Discontinuous transmission sends one packet in 400 ms (RFC 6716 §2.1.9)."""
    loudness = Loudness()
    now = speak(loudness, 1.0, 5.0)
    for packet in range(round(2 / spacing)):
        loudness.on_packet(SILENCE, now + spacing * packet)
    assert loudness.at(now + 2) < 8


def test_after_a_pause_a_voice_is_heard_as_fast_as_ever() -> None:
    loudness = Loudness()
    for packet in range(10):
        loudness.on_packet(SILENCE, 1.0 + 0.4 * packet)
    end = speak(loudness, 5.0, 0.12)
    assert loudness.at(end) > 90


def test_who_sends_nothing_is_silent() -> None:
    loudness = Loudness()
    end = speak(loudness, 1.0, 1.0)
    assert loudness.at(end + 0.6) == 0


def test_times_that_go_back_do_no_harm() -> None:
    loudness = Loudness()
    speak(loudness, 5.0, 1.0)
    loudness.on_packet(SILENCE, 1.0)
    assert 80 < loudness.at(1.0) <= 97


def test_loudness_rises_fast_and_falls_slowly() -> None:
    loudness = Loudness()
    assert loudness.at(0.0) == 0
    for index in range(10):
        loudness.on_packet(b"\x9e", index * 0.02)  # voice flag, −30 dBov
    assert loudness.at(0.2) > 90
    for index in range(10, 20):
        loudness.on_packet(b"\x7f", index * 0.02)
    assert 50 < loudness.at(0.4) < 90
    assert loudness.at(1.5) == 0
