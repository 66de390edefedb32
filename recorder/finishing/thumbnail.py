"""The thumbnail: a still picture that shows something of the recording."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator
from pathlib import Path

import av
from av.video.frame import VideoFrame

from recorder.core.bounds import is_picture_size
from recorder.finishing.jpeg import encode_jpeg
from recorder.finishing.media_input import UnknownMediaError, open_media, picture_stream
from recorder.finishing.upright import upright

WIDTH = 640  # pixels
_MAX_HEIGHT = 4 * WIDTH  # pixels; no camera is taller
# Shares of the duration, in order of preference: the lesson before its preparation.
PLACES = (0.3, 0.5, 0.15, 0.7, 0.05, 0.9, 0.0)
_SAMPLES = 64  # places of brightness in each direction
_BRIGHT_ENOUGH = 32.0  # mean luma of 16…235; black is 16
_VARIED_ENOUGH = 12.0  # standard deviation of luma; a blank wall or a lens cap has less


def make_thumbnail(videos: Iterable[Path], target: Path) -> bool:
    """Write a JPEG, `WIDTH` pixels wide, of the first key frame that shows something.

    Args:
        videos: in order of preference; a later one is used only if no earlier one has a picture.
        target: the file to write.

    Returns:
        False if no video could be decoded.
    """
    for video in videos:
        try:
            best = _most_telling(video)
            jpeg = None if best is None else thumbnail_of(best)
        except (av.FFmpegError, UnknownMediaError):
            continue  # a recording without its picture is better than none
        if jpeg is not None:
            target.write_bytes(jpeg)
            return True
    return False


def _most_telling(video: Path) -> VideoFrame | None:
    best: tuple[float, VideoFrame] | None = None
    for frame in _candidates(video):
        telling, spread = look(frame)
        if telling:
            return frame
        if best is None or spread > best[0]:
            best = (spread, frame)
    return None if best is None else best[1]


def _candidates(video: Path) -> Iterator[VideoFrame]:
    """Yield the key frames at the places; one that does not decode is passed over."""
    with open_media(video) as container:
        stream = picture_stream(container)
        stream.codec_context.skip_frame = "NONKEY"
        for place in PLACES:
            try:
                container.seek(int(place * (container.duration or 0)))
                frame = next(container.decode(stream), None)
            except av.FFmpegError:
                continue
            if frame is not None and is_picture_size(frame.width, frame.height):
                yield upright(frame)


def look(frame: VideoFrame) -> tuple[bool, float]:
    """Judge a picture: whether it is neither dark nor blank, and how much its brightness varies."""
    luma = _luma(frame)
    spread = statistics.pstdev(luma)
    return spread >= _VARIED_ENOUGH and statistics.fmean(luma) >= _BRIGHT_ENOUGH, spread


def _luma(frame: VideoFrame) -> list[float]:
    """Measure the brightness of the picture in `_SAMPLES` × `_SAMPLES` places."""
    plane = frame.reformat(width=_SAMPLES, height=_SAMPLES, format="gray", threads=1).planes[0]
    rows = bytes(plane)
    starts = range(0, _SAMPLES * plane.line_size, plane.line_size)
    return [float(value) for start in starts for value in rows[start : start + _SAMPLES]]


def thumbnail_of(frame: VideoFrame) -> bytes | None:
    """Make the JPEG, `WIDTH` pixels wide; None for a shape that no camera has."""
    height = max(2, round(frame.height * WIDTH / frame.width / 2) * 2)
    if height > _MAX_HEIGHT:
        return None
    return encode_jpeg(frame, WIDTH, height)
