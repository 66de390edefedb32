"""One recording's time: steady, even if the machine's clock is set meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

STEP_S = 1.0  # s; a larger change between two looks means that the machine's clock was set

_log = structlog.get_logger(__name__)


class RecordingClock:
    """The relay's clock for a recording, beside the machine's.

    Args:
        now: the recording's time, told by its tap.
        wall_clock: Unix seconds.
    """

    def __init__(self, now: Callable[[], float], wall_clock: Callable[[], float]) -> None:
        self.now = now
        self._wall_clock = wall_clock
        self._begin = self._told = wall_clock() - now()

    def wall_now(self) -> float:
        """Unix seconds by the machine's clock as it was at the begin."""
        return self.now() + self._begin

    def take_step(self) -> float | None:
        """Tell the seconds by which the machine's clock was set since the begin; None if not."""
        ahead = self._wall_clock() - self.now()
        if abs(ahead - self._told) <= STEP_S:
            return None
        self._told = ahead
        _log.warning("clock_set_while_recording", ahead_s=round(ahead - self._begin, 3))
        return ahead - self._begin


def steady(
    wall_clock: Callable[[], float], monotonic: Callable[[], float] = time.monotonic
) -> Callable[[], float]:
    """Make a clock that starts at the wall clock's time and goes on with the monotonic clock."""
    offset = wall_clock() - monotonic()
    return lambda: monotonic() + offset
