"""Storyboards: sheets of small pictures along a source's time, made of its key frames alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from recorder.api import Storyboard
from recorder.core.bounds import is_picture_size
from recorder.core.pieces import Piece
from recorder.core.storyboard import (
    CELL_HEIGHT,
    CELL_WIDTH,
    COLUMNS,
    INTERVAL_S,
    PER_SHEET,
    ROWS,
    cell_count,
    cell_span,
    cues,
    place,
)
from recorder.finishing.budget import CpuBudget
from recorder.finishing.jpeg import encode_jpeg
from recorder.finishing.media_input import UnknownMediaError, open_media, picture_stream
from recorder.finishing.upright import upright
from recorder.storage.hashed_names import hashed_name

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

_MILLISECOND = Fraction(1, 1000)
_QUANTISER = 6  # of FFmpeg's JPEG: a full sheet has some 300 kB
_MAX_AGE_S = 1.5 * INTERVAL_S  # s; an older picture says nothing of the place it would stand for


def make_storyboard(
    source: Path,
    pieces: Sequence[Piece],
    duration_s: float,
    *,
    target: Path,
    stem: str,
    budget: CpuBudget,
) -> Storyboard | None:
    """Write the sheets and the WebVTT file of one source.

    Pictures come from the pieces alone, so nothing that is cut out is shown.

    Args:
        source: the folder of the media.
        pieces: the parts of the media to show.
        duration_s: of the timeline on which the pieces lie.
        target: the folder to write to.
        stem: the begin of all names.
        budget: what is not made when it is spent is left out.

    Returns:
        The names; None if there is no picture.
    """
    sheets: dict[int, str] = {}
    cells: list[int] = []
    cut = _pictures(source, pieces, duration_s, budget)
    for number, group in groupby(cut, key=lambda one: one[0] // PER_SHEET):
        jpeg, filled = _sheet(group)
        sheets[number] = hashed_name(f"{stem}-storyboard", jpeg, ".jpg")
        (target / sheets[number]).write_bytes(jpeg)
        cells += filled
    if not cells:
        return None
    text = cues(cells, sheets, duration_s).encode()
    name = hashed_name(f"{stem}-storyboard", text, ".vtt")
    (target / name).write_bytes(text)
    return Storyboard(name, tuple(sheets.values()))


def _sheet(pictures: Iterable[tuple[int, NDArray[np.uint8]]]) -> tuple[bytes, list[int]]:
    """Make a sheet as far as it is filled, and list the cells on it."""
    canvas = np.zeros((ROWS * CELL_HEIGHT, COLUMNS * CELL_WIDTH, 3), np.uint8)
    cells = []
    for cell, picture in pictures:
        left, top = place(cell)
        canvas[top : top + CELL_HEIGHT, left : left + CELL_WIDTH] = picture
        cells.append(cell)
    height = place(cells[-1])[1] + CELL_HEIGHT
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(canvas[:height]), format="rgb24")
    return encode_jpeg(frame, frame.width, height, quantiser=_QUANTISER), cells


def _pictures(
    source: Path, pieces: Iterable[Piece], duration_s: float, budget: CpuBudget
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Yield each cell that has a picture, in order."""
    last = -1
    for piece in pieces:
        try:
            with open_media(source / piece.name) as container:
                stream = picture_stream(container)
                stream.codec_context.skip_frame = "NONKEY"
                for cell in range(last + 1, cell_count(duration_s)):
                    if budget.is_spent or cell_span(cell, duration_s)[0] >= piece.until_s:
                        break
                    frame = _cell_frame(container, stream, piece, cell_span(cell, duration_s))
                    if frame is not None:
                        last = cell
                        yield cell, fitted(upright(frame))
        except (av.FFmpegError, UnknownMediaError):
            continue  # sound alone, or a file that this FFmpeg cannot read: no picture is no fault


def _cell_frame(
    container: InputContainer, stream: VideoStream, piece: Piece, span: tuple[float, float]
) -> VideoFrame | None:
    """Find the key frame that is nearest before the cell's middle, or the first after it."""
    shift = piece.start_s - piece.at_s
    first, end = span[0] + shift, min(span[1] + shift, piece.end_s)
    if end <= piece.start_s:
        return None
    middle = max(piece.start_s, min(end, (first + end) / 2))
    for moment, backward in ((middle, True), (max(first, piece.start_s), False)):
        frame = _key_frame(container, stream, moment, backward=backward)
        if frame is None or not is_picture_size(frame.width, frame.height):
            continue
        if max(piece.start_s, first - _MAX_AGE_S) <= float(frame.time) < end:
            return frame
    return None


def _key_frame(
    container: InputContainer, stream: VideoStream, moment: float, *, backward: bool
) -> VideoFrame | None:
    try:
        base = stream.time_base or _MILLISECOND
        container.seek(round(moment / base), stream=stream, backward=backward)
        frame = next(container.decode(stream), None)
    except av.FFmpegError:
        return None  # there is none on that side, or it does not decode
    return None if frame is None or frame.time is None else frame


def fitted(
    frame: VideoFrame, width: int = CELL_WIDTH, height: int = CELL_HEIGHT
) -> NDArray[np.uint8]:
    """Bring a picture into a box, with its shape kept: RGB on black."""
    scale = min(width / frame.width, height / frame.height)
    size = (max(2, round(frame.width * scale)), max(2, round(frame.height * scale)))
    small = frame.reformat(*size, format="rgb24", threads=1).to_ndarray().astype(np.uint8)
    if size == (width, height):
        return small
    box = np.zeros((height, width, 3), np.uint8)
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    box[top : top + size[1], left : left + size[0]] = small
    return box
