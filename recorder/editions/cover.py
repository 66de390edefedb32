"""The cover of an edition: a still picture of what is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import av
from av.video.frame import VideoFrame

from recorder.core.pieces import Piece
from recorder.editions.pictures import pictures
from recorder.finishing.media_input import UnknownMediaError
from recorder.finishing.thumbnail import PLACES, look, thumbnail_of
from recorder.storage.hashed_names import hashed_name


def make_cover(
    folder: Path, pieces: Sequence[Piece], at_s: float | None, duration_s: float, target: Path
) -> str | None:
    """Write the picture at a moment of the edition, or else one that shows something.

    Args:
        folder: of the media.
        pieces: the parts that are shown; the cover is of nothing else.
        at_s: the moment; None to have it chosen.
        duration_s: of the edition.
        target: the folder to write to.

    Returns:
        The name; None without a picture.
    """
    try:
        frame = None if at_s is None else _picture(folder, pieces, at_s)
        frame = frame or _telling(folder, pieces, duration_s)
        jpeg = None if frame is None else thumbnail_of(frame)
    except (av.FFmpegError, UnknownMediaError):
        return None
    if jpeg is None:
        return None
    name = hashed_name("cover", jpeg, ".jpg")
    (target / name).write_bytes(jpeg)
    return name


def _telling(folder: Path, pieces: Sequence[Piece], duration_s: float) -> VideoFrame | None:
    best: tuple[float, VideoFrame] | None = None
    for frame in _candidates(folder, pieces, duration_s):
        telling, spread = look(frame)
        if telling:
            return frame
        if best is None or spread > best[0]:
            best = (spread, frame)
    return None if best is None else best[1]


def _candidates(folder: Path, pieces: Sequence[Piece], duration_s: float) -> Iterator[VideoFrame]:
    for share in PLACES:
        frame = _picture(folder, pieces, share * duration_s)
        if frame is not None:
            yield frame


def _picture(folder: Path, pieces: Sequence[Piece], at_s: float) -> VideoFrame | None:
    """Decode the first picture from a moment on, within the piece that is shown then."""
    for piece in pieces:
        if at_s < piece.until_s:
            start = piece.start_s + max(0.0, at_s - piece.at_s)
            rest = Piece(piece.name, start, piece.end_s, at_s)
            return next((frame for _, frame in pictures(folder, [rest]) if frame is not None), None)
    return None
