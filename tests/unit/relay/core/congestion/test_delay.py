"""Delay: grouping, trend and overuse."""

from __future__ import annotations

import pytest

from relay.core.congestion.delay import DelayDetector, TrendLine, Usage


def feed(detector: DelayDetector, delays: list[float], start: float = 0.0) -> list[Usage]:
    """Frames every 20 ms, each delayed as told."""
    seen = []
    for index, delay in enumerate(delays):
        sent = start + index * 0.02
        detector.add_all([sent], [sent + 7.0 + delay])
        seen.append(detector.usage)
    return seen


def test_constant_delay_is_normal() -> None:
    assert set(feed(DelayDetector(), [0.05] * 200)) == {Usage.NORMAL}


def test_growing_queue_is_overuse_and_shrinking_underuse() -> None:
    detector = DelayDetector()
    growing = feed(detector, [0.0] * 50 + [index * 0.002 for index in range(50)])
    assert Usage.OVERUSE not in growing[:50]
    assert Usage.OVERUSE in growing[50:75]  # within half a second
    falling = feed(detector, [0.1 - index * 0.002 for index in range(50)], 100 * 0.02)
    assert Usage.UNDERUSE in falling


def test_small_jitter_is_not_overuse() -> None:
    jitter = [0.003 * ((index * 7919) % 10) / 10 for index in range(500)]
    assert Usage.OVERUSE not in feed(DelayDetector(), jitter)


def test_threshold_follows_steady_growth() -> None:
    """Else a flow that fills the queue slowly would starve us (draft §5.4)."""
    detector = DelayDetector()
    feed(detector, [0.0] * 50)
    before = detector.threshold
    feed(detector, [index * 0.0015 for index in range(100)], 1.0)
    assert detector.threshold > 1.5 * before


def first_overuse(packets: int, *, calm: bool) -> int:
    """Pictures of a growing queue until it is seen, with or without a look at the calm."""
    detector = DelayDetector()
    pictures = [[index / 30 + 0.0008 * one for one in range(packets)] for index in range(660)]
    for index in range(0, 600, 3):  # 20 s, in feedback of three pictures
        sent = [one for picture in pictures[index : index + 3] for one in picture]
        add = detector.add_calm if calm else detector.add_all
        add(sent, [one + 7.0 for one in sent])
        assert detector.usage is Usage.NORMAL
    for index in range(600, 660):
        sent = pictures[index]
        detector.add_all(sent, [one + 7.0 + (index - 599) * 0.002 for one in sent])
        if detector.usage is Usage.OVERUSE:
            return index - 599
    return 60


@pytest.mark.parametrize("packets", [2, 6, 12])
def test_a_queue_after_calm_is_seen_as_early_as_if_all_had_been_looked_at(packets: int) -> None:
    assert first_overuse(packets, calm=True) == first_overuse(packets, calm=False) < 40


def test_calm_ends_what_the_queue_before_it_told() -> None:
    detector = DelayDetector()
    seen = feed(detector, [0.0] * 30 + [index * 0.004 for index in range(50)])
    assert seen[-1] is Usage.OVERUSE
    detector.add_calm([2.0], [9.0])
    assert detector.usage is Usage.NORMAL


def test_reordering_and_pauses_do_no_harm() -> None:
    detector = DelayDetector()
    feed(detector, [0.0] * 50)
    detector.add_all([0.1], [99.0])  # sent long before: ignored
    feed(detector, [0.0] * 50, 60.0)  # after a minute of silence
    for index in range(50):
        detector.add_all([70 + index * 0.02], [77.0 - index * 0.02])  # arrivals run backwards
    assert detector.usage is Usage.NORMAL


def test_trend_is_the_slope_however_long_it_runs() -> None:
    trend = TrendLine()
    slope = None
    for index in range(3000):
        slope = trend.add(0.5, 1e9 + index * 10.0)
    assert slope == pytest.approx(0.05, rel=1e-6)
