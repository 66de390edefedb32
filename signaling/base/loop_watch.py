"""How late the event loop is: a timer that notes when it is called, and when it should have been.

Packets of lessons wait for the same loop, so its lateness is part of each packet's delay.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left

PERIOD_S = 0.05  # 20 calls a second, each of some microseconds
BOUNDS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


class LoopWatch:
    """Counts calls of a timer by their lateness.

    Attributes:
        counts: calls up to each of `BOUNDS_S`, none counted twice; the last are beyond all bounds.
        late_s: the sum of all lateness.
    """

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_S) + 1)
        self.late_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin, in the running loop."""
        loop = asyncio.get_running_loop()
        self._set(loop, loop.time() + PERIOD_S)

    def stop(self) -> None:
        """End."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def note(self, late_s: float) -> None:
        """Count one call."""
        late_s = max(late_s, 0.0)
        self.counts[bisect_left(BOUNDS_S, late_s)] += 1
        self.late_s += late_s

    def _set(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        self._timer = loop.call_at(due, self._called, loop, due)

    def _called(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        now = loop.time()
        self.note(now - due)
        self._set(loop, now + PERIOD_S)
