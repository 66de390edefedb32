"""Packets of sound, laid end to end."""

import pytest

from recorder.core.audio_timeline import TOLERANCE_SAMPLES, AudioTimeline


def place(timeline: AudioTimeline, position: int, samples: int = 960) -> list[tuple[int, int]]:
    """(position, duration) of all that came, silence included; it must leave no hole."""
    before = timeline.cursor
    laid = []
    for _, at, length in timeline.place(b"\xfc", position, samples):
        assert at == before
        before += length
        laid.append((at, length))
    assert timeline.cursor == before
    return laid


def test_a_little_jitter_is_laid_end_to_end() -> None:
    timeline = AudioTimeline(2)
    laid = [place(timeline, n * 960 + (-1) ** n * 300) for n in range(10)]
    assert all(len(items) == 1 for items in laid[1:])


def test_a_hole_is_filled_to_within_2_5_ms() -> None:
    timeline = AudioTimeline(2)
    place(timeline, 0)
    laid = place(timeline, 48_000)
    assert 0 <= 48_000 - laid[-1][0] < 120


def test_the_first_packet_lies_where_it_belongs() -> None:
    timeline = AudioTimeline(2)
    assert place(timeline, 700)[-1] == (600, 960)


def test_an_overlapping_packet_is_left_out() -> None:
    timeline = AudioTimeline(2)
    place(timeline, 0)
    assert place(timeline, 960 - TOLERANCE_SAMPLES - 1) == []
    assert timeline.dropped == 1


@pytest.mark.parametrize("drift", [200e-6, -200e-6])
def test_a_drifting_clock_never_strays_beyond_the_tolerance(drift: float) -> None:
    timeline = AudioTimeline(2)
    for number in range(50 * 600):
        position = round(number * 960 * (1 + drift))
        for item in place(timeline, position):
            last = item
        assert abs(timeline.cursor - 960 - position) <= TOLERANCE_SAMPLES + 120 or last[1] < 960
