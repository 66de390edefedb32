"""Rules of the supervisor of children: how a child ended, and when it is started again."""

from __future__ import annotations

import signal
from dataclasses import dataclass

FIRST_PAUSE_S = 1.0  # before the second start again; the first comes at once
LONGEST_PAUSE_S = 30.0  # pauses double up to this
STEADY_S = 60.0  # a child that has been ready for so long has no past
STOP_S = 20.0  # for children to stop, once they were asked to
USELESS_CONFIG = 78  # exit status; sysexits.h: EX_CONFIG


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of one run of a child.

    Attributes:
        status: as of `Process.returncode`: a signal is negative. None: it was never started, or
            was ended because it did not become ready.
        why: what is known beside the status.
    """

    status: int | None
    why: str = ""

    def __str__(self) -> str:
        if self.status is None:
            return self.why
        if self.status >= 0:
            return f"exit status {self.status}"
        try:
            return signal.Signals(-self.status).name
        except ValueError:
            return f"signal {-self.status}"

    @property
    def is_final(self) -> bool:
        """Whether another start would end alike."""
        return self.status == USELESS_CONFIG

    @property
    def exit_status(self) -> int:
        """What the supervisor ends with, if it ends because of this."""
        return self.status if self.status is not None and self.status > 0 else 1


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
