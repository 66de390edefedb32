"""The signals that stop a server: the first one asks for it, a second one hurries it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any


class StopSignals:
    """SIGTERM and SIGINT of this process.

    Attributes:
        terminated: the process was asked by SIGTERM, as systemd and Kubernetes do it.
    """

    def __init__(self) -> None:
        self.terminated = False
        self._asked = asyncio.Event()
        self._hurried = asyncio.Event()

    def listen(self) -> None:
        """Take the signals from now on, in the running loop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.take, number)

    def take(self, number: signal.Signals) -> None:
        """Take a signal."""
        if self._asked.is_set():
            self._hurried.set()
        else:
            self.terminated = number is signal.SIGTERM
            self._asked.set()

    def stop(self) -> None:
        """Ask for a stop at once, as a terminal does."""
        self.take(signal.SIGINT)

    async def wait(self) -> None:
        """Wait until the process is to stop."""
        await self._asked.wait()

    async def unless_hurried(self, work: Coroutine[Any, Any, None]) -> None:
        """Carry out work before the stop; a second signal breaks it off."""
        working = asyncio.create_task(work)
        hurried = asyncio.create_task(self._hurried.wait())
        try:
            await asyncio.wait({working, hurried}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            hurried.cancel()
            if not working.done():
                working.cancel()
            await asyncio.wait({working, hurried})
        if not working.cancelled():
            working.result()
