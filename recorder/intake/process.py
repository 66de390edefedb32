"""The intake as others see it: starts the worker, follows what it prints."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog

from recorder.finishing.media_process import media_process
from recorder.intake.lines import DISK_FULL, Line
from recorder.intake_api import CLEAN_NAMES, IntakeFailed, TakenVideo, VideoRefused

_log = structlog.get_logger(__name__)
_decoder = msgspec.json.Decoder(Line)


class IntakeProcess:
    """Takes videos, each in a process of its own. Implements `VideoIntake`."""

    async def take(
        self, source: Path, place: Path, on_progress: Callable[[float], None]
    ) -> TakenVideo:
        """See `VideoIntake`."""
        worker = "recorder.intake.worker"
        async with media_process(worker, str(source), str(place)) as process:
            end = await _follow(process.output, on_progress)
            code, said = await process.end()
        taken = _outcome(end, code, said)
        clean = place / taken.name
        if clean.is_symlink() or not clean.is_file():
            raise IntakeFailed("no clean file")
        return taken


async def _follow(output: asyncio.StreamReader, on_progress: Callable[[float], None]) -> Line:
    end = Line()
    async for raw in output:
        try:
            line = _decoder.decode(raw)
        except msgspec.MsgspecError:
            continue  # a library that prints
        if line.shut_off is False:
            _log.warning("intake_not_shut_off", reason="no Landlock here")
        if line.refusal is not None or line.taken is not None:
            end = line
        elif line.progress:
            on_progress(line.progress)
    return end


def _outcome(end: Line, code: int, said: str) -> TakenVideo:
    if code == DISK_FULL:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if code != 0:
        raise IntakeFailed(said or f"exit code {code}")
    if end.refusal is not None:
        raise VideoRefused(end.refusal, end.facts)
    if end.taken is None or CLEAN_NAMES.get(end.taken.media_type) != end.taken.name:
        raise IntakeFailed("no outcome")
    return end.taken
