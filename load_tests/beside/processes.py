"""The processes of a job, as /proc shows them: how nice they are, and what they use."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BEGUN_TIMEOUT_S = 120.0
POLL_S = 0.1
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class JobUsage:
    """The use of processes until a moment.

    Attributes:
        at: of the monotonic clock.
        cpu_s: of those that run now, by process id.
        nice: of them.
    """

    at: float
    cpu_s: dict[int, float]
    nice: frozenset[int]


def told_of(folder: Path) -> Callable[[Path], bool]:
    """Return whether a process was started with a folder's name."""
    return lambda process: str(folder).encode() in (process / "cmdline").read_bytes()


def child_of(pid: int) -> Callable[[Path], bool]:
    """Return whether a process was started by another."""

    def is_child(process: Path) -> bool:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1]) == pid

    return is_child


class Watch:
    """Looks at the processes with a word in their command line.

    Args:
        module: the word.
        belongs: whether a process, by its folder in /proc, is of the server that is measured.
    """

    def __init__(self, module: str, belongs: Callable[[Path], bool]) -> None:
        self._module = module.encode()
        self._belongs = belongs

    async def begun(self) -> None:
        """Wait for the first of them. Raises TimeoutError."""
        async with asyncio.timeout(BEGUN_TIMEOUT_S):
            while True:
                if self.usage().cpu_s:
                    return
                await asyncio.sleep(POLL_S)

    def usage(self) -> JobUsage:
        """Look at those that run now."""
        used: dict[int, float] = {}
        nice = set()
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it has just ended
                named = self._module in (process / "cmdline").read_bytes()
                if named and self._belongs(process):
                    fields = (process / "stat").read_text().rpartition(")")[2].split()
                    used[int(process.name)] = (int(fields[11]) + int(fields[12])) / _TICKS
                    nice.add(int(fields[16]))
        return JobUsage(time.monotonic(), used, frozenset(nice))

    def between(self, before: JobUsage, after: JobUsage) -> dict[str, Any]:
        """Tell what they used meanwhile; `job_ran` is false if one of them ended in between."""
        same = before.cpu_s.keys() & after.cpu_s.keys()
        used = sum(after.cpu_s[one] - before.cpu_s[one] for one in same)
        return {
            "job_ran": bool(same),
            "job_cpu_percent": round(100 * used / (after.at - before.at), 1),
            "job_nice": sorted(before.nice | after.nice),
        }
