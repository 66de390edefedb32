"""Pictures of cameras that were held on their side, turned as players turn them."""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame

_QUARTER = 90  # degrees


def upright(frame: VideoFrame) -> VideoFrame:
    """Return a picture as players show it; most of them as they are."""
    turns = round(frame.rotation / _QUARTER) % 4
    if turns == 0:
        return frame
    width, height = frame.width // 2 * 2, frame.height // 2 * 2
    planes = frame.reformat(width=width, height=height, format="yuv420p", threads=1).to_ndarray()
    luma, chroma = planes[:height], planes[height:].reshape(2, height // 2, width // 2)
    turned = [np.rot90(one, turns) for one in (luma, chroma[0], chroma[1])]
    rows, columns = turned[0].shape
    joined = np.concatenate([one.reshape(-1) for one in turned]).reshape(rows * 3 // 2, columns)
    made = VideoFrame.from_ndarray(np.ascontiguousarray(joined), format="yuv420p")
    made.pts, made.time_base = frame.pts, frame.time_base
    return made
