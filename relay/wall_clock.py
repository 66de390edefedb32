"""The wall clock on a steady base: Unix time less monotonic time, as it is now.

A machine without a battery boots in some other year, and is set right when its network is there. So
the wall clock must not be read once for all. One recording must not read it twice: a step in
between would tear the recording. Each recording and each room takes the offset of its begin, and
counts on by the monotonic clock.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

STEP_S = 1.0  # s; more between two looks means that the clock was set; slewing moves it by 0.5 ms/s

_log = structlog.get_logger("relay.wall_clock")


class WallClock:
    """Follows the system's clock, and logs when it was set.

    Args:
        clock: monotonic seconds.
        wall_clock: Unix seconds.
    """

    def __init__(self, clock: Callable[[], float], wall_clock: Callable[[], float]) -> None:
        self._clock = clock
        self._wall_clock = wall_clock
        self._offset = wall_clock() - clock()

    def offset(self) -> float:
        """Unix time less monotonic time, in seconds, by a look at both clocks."""
        before, self._offset = self._offset, self._wall_clock() - self._clock()
        step = self._offset - before
        if abs(step) > STEP_S:
            _log.warning("wall_clock_set", by_s=round(step, 3))
        return self._offset
