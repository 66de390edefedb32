"""Rate control on the delay signal (draft-ietf-rmcat-gcc-02 §5.5): faster up, then a step down.

The rate rises by a factor while the link's capacity is unknown. Near the rate at which the link
last proved full, the rate rises by about a packet per response time. A step down goes to 0.85 of
what arrived.
"""

from __future__ import annotations

import math
from enum import Enum

from relay.core.congestion.delay import Usage

_BETA = 0.85  # draft §5.5
_ETA_PER_SECOND = 1.08  # draft §5.5
_MAX_INTERVAL = 1.0  # s; a pause of the feedback does not add up to one large rise
_PACKET_BITS = 9600  # 1200 bytes
_FRAMES_PER_SECOND = 30
_RESPONSE = 0.1  # s on top of the round trip until a rise shows in the delay (draft §5.5)
_MIN_ADDITIVE = 4_000.0  # bit/s per second
# A packet per response time is too little on long round trips. The rate must be back before people
# notice the drop. 3% per second still takes 5 s from 0.85 to full.
_MIN_RELATIVE = 0.03  # of the rate, per second
_ACKED_BOUND = 1.5  # × acknowledged + 10 kbit/s; more is only a guess (draft §5.5)
_ACKED_SLACK = 10_000.0  # bit/s
_STEADY_TIME = 1.0  # s of averaging for the bound: a key frame's burst proves no lasting rate
_MIN_SPACING, _MAX_SPACING = 0.01, 0.2  # s between two steps down, else one round trip
_SMOOTHING = 0.05  # of the capacity and its variance


class Action(Enum):
    """The draft's states of the rate controller."""

    INCREASE = "increase"
    HOLD = "hold"
    DECREASE = "decrease"


# Draft §5.5, the table of states: from (state, signal) to state.
_NEXT = {
    (Action.INCREASE, Usage.NORMAL): Action.INCREASE,
    (Action.INCREASE, Usage.OVERUSE): Action.DECREASE,
    (Action.INCREASE, Usage.UNDERUSE): Action.HOLD,
    (Action.HOLD, Usage.NORMAL): Action.INCREASE,
    (Action.HOLD, Usage.OVERUSE): Action.DECREASE,
    (Action.HOLD, Usage.UNDERUSE): Action.HOLD,
    (Action.DECREASE, Usage.NORMAL): Action.HOLD,
    (Action.DECREASE, Usage.OVERUSE): Action.DECREASE,
    (Action.DECREASE, Usage.UNDERUSE): Action.HOLD,
}


class LinkCapacity:
    """The rate at which the link last proved full, with its spread."""

    __slots__ = ("_deviation", "_kbps")

    def __init__(self) -> None:
        self._kbps: float | None = None
        self._deviation = 0.4  # variance ÷ mean, in kbit/s

    def on_full(self, bps: float) -> None:
        """Note the rate that arrived while the link overflowed."""
        sample = bps / 1000
        if self._kbps is None:
            self._kbps = sample
        else:
            self._kbps += _SMOOTHING * (sample - self._kbps)
        error = (self._kbps - sample) ** 2 / max(self._kbps, 1.0)
        self._deviation += _SMOOTHING * (error - self._deviation)
        self._deviation = min(max(self._deviation, 0.4), 2.5)

    def _spread(self, kbps: float) -> float:
        return 3 * math.sqrt(self._deviation * kbps)

    @property
    def bps(self) -> float | None:
        """The mean rate."""
        return None if self._kbps is None else 1000 * self._kbps

    def below(self, bps: float) -> bool:
        """True if more arrives than the link was thought to carry: the link became larger."""
        return self._kbps is not None and bps / 1000 > self._kbps + self._spread(self._kbps)

    def above(self, bps: float) -> bool:
        """True if the link overflowed far below its known rate: the link became smaller."""
        return self._kbps is not None and bps / 1000 < self._kbps - self._spread(self._kbps)

    def forget(self) -> None:
        """Forget the rate: the link changed, so caution near the old rate is needless."""
        self._kbps = None


class RateControl:
    """The delay-based estimate.

    Attributes:
        bps: the estimate.
        action: the latest step.
        decreased_at: time of the latest step down.
        application_limited: too little was sent for the estimate to rise further.
    """

    __slots__ = (
        "_at",
        "_capacity",
        "_max",
        "_min",
        "_steady",
        "action",
        "application_limited",
        "bps",
        "decreased_at",
    )

    def __init__(self, start_bps: float, min_bps: float, max_bps: float) -> None:
        self.bps = start_bps
        self.action = Action.HOLD
        self.decreased_at = -math.inf
        self.application_limited = False
        self._min, self._max = min_bps, max_bps
        self._capacity = LinkCapacity()
        self._at: float | None = None
        self._steady: float | None = None  # acknowledged

    def update(self, usage: Usage, acked_bps: float | None, rtt: float, now: float) -> None:
        """Take the signal, for the time since the last one."""
        elapsed = 0.0 if self._at is None else min(max(now - self._at, 0.0), _MAX_INTERVAL)
        self._at = now
        self.action = _NEXT[self.action, usage]
        if self.action is Action.INCREASE:
            self._increase(acked_bps, rtt, elapsed)
        elif self.action is Action.DECREASE:
            self._decrease(acked_bps, rtt, now)

    def _increase(self, acked_bps: float | None, rtt: float, elapsed: float) -> None:
        if acked_bps is not None and self._capacity.below(acked_bps):
            self._capacity.forget()
        if self._capacity.bps is None:
            raised = self.bps * _ETA_PER_SECOND**elapsed
        else:
            raised = self.bps + self.additive(rtt) * elapsed
        if acked_bps is not None:
            steady = acked_bps if self._steady is None else self._steady
            self._steady = steady + min(elapsed / _STEADY_TIME, 1.0) * (acked_bps - steady)
            bound = _ACKED_BOUND * self._steady + _ACKED_SLACK
            self.application_limited = raised > bound
            raised = min(raised, bound)
        self._set(max(raised, self.bps))

    def additive(self, rtt: float) -> float:
        """The rise near the link's capacity, in bit/s per second."""
        packet = min(_PACKET_BITS, self.bps / _FRAMES_PER_SECOND)
        return max(packet / (rtt + _RESPONSE), _MIN_ADDITIVE, _MIN_RELATIVE * self.bps)

    def _decrease(self, acked_bps: float | None, rtt: float, now: float) -> None:
        spacing = min(max(rtt, _MIN_SPACING), _MAX_SPACING)
        deep = acked_bps is not None and acked_bps < self.bps / 2
        if now - self.decreased_at < spacing and not deep:
            return
        self.decreased_at = now
        if acked_bps is None:
            self._set(self.bps / 2)  # nothing measured yet: the start was far too high
            return
        if self._capacity.above(acked_bps):
            self._capacity.forget()
        lowered = _BETA * acked_bps
        if lowered > self.bps and self._capacity.bps is not None:
            lowered = _BETA * self._capacity.bps
        self._capacity.on_full(acked_bps)
        self._set(min(lowered, self.bps))

    def raise_to(self, bps: float) -> None:
        """Rise to a rate that a probe proved."""
        if bps > self.bps:
            self._capacity.forget()
            self._set(bps)

    def lower_to(self, bps: float) -> None:
        """Fall to a rate: a burst showed that the link carries no more."""
        self._set(min(bps, self.bps))

    def follow(self, bps: float, now: float) -> None:
        """Take the rate of the control that decides for the time being."""
        self._at = now
        self.application_limited = False
        self.action = Action.HOLD
        self._set(bps)

    def restart(self, bps: float) -> None:
        """Start anew from a rate, without memory, after an outage."""
        self._capacity.forget()
        self.action = Action.HOLD
        self._at = None
        self._steady = None
        self._set(bps)

    def _set(self, bps: float) -> None:
        self.bps = min(max(bps, self._min), self._max)
