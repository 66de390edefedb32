"""The process that decodes one source: `python -m recorder.listening.worker <place>`.

It reads with FFmpeg what strangers sent, as that of `recorder.editions.worker` does, so it gives up
the same things. The task comes as a line of JSON; once the input ends, nobody waits any more.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from recorder.api import MediaFile
from recorder.editions.worker import (
    CPU_S,
    INPUTS_FOLDER,
    NICENESS,
    NO_SPACE,
    Line,
    read_line,
    watch,
)
from recorder.finishing.sandbox import limit_resources, shut_off_files
from recorder.listening.decoding import write_sound

RESULTS_FOLDER = "sound"
SOUND_NAME = "sound.s16"
NO_SOUND_NAME = "silent"  # is there where nothing was heard


class ListenTask(msgspec.Struct, frozen=True):
    """The files of one source, and the length of its recording."""

    source_id: str
    files: tuple[MediaFile, ...]
    length_s: float


def main(arguments: Sequence[str]) -> int:
    """Decode one source in the working place named. Returns the exit code."""
    place = Path(arguments[0])
    results = place / RESULTS_FOLDER
    last = -1.0

    def report(done: float) -> None:
        nonlocal last
        if done - last >= 0.01:
            last = done
            sys.stdout.buffer.write(msgspec.json.encode(Line(round(done, 4))) + b"\n")
            sys.stdout.buffer.flush()

    os.nice(NICENESS)
    task = msgspec.json.decode(read_line(), type=ListenTask)
    threading.Thread(target=watch, name="unwanted", daemon=True).start()
    limit_resources(cpu_s=CPU_S)
    with contextlib.suppress(OSError):  # a container may forbid it
        shut_off_files(results, readable=place)
    try:
        target = results / SOUND_NAME
        if not write_sound(target, place / INPUTS_FOLDER, task.files, task.length_s, report):
            (results / NO_SOUND_NAME).touch()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return NO_SPACE
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
