"""The process that makes one source of an edition: `python -m recorder.editions.worker <place>`.

The task comes as a line of JSON through the standard input, which stays open. Once it ends, nobody
waits for the outcome, and the process ends, too. It reads with FFmpeg what strangers sent, so it
gives up what it does not need (`recorder.finishing.sandbox`).
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

from recorder.core.edition_plan import SourceTask
from recorder.editions.source import SourceMade, make_source
from recorder.finishing.sandbox import limit_resources, shut_off_files
from recorder.storage.api import RESULTS_FOLDER
from recorder.storage.folder import locked

NICENESS = 10  # a running lesson comes first
INPUTS_FOLDER = "inputs"  # in the working place: the recording's files
MADE_SUFFIX = ".made.json"  # what was made of a source; whoever finds it need not make it again
CPU_S = 6 * 3600  # s of computing; 90 minutes of one source take less than 2 h
NO_SPACE = 3  # exit code; 1 is an exception, as ever

_UNWANTED = 4  # exit code of a process for which nobody waits


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the process's output: the share that is done, 0…1."""

    done: float = 0.0


def watch() -> None:
    """Wait for the end of the input, and end the process then."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(_UNWANTED)


def read_line() -> bytes:
    """Read the task's line byte by byte: what follows is the watcher's. Raises EOFError."""
    line = bytearray()
    while not line.endswith(b"\n"):
        piece = os.read(sys.stdin.fileno(), 1)
        if not piece:
            raise EOFError
        line += piece
    return bytes(line)


def made_path(results: Path, stem: str) -> Path:
    """Tell where it is noted what was made of a source."""
    return results / f"{stem}{MADE_SUFFIX}"


def main(arguments: Sequence[str]) -> int:
    """Make one source in the working place named. Returns the exit code."""
    place = Path(arguments[0])
    results = place / RESULTS_FOLDER
    last = -1.0

    def report(done: float) -> None:
        nonlocal last
        if done - last >= 0.005:
            last = done
            sys.stdout.buffer.write(msgspec.json.encode(Line(round(done, 4))) + b"\n")
            sys.stdout.buffer.flush()

    os.nice(NICENESS)
    task = msgspec.json.decode(read_line(), type=SourceTask)
    threading.Thread(target=watch, name="unwanted", daemon=True).start()
    with locked(place):  # a process that outlived its server may still be there
        limit_resources(cpu_s=CPU_S)
        with contextlib.suppress(OSError):  # a container may forbid it
            shut_off_files(results, readable=place)
        try:
            made = make_source(place / INPUTS_FOLDER, results, task, report)
        except (OSError, av.FFmpegError) as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                return NO_SPACE
            raise
        _keep(made, made_path(results, task.stem))
    return 0


def _keep(made: SourceMade, path: Path) -> None:
    draft = path.with_suffix(".part")
    draft.write_bytes(msgspec.json.encode(made))
    draft.replace(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
