"""Sending while nothing comes back: less and less, and now and then a try with more."""

from __future__ import annotations

_DECAY = 0.5  # of the target, each tenth of a second
_STEP = 0.1  # s
_FIRST_WAIT, _MAX_WAIT = 1.0, 60.0  # s between two attempts with pictures; each waits twice as long


class Outage:
    """The outages of a viewer's link."""

    __slots__ = ("_attempt_at", "_step_at", "_wait")

    def __init__(self) -> None:
        self._step_at = self._attempt_at = 0.0
        self._wait = _FIRST_WAIT

    def begin(self, now: float) -> None:
        """Note that nothing comes back any more."""
        self._step_at = now
        self._attempt_at = now + self._wait

    def end(self) -> None:
        """Note that something came back."""
        self._wait = _FIRST_WAIT

    def decayed(self, target_bps: float, min_bps: float, now: float) -> float:
        """The target as it is by now."""
        while now - self._step_at >= _STEP and target_bps > min_bps:
            self._step_at += _STEP
            target_bps = max(target_bps * _DECAY, min_bps)
        return target_bps

    def may_attempt(self, now: float) -> bool:
        """Tell whether to send pictures again; for links whose padding nobody answers."""
        if now < self._attempt_at:
            return False
        self._wait = min(2 * self._wait, _MAX_WAIT)
        self._attempt_at = now + self._wait
        return True
