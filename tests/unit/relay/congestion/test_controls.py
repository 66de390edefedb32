"""Rate control, loss control, probes, REMB: each by itself."""

from __future__ import annotations

import math
import random
import struct
from itertools import pairwise
from typing import Any

import pytest

from relay.core.congestion.aimd import RateControl
from relay.core.congestion.delay import Usage
from relay.core.congestion.estimator import MAX_BPS, MIN_BPS, START_BPS, BandwidthEstimator
from relay.core.congestion.heartbeat import Heartbeat
from relay.core.congestion.loss import LossControl
from relay.core.congestion.probe import Outcome, Prober
from relay.core.congestion.remb import RembControl
from relay.core.congestion.state import Reason, State
from relay.core.rtcp import RtcpError
from relay.core.twcc import Feedback, parse


def test_overuse_steps_down_to_085_of_what_arrives() -> None:
    control = RateControl(1e6, 3e4, 8e6)
    control.update(Usage.OVERUSE, 800e3, 0.1, 1.0)
    assert control.bps == pytest.approx(680e3)


@pytest.mark.parametrize("rtt", [0.05, 0.6])
def test_near_capacity_it_climbs_back_within_seconds(rtt: float) -> None:
    control = RateControl(1e6, 3e4, 8e6)
    control.update(Usage.OVERUSE, 1e6, rtt, 1.0)
    control.update(Usage.NORMAL, 850e3, rtt, 1.1)
    for index in range(60):
        control.update(Usage.NORMAL, control.bps, rtt, 1.2 + index * 0.1)
    assert 1e6 < control.bps < 1.5e6


def test_it_does_not_rise_past_what_is_sent() -> None:
    control = RateControl(300e3, 3e4, 8e6)
    for index in range(600):
        control.update(Usage.NORMAL, 200e3, 0.1, index * 0.1)
    assert control.bps <= 1.5 * 200e3 + 10e3
    assert control.application_limited


def lossy(
    loss: LossControl,
    probability: float,
    sent_bps: float,
    link_bps: float,
    seconds: float,
    start: float = 0.0,
) -> None:
    """Feed what a link of `link_bps` with random loss would do to 1000-byte packets."""
    rng = random.Random(5)
    step = 0.1
    for index in range(round(seconds / step)):
        packets = round(sent_bps * step / 8000)
        excess = max(0.0, 1 - link_bps / sent_bps)
        lost = sum(rng.random() < excess + (1 - excess) * probability for _ in range(packets))
        loss.add(
            packets,
            lost,
            packets * 1000,
            delay_bps=1.5e6,
            acked_bps=8000 * (packets - lost) / step,
            queued=False,
            now=start + index * step,
        )


@pytest.mark.parametrize("probability", [0.01, 0.03, 0.1])
def test_random_loss_is_put_down_to_the_link(probability: float) -> None:
    loss = LossControl()
    lossy(loss, probability, 800e3, math.inf, 20)
    assert loss.bps > 800e3
    assert loss.loss == pytest.approx(probability, abs=0.03)
    assert loss.inherent == pytest.approx(loss.loss, abs=0.02)


def test_loss_that_comes_with_the_rate_is_congestion() -> None:
    """A link without queue polices at 1 Mbit/s: seen to be clean below and lossy above."""
    loss = LossControl()
    lossy(loss, 0.0, 800e3, 1e6, 4)
    lossy(loss, 0.0, 1.3e6, 1e6, 4, start=4.0)
    assert 0.5e6 < loss.bps < 1.05e6


def test_half_lost_bounds_the_rate() -> None:
    loss = LossControl()
    lossy(loss, 0.5, 1.4e6, math.inf, 20)
    assert loss.bps < 300e3


def overflowing(loss: LossControl, sent_bps: float, link_bps: float, seconds: float) -> float:
    """Feed what a link does whose queue is full, then 1.5 s of the same without queue."""
    now = 0.0
    for index in range(round(10 * (seconds + 1.5))):
        now = index / 10
        full = now < seconds
        packets = round(sent_bps / 10 / 1000)  # of 125 bytes, as sound
        lost = round(packets * (1 - link_bps / sent_bps)) if full else 0
        loss.add(
            packets,
            lost,
            packets * 125,
            delay_bps=200e3,
            acked_bps=link_bps if full else sent_bps,
            queued=full,
            now=now,
        )
    return now


def test_losses_of_a_queue_that_is_gone_hold_nobody_down() -> None:
    loss = LossControl()
    overflowing(loss, 120e3, 50e3, 9)
    held = loss.bps
    assert held < 180e3
    assert loss.loss > 0.2
    loss.on_proven(70e3)  # hardly more than what it carried then: proves nothing
    assert loss.bps == held
    loss.on_proven(180e3)
    assert loss.bps >= 180e3
    for index in range(4):
        loss.add(30, 0, 3750, delay_bps=200e3, acked_bps=12e4, queued=False, now=10.7 + index * 0.3)
    assert loss.bps == math.inf
    assert loss.loss == 0


def test_losses_without_a_queue_are_the_links_whatever_a_probe_shows() -> None:
    loss = LossControl()
    lossy(loss, 0.2, 800e3, math.inf, 10)
    before = loss.bps
    loss.on_proven(8e6)
    assert loss.bps == before
    assert loss.loss > 0.15


def test_what_a_queue_lost_is_past_a_second_after_it() -> None:
    loss = LossControl()
    overflowing(loss, 120e3, 50e3, 5)
    assert loss.is_past
    loss.add(1, 1, 125, delay_bps=200e3, acked_bps=12e4, queued=False, now=6.6)
    assert not loss.is_past
    for index in range(8):  # that one was the air's
        loss.add(30, 0, 3750, delay_bps=200e3, acked_bps=12e4, queued=False, now=6.9 + index * 0.3)
        assert not loss.is_past


def test_no_loss_no_limit() -> None:
    loss = LossControl()
    lossy(loss, 0.0, 800e3, math.inf, 5)
    assert loss.bps == math.inf


def send_probe(prober: Prober, estimate: float, link: float, now: float) -> Outcome | None:
    """Poll once and let a link of `link` bit/s carry what comes of it."""
    probe = prober.poll(estimate, 8e6, 0.1, now)
    if probe is None:
        return None
    assert probe.size_bytes * 8 * (1 / estimate - 1 / probe.bps) < 0.1  # s of queue at most
    sent, free, size = now, now, max(probe.size_bytes // 10, 60)
    for _ in range(12):
        free = max(free, sent) + 8 * size / link
        prober.add((sent, free + 5.0, size, probe.number))
        sent += 8 * size / probe.bps
    result = prober.evaluate(estimate, 0.0, now + 0.2)
    assert result is not None
    return result.outcome


def test_the_first_probe_aims_at_all_that_could_be_used() -> None:
    first = Prober().poll(600e3, 8e6, 0.1, 0.0)
    assert first is not None
    assert first.bps == pytest.approx(2.4e6)
    modest = Prober().poll(600e3, 2e6, 0.1, 0.0)
    assert modest is not None
    assert modest.bps == pytest.approx(2.2e6)


def test_a_first_probe_that_found_the_link_is_followed_at_once() -> None:
    """It is short, so what it found is a step up and no more; the second is believed."""
    prober = Prober()
    assert send_probe(prober, 600e3, 1.5e6, 0.0) is Outcome.FULL
    assert not prober.starting
    assert prober.failed == 0
    assert send_probe(prober, 1.4e6, 1.5e6, 0.4) is Outcome.FULL
    assert prober.failed == 1
    assert prober.poll(1.4e6, 8e6, 0.1, 2.0) is None


def test_a_first_probe_that_could_not_be_sent_is_repeated_as_it_was() -> None:
    prober = Prober()
    assert prober.poll(600e3, 8e6, 0.1, 0.0) is not None
    prober.abandon(0.1)
    again = prober.poll(600e3, 8e6, 0.1, 0.5)
    assert again is not None
    assert again.bps == pytest.approx(2.4e6)


def test_a_first_probe_of_which_little_came_back_is_not_repeated_as_steep_for_ever() -> None:
    """As through a queue of a few packets: each burst would cost sound that is in it."""
    prober = Prober()
    steps = []
    for index in range(4000):
        probe = prober.poll(600e3, 8e6, 0.1, index * 0.02)
        if probe is None:
            continue
        steps.append(probe.bps / 600e3)
        for place in range(10):
            at = index * 0.02 + place * 0.0015
            arrived = at + 5.0 if place % 5 < 3 else None
            prober.add((at, arrived, probe.size_bytes // 10 + 1, probe.number))
        assert prober.evaluate(600e3, 0.0, index * 0.02 + 0.2) is not None
    assert steps[0] == pytest.approx(4.0)
    assert max(steps[2:]) <= 2.0
    assert not prober.starting


def test_a_first_probe_that_filled_a_queue_is_no_success() -> None:
    prober = Prober()
    probe = prober.poll(600e3, 8e6, 0.1, 0.0)
    assert probe is not None
    prober.on_overuse(0.2, 0.1)
    free = 0.0
    for place in range(12):
        free += 8 * probe.size_bytes / 10 / 700e3
        prober.add((place * 0.0015, free + 5.0, probe.size_bytes // 10, probe.number))
    result = prober.evaluate(600e3, 0.0, 0.3)
    assert result is not None
    assert result.outcome is Outcome.FULL
    assert prober.failed == 1
    assert prober.poll(650e3, 8e6, 0.1, 2.0) is None


def test_nothing_is_probed_that_nobody_wants() -> None:
    prober = Prober()
    assert prober.poll(600e3, 600e3, 0.1, 0.0) is None


def test_failed_probes_become_rare_and_gentle() -> None:
    prober = Prober()
    times = []
    for index in range(6000):
        now = index * 0.02
        outcome = send_probe(prober, 450e3, 500e3, now)
        if outcome is not None:
            assert outcome is Outcome.FULL
            times.append(now)
    gaps = [round(b - a, 1) for a, b in pairwise(times)][1:]  # the first found a little more
    assert gaps[0] > 2.5
    assert gaps == sorted(gaps)
    assert gaps[-1] > 6
    assert prober.poll(530e3, 8e6, 0.1, times[-1] + 0.5) is not None  # the estimate rose


def test_a_probe_that_could_hardly_show_a_rise_is_no_failure() -> None:
    """At first it is not known how much the next layer takes; soon it is, and is probed for."""
    prober = Prober()
    small = prober.poll(600e3, 605e3, 0.1, 0.0)
    assert small is not None
    for place in range(12):
        at = place * 8 * 800 / small.bps
        prober.add((at, at + 5.0, 800, small.number))
    result = prober.evaluate(650e3, 0.0, 0.2)  # it rose by itself meanwhile
    assert result is not None
    assert result.outcome is Outcome.REACHED
    assert prober.failed == 0
    assert prober.poll(650e3, 1.2e6, 0.1, 0.6) is not None


def test_probes_that_tell_nothing_are_tried_again_soon_then_rarely() -> None:
    prober = Prober()
    times = []
    for index in range(3000):
        now = index * 0.02
        if prober.poll(450e3, 8e6, 0.1, now) is not None:
            times.append(now)
            prober.abandon(now)
    gaps = [round(b - a, 1) for a, b in pairwise(times)]
    assert gaps[0] < 0.5
    assert gaps == sorted(gaps)
    assert gaps[-1] > 6


def test_no_probe_has_the_number_of_a_heartbeat() -> None:
    """Else padding that is sent meanwhile would be measured as a part of it."""
    prober, heartbeat = Prober(), Heartbeat(0.0)
    beat = heartbeat.poll(1.0)
    assert beat is not None
    numbers = set()
    for index in range(300):
        now = index * 60.0
        probe = prober.poll(450e3, 8e6, 0.1, now)
        assert probe is not None
        numbers.add(probe.number)
        prober.abandon(now)
    assert numbers == set(range(1, 256)) - {beat.number}


def test_probes_that_do_harm_become_very_rare() -> None:
    prober = Prober()
    times = []
    for index in range(20_000):
        now = index * 0.02
        probe = prober.poll(450e3, 8e6, 0.1, now)
        if probe is None:
            continue
        times.append(now)
        prober.on_overuse(0.2, now + 0.1)
        for place in range(12):
            at = now + place * 0.004
            prober.add((at, at * 2, probe.size_bytes // 10 + 1, probe.number))
        prober.evaluate(450e3, 0.0, now + 0.2)
    gaps = [round(b - a, 1) for a, b in pairwise(times)]
    assert max(gaps) > 50


def test_an_unanswered_probe_is_given_up() -> None:
    prober = Prober()
    assert prober.poll(450e3, 8e6, 0.1, 0.0) is not None
    assert prober.poll(450e3, 8e6, 0.1, 1.0) is None
    assert prober.poll(450e3, 8e6, 0.1, 1.7) is None
    assert prober.poll(450e3, 8e6, 0.1, 6.0) is not None


@pytest.mark.parametrize(("named", "target"), [(0.0, MIN_BPS), (2.0**60, START_BPS), (4e5, 4e5)])
def test_remb_is_clamped(named: float, target: float) -> None:
    control = RembControl(START_BPS, MIN_BPS, MAX_BPS)
    control.on_remb(named, 0.0, 1.0)
    assert control.bps == target


def test_missing_remb_fades_slowly_to_half() -> None:
    control = RembControl(1e6, MIN_BPS, MAX_BPS)
    control.on_remb(800e3, 0.0, 0.0)
    for index in range(1, 100):
        control.on_timer(0.1, index * 0.1)
    assert control.bps == 800e3
    for index in range(100, 1000):
        control.on_timer(0.1, index * 0.1)
    assert control.bps == pytest.approx(400e3)


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
