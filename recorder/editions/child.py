"""What processes that make media have in common.

The task comes as a line of JSON through the standard input, which stays open. Once it ends, nobody
waits for the outcome, and the process ends, too. Such a process reads with FFmpeg what strangers
sent, so it gives up what it does not need (`recorder.finishing.sandbox`).
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import av
import msgspec

from recorder.finishing.sandbox import limit_resources, shut_off_files
from recorder.storage.api import RESULTS_FOLDER
from recorder.storage.folder import locked

NICENESS = 10  # a running lesson comes first
INPUTS_FOLDER = "inputs"  # in the working place: the recording's files
CPU_S = 6 * 3600  # s of computing; 90 minutes of one source take less than 2 h
NO_SPACE = 3  # exit code; 1 is an exception, as ever

_UNWANTED = 4  # exit code of a process for which nobody waits

Report = Callable[[float], None]  # takes the share that is done, 0…1
Task = TypeVar("Task", bound=msgspec.Struct)


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the process's output: the share that is done, 0…1."""

    done: float = 0.0


def carry_out(
    arguments: Sequence[str],
    kind: type[Task],
    make: Callable[[Path, Path, Task, Report], None],
    *,
    cpu_s: int = CPU_S,
) -> int:
    """Carry out the task that comes in, in the working place named. Returns the exit code.

    Args:
        arguments: of the command line: the working place.
        kind: of the task.
        make: makes it: takes the folder of the recording's files, that of the results, the task,
            and what is told the progress.
        cpu_s: seconds of computing that it may take.
    """
    place = Path(arguments[0])
    results = place / RESULTS_FOLDER
    os.nice(NICENESS)
    task = msgspec.json.decode(_first_line(), type=kind)
    threading.Thread(target=_watch, name="unwanted", daemon=True).start()
    with locked(place):  # a process that outlived its server may still be there
        limit_resources(cpu_s=cpu_s)
        with contextlib.suppress(OSError):  # a container may forbid it
            shut_off_files(results, readable=place)
        try:
            make(place / INPUTS_FOLDER, results, task, _reporter())
        except (OSError, av.FFmpegError) as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                return NO_SPACE
            raise
    return 0


def keep_note(path: Path, note: msgspec.Struct) -> None:
    """Write down what was made: all of it, or nothing."""
    draft = path.with_suffix(".part")
    draft.write_bytes(msgspec.json.encode(note))
    draft.replace(path)


def _watch() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(_UNWANTED)


def _first_line() -> bytes:
    """Read the line byte by byte: what follows is the watcher's."""
    line = bytearray()
    while not line.endswith(b"\n"):
        piece = os.read(sys.stdin.fileno(), 1)
        if not piece:
            raise EOFError
        line += piece
    return bytes(line)


def _reporter() -> Report:
    last = -1.0

    def report(done: float) -> None:
        nonlocal last
        if done - last >= 0.005:
            last = done
            sys.stdout.buffer.write(msgspec.json.encode(Line(round(done, 4))) + b"\n")
            sys.stdout.buffer.flush()

    return report
