"""Rules of the supervisor of children: when a child is started again."""

from __future__ import annotations

FIRST_PAUSE_S = 1.0  # before the second start again; the first comes at once
LONGEST_PAUSE_S = 30.0  # pauses double up to this
STEADY_S = 60.0  # a child that has been ready for so long has no past
STOP_S = 20.0  # for children to stop, once they were asked to


class Restarts:
    """Tells when a child that ended is started again. Times are of a steady clock."""

    def __init__(self) -> None:
        self._pause_s = 0.0
        self._ready_at: float | None = None

    def ready(self, now: float) -> None:
        """Note that the child is ready."""
        self._ready_at = now

    def ended(self, now: float) -> float:
        """Note that the child ended; return the seconds until it is started again."""
        if self._ready_at is not None and now - self._ready_at >= STEADY_S:
            self._pause_s = 0.0
        self._ready_at = None
        pause_s = self._pause_s
        self._pause_s = min(max(2 * pause_s, FIRST_PAUSE_S), LONGEST_PAUSE_S)
        return pause_s
