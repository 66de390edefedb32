"""A process that makes media, as whoever started it sees it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path

import msgspec

from recorder.editions.child import NO_SPACE, Line
from recorder.finishing.process import last_words, worker_environment

_ASK_S = 0.5  # s between two reports, also where nothing went on: they tell whether to go on
_decoder = msgspec.json.Decoder(Line)

Report = Callable[[float], None]


class ProcessFailed(Exception):
    """The process failed. The text is for the log."""


async def run_process(module: str, place: Path, task: msgspec.Struct, report: Report) -> None:
    """Have a process carry out a task in a working place; an error of `report` ends the process.

    Args:
        module: what the process runs, built on `recorder.editions.child`.
        place: the working place.
        task: what is to be made.
        report: told now and then the share that is done.

    Raises:
        ProcessFailed: see there.
        OSError: the disk is full.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        str(place),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env=worker_environment(os.environ),
    )
    assert process.stderr is not None
    errors = asyncio.create_task(last_words(process.stderr))
    try:
        await _give(process, task)
        await _follow(process, report)
        code, said = await process.wait(), await errors
    finally:
        errors.cancel()
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if code == NO_SPACE:
        raise OSError(errno.ENOSPC, "no space for what is made")
    if code != 0:
        raise ProcessFailed(said or f"exit code {code}")


async def _give(process: Process, task: msgspec.Struct) -> None:
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(task) + b"\n")
    with contextlib.suppress(ConnectionError):  # it died at once: `wait` tells
        await process.stdin.drain()


async def _follow(process: Process, report: Report) -> None:
    """Read what the process tells until it ends, and report now and then."""
    assert process.stdout is not None
    done = 0.0
    reading = asyncio.ensure_future(process.stdout.readline())
    try:
        while True:
            await asyncio.wait([reading], timeout=_ASK_S)
            if reading.done():
                raw = reading.result()
                if not raw:
                    return
                with contextlib.suppress(msgspec.DecodeError):  # a library that prints
                    done = _decoder.decode(raw).done
                reading = asyncio.ensure_future(process.stdout.readline())
            report(done)
    finally:
        reading.cancel()
