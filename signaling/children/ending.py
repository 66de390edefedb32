"""How one run of a child ended."""

from __future__ import annotations

import signal
from dataclasses import dataclass

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
