"""A running link: two namespaces joined by a forwarder process that ends when we do."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import sys
from pathlib import Path
from typing import TypeVar

import msgspec

from load_tests.link.forwarder import Ready, Started
from load_tests.link.namespaces import LinkUnavailable
from load_tests.link.plan import LinkPlan, LinkReport

REPOSITORY = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 15.0
STOP_TIMEOUT_S = 10.0
MAX_REPORT_BYTES = 1 << 25

T = TypeVar("T")


class Emulator:
    """The link as an async context manager; `good` and `poor` are its two sides.

    Args:
        plan: what the link does from `begin` on; before, it is perfect.
    """

    def __init__(self, plan: LinkPlan) -> None:
        self._plan = plan
        self._process: asyncio.subprocess.Process | None = None
        self.good = self.poor = ""

    async def __aenter__(self) -> Emulator:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "load_tests.link"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=REPOSITORY,
            limit=MAX_REPORT_BYTES,
        )
        try:
            await self._send(msgspec.json.encode(self._plan))
            ready = await self._read(Ready, START_TIMEOUT_S)
        except BaseException:
            await self.close()
            raise
        self.good, self.poor = ready.good_namespace, ready.poor_namespace
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def begin(self) -> float:
        """Start the plan's time; returns it as Unix seconds. Raises LinkUnavailable."""
        await self._send(b"start")
        return (await self._read(Started, START_TIMEOUT_S)).unix_s

    async def end(self) -> LinkReport:
        """Stop carrying; returns the counters. Raises LinkUnavailable."""
        await self._send(b"stop")
        return await self._read(LinkReport, STOP_TIMEOUT_S)

    async def close(self) -> None:
        """End the process, and with it the namespaces."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _send(self, line: bytes) -> None:
        assert self._process is not None and self._process.stdin is not None
        with contextlib.suppress(ConnectionError):  # the reading that follows says why
            self._process.stdin.write(line + b"\n")
            await self._process.stdin.drain()

    async def _read(self, kind: type[T], timeout_s: float) -> T:
        assert self._process is not None and self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), timeout_s)
        if not line:
            assert self._process.stderr is not None
            detail = (await self._process.stderr.read()).decode(errors="replace").strip()
            raise LinkUnavailable(detail or "the link's process ended")
        return msgspec.json.decode(line, type=kind)


def entering(namespace: str) -> tuple[str, ...]:
    """The words to put before a command so that it runs inside a namespace."""
    return ("nsenter", f"--net={namespace}", "--")


def write_wrapper(path: Path, namespace: str, program: str) -> Path:
    """A program that runs another inside a namespace, for those who want one executable."""
    words = shlex.join([*entering(namespace), program])
    path.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    path.chmod(0o700)
    return path
