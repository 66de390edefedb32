"""Probing: short bursts above the estimate, which learn in a moment what a slow climb learns late.

A probe reaches for a rate that the viewer could use. A probe is short: on a link no faster than the
estimate it adds less than 100 ms of queue. After a probe that found the link full, the next ones
come more rarely and less steeply, until the estimate rises by itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum, auto

from relay.core.congestion.sent import PacketResult

# × the start estimate, of the first probe. libwebrtc's exponential start has one of 3 and one of 6
# at once. One probe between them measures a slower link as well, by the spacing of arrivals. Its
# queue is within `_EXCESS`, since sound begins at the same moment.
_FIRST_STEP = 4.0
# The same towards a rate far above, so that two doublings lead there. The shortest probe at twice
# the usual step is a third larger: 0.2 s of a link of 300 kbit/s.
_FIRST_OF_WANTED = 0.25  # of what could be used
_MOST_FIRST_STEP = 8.0
_STEP = 2.0  # × the estimate, of further probes
_GENTLE_STEP = 1.5  # after one that failed
_OVER_WANTED = 1.1  # a probe measures a little less than it sends
_EXCESS = 0.06  # s of queue that a probe may add on a link as slow as the estimate
_CAUTIOUS_EXCESS = 0.03  # the same after a failure
_MIN_TIME, _MAX_TIME = 0.015, 0.1  # s
_MIN_PACKETS = 5  # libwebrtc's least for a probe
_MIN_BYTES = 800  # of which five packets can be made that a receiver still times well
_STRETCH = 1.07  # how much longer than it was sent a burst may take to arrive
_STRETCH_SLACK = 0.001  # s; the receiver's clock ticks in 0.25 ms, timers are no better than 1 ms
_ON_FULL = 0.95  # of the received rate is taken then
_MIN_REPORTED = 0.7  # of the packets, received
_MAX_RATIO = 2.0  # time sent ÷ received: the link held packets back and let them go at once
_SAME_BURST = 0.001  # s; packets sent within are one burst
_AFTER_SUCCESS = 0.05  # s
_AFTER_OVERUSE = 1.5  # s; the queue must be seen empty first
_FIRST_WAIT = 3.0  # s after the first failure
_WAIT_GROWTH = 1.6  # of each wait, with every further probe that ends alike
_NO_RISE = 1.05  # × the estimate: a result below teaches nothing, and counts as a failure
_SMALL_STEP = 1.15  # × the estimate: a probe of less can hardly show a rise, but is no failure
_UNDECIDED_WAIT = 0.3  # s after such a probe, or one of which too little came back to judge it; …
_MAX_WAIT_GENTLE = 7.0  # s; a cautious probe does no harm: it may look again that often
_MAX_WAIT = 60.0  # s, if probes do harm: loss, or an overuse signal right after
_HARMFUL_QUEUE = 0.1  # s
_DISTURBS = 0.3  # s after a probe's end in which a queue is put down to it
_ROSE = 1.1  # × the estimate at the failure: the link grew, try again at once
# Of a packet that is sent as a probe and judged by nobody (`heartbeat`): no prober gives it out.
UNJUDGED_NUMBER = 255
_LOST_AFTER = 1.5  # s plus the round trip after which a probe without report is given up


@dataclass(frozen=True, slots=True)
class Probe:
    """A burst to send, all of it marked with the number.

    Attributes:
        number: 1 to 255.
        bps: the rate within the burst.
        size_bytes: at least so much, media and padding together.
        packets: in at least so many packets.
    """

    number: int
    bps: float
    size_bytes: int
    packets: int = _MIN_PACKETS


class Outcome(Enum):
    """Outcomes of a probe."""

    REACHED = auto()  # the link carries the probe's rate
    FULL = auto()  # it carries less
    UNKNOWN = auto()  # too little came back


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """A probe's outcome, and the rate that it proved (0 if unknown)."""

    outcome: Outcome
    bps: float


class ProbeState(Enum):
    """States of the prober."""

    READY = auto()
    SENT = auto()


class Prober:
    """Decides when to probe and what a probe showed. One probe is under way at a time.

    Attributes:
        state: whether one is under way.
        starting: nothing was learnt yet. The first probe aims at all that could be used, not at the
            next step: each step would cost a round trip. If too little of it came back, it may have
            met a short queue, so the next is half as steep.
        sent, failed: how many probes, and how many found the link full.
    """

    __slots__ = (
        "_at",
        "_ended_at",
        "_failed_at_bps",
        "_failures",
        "_first_step",
        "_harmful",
        "_next",
        "_number",
        "_plan",
        "_results",
        "_undecided",
        "failed",
        "sent",
        "starting",
        "state",
    )

    def __init__(self) -> None:
        self.state = ProbeState.READY
        self.starting = True
        self._first_step = _FIRST_STEP
        self.sent = self.failed = 0
        self._number = 0
        self._at = -math.inf  # when the last probe was made
        self._ended_at = -math.inf  # when the last one was judged
        self._next = -math.inf  # not before this
        self._failures = self._undecided = 0
        self._harmful = False
        self._failed_at_bps = math.inf  # the estimate after the last failure
        self._plan: Probe | None = None
        self._results: list[PacketResult] = []

    def restart(self, now: float) -> None:
        """Forget failures after an outage, and probe at once."""
        self.state = ProbeState.READY
        self._plan = None
        self._results.clear()
        self._failures = 0
        self._harmful = False
        self._failed_at_bps = math.inf
        self._next = now

    def poll(self, estimate: float, wanted: float, rtt: float, now: float) -> Probe | None:
        """A probe to send now, if one is due; `wanted` is the rate that somebody could use.

        The caller sees to it that the link looks idle.
        """
        if self.state is ProbeState.SENT:
            if now - self._at <= _LOST_AFTER + rtt:
                return None
            self._learn_of_first(Outcome.UNKNOWN)
            self._conclude(ProbeResult(Outcome.UNKNOWN, 0.0), estimate, now)
        if estimate > _ROSE * self._failed_at_bps:
            self._failures = 0
            self._failed_at_bps = math.inf
            self._next = min(self._next, now)
        if now < self._next or estimate >= wanted:
            return None
        return self._make(estimate, wanted, now)

    def _make(self, estimate: float, wanted: float, now: float) -> Probe:
        step, allowed = _STEP, _EXCESS
        if self._failures:
            step, allowed = _GENTLE_STEP, _CAUTIOUS_EXCESS
        if self.starting:
            step = self._first_step
            if step == _FIRST_STEP:
                step = min(max(step, _FIRST_OF_WANTED * wanted / estimate), _MOST_FIRST_STEP)
        bps = min(step * estimate, _OVER_WANTED * wanted)
        excess = max(bps / estimate - 1, 0.01)
        seconds = min(max(allowed / excess, _MIN_TIME), _MAX_TIME)
        size = max(round(bps * seconds / 8), _MIN_BYTES)
        self._number = self._number % (UNJUDGED_NUMBER - 1) + 1
        self.state = ProbeState.SENT
        self.sent += 1
        self._at = now
        self._harmful = False
        self._results.clear()
        self._plan = Probe(self._number, bps, size)
        return self._plan

    def add(self, result: PacketResult) -> None:
        """A packet that carried a probe's number was reported."""
        plan = self._plan
        if plan is not None and result[3] == plan.number and len(self._results) < 512:
            self._results.append(result)

    def abandon(self, now: float) -> None:
        """The probe could not be sent: no padding is possible, or nothing to pad with."""
        if self.state is ProbeState.SENT:
            self._conclude(ProbeResult(Outcome.UNKNOWN, 0.0), 0.0, now)

    def on_overuse(self, queue: float, now: float) -> None:
        """The delay detector fired: wait, and remember if a probe seems to have filled a queue."""
        if self.disturbs(now) and queue > _HARMFUL_QUEUE:
            self._harmful = True
        self._next = max(self._next, now + _AFTER_OVERUSE)

    def disturbs(self, now: float) -> bool:
        """True if a probe may be what makes packets wait just now."""
        return self.state is ProbeState.SENT or now - self._ended_at < _DISTURBS

    def evaluate(self, estimate: float, loss: float, now: float) -> ProbeResult | None:
        """Judge the probe under way, once all of it is reported.

        Args:
            estimate: bit/s.
            loss: the usual loss fraction, against which the probe's own is judged.
            now: seconds.
        """
        plan = self._plan
        if plan is None or len(self._results) < plan.packets:
            return None
        if sum(size for _, _, size, _ in self._results) < plan.size_bytes:
            return None
        result = _measure(self._results, plan)
        lost = sum(arrived is None for _, arrived, _, _ in self._results)
        if lost > max(1.0, 3 * loss * len(self._results)) and result.outcome is Outcome.FULL:
            self._harmful = True
        # The first was steep and short: one that raised the estimate is a step up, and not all.
        climbed = self.starting and not self._harmful
        self._learn_of_first(result.outcome)
        self._conclude(result, estimate, now, climbed=climbed)
        return result

    def _learn_of_first(self, outcome: Outcome) -> None:
        """A probe that left has ended; one that was abandoned teaches nothing."""
        if outcome is Outcome.UNKNOWN:
            self._first_step /= 2
        self.starting = self.starting and outcome is Outcome.UNKNOWN and self._first_step >= _STEP

    def _conclude(
        self, result: ProbeResult, estimate: float, now: float, *, climbed: bool = False
    ) -> None:
        reached = result.outcome is Outcome.REACHED
        rose = result.bps > _NO_RISE * estimate
        small = self._plan is not None and self._plan.bps < _SMALL_STEP * estimate
        self.state = ProbeState.READY
        self._ended_at = now
        self._plan = None
        self._results.clear()
        if rose and (reached or climbed):
            self._failures = self._undecided = 0
            self._failed_at_bps = math.inf
            self._next = max(self._next, now + _AFTER_SUCCESS)
        elif result.outcome is Outcome.UNKNOWN or (reached and small):
            wait = _UNDECIDED_WAIT * _WAIT_GROWTH**self._undecided
            self._next = max(self._next, now + min(wait, _MAX_WAIT_GENTLE))
            self._undecided = min(self._undecided + 1, 10)
        else:
            self._fail(max(estimate, result.bps), now)

    def _fail(self, at_bps: float, now: float) -> None:
        limit = _MAX_WAIT if self._harmful else _MAX_WAIT_GENTLE
        self._next = now + min(_FIRST_WAIT * _WAIT_GROWTH**self._failures, limit)
        self.failed += 1
        self._failures = min(self._failures + 1, 10)
        self._failed_at_bps = at_bps


def _measure(results: list[PacketResult], plan: Probe) -> ProbeResult:
    """The rate at which the burst came through, from the spacing of its packets.

    Packets sent in one instant by a coarse timer count as one. The receiver's time runs from the
    end of the first packet to the end of the last. The sender's time runs from the first to the
    last. A full link makes the receiver's time longer.
    """
    received = [(sent, arrived, size) for sent, arrived, size, _ in results if arrived is not None]
    if len(received) < max(_MIN_REPORTED * len(results), 3):
        return ProbeResult(Outcome.UNKNOWN, 0.0)
    first, last = received[0][0], received[-1][0]
    sending = last - first
    if sending <= _SAME_BURST:
        return _measure_burst(received, plan)
    begun = max(arrived for sent, arrived, _ in received if sent - first <= _SAME_BURST)
    receiving = max(arrived for _, arrived, _ in received) - begun
    if receiving <= 0 or sending > _MAX_RATIO * receiving:
        return ProbeResult(Outcome.UNKNOWN, 0.0)
    if receiving > _STRETCH * sending + _STRETCH_SLACK:
        taken = sum(size for sent, _, size in received if sent - first > _SAME_BURST)
        return ProbeResult(Outcome.FULL, _ON_FULL * 8 * taken / receiving)
    given = sum(size for sent, _, size, _ in results if first <= sent < last - _SAME_BURST)
    return ProbeResult(Outcome.REACHED, min(8 * given / sending, plan.bps))


def _measure_burst(received: list[tuple[float, float, int]], plan: Probe) -> ProbeResult:
    """All was sent at once: what spaces the packets is the link alone."""
    receiving = max(arrived for _, arrived, _ in received) - received[0][1]
    if receiving <= 0:
        return ProbeResult(Outcome.UNKNOWN, 0.0)
    bps = 8 * sum(size for _, _, size in received[1:]) / receiving
    if bps < plan.bps:
        return ProbeResult(Outcome.FULL, _ON_FULL * bps)
    return ProbeResult(Outcome.REACHED, plan.bps)
