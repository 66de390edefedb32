"""The time that may be spent on what is nice to have."""

from __future__ import annotations

import time

# s of computing in one process. Ninety minutes of three sources need some 90. The process has 7,200
# in all, and the playable files come first.
PREVIEW_CPU_S = 1800.0


class CpuBudget:
    """Seconds of computing of this process, from now on."""

    def __init__(self, seconds: float = PREVIEW_CPU_S) -> None:
        self._until = time.process_time() + seconds

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left."""
        return time.process_time() >= self._until
