"""Load of the machine during a run: a run on a crowded machine says little of the system."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from load_tests.qoe.series import Host

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Reading:
    """CPU ticks: of the machine by kind (proc(5), /proc/stat), and of our processes."""

    machine: tuple[int, ...]
    own: dict[int, int]


def read() -> Reading:
    """Read /proc."""
    words = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    return Reading(tuple(map(int, words)), _descendants(os.getpid()))


def between(before: Reading, after: Reading) -> Host:
    """Load between two readings; the last part of a process that ended meanwhile is missing."""
    spent = [late - early for late, early in zip(after.machine, before.machine, strict=True)]
    total = max(1, sum(spent))
    idle, stolen = spent[3] + spent[4], spent[7]
    own = sum(ticks - before.own.get(pid, 0) for pid, ticks in after.own.items())
    return Host(
        busy=round(1 - idle / total, 3),
        own=round(own / total, 3),
        stolen=round(stolen / total, 3),
        load=round(os.getloadavg()[0], 2),
    )


def _descendants(root: int) -> dict[int, int]:
    """CPU ticks (user and system) of a process and of all below it."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        pid = int(folder.name)
        parents[pid] = int(fields[1])
        ticks[pid] = int(fields[11]) + int(fields[12])
    return {pid: spent for pid, spent in ticks.items() if _is_below(pid, root, parents)}


def _is_below(pid: int, root: int, parents: dict[int, int]) -> bool:
    while pid > 1:
        if pid == root:
            return True
        pid = parents.get(pid, 0)
    return False
