"""The process that finishes one recording: `python -m recorder.finishing.worker <working place>`.

It reads with FFmpeg what strangers sent, so it first gives up what it does not need (see
`sandbox`). It prints `Line`s; publishing what it made is left to whoever started it.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import av
import msgspec

from recorder.api import RecordingFailure
from recorder.finishing.finish import NothingRecordedError, empty_results, finish
from recorder.finishing.lines import DISK_FULL, LASTING_FAILURE, Line
from recorder.finishing.sandbox import limit_resources, shut_off_files
from recorder.storage.folder import locked

NICENESS = 10  # a running lesson comes first


def _shut_off(place: Path) -> bool:
    with locked(place):
        results = empty_results(place)
    try:
        return shut_off_files(results, readable=place)
    except OSError:  # a container may forbid it; a recording that is finished is worth more
        return False


def main(arguments: Sequence[str]) -> int:
    """Finish what is in the working place named; print `Line`s as JSON. Returns the exit code."""
    encode = msgspec.json.Encoder().encode
    last = -1.0

    def report(progress: float) -> None:
        nonlocal last
        if progress - last >= 0.01 or progress >= 1.0:
            last = progress
            emit(Line(progress=round(progress, 3)))

    def emit(line: Line) -> None:
        sys.stdout.buffer.write(encode(line) + b"\n")
        sys.stdout.buffer.flush()

    place = Path(arguments[0])
    os.nice(NICENESS)
    limit_resources()
    try:
        if place.is_dir():
            emit(Line(shut_off=_shut_off(place)))
        manifest = finish(
            place, report, lambda count: emit(Line(passed_over=count)) if count else None
        )
    except NothingRecordedError:
        emit(Line(failure=RecordingFailure.NOTHING_RECORDED))
        return LASTING_FAILURE
    except (OSError, av.FFmpegError) as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        emit(Line(failure=RecordingFailure.DISK_FULL))
        return DISK_FULL
    for source in manifest.sources:
        if source.failure is not None:
            emit(Line(progress=1.0, damaged_source=source.source_id))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
