"""A process that makes media, as whoever started it sees it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
from collections.abc import Callable
from pathlib import Path

import msgspec

from recorder.editions.child import NO_SPACE, Line
from recorder.finishing.media_process import media_process

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
    async with media_process(module, str(place), task=task) as process:
        await _follow(process.output, report)
        code, said = await process.end()
    if code == NO_SPACE:
        raise OSError(errno.ENOSPC, "no space for what is made")
    if code != 0:
        raise ProcessFailed(said or f"exit code {code}")


async def _follow(output: asyncio.StreamReader, report: Report) -> None:
    """Read what the process tells until it ends, and report now and then."""
    done = 0.0
    reading = asyncio.ensure_future(output.readline())
    try:
        while True:
            await asyncio.wait([reading], timeout=_ASK_S)
            if reading.done():
                raw = reading.result()
                if not raw:
                    return
                with contextlib.suppress(msgspec.DecodeError):  # a library that prints
                    done = _decoder.decode(raw).done
                reading = asyncio.ensure_future(output.readline())
            report(done)
    finally:
        reading.cancel()
