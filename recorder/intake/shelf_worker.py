"""The process that makes the previews of a video: `python -m recorder.intake.shelf_worker <place>`.

The task comes as a line of JSON through the standard input, which stays open: once it ends, nobody
waits any more, and the process ends, too. It reads with FFmpeg what strangers sent, so it gives up
what it does not need (`recorder.finishing.sandbox`).
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import av
import msgspec

from recorder.api import MediaFile, Span, Storyboard
from recorder.finishing.budget import CpuBudget
from recorder.finishing.previews import source_previews
from recorder.finishing.sandbox import limit_resources, shut_off_files
from recorder.finishing.thumbnail import make_thumbnail
from recorder.storage.api import RESULTS_FOLDER, THUMBNAIL_NAME

NICENESS = 10  # a running lesson comes first
CPU_S = 1800  # s of computing; previews of 4 hours take some minutes
NO_SPACE = 3  # exit code; 1 is an exception, as ever
_UNWANTED = 4  # exit code of a process for which nobody waits


class Previews(msgspec.Struct, frozen=True):
    """What was made: names of files in the results."""

    storyboard: Storyboard | None = None
    waveform: str | None = None
    thumbnail: bool = False


def _watch() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(_UNWANTED)


def _task() -> MediaFile:
    """Read the line byte by byte: what follows is the watcher's."""
    line = bytearray()
    while not line.endswith(b"\n"):
        piece = os.read(sys.stdin.fileno(), 1)
        if not piece:
            raise EOFError
        line += piece
    return msgspec.json.decode(line, type=MediaFile)


def main(arguments: Sequence[str]) -> int:
    """Make the previews of the video in the working place named. Returns the exit code."""
    place = Path(arguments[0])
    results = place / RESULTS_FOLDER
    os.nice(NICENESS)
    file = _task()
    threading.Thread(target=_watch, name="unwanted", daemon=True).start()
    limit_resources(cpu_s=CPU_S)
    with contextlib.suppress(OSError):  # a container may forbid it
        shut_off_files(results, readable=place)
    try:
        storyboard, waveform = source_previews(
            results,
            (file,),
            (Span(0.0, file.duration_s),),
            file.duration_s,
            target=results,
            budget=CpuBudget(),
        )
        thumbnail = make_thumbnail([results / file.name], results / THUMBNAIL_NAME)
    except (OSError, av.FFmpegError) as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return NO_SPACE
        raise
    made = Previews(storyboard, waveform, thumbnail)
    sys.stdout.buffer.write(msgspec.json.encode(made) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
