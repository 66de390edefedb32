"""A helper process of a measurement: words go in by its stdin, JSON lines come by its stdout."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

TIMEOUT_S = 60.0  # for a report
STOP_TIMEOUT_S = 15.0


class Child:
    """`python -m load_tests COMMAND`; an async context manager.

    Args:
        command: an internal command of `load_tests`.
        orders: what it has to know, as its first line.
    """

    def __init__(self, command: str, orders: dict[str, Any]) -> None:
        self._command = command
        self._orders = orders
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Child:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "load_tests", self._command,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        await self.tell(json.dumps(self._orders))
        return self

    async def __aexit__(self, *_exc: object) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        assert process.stdin is not None
        process.stdin.close()  # the end of its orders
        try:
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def tell(self, word: str) -> None:
        """Send one line."""
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(word.encode() + b"\n")
        await self._process.stdin.drain()

    async def expect(self, kind: str) -> dict[str, Any]:
        """The next report. Raises RuntimeError if it is of another kind, TimeoutError."""
        assert self._process is not None and self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), TIMEOUT_S)
        report: dict[str, Any] = json.loads(line) if line else {"kind": "gone"}
        if report.get("kind") != kind:
            raise RuntimeError(f"the process {self._command} answered {report}")
        return report
