"""Requests that threads wait for, and that can be broken off.

A thread cannot be cancelled. So each request of a thread runs on an event loop of its own, where it
can: a server that stops waits neither for a slow store nor for one that is silent.
"""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class Requests:
    """Requests under way, from any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[asyncio.Task[Any], asyncio.AbstractEventLoop] = {}
        self._closed = threading.Event()

    @property
    def under_way(self) -> int:
        """The number of requests that are being waited for."""
        return len(self._under_way)

    def wait(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Do a request, and wait for its answer. Blocks.

        Raises:
            OSError: ECANCELED after `close`.
        """
        self.demand_open()
        try:
            if asyncio._get_running_loop() is None:
                return asyncio.run(self._noted(ask))
            # Called on a thread with a loop, which blocks then: at a start, or in a test.
            with ThreadPoolExecutor(1) as thread:
                return thread.submit(lambda: asyncio.run(self._noted(ask))).result()
        except (asyncio.CancelledError, CancelledError):
            raise _closed() from None

    def pause(self, seconds: float) -> None:
        """Wait between two requests; `close` ends it. Blocks."""
        self._closed.wait(seconds)

    def demand_open(self) -> None:
        """Raise OSError (ECANCELED) after `close`."""
        if self._closed.is_set():
            raise _closed()

    def close(self) -> None:
        """Break off what is under way, and let nothing begin. Does not block."""
        with self._lock:
            self._closed.set()
            for task, loop in self._under_way.items():
                loop.call_soon_threadsafe(task.cancel)

    async def _noted(self, ask: Callable[[], Awaitable[T]]) -> T:
        task = asyncio.current_task()
        assert task is not None
        with self._lock:
            self.demand_open()
            self._under_way[task] = asyncio.get_running_loop()
        try:
            return await ask()
        finally:
            with self._lock:
                del self._under_way[task]


def _closed() -> OSError:
    return OSError(errno.ECANCELED, "the storage was closed")
