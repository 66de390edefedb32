"""How long the event loop is held at a time, in CPU time of its thread, whatever else runs."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock


@dataclass
class LoopTime:
    """The longest step so far, milliseconds, and what it was."""

    longest_ms: float = 0.0
    step: str = ""

    def reset(self) -> None:
        """Begin anew."""
        self.longest_ms, self.step = 0.0, ""


@contextlib.contextmanager
def watched_loop() -> Iterator[LoopTime]:
    """Measure each callback of asyncio's own loops. Garbage is not collected meanwhile."""
    seen = LoopTime()
    run = asyncio.Handle._run

    def measured(handle: asyncio.Handle) -> Any:
        before = time.thread_time()
        try:
            return run(handle)
        finally:
            took = (time.thread_time() - before) * 1000
            if took > seen.longest_ms:
                seen.longest_ms, seen.step = took, repr(handle)[:200]

    gc.collect()
    gc.disable()
    try:
        with mock.patch.object(asyncio.Handle, "_run", measured):
            yield seen
    finally:
        gc.enable()
