"""The process of one source, as whoever started it sees it."""

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

from recorder.api import EditionFailed
from recorder.core.edition_plan import SourceTask
from recorder.editions.worker import NO_SPACE, Line
from recorder.finishing.process import last_words, worker_environment

_ASK_S = 0.5  # s between two reports, also where nothing went on: they tell whether to go on
_decoder = msgspec.json.Decoder(Line)

Report = Callable[[float], None]


async def run_task(place: Path, task: SourceTask, report: Report) -> None:
    """Have a source made in a process of its own. Raises as `run_worker`."""
    await run_worker("recorder.editions.worker", place, task, task.source_id, report)


async def run_worker(
    module: str, place: Path, task: msgspec.Struct, name: str, report: Report
) -> None:
    """Have a task carried out in a process; an error of `report` ends the process.

    Args:
        module: what `python -m` runs.
        place: the working place.
        task: what the process is given.
        name: of the task, for the log.
        report: told the share that is done.

    Raises:
        EditionFailed: the process failed.
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
        raise OSError(errno.ENOSPC, "no space for an edition")
    if code != 0:
        raise EditionFailed(f"{name}: {said or f'exit code {code}'}")


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
