"""A still picture to know a recording by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame

WIDTH = 640
_MAX_HEIGHT = 4 * WIDTH
_PLACES = (
    0.3,
    0.5,
    0.15,
    0.7,
    0.05,
    0.9,
    0.0,
)  # of the duration: the lesson, not the getting ready
_BRIGHT_ENOUGH = 32.0  # mean luma of 16…235; black is 16
_VARIED_ENOUGH = 12.0  # standard deviation of luma; a blank wall or a lens cap has less


def make_thumbnail(videos: Iterable[Path], target: Path) -> bool:
    """Write a JPEG, `WIDTH` pixels wide, of the first key frame that shows something.

    Args:
        videos: in order of preference; a later one is used only where no earlier one has a picture.
        target: the file to write.

    Returns:
        False if no video could be decoded.
    """
    for video in videos:
        best: tuple[float, VideoFrame] | None = None
        for frame in _candidates(video):
            luma = frame.reformat(width=64, height=64, format="gray").to_ndarray()
            spread = float(np.std(luma))
            if spread >= _VARIED_ENOUGH and float(np.mean(luma)) >= _BRIGHT_ENOUGH:
                best = (spread, frame)
                break
            if best is None or spread > best[0]:
                best = (spread, frame)
        try:
            jpeg = None if best is None else _jpeg(best[1])
        except av.FFmpegError:
            continue  # a recording without its picture is better than none
        if jpeg is not None:
            target.write_bytes(jpeg)
            return True
    return False


def _candidates(video: Path) -> Iterator[VideoFrame]:
    try:
        with av.open(str(video)) as container:
            stream = container.streams.video[0]
            stream.codec_context.skip_frame = "NONKEY"
            for place in _PLACES:
                container.seek(int(place * (container.duration or 0)))
                frame = next(container.decode(stream), None)
                if frame is not None:
                    yield frame
    except (av.FFmpegError, IndexError):
        return


def _jpeg(frame: VideoFrame) -> bytes | None:
    """The picture, `WIDTH` pixels wide; None for a shape that no camera has."""
    height = max(2, round(frame.height * WIDTH / frame.width / 2) * 2)
    if height > _MAX_HEIGHT:
        return None
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height = WIDTH, height
    encoder.pix_fmt = "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"qmin": "3", "qmax": "5"}
    picture = frame.reformat(width=WIDTH, height=height, format="yuvj420p")
    picture.pts = 0
    packets = [*encoder.encode(picture), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)
