"""A media file as a scene: its pictures in a frame of fixed size, upright and undistorted."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from load_tests.picture import BLACK, MarkPlan, Picture, burn_marks

MIN_FPS, MAX_FPS = 5, 30  # what a lecture camera sends; files outside are sampled or repeated
UNKNOWN_FPS = 25


class FileScene:
    """The pictures of a media file in a loop; strip and patch are burned in on top.

    A picture keeps its shape: what it leaves free of the frame is black. Files of telephones say
    how they are to be turned; they are.

    Attributes:
        fps: pictures a second, at least 5 and at most 30.

    Raises:
        ValueError: the file holds no video.
    """

    def __init__(
        self, path: Path, width: int, height: int, *, marks: MarkPlan | None = None
    ) -> None:
        self.width, self.height = width, height
        self._path = path
        self._marks = marks
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise ValueError(f"{path} holds no video")
            video = container.streams.video[0]
            rate = video.average_rate or video.guessed_rate or UNKNOWN_FPS
            self._pixel_shape = video.sample_aspect_ratio or Fraction(1)
        self.fps = min(MAX_FPS, max(MIN_FPS, round(rate)))
        self._frames = self._decode()
        self._time, self._source = next(self._frames)
        self._picture = self._source.copy()

    def _decode(self) -> Iterator[tuple[float, Picture]]:
        """Pictures with their time on an endless clock."""
        base = 0.0
        while True:
            end = base
            with av.open(str(self._path)) as container:
                for frame in container.decode(video=0):
                    time_s = base + max(0.0, frame.time or 0.0)
                    end = max(end, time_s + 1 / self.fps)
                    yield time_s, self._framed(frame)
            if end <= base:
                raise ValueError(f"{self._path} holds no picture that decodes")
            base = end

    def _framed(self, frame: av.VideoFrame) -> Picture:
        """Scaled to fit, turned upright, in the middle of black."""
        turns = round(frame.rotation / 90) % 4  # counterclockwise, as np.rot90 counts
        shape = float(frame.width * self._pixel_shape / frame.height)
        if turns % 2:
            shape = 1 / shape
        width = min(self.width, _even(self.height * shape))
        height = min(self.height, _even(self.width / shape))
        size = (height, width) if turns % 2 else (width, height)
        picture: Any = frame.reformat(*size, "yuv420p").to_ndarray()
        if turns == 0 and (width, height) == (self.width, self.height):
            return np.asarray(picture)
        made = np.full((self.height * 3 // 2, self.width), 128, np.uint8)
        made[: self.height] = BLACK
        left, top = (self.width - width) // 4 * 2, (self.height - height) // 4 * 2
        for target, source, part in zip(_planes(made), _planes(picture), (1, 2, 2), strict=True):
            rows = slice(top // part, (top + height) // part)
            columns = slice(left // part, (left + width) // part)
            target[rows, columns] = np.rot90(source, turns)
        return made

    def draw(self, capture_s: float, number: int) -> Picture:
        """See `Scene.draw`."""
        while self._time < capture_s:
            self._time, self._source = next(self._frames)
        np.copyto(self._picture, self._source)
        flash = None if self._marks is None else self._marks.active(capture_s)
        burn_marks(self._picture, capture_s, number, flash=flash)
        return self._picture


def _even(value: float) -> int:
    """Chroma is halved in both directions, so sizes are even."""
    return max(2, round(value / 2) * 2)


def _planes(picture: Picture) -> tuple[Picture, Picture, Picture]:
    """Luma and both chroma planes of a planar picture, as views."""
    height, width = picture.shape[0] * 2 // 3, picture.shape[1]
    chroma = picture[height:].reshape(2, height // 2, width // 2)
    return picture[:height], chroma[0], chroma[1]
