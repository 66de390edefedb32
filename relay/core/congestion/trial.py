"""Trials: the picture itself is sent to learn what a link carries, where no probe can tell.

A rate is learnt from what is sent. Without padding, or without reports on it, a sender that sends
nothing would learn nothing for ever. A trial is cautious: only a calm link is tried, and each
failure makes the next wait longer.
"""

from __future__ import annotations

import math

_FIRST_WAIT = 10.0  # s after the first failure
_WAIT_GROWTH = 3.0  # of each wait, with every further failure: 10 s, 30 s, 90 s, 270 s
_MAX_WAIT = 300.0  # s
_PROVEN_AFTER = 15.0  # s: a rate that stood so long is carried


class Trial:
    """Decides when to try a rate, and notes how that ended.

    Attributes:
        failed: the latest trial failed, and no other one succeeded since.
    """

    __slots__ = ("_began_at", "_bps", "_next", "_wait", "failed")

    def __init__(self) -> None:
        self._began_at = -math.inf
        self._bps = 0.0  # what is being tried; 0: nothing
        self._next = -math.inf  # not before this
        self._wait = _FIRST_WAIT
        self.failed = False

    @property
    def active(self) -> bool:
        """True while a trial is under way."""
        return self._bps > 0

    def forget(self) -> None:
        """Forget failures: the link is another one."""
        self._bps = 0.0
        self._next = -math.inf
        self._wait = _FIRST_WAIT
        self.failed = False

    def poll(self, estimate: float, wanted: float, now: float, *, calm: bool) -> float | None:
        """Look at the estimate; a rate to try now, if one is due.

        Args:
            estimate: bit/s.
            wanted: the rate that somebody could use.
            now: seconds.
            calm: nothing speaks against more.
        """
        if self._bps:
            if estimate < self._bps:
                self._fail(now)
            elif now - self._began_at > _PROVEN_AFTER:
                self.forget()
        if self._bps or not calm or now < self._next or estimate >= wanted:
            return None
        self._bps = wanted
        self._began_at = now
        return wanted

    def _fail(self, now: float) -> None:
        self._bps = 0.0
        self.failed = True
        self._next = now + self._wait
        self._wait = min(self._wait * _WAIT_GROWTH, _MAX_WAIT)
