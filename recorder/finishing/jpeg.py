"""JPEG pictures."""

from __future__ import annotations

from fractions import Fraction

import av
from av.video.frame import VideoFrame


def encode_jpeg(frame: VideoFrame, width: int, height: int, *, quantiser: int = 3) -> bytes:
    """Make a JPEG of this size; FFmpeg's `quantiser` is 2 (best) … 31. Raises av.FFmpegError."""
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height = width, height
    encoder.pix_fmt = "yuvj420p"
    encoder.thread_count = 1  # a finisher may have no more (see `sandbox`)
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"qmin": str(quantiser), "qmax": str(quantiser + 2)}
    picture = frame.reformat(width=width, height=height, format="yuvj420p", threads=1)
    picture.pts = 0
    packets = [*encoder.encode(picture), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)
