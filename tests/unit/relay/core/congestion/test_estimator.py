"""One estimate of all controls: fallbacks, buffered feedback, trouble, random input."""

from __future__ import annotations

import math
import random
import struct
from typing import Any

import pytest

from relay.core.congestion.estimator import MAX_BPS, MIN_BPS, BandwidthEstimator
from relay.core.congestion.state import Reason, State
from relay.core.wire.rtcp import RtcpError
from relay.core.wire.twcc import Feedback, parse


def fallback(transport_cc: bool) -> BandwidthEstimator:
    estimator = BandwidthEstimator(transport_cc=transport_cc, now=0.0)
    for index in range(1, 200):
        estimator.on_sent(index, 1200, index * 0.02)
        estimator.on_timer(index * 0.02)
        if index % 50 == 0:
            estimator.on_remb(300e3, index * 0.02)
            estimator.on_report(0.0, 0.1, index * 0.02)
    return estimator


@pytest.mark.parametrize("transport_cc", [True, False])
def test_a_player_without_transport_feedback_goes_by_remb(transport_cc: bool) -> None:
    estimator = fallback(transport_cc)
    assert estimator.target_bps == 300e3
    assert estimator.reason is Reason.REMB
    assert estimator.rtt == pytest.approx(0.1)


def test_silence_of_such_a_player_is_an_outage_and_ends() -> None:
    estimator = fallback(False)
    now = 4.0
    for index in range(200, 900):
        now = index * 0.02
        estimator.on_sent(index, 1200, now)
        estimator.on_timer(now)
    assert estimator.state is State.OUTAGE
    assert estimator.target_bps == MIN_BPS
    estimator.on_remb(300e3, now)
    assert estimator.target_bps == 300e3
    estimator.on_report(1.0, None, now)
    for index in range(900, 2000):
        now = index * 0.02
        estimator.on_sent(index, 1200, now)
        estimator.on_timer(now)
        if index % 50 == 0:
            estimator.on_report(0.5, 0.1, now)
    assert estimator.target_bps < 50e3


def test_a_viewer_that_never_answers_gets_the_floor() -> None:
    estimator = BandwidthEstimator(now=0.0)
    for index in range(400):
        estimator.on_sent(index, 1200, index * 0.02)
        estimator.on_timer(index * 0.02)
    assert estimator.state is State.OUTAGE
    assert estimator.target_bps == MIN_BPS


class Easy:
    """A viewer whose link carries far more than the 1 Mbit/s that it is sent.

    Args:
        content: that is all it wants.
    """

    def __init__(self, *, content: bool = False) -> None:
        self.estimator = BandwidthEstimator(now=0.0)
        self.estimator.want(1e6 if content else 8e6)
        self.now = 0.0
        self.number = 0
        self.octets = 1250  # of each packet
        self.delay = 5.0  # s, the clocks' difference included

    def outage(self) -> None:
        """Send for 1.5 s, of which nothing comes back."""
        for _ in range(150):
            self.estimator.on_sent(self.number, 1250, self.now)
            self.number += 1
            self.now += 0.01
            self.estimator.on_timer(self.now)

    def tenth(self, *, waited: float = 0.0, lost: int = 0) -> float | None:
        """Send ten packets, and report on them; what `on_feedback` returned."""
        first = self.number
        for _ in range(10):
            self.estimator.on_sent(self.number, self.octets, self.now)
            self.number += 1
            self.now += 0.01
            self.estimator.on_timer(self.now)
        sent = [self.now - 0.1 + 0.01 * index for index in range(10)]
        run = [one + self.delay + waited * index / 9 for index, one in enumerate(sent)]
        feedback = Feedback(0, first=first, run=run)
        if lost:
            pairs = [(n, None if n - first < lost else at) for n, at in enumerate(run, first)]
            feedback = Feedback(0, tuple(pairs))
        return self.estimator.on_feedback(feedback, self.now + 0.02)


def test_feedback_that_can_change_nothing_is_put_aside_and_read_by_and_by() -> None:
    easy = Easy()
    told = [easy.tenth() for _ in range(300)][-30:]
    assert 8 <= sum(before is not None for before in told) <= 15
    assert easy.estimator.acked_bps == pytest.approx(1e6, rel=0.05)
    assert easy.estimator.state is State.INCREASING
    assert easy.estimator.rtt == pytest.approx(0.03, abs=0.02)


def test_what_a_viewer_tells_that_has_all_it_wants_is_read_once_a_second() -> None:
    easy = Easy(content=True)
    for _ in range(150):
        easy.tenth()
    told = [easy.tenth() for _ in range(100)]
    assert 8 <= sum(before is not None for before in told) <= 12
    assert easy.estimator.estimate_bps == pytest.approx(1.5e6, rel=0.02)  # half as much more
    assert easy.estimator.acked_bps == pytest.approx(1e6, rel=0.05)
    assert easy.estimator.rtt == pytest.approx(0.03, abs=0.02)
    assert easy.estimator.state is State.INCREASING
    easy.estimator.want(8e6)
    told = [easy.tenth() for _ in range(30)]
    assert 8 <= sum(before is not None for before in told) <= 15


@pytest.mark.parametrize("content", [False, True])
@pytest.mark.parametrize("trouble", [{"waited": 0.05}, {"lost": 1}])
def test_trouble_is_read_at_once(trouble: dict[str, Any], content: bool) -> None:
    for calm in range(250, 261):  # wherever in the cycle it comes
        easy = Easy(content=content)
        for _ in range(calm):
            easy.tenth()
        assert easy.tenth(**trouble) is not None
        assert easy.tenth(**trouble) is not None


@pytest.mark.parametrize("content", [False, True])
def test_one_loss_is_known_though_all_is_well_after_it(content: bool) -> None:
    for calm in range(250, 261):
        easy = Easy(content=content)
        for _ in range(calm):
            easy.tenth()
        easy.tenth(lost=3)
        for _ in range(3):
            easy.tenth()
        assert easy.estimator.loss > 0


def test_calm_that_was_read_late_is_no_long_round_trip() -> None:
    for calm in range(250, 261):
        easy = Easy(content=True)
        for _ in range(calm):
            easy.tenth()
        known = easy.estimator.rtt
        easy.now += 0.4  # nothing is sent meanwhile
        easy.tenth(lost=3)
        assert easy.estimator.rtt == pytest.approx(known, abs=0.001)


def test_who_sends_more_than_the_estimate_is_not_content() -> None:
    easy = Easy(content=True)
    for _ in range(300):
        easy.tenth()
    before = easy.estimator.estimate_bps
    easy.octets *= 2
    for _ in range(100):
        easy.tenth()
    assert easy.estimator.estimate_bps > 1.2 * before


def test_losses_are_not_hidden_by_the_calm_before_them() -> None:
    for calm in range(250, 261):
        seen = []
        for content in (False, True):
            easy = Easy(content=content)
            for _ in range(calm):
                easy.tenth()
            for _ in range(9):
                easy.tenth(lost=2)
            seen.append(easy.estimator.loss)
        assert seen[1] == pytest.approx(seen[0], rel=0.2), calm


@pytest.mark.parametrize("ends", ["move", "outage"])
def test_what_was_put_aside_of_one_path_is_not_told_of_another(ends: str) -> None:
    for calm in range(250, 261):  # wherever in the cycle it ends
        easy = Easy(content=calm % 2 == 0)
        for _ in range(calm):
            easy.tenth()
        if ends == "move":
            easy.estimator.on_path_change(easy.now)
        else:
            easy.outage()
            assert easy.estimator.state is State.OUTAGE
        easy.delay += 0.1  # the other path is longer: no queue
        for _ in range(20):
            easy.tenth()
            assert easy.estimator.queue_delay < 0.01


def test_a_queue_is_judged_by_the_latest_feedback_not_by_the_calm_before_it() -> None:
    delays = set()
    for calm in range(250, 261):
        easy = Easy(content=calm % 2 == 0)
        for _ in range(calm):
            easy.tenth()
        easy.tenth(waited=0.08)
        delays.add(round(easy.estimator.queue_delay, 3))
    assert delays == {0.02}  # half of 40 ms on average


def test_random_feedback_never_raises_nor_leaves_the_bounds() -> None:
    rng = random.Random(11)
    estimator = BandwidthEstimator(now=0.0)
    estimator.want(4e6)
    number, parsed = 0, 0
    for turn in range(3000):
        now = turn * 0.05
        for _ in range(rng.randrange(8)):
            number = (number + 1) & 0xFFFF
            estimator.on_sent(number, rng.randrange(40, 1300), now, rng.randrange(3))
        numbers = [(number - rng.randrange(30)) & 0xFFFF for _ in range(rng.randrange(20))]
        moment = rng.choice([now, now, now, -now, rng.uniform(-1e6, 1e6), 1e9])
        arrivals = [(one, rng.choice([None, moment + rng.random()])) for one in numbers]
        estimator.on_feedback(Feedback(turn & 0xFF, tuple(arrivals)), now)
        head = struct.pack("!HHI", number, rng.randrange(1, 40), rng.getrandbits(32))
        try:
            estimator.on_feedback(parse(head + rng.randbytes(60)), now)
            parsed += 1
        except RtcpError:
            pass
        estimator.on_remb(rng.choice([0.0, 2.0**60, 1e6]), now)
        estimator.on_report(rng.uniform(-1, 2), rng.choice([None, 0.0, 5.0]), now)
        estimator.on_timer(now)
        assert MIN_BPS <= estimator.target_bps <= MAX_BPS
        assert math.isfinite(estimator.queue_delay)
    assert parsed > 100
