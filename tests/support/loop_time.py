"""How long a request holds the event loop at a time, whatever else the machine does.

CPU time of the loop's thread is what counts, but a machine changes it in two ways. A neighbour on
the same core makes each step slower: so a yardstick, always the same work, is measured around each
request, and times are told as on a quiet machine. A host that takes the CPU away for a moment adds
that moment to any one step: so a request is made several times, and the least time of each step
counts. What a route itself does comes every time.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

QUIET_MS = 0.52  # the yardstick on our machine (AMD EPYC, 2.4 GHz) with nothing else running
TRIES = 24  # of one request; the first fills caches

Step = tuple[str, int]


@dataclass(frozen=True, order=True)
class Longest:
    """The longest step of a request, in milliseconds of a quiet machine, and where it began."""

    ms: float
    step: str


@dataclass
class LoopTime:
    """CPU time of each step of the loop, in milliseconds.

    A step is known by where its coroutine waited, and by its number among the steps from there.
    """

    steps: dict[Step, float] = field(default_factory=dict)
    _numbers: Counter[str] = field(default_factory=Counter)

    def took(self, place: str, ms: float) -> None:
        """Note a step."""
        self._numbers[place] += 1
        self.steps[place, self._numbers[place]] = ms

    def reset(self) -> None:
        """Begin anew."""
        self.steps.clear()
        self._numbers.clear()

    async def longest(self, request: Callable[[], Any], enough_ms: float) -> Longest:
        """Make a request, in a thread, until all steps are short enough or tries are used up."""
        least: dict[Step, float] = {}
        gc.collect()
        gc.freeze()  # what is left is not looked at again
        for number in range(TRIES):
            before = yardstick()
            await asyncio.sleep(0)  # ends the step that measured
            self.reset()
            await asyncio.to_thread(request)
            steps = dict(self.steps)
            slowness = min(before, yardstick()) / QUIET_MS
            quiet = {step: ms / slowness for step, ms in steps.items()}
            if number:  # a step that came in one try only does not count
                quiet = {step: min(ms, quiet[step]) for step, ms in least.items() if step in quiet}
            least = quiet
            longest = max(Longest(ms, place) for (place, _), ms in least.items())
            if longest.ms < enough_ms:
                break
        return longest


def yardstick() -> float:
    """Do a fixed piece of work, of the kind that requests are made of; return its CPU time, ms."""
    before = time.thread_time()
    rows = [{"id": f"row-{number}", "at": number * 7 % 100} for number in range(250)]
    text = json.dumps(sorted(rows, key=lambda row: str(row["at"])))
    found = {row["id"]: Longest(row["at"], row["id"]) for row in json.loads(text)}
    max(found.values())
    return (time.thread_time() - before) * 1000


@contextlib.contextmanager
def watched_loop() -> Iterator[LoopTime]:
    """Measure each callback of asyncio's own loops. No garbage is collected within a request."""
    seen = LoopTime()
    run = asyncio.Handle._run

    def measured(handle: asyncio.Handle) -> Any:
        place = _place(handle)
        before = time.thread_time()
        try:
            return run(handle)
        finally:
            seen.took(place, (time.thread_time() - before) * 1000)

    gc.disable()
    try:
        with mock.patch.object(asyncio.Handle, "_run", measured):
            yield seen
    finally:
        gc.enable()
        gc.unfreeze()


def _place(handle: asyncio.Handle) -> str:
    """Where a step begins: a line of the coroutine that waits innermost, or a callback's name."""
    callback: Any = handle._callback  # type: ignore[attr-defined]
    for held in gc.get_referents(callback):
        if isinstance(held, asyncio.Task):
            coroutine: Any = held.get_coro()
            while hasattr(inner := getattr(coroutine, "cr_await", None), "cr_frame"):
                coroutine = inner
            frame = getattr(coroutine, "cr_frame", None)
            line = 0 if frame is None else frame.f_lineno
            return f"{coroutine.__qualname__}:{line}"
    return getattr(callback, "__qualname__", type(callback).__name__)
