"""First frames of real encoders."""

from __future__ import annotations

from fractions import Fraction

import av


def first_packet(codec: str, size: tuple[int, int], options: dict[str, str]) -> bytes:
    """The first packet of a real encoder."""
    context = av.CodecContext.create(codec, "w")
    context.width, context.height = size
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, 25)
    context.options = options
    frame = av.VideoFrame(*size, "yuv420p")
    frame.pts = 0
    packets = [*context.encode(frame), *context.encode(None)]
    return bytes(packets[0])
