"""Loss-based control: is it the link that is full, or only the air that is bad?

Feedback is gathered into observations of 250 ms. Two causes explain losses. An inherent loss `p`
hits any rate. A link of `b` bit/s drops what exceeds `b`. For a rate `s` the two predict the loss
probability `p + (1 − p)·max(0, (s − b) / s)`. The control tries a few candidates for `b` and takes
the one that makes the last 20 observations most likely, with a slight liking for more. This is the
idea of libwebrtc's loss-based estimator v2. Random loss at a rate that the link carries costs
nothing. Loss that comes and goes with the rate counts in full. Loss while a long queue stands is
the queue's overflow, so the inherent loss may not grow then.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

_OBSERVATION = 0.25  # s
_MIN_PACKETS = 10  # in an observation: fewer tell too little
_MAX_OBSERVATION = 1.0  # s; then even fewer must do
_WINDOW = 20  # observations
_AGEING = 0.9  # weight of an observation relative to the next newer one
_FACTORS = (1.02, 1.0, 0.95)  # candidates, × the present bandwidth
# Candidate: the acknowledged rate, so that a drop is followed in one step; a little less where a
# queue is to be emptied besides.
_ACKED_BACKOFF = 0.9
_MIN_INHERENT, _INITIAL_INHERENT = 1e-3, 0.01
_INHERENT_OFFSET = 0.05  # inherent loss up to 5% + 100 kbit/s ÷ bandwidth is believed
_INHERENT_BALANCE = 100_000.0  # bit/s
_QUEUED_MARGIN = 0.02  # what the inherent loss may grow by while a queue stands
_NEWTON_STEP = 0.75
_NEWTON_STEPS = 2
_MIN_CANDIDATE = 1000.0  # bit/s
_MIN_P, _MAX_P = 1e-6, 1 - 1e-6
_LINEAR_BIAS = 0.0001  # log likelihood per packet and kbit/s
_LOG_BIAS = 0.02  # log likelihood per packet and e-fold
_BIAS_BELOW = 0.15  # average loss above which more bandwidth is not preferred
# Whatever causes it: above 5% loss the rate is at most 100 kbit/s ÷ (loss − 5%). At 10% that is
# 2 Mbit/s, at 50% 220 kbit/s.
_BOUND_OFFSET = 0.05
_BOUND_BALANCE = 100_000.0  # bit/s
_MAX_RISE = 1.3  # × per observation, while loss limits the rate
_PAST = 4  # observations: a second
_CHANGED = 1.5  # × what a link carried while it overflowed: one that carries so much is another


@dataclass(frozen=True, slots=True)
class _Observation:
    packets: float
    lost: int
    bps: float  # sent
    queued: bool  # a long queue stood, at some time

    @property
    def carried_bps(self) -> float:
        """The rate that arrived."""
        return self.bps * (1 - self.lost / self.packets)


class LossControl:
    """The loss-based estimate.

    Attributes:
        bps: at most this; infinite while loss does not limit the rate.
        loss: average fraction lost over the window, recent observations weighing more.
    """

    __slots__ = (
        "_bandwidth",
        "_believed",
        "_inherent",
        "_lost",
        "_observations",
        "_octets",
        "_packets",
        "_queued",
        "_since",
        "bps",
        "loss",
    )

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all observations: the path changed."""
        self.bps = math.inf
        self.loss = 0.0
        self._bandwidth = math.inf
        self._inherent = _INITIAL_INHERENT
        self._believed = math.inf  # no inherent loss above this
        self._observations: deque[_Observation] = deque(maxlen=_WINDOW)
        self._since: float | None = None
        self._packets = self._lost = self._octets = 0
        self._queued = False

    @property
    def has_lost(self) -> bool:
        """True if anything was lost lately, or since the last observation."""
        return self._lost > 0 or self.loss > 0

    @property
    def is_past(self) -> bool:
        """True if all losses happened in a queue that has been gone for a second."""
        newest = tuple(self._observations)[-_PAST:]
        calm = self._lost == 0 and not any(one.lost or one.queued for one in newest)
        return calm and all(one.queued for one in self._observations if one.lost)

    def on_proven(self, bps: float) -> None:
        """Take a rate that a probe proved: the slower link that overflowed is gone."""
        kept = [
            one for one in self._observations if not one.queued or bps <= _CHANGED * one.carried_bps
        ]
        if len(kept) < len(self._observations):
            self._observations = deque(kept, maxlen=_WINDOW)
            self._bandwidth = max(self._bandwidth, bps)
            self.bps = max(self.bps, bps)

    @property
    def inherent(self) -> float:
        """Loss put down to the link rather than to its being full."""
        return self._inherent

    def add(
        self,
        packets: int,
        lost: int,
        octets: int,
        *,
        delay_bps: float,
        acked_bps: float | None,
        queued: bool,
        now: float,
    ) -> None:
        """Take what a feedback packet told: packets reported, of them lost, bytes of all of them.

        Args:
            packets: reported on for the first time.
            lost: of those.
            octets: their bytes, lost ones included.
            delay_bps: the delay-based estimate, which is a candidate too.
            acked_bps: the acknowledged rate, if known.
            queued: a long queue stands.
            now: seconds.
        """
        if self._since is None:
            self._since = now
            return
        self._packets += packets
        self._lost += min(lost, packets)
        self._octets += octets
        self._queued = self._queued or queued
        elapsed = now - self._since
        enough = self._packets >= _MIN_PACKETS or elapsed >= _MAX_OBSERVATION
        if elapsed < _OBSERVATION or not enough:
            return
        if self._packets and elapsed < 2 * _MAX_OBSERVATION:
            # Calm that was told of late is as much history as if it had been told of in time.
            parts = min(int(elapsed / _OBSERVATION), self._packets // _MIN_PACKETS)
            parts = 1 if self._lost else max(parts, 1)
            bps = 8 * self._octets / elapsed
            one = _Observation(self._packets / parts, self._lost, bps, self._queued)
            self._observations.extend([one] * parts)
            self._update(delay_bps, acked_bps, queued)
        self._packets = self._lost = self._octets = 0
        self._queued = False
        self._since = now

    def _update(self, delay_bps: float, acked_bps: float | None, queued: bool) -> None:
        if not queued:
            self._believed = math.inf
        elif math.isinf(self._believed):
            self._believed = self._inherent + _QUEUED_MARGIN
        if not any(one.lost for one in self._observations):  # the usual case, without sorting
            self.loss = 0.0
            self._bandwidth = self.bps = math.inf
            return
        history = _History(self._observations)
        self.loss = history.loss
        present = min(self._bandwidth, delay_bps)
        arriving = acked_bps and (_ACKED_BACKOFF * acked_bps if queued else acked_bps)
        fits = [
            self._fit(history, candidate) for candidate in _candidates(present, delay_bps, arriving)
        ]
        _, best, self._inherent = max(fits)
        best = min(best, _MAX_RISE * present, _bound(history))
        self._bandwidth = best
        self.bps = best if best < delay_bps else math.inf

    def _fit(self, history: _History, bandwidth: float) -> tuple[float, float, float]:
        """Score a link of `bandwidth`: (score, bandwidth, its likeliest inherent loss)."""
        upper = _INHERENT_OFFSET + _INHERENT_BALANCE / bandwidth
        upper = min(upper, self._believed, 1 - _MIN_INHERENT)
        packets, lost, above = history.split(bandwidth)
        inherent = _likeliest(packets, lost, above, self._inherent, upper)
        score = _likelihood(packets, lost, inherent)
        for weight, share, excess in above:
            p = inherent + (1 - inherent) * excess
            score += _likelihood(weight, share * weight, p)
        if history.loss < _BIAS_BELOW:
            kbps = bandwidth / 1000
            score += (_LINEAR_BIAS * kbps + _LOG_BIAS * math.log1p(kbps)) * history.packets
        return score, bandwidth, inherent


# (packets, fraction lost, (rate - bandwidth) / rate) of an observation above a bandwidth
_Above = list[tuple[float, float, float]]


class _History:
    """The observations, weighed by age and in the order of their rates.

    For a bandwidth, all those at lower rates have the same loss probability and count as one.
    """

    __slots__ = ("_rows", "loss", "packets")

    def __init__(self, observations: Iterable[_Observation]) -> None:
        rows = []
        weight = 1.0
        for one in reversed(tuple(observations)):
            rows.append((one.bps, one.packets * weight, one.lost * weight))
            weight *= _AGEING
        rows.sort()
        self._rows = rows
        self.packets = sum(packets for _, packets, _ in rows)
        lost = sum(lost for _, _, lost in rows)
        self.loss = lost / self.packets if self.packets else 0.0

    def split(self, bandwidth: float) -> tuple[float, float, _Above]:
        """Packets and losses at rates up to `bandwidth`, and the observations above it."""
        packets = lost = 0.0
        above: _Above = []
        for bps, weight, gone in self._rows:
            if bps <= bandwidth:
                packets += weight
                lost += gone
            else:
                above.append((weight, gone / weight, (bps - bandwidth) / bps))
        return packets, lost, above


def _bound(history: _History) -> float:
    """The most that the loss allows, whatever its cause."""
    # Less the standard error: three packets lost of twenty are not yet 15%.
    excess = history.loss - math.sqrt(history.loss / max(history.packets, 1.0)) - _BOUND_OFFSET
    return _BOUND_BALANCE / excess if excess > 0 else math.inf


def _candidates(present: float, delay_bps: float, arriving: float | None) -> list[float]:
    candidates = [present * factor for factor in _FACTORS]
    if arriving is not None and arriving < present:
        candidates.append(max(arriving, _MIN_CANDIDATE))
    if delay_bps > present:
        candidates.append(delay_bps)
    return candidates


def _likelihood(packets: float, lost: float, p: float) -> float:
    p = min(max(p, _MIN_P), _MAX_P)
    return lost * math.log(p) + (packets - lost) * math.log1p(-p)


def _likeliest(packets: float, lost: float, above: _Above, start: float, upper: float) -> float:
    """The most likely inherent loss: exact if no rate exceeded the bandwidth, else by Newton."""
    if not above:
        return min(max(lost / packets if packets else start, _MIN_INHERENT), upper)
    inherent = start
    for _ in range(_NEWTON_STEPS):
        first = lost / inherent - (packets - lost) / (1 - inherent)
        second = -lost / inherent**2 - (packets - lost) / (1 - inherent) ** 2
        for weight, share, excess in above:
            p = min(max(inherent + (1 - inherent) * excess, _MIN_P), _MAX_P)
            slope = 1 - excess
            first += weight * slope * (share / p - (1 - share) / (1 - p))
            second -= weight * slope**2 * (share / p**2 + (1 - share) / (1 - p) ** 2)
        if second:
            inherent -= _NEWTON_STEP * first / second
        inherent = min(max(inherent, _MIN_INHERENT), upper)
    return inherent
