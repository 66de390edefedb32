"""A process that reads or makes media, as whoever started it sees it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec

# The process's share of the server's environment: how to find Python, no passwords.
_PASSED_ON = frozenset(("PATH", "LD_LIBRARY_PATH", "LANG", "TZ", "VIRTUAL_ENV"))
_PASSED_ON_PREFIXES = ("PYTHON", "LC_")
_MAX_LAST_WORDS = 2000  # bytes kept of what the process wrote to its error stream


@dataclass(frozen=True, slots=True)
class MediaProcess:
    """A process that runs.

    Attributes:
        output: what it prints.
    """

    output: asyncio.StreamReader
    _process: Process
    _errors: asyncio.Task[str]

    async def end(self) -> tuple[int, str]:
        """Wait for the end; return the exit code and the last words of the error stream."""
        return await self._process.wait(), await self._errors


@asynccontextmanager
async def media_process(
    module: str, *arguments: str, task: msgspec.Struct | None = None
) -> AsyncIterator[MediaProcess]:
    """Start `python -m module`; whoever leaves before its end kills it.

    Args:
        module: what the process runs.
        arguments: of its command line.
        task: sent as a line of JSON; the input stays open, so that its end tells that nobody waits
            any more. None: there is no input.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        stdin=DEVNULL if task is None else PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env=worker_environment(os.environ),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    errors = asyncio.create_task(_last_words(process.stderr))
    try:
        if task is not None:
            await _give(process, task)
        yield MediaProcess(process.stdout, process, errors)
    finally:
        errors.cancel()
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def worker_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Pick what a worker may know of the server's `environment`."""
    passed_on = {
        name: value
        for name, value in environment.items()
        if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
    }
    # Few heaps: each reserves 64 MB of the addresses that a worker may have.
    return passed_on | {"MALLOC_ARENA_MAX": "2"}


async def _give(process: Process, task: msgspec.Struct) -> None:
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(task) + b"\n")
    with contextlib.suppress(ConnectionError):  # it died at once: `end` tells
        await process.stdin.drain()


async def _last_words(stream: asyncio.StreamReader) -> str:
    """Read a stream to its end, so that the writer never blocks; return its last line."""
    kept = b""
    while piece := await stream.read(4096):
        kept = (kept + piece)[-_MAX_LAST_WORDS:]
    lines = kept.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
