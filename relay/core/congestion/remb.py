"""The fallback for players without transport-cc: their own estimate (REMB), and reported loss.

REMB is the receiver's estimate of the total rate (draft-alvestrand-rmcat-remb-03). The estimate may
be dishonest, or never come.
"""

from __future__ import annotations

import math

_TIMEOUT = 10.0  # s without REMB after which it is no longer trusted
_DECAY = 0.97  # per second after that
_FLOOR_SHARE = 0.5  # of the last REMB, where the decay ends: silence alone is no bad link
_LOW_LOSS, _HIGH_LOSS = 0.02, 0.1  # draft-ietf-rmcat-gcc-02 §6
_RISE_PER_SECOND = 1.08
_VOUCHED_PER_SECOND = 1.5  # while the receiver itself names a higher rate
_MAX_INTERVAL = 1.0  # s
_SENT_BOUND = 1.5  # × what is sent; beyond it nothing is known
_FELL = 0.9  # of what was named before: the receiver sees a queue or losses
_FIRST_NAMED = 3.0  # s of a trial in which a receiver that named nothing before has seen too little
# s within which a receiver names more than before, if more arrives: it counts over a second, and
# reports once a second.
_NAMED_LATE = 3.0
_CALM_AFTER = 10.0  # s since the link last proved too narrow


class RembControl:
    """The estimate from REMB and receiver reports.

    Attributes:
        bps: the estimate.
    """

    __slots__ = (
        "_at",
        "_doubted",
        "_doubted_until",
        "_full_at",
        "_max",
        "_min",
        "_named",
        "_overtaken_at",
        "_remb",
        "_remb_at",
        "_reported",
        "bps",
    )

    def __init__(self, start_bps: float, min_bps: float, max_bps: float) -> None:
        self._min, self._max = min_bps, max_bps
        self._remb = self._named = math.inf  # as faded since, and as it came
        self._remb_at = self._full_at = -math.inf
        self._doubted_until = -math.inf
        self._doubted = 0.0  # what the receiver named when so little was sent that it told nothing
        self._overtaken_at: float | None = None  # since when more is sent than such a figure
        self._reported = start_bps  # by loss
        self._at: float | None = None
        self.bps = start_bps

    @property
    def remb_limits(self) -> bool:
        """True if the receiver's figure limits the rate."""
        return self._remb < self._reported

    def on_remb(self, bps: float, sent_bps: float, now: float) -> None:
        """Take a REMB, clamped to the bounds, while so much is sent."""
        before, self._named = self._named, min(max(bps, self._min), self._max)
        self._remb_at = now
        if self._named < _FELL * before and self._named < self.bps and math.isfinite(before):
            self._full_at = now
        if now < self._doubted_until and not self._doubted:
            self._doubted = self._named
        if self._named < _FELL * self._doubted or self._is_meant(bps, sent_bps, now):
            self._doubted = 0.0
            self._doubted_until = -math.inf
        self._doubted = max(self._doubted, self._named) if self._doubted else 0.0
        self._remb = math.inf if self._doubted else self._named
        self._combine()

    def _is_meant(self, bps: float, sent_bps: float, now: float) -> bool:
        """True if a doubted figure stands though the receiver was long sent more."""
        if not self._doubted or bps >= _FELL * sent_bps:
            self._overtaken_at = None
            return False
        if self._overtaken_at is None:
            self._overtaken_at = now
        if now - self._overtaken_at < _NAMED_LATE:
            return False
        self._full_at = now
        return True

    def is_calm(self, now: float) -> bool:
        """True if for a while nothing showed that the link carries no more."""
        return now - self._full_at > _CALM_AFTER

    def raise_to(self, bps: float, now: float) -> None:
        """Try more than is known: what a receiver names, too, rises only with what it is sent."""
        self._reported = min(max(bps, self._reported), self._max)
        self._doubted_until = now + _FIRST_NAMED
        self._overtaken_at = None
        if self._remb < bps:
            self._doubted = self._named
            self._remb = math.inf
        self._combine()

    def on_report(self, loss: float, sent_bps: float, now: float) -> None:
        """Take a receiver report's loss fraction (draft-ietf-rmcat-gcc-02 §6)."""
        loss = min(max(loss, 0.0), 1.0)
        elapsed = 0.0 if self._at is None else min(max(now - self._at, 0.0), _MAX_INTERVAL)
        self._at = now
        if loss > _HIGH_LOSS:
            self._full_at = now
            self._reported = min(self._reported, max(sent_bps, self._min))
            self._reported *= 1 - 0.5 * loss * elapsed
        elif loss < _LOW_LOSS:
            self._rise(elapsed, sent_bps)
        self._reported = min(max(self._reported, self._min), self._max)
        self._combine()

    def _rise(self, elapsed: float, sent_bps: float) -> None:
        if math.isfinite(self._remb):
            raised = min(self._reported * _VOUCHED_PER_SECOND**elapsed, self._remb)
        else:
            raised = self._reported * _RISE_PER_SECOND**elapsed
            raised = min(raised, _SENT_BOUND * sent_bps + self._min)
        self._reported = max(self._reported, raised)

    def on_timer(self, elapsed: float, now: float) -> None:
        """Let a REMB that is not renewed fade."""
        if math.isfinite(self._remb) and now - self._remb_at > _TIMEOUT:
            floor = max(_FLOOR_SHARE * self._named, self._min)
            self._remb = max(self._remb * _DECAY**elapsed, min(floor, self._remb))
        self._combine()

    def _combine(self) -> None:
        self.bps = min(max(min(self._remb, self._reported), self._min), self._max)
