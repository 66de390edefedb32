"""Grouping, trend and overuse; the rates measured from arrivals."""

from __future__ import annotations

import random

import pytest

from relay.core.congestion.acknowledged import AcknowledgedRate
from relay.core.congestion.backlog import Backlog, Queue
from relay.core.congestion.busy import BusyRate
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
    """After how many pictures of a growing queue it is seen, with or without a look at the calm."""
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


def test_acknowledged_rate() -> None:
    rate = AcknowledgedRate()
    for index in range(200):
        rate.add_all([index * 0.01], [1250], app_limited=False)
    assert rate.bps == pytest.approx(1e6, rel=0.02)
    for index in range(200, 400):
        rate.add_all([index * 0.01], [250], app_limited=False)
    assert rate.bps == pytest.approx(2e5, rel=0.1)


def test_acknowledged_rate_falls_slowly_while_the_application_is_idle() -> None:
    idle, busy = AcknowledgedRate(), AcknowledgedRate()
    for index in range(240):
        size = 1250 if index < 200 else 250
        idle.add_all([index * 0.01], [size], app_limited=True)
        busy.add_all([index * 0.01], [size], app_limited=False)
    assert idle.bps is not None
    assert busy.bps is not None
    assert idle.bps > 1.2 * busy.bps


def test_acknowledged_rate_survives_wild_arrivals() -> None:
    rate = AcknowledgedRate()
    for arrival in (0.0, 5.0, -5.0, 1e12, 0.0, 0.0):
        rate.add_all([arrival], [1200], app_limited=False)
    assert rate.bps is None


def test_busy_rate_is_the_links_though_little_is_sent() -> None:
    """A frame of ten packets each 100 ms, leaving a 1 Mbit/s link one after the other."""
    busy = BusyRate()
    for frame in range(10):
        for packet in range(10):
            arrival = frame * 0.1 + packet * 0.005
            busy.add(arrival, 625, packet * 0.005)
    assert busy.bps(0.95) == pytest.approx(1e6, rel=0.01)
    assert busy.bps(2.0) is None


def drive(backlog: Backlog, link: float, others: float, seconds: float = 12.0) -> list[Queue]:
    """A sender at the link's rate, or half of it while draining, beside `others`; in Mbit/s."""
    queue, states = 0.4, []
    backlog.update(5.0, 5.0, sent_at=0.0, octets=1, link_bps=None, now=0.0)
    sent = [(0.0, 0.0)] * 4
    for index in range(1, round(seconds / 0.1)):
        now = index * 0.1
        rate = link * 1e6 * backlog.factor * (1 - others)
        queue = max(queue + 0.1 * (rate / (link * 1e6) + others - 1), 0.0)
        if others:
            queue = max(queue, 0.4)  # whatever we leave, the others take
        sent.append((now, queue))
        then, waited = sent[-1 - min(round(queue / 0.1), 3)]
        backlog.update(
            5.0 + waited,
            5.0 + waited,
            sent_at=then,
            octets=round(rate / 80),
            link_bps=link * 1e6 * (1 - others),
            now=now,
        )
        states.append(backlog.state)
    return states


def test_own_queue_is_drained() -> None:
    states = drive(Backlog(), 1.0, 0.0)
    assert Queue.DRAINING in states
    assert Queue.FOREIGN not in states
    assert states[-1] is Queue.SHORT


def test_foreign_queue_is_left_alone() -> None:
    states = drive(Backlog(), 1.0, 0.5)
    assert Queue.FOREIGN in states
    assert states.count(Queue.DRAINING) < 20


def test_where_sound_is_most_of_the_link_a_queue_counts_as_ours() -> None:
    """To fight for more there, with more to send, would cost the sound."""
    assert Queue.FOREIGN not in drive(Backlog(), 0.09, 0.2)
    assert Queue.FOREIGN in drive(Backlog(), 0.9, 0.2)


def test_a_longer_path_becomes_the_new_base() -> None:
    backlog = Backlog()
    for index in range(300):
        delay = 5.0 if index < 20 else 5.2
        backlog.update(
            delay, delay, sent_at=index * 0.1, octets=5000, link_bps=4e5, now=index * 0.1
        )
    assert backlog.state is Queue.SHORT
    assert backlog.delay < 0.01


def test_acknowledged_rate_is_the_same_however_feedback_is_cut() -> None:
    draw = random.Random(4)
    arrived = [0.0]
    for _ in range(2000):
        arrived.append(arrived[-1] + draw.choice([0.001, 0.003, 0.02, 0.09]))
    sizes = [draw.randrange(60, 1250) for _ in arrived]
    rates = set()
    for cut in (1, 7, 40, len(arrived)):
        rate = AcknowledgedRate()
        for at in range(0, len(arrived), cut):
            rate.add_all(arrived[at : at + cut], sizes[at : at + cut], app_limited=False)
        rates.add(rate.bps)
    assert len(rates) == 1
