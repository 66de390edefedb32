"""The process that takes one video: `python -m recorder.intake.worker <source> <working place>`.

It reads with FFmpeg what strangers brought. It opens the source and then gives up everything but
the working place (see `finishing.sandbox`). It prints `Line`s.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

import av
import msgspec

from recorder.finishing.sandbox import limit_resources, shut_off_files
from recorder.intake.boxes import examine_boxes
from recorder.intake.copying import copy_video
from recorder.intake.elements import examine_elements
from recorder.intake.lines import DISK_FULL, Line
from recorder.intake.samples import examine_samples
from recorder.intake_api import TakenVideo, VideoRefusal, VideoRefused

NICENESS = 10  # a running lesson comes first
# Of addresses, some 300 MiB of them libraries. The tables of 24 h take a third of the rest.
MEMORY_BYTES = 2 * 1024**3
_PIECE_BYTES = 1024 * 1024
_PR_SET_PDEATHSIG = 1  # include/uapi/linux/prctl.h
_HEAD_BYTES = 64 * 1024
_EBML_MAGIC = b"\x1a\x45\xdf\xa3"
# Begins of lists that name other files, by which FFmpeg would open them.
_LISTS = (b"#extm3u", b"ffconcat", b"[playlist]", b"<smil", b"<mpd", b"file ", b"v=0")
# Shares of the work: reading for the checksum, copying, and the checksum of the copy.
_READ, _COPIED = 0.3, 0.85


Emit = Callable[[Line], None]


def take(source: BinaryIO, place: Path, emit: Emit) -> TakenVideo:
    """Examine a video and make the clean file. Raises VideoRefused, OSError."""
    size = source.seek(0, os.SEEK_END)
    demuxer = _examine(source, size)
    told = _digest(source, lambda done: emit(Line(progress=_READ * done / max(size, 1))))

    def copied(done: int) -> None:
        emit(Line(progress=_READ + (_COPIED - _READ) * min(1.0, done / max(size, 1))))

    source.seek(0)
    video = copy_video(source, demuxer, place, copied)
    with (place / video.name).open("rb") as clean:
        clean_size = os.fstat(clean.fileno()).st_size
        own = _digest(
            clean,
            lambda done: emit(Line(progress=_COPIED + (1 - _COPIED) * done / max(clean_size, 1))),
        )
        os.fsync(clean.fileno())
    return TakenVideo(source_sha256=told, sha256=own, size=clean_size, **asdict(video))


def _examine(source: BinaryIO, size: int) -> str:
    """Tell FFmpeg's demuxer for a file that is one video and nothing else. Raises VideoRefused."""
    source.seek(0)
    head = source.read(_HEAD_BYTES)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_LISTS):
        raise VideoRefused(VideoRefusal.REACHES_OUT)
    if head.startswith(_EBML_MAGIC):
        examine_elements(source, size)
        return "matroska"
    if head[4:8] == b"ftyp":
        examine_boxes(source, size)
        examine_samples(source, size)
        return "mp4"
    raise VideoRefused(VideoRefusal.UNKNOWN)


def _digest(file: BinaryIO, on_bytes: Callable[[int], None]) -> str:
    digest, done = hashlib.sha256(), 0
    file.seek(0)
    while piece := file.read(_PIECE_BYTES):
        digest.update(piece)
        done += len(piece)
        on_bytes(done)
    return digest.hexdigest()


def _empty(place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)


def _die_with_parent() -> None:
    """Have the kernel end this process when the one that started it is gone."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _shut_off(place: Path) -> bool:
    try:
        return shut_off_files(place)
    except OSError:  # a container may forbid it; limits hold all the same
        return False


def main(arguments: Sequence[str]) -> int:
    """Take the video named into the working place named. Returns the exit code."""
    encode = msgspec.json.Encoder().encode
    last = -1.0

    def emit(line: Line) -> None:
        nonlocal last
        if line.refusal is None and line.taken is None and line.shut_off is None:
            if line.progress - last < 0.01:
                return
            last = line.progress
        sys.stdout.buffer.write(encode(line) + b"\n")
        sys.stdout.buffer.flush()

    source_path, place = Path(arguments[0]), Path(arguments[1])
    os.nice(NICENESS)
    _die_with_parent()
    limit_resources(memory=MEMORY_BYTES)
    try:
        _empty(place)
        descriptor = os.open(source_path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        with os.fdopen(descriptor, "rb", buffering=_HEAD_BYTES) as source:
            emit(Line(shut_off=_shut_off(place)))
            emit(Line(taken=take(source, place, emit)))
    except VideoRefused as error:
        emit(Line(refusal=error.refusal, facts=error.facts))
    except (OSError, av.FFmpegError) as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        return DISK_FULL
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
