"""The bounds that a worker process puts on itself; the kernel keeps them, whatever the job does."""

from __future__ import annotations

import contextlib
import gc
import math
import os
import resource
import signal
import time
from pathlib import Path

from signaling.jobs.kinds import JobLimits

NICENESS = 10  # a running lesson comes first
_MIB = 1024 * 1024
_ENDED_FIRST = "1000"  # the highest of `oom_score_adj` (proc_pid_oom_score_adj(5))
# Signals by which the kernel ends a worker that takes too long.
OVER_TIME = frozenset({signal.SIGALRM, signal.SIGXCPU})
_NEW_VALUES = 100_000  # after which garbage is looked for; Python's own figure is 700
_LAST_S = 5  # seconds of computing from SIGXCPU to SIGKILL


def be_nice() -> None:
    """Give way to every other process, also where the machine runs out of memory."""
    os.nice(NICENESS)
    with contextlib.suppress(OSError):  # no Linux, or /proc is hidden
        Path("/proc/self/oom_score_adj").write_text(_ENDED_FIRST)


def collect_seldom() -> None:
    """Look for garbage in circles less often: a job makes a million values that are none.

    As Python sets it, a quarter of an import's computing went into looking at them again.
    """
    gc.freeze()
    gc.set_threshold(_NEW_VALUES, *gc.get_threshold()[1:])


def limit_process(limits: JobLimits) -> None:
    """Bound this process; a limit that is lower already stays."""
    _lower(resource.RLIMIT_AS, limits.memory_mb * _MIB, limits.memory_mb * _MIB)
    cpu_s = math.ceil(time.process_time()) + limits.cpu_s  # of the run; Python had to start before
    _lower(resource.RLIMIT_CPU, cpu_s, cpu_s + _LAST_S)
    _lower(resource.RLIMIT_CORE, 0, 0)  # a dump would hold pupils' names
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.wall_s)


def _lower(kind: int, soft: int, hard: int) -> None:
    _, present = resource.getrlimit(kind)
    if present != resource.RLIM_INFINITY:
        soft, hard = min(soft, present), min(hard, present)
    resource.setrlimit(kind, (soft, hard))
