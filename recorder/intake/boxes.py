"""The boxes of MP4 and QuickTime files (ISO/IEC 14496-12 §4.2), walked without FFmpeg."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from recorder.intake_api import VideoRefusal, VideoRefused

# Boxes that may stand outermost; whatever else is there is no part of a video.
_OUTERMOST = frozenset(
    b"ftyp moov mdat free skip wide uuid moof mfra sidx ssix styp meta pdin emsg prft pnot".split()
)
_HOLDERS = frozenset((b"trak", b"mdia", b"minf", b"dinf"))  # on the way from `moov` to `dref`
MAX_BOXES = 500_000  # outermost: a fragment of each second of 24 h has three
MAX_INNER = 10_000  # in one holder
_MAX_DEPTH = 8  # boxes in boxes; moov/trak/mdia/minf/dinf/dref are six (ISO/IEC 14496-12 §6.2)
_MAX_DREF_BYTES = 1024 * 1024
_TRACK_HEADER_BYTES = 96  # of version 1, which is the longer one
_SELF_CONTAINED = 1  # flag of a data reference: the media are in this file (§8.7.2)


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its kind, where its content begins, and where it ends."""

    kind: bytes
    body: int
    end: int


def examine_boxes(file: BinaryIO, size: int) -> None:
    """See that a file is one video from its first byte to its last, and needs no other file.

    Raises:
        VideoRefused: it is damaged, holds something else, or reaches for other files.
    """
    movies = 0
    for number, box in enumerate(boxes(file, 0, size, MAX_BOXES)):
        if number == 0 and box.kind != b"ftyp":
            raise VideoRefused(VideoRefusal.UNKNOWN)
        if box.kind not in _OUTERMOST:
            raise VideoRefused(VideoRefusal.MIXED)
        if box.kind == b"moov":
            movies += 1
            _examine_movie(file, box)
    if movies != 1:
        raise VideoRefused(VideoRefusal.DAMAGED)


def turned(file: BinaryIO, size: int) -> int:
    """Return by how many degrees players turn the picture: 0, 90, 180 or 270 (§8.3.2)."""
    for movie in boxes(file, 0, size, MAX_BOXES):
        if movie.kind != b"moov":
            continue
        for track in boxes(file, movie.body, movie.end, MAX_INNER):
            if track.kind == b"trak" and (angle := _angle(file, track)) is not None:
                return angle
    return 0


def _angle(file: BinaryIO, track: Box) -> int | None:
    """Return the angle of a track's matrix; None for a track without pictures."""
    for box in boxes(file, track.body, track.end, MAX_INNER):
        if box.kind == b"tkhd":
            file.seek(box.body)
            head = file.read(_TRACK_HEADER_BYTES)
            matrix = head[52:] if head[:1] == b"\x01" else head[40:]
            across, down = (int.from_bytes(matrix[at : at + 4], signed=True) for at in (0, 4))
            width = int.from_bytes(matrix[36:40])
            if width:  # a track that is only heard has none
                return round(math.degrees(math.atan2(down, across)) / 90) * 90 % 360
    return None


def _examine_movie(file: BinaryIO, movie: Box, depth: int = 0) -> None:
    if depth > _MAX_DEPTH:
        raise VideoRefused(VideoRefusal.DAMAGED)
    for box in boxes(file, movie.body, movie.end, MAX_INNER):
        if box.kind == b"rmra":  # a reference movie of QuickTime: nothing but addresses
            raise VideoRefused(VideoRefusal.REACHES_OUT)
        if box.kind in _HOLDERS:
            _examine_movie(file, box, depth + 1)
        elif box.kind == b"dref":
            _examine_references(file, box)


def _examine_references(file: BinaryIO, references: Box) -> None:
    """Look at where the media of a track lie: a version, flags, a count, then boxes."""
    if references.end - references.body > _MAX_DREF_BYTES:
        raise VideoRefused(VideoRefusal.DAMAGED)
    for entry in boxes(file, references.body + 8, references.end, MAX_INNER):
        file.seek(entry.body)
        flags = file.read(4)
        if len(flags) < 4 or not flags[3] & _SELF_CONTAINED:
            raise VideoRefused(VideoRefusal.REACHES_OUT)


def boxes(file: BinaryIO, start: int, end: int, most: int) -> Iterator[Box]:
    """Read the boxes between two places, which they fill."""
    for _ in range(most):
        if start >= end:
            return
        box = _box(file, start, end)
        yield box
        start = box.end
    raise VideoRefused(VideoRefusal.DAMAGED)


def _box(file: BinaryIO, start: int, end: int) -> Box:
    file.seek(start)
    head = file.read(16)
    if end - start == 4 and head[:4] == bytes(4):  # QuickTime ends some lists with a zero
        return Box(b"free", end, end)
    size, kind, body = int.from_bytes(head[:4]), head[4:8], start + 8
    if size == 1:
        size, body = int.from_bytes(head[8:16]), start + 16
    elif size == 0:  # until the end
        size = end - start
    if len(kind) < 4 or size < body - start:
        raise VideoRefused(VideoRefusal.DAMAGED)
    if start + size > end:
        raise VideoRefused(VideoRefusal.DAMAGED)
    return Box(kind, body, start + size)
