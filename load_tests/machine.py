"""The machine under a demonstration: how far it lagged, and whether that explains a failed check.

`verdict` is pure. A machine that could not keep its own time cannot judge a promise that depends on
time. Every other failure stays a fault, however busy the machine was.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from load_tests.checks import HEARD_WITHIN_S, MIN_SEEN, Check

TICK_S = 0.02  # period of the timer whose lateness is the loop's lag: one block of sound
LATE_FROM_S = 0.05  # a tick this late is counted; shorter is ordinary work of the loop
MAX_LATE_SHARE = 1 - MIN_SEEN  # of the time: as much as the strictest share of frames may lack
MAX_LATE_S = HEARD_WITHIN_S / 2  # one stop of this length uses up half of the shortest limit
MAX_STOLEN = 0.05  # of all processors' time, taken by the host for other guests
MAX_UNTAKEN = 0.05  # of the pictures; 1.3% were seen on two cores while all promises were kept
MAX_UNDECODED = 1 - MIN_SEEN  # of the frames and blocks that arrived whole
STEAL_FIELD, PROC_STAT_FIELDS = 7, 8  # proc_pid_stat(5), `cpu`: user … steal; guest is in user


class Outcome(IntEnum):
    """Outcomes of a demonstration; the value is the exit code."""

    KEPT = 0
    FAULT = 1
    BROKEN_OFF = 2
    TOO_SLOW = 3


@dataclass(frozen=True, slots=True)
class Strain:
    """State of the machine during a demonstration. Shares are 0 to 1.

    Attributes:
        late: share of the time in which the event loop was late by `LATE_FROM_S` or more.
        longest_late_s: the longest lateness of one tick.
        stolen: share of all processors' time that the host took; None where it is not known.
        waiting: share of the time in which some task waited for a processor (PSI); None likewise.
            Told but not judged: runs that kept every promise had 0.7 on two cores.
        untaken: share of the camera's pictures that were never taken.
        undecoded: share of what arrived whole and was left undecoded.
    """

    late: float = 0.0
    longest_late_s: float = 0.0
    stolen: float | None = None
    waiting: float | None = None
    untaken: float = 0.0
    undecoded: float = 0.0

    @property
    def reasons(self) -> tuple[str, ...]:
        """Reasons why the machine was too slow for a judgement; empty if it was not."""
        found = (
            (self.late > MAX_LATE_SHARE, f"事件循环有 {self.late:.1%} 的时间跟不上"),
            (self.longest_late_s > MAX_LATE_S, f"曾停顿 {self.longest_late_s * 1000:.0f} ms"),
            ((self.stolen or 0.0) > MAX_STOLEN, f"宿主机拿走了 {self.stolen or 0.0:.0%} 的 CPU"),
            (self.untaken > MAX_UNTAKEN, f"摄像头漏拍 {self.untaken:.1%}"),
            (self.undecoded > MAX_UNDECODED, f"来不及解码 {self.undecoded:.1%}"),
        )
        return tuple(words for too_much, words in found if too_much)

    def summary(self) -> str:
        """All figures in one line."""
        parts = [f"最长停顿 {self.longest_late_s * 1000:.0f} ms", f"跟不上 {self.late:.1%}"]
        parts += [f"漏拍 {self.untaken:.1%}", f"未解码 {self.undecoded:.1%}"]
        if self.waiting is not None:
            parts.append(f"有任务等待 CPU {self.waiting:.0%}")
        if self.stolen is not None:
            parts.append(f"被宿主机拿走 {self.stolen:.0%}")
        return ",".join(parts)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The proof that a demonstration gives.

    Attributes:
        faults: promises that were broken.
        unjudged: failed checks that say nothing, because the machine was too slow.
    """

    faults: tuple[Check, ...]
    unjudged: tuple[Check, ...]

    @property
    def outcome(self) -> Outcome:
        """A fault weighs more than a slow machine."""
        if self.faults:
            return Outcome.FAULT
        return Outcome.TOO_SLOW if self.unjudged else Outcome.KEPT


def verdict(checks: Sequence[Check], strain: Strain) -> Verdict:
    """Divide the failed checks into faults and those that a slow machine explains."""
    failed = [check for check in checks if not check.passed]
    excused = [check for check in failed if strain.reasons and (check.timed or check.loses)]
    return Verdict(
        tuple(check for check in failed if check not in excused),
        tuple(excused),
    )


@dataclass(slots=True)
class LoopLag:
    """The lateness of a timer on the event loop."""

    watched_s: float = 0.0
    late_s: float = 0.0
    longest_s: float = 0.0

    def tick(self, due: float, now: float) -> None:
        """Take one tick: when it was due and when it came, in seconds."""
        late_s = max(0.0, now - due)
        self.watched_s += TICK_S + late_s
        self.longest_s = max(self.longest_s, late_s)
        if late_s >= LATE_FROM_S:
            self.late_s += late_s


@dataclass(frozen=True, slots=True)
class ProcessorTimes:
    """Figures that the kernel counts since boot.

    Attributes:
        all: time of all processors, clock ticks; None where the kernel does not tell.
        stolen: clock ticks of it that the host took.
        waiting_us: microseconds in which some task waited for a processor; None likewise.
    """

    all: int | None = None
    stolen: int = 0
    waiting_us: int | None = None


def read_processors(proc: Path = Path("/proc")) -> ProcessorTimes:
    """Read /proc/stat and /proc/pressure/cpu; what is absent or odd is left out."""
    ticks: list[int] = []
    waiting_us = None
    with contextlib.suppress(OSError, ValueError, IndexError):
        ticks = [int(one) for one in (proc / "stat").read_text().split("\n", 1)[0].split()[1:]]
    with contextlib.suppress(OSError, ValueError, IndexError):
        some = (proc / "pressure" / "cpu").read_text().split("\n", 1)[0]
        waiting_us = int(some.rpartition("total=")[2])
    if len(ticks) < PROC_STAT_FIELDS:
        return ProcessorTimes(waiting_us=waiting_us)
    return ProcessorTimes(sum(ticks[:PROC_STAT_FIELDS]), ticks[STEAL_FIELD], waiting_us)


@dataclass(slots=True)
class MachineWatch:
    """Watches the machine from the making of it on."""

    lag: LoopLag = field(default_factory=LoopLag)
    _before: ProcessorTimes = field(default_factory=read_processors)
    _began: float = field(default_factory=time.monotonic)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Measure the loop's lag meanwhile."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def strain(self, *, untaken: float = 0.0, undecoded: float = 0.0) -> Strain:
        """The figures seen until now."""
        now, took_s = read_processors(), time.monotonic() - self._began
        before, stolen, waiting = self._before, None, None
        if before.all is not None and now.all is not None and now.all > before.all:
            stolen = (now.stolen - before.stolen) / (now.all - before.all)
        if before.waiting_us is not None and now.waiting_us is not None:
            waiting = min(1.0, (now.waiting_us - before.waiting_us) / 1e6 / max(took_s, TICK_S))
        late = self.lag.late_s / self.lag.watched_s if self.lag.watched_s else 0.0
        return Strain(late, self.lag.longest_s, stolen, waiting, untaken, undecoded)

    async def _run(self) -> None:
        while True:
            due = time.monotonic() + TICK_S
            await asyncio.sleep(TICK_S)
            self.lag.tick(due, time.monotonic())
