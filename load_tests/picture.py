"""Pictures that can be checked: drawn scenes with a clock for people and a strip for machines.

The strip is two rows of 32 black or white blocks along the top of the picture. Each row is a 24-bit
number and an 8-bit check (the XOR of its bytes and 0xA5), most significant bit first. The upper row
is the capture time in milliseconds of the publisher's media clock, the lower the frame number. The
strip survives scaling down to 320×180 and hard compression. A patch on the right is white while the
beep sounds. Pictures are planar YUV 4:2:0 as one array of shape (height × 3/2, width), uint8.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import av
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Plane = NDArray[np.uint8]

STRIP_BITS = 32
STRIP_ROW_FRACTION = 10 / 180  # of the height, per row
CHECK_MASK = 0xA5
WHITE, BLACK = 235, 16  # BT.601 studio range
THRESHOLD = (WHITE + BLACK) // 2
PATCH_X, PATCH_Y = (0.80, 0.96), (0.35, 0.65)
FLASH_LUMA = 170
ROUNDING_S = 1e-6  # forgiven, so that a frame on the instant of a mark shows it

_GLYPHS = {
    "0": "0e11131519110e", "1": "040c040404040e", "2": "0e11010204081f", "3": "1f02040201110e",
    "4": "02060a121f0202", "5": "1f101e0101110e", "6": "0608101e11110e", "7": "1f010204080808",
    "8": "0e11110e11110e", "9": "0e11110f01020c", ":": "00040400040400", ".": "0000000000000c",
    "#": "0a0a1f0a1f0a0a", "P": "1e11111e101010", " ": "00000000000000",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MarkPlan:
    """Times of flash and beep, on the media clock: `first_s`, then every `interval_s`."""

    first_s: float = 1.0
    interval_s: float = 3.0
    length_s: float = 0.2

    def active(self, capture_s: float) -> bool:
        """Tell whether a flash shows and a beep sounds at this time."""
        started = capture_s >= self.first_s - ROUNDING_S
        return started and self.since_start(capture_s) < self.length_s

    def since_start(self, capture_s: float) -> float:
        """Seconds since the last mark began."""
        return (capture_s - self.first_s + ROUNDING_S) % self.interval_s


@dataclass(frozen=True, slots=True)
class Marks:
    """Reading of the strip and the patch of one picture."""

    capture_ms: int
    number: int
    flash: bool


class Scene(Protocol):
    """Something that can be filmed."""

    width: int
    height: int

    def draw(self, capture_s: float, number: int) -> Picture:
        """The picture at a time of the media clock; the array may be reused by the next call."""


def _strip_value(value: int) -> int:
    body = value & 0xFFFFFF
    check = (body >> 16) ^ ((body >> 8) & 0xFF) ^ (body & 0xFF) ^ CHECK_MASK
    return (body << 8) | check


def burn_marks(picture: Picture, capture_s: float, number: int, *, flash: bool | None) -> None:
    """Draw strip and patch into a picture in place; `flash` None leaves the patch out."""
    height, width = picture.shape[0] * 2 // 3, picture.shape[1]
    row = round(height * STRIP_ROW_FRACTION)
    shifts = np.arange(STRIP_BITS - 1, -1, -1)
    block = (np.arange(width) * STRIP_BITS // width).astype(np.intp)
    for index, value in enumerate((round(capture_s * 1000), number)):
        bits = (_strip_value(value) >> shifts) & 1
        picture[index * row : (index + 1) * row] = np.where(bits[block] == 1, WHITE, BLACK)
    _neutral_chroma(picture, 0, 2 * row, 0, width)
    if flash is not None:
        top, bottom = (int(height * y) for y in PATCH_Y)
        left, right = (int(width * x) for x in PATCH_X)
        picture[top:bottom, left:right] = WHITE if flash else 40
        _neutral_chroma(picture, top, bottom, left, right)


def _neutral_chroma(picture: Picture, top: int, bottom: int, left: int, right: int) -> None:
    """Grey for a rectangle; both chroma planes lie below the luma, each row pair folded in one."""
    height, width = picture.shape[0] * 2 // 3, picture.shape[1]
    chroma = picture[height:].reshape(2, height // 2, width // 2)
    chroma[:, top // 2 : bottom // 2, left // 2 : right // 2] = 128


def read_marks(luma: Plane) -> Marks | None:
    """Read strip and patch from a luma plane (height, width); None if it cannot be read."""
    height, width = luma.shape
    if width < STRIP_BITS * 4 or height < 90:
        return None
    row = height * STRIP_ROW_FRACTION
    columns = ((np.arange(STRIP_BITS) + 0.5) * width / STRIP_BITS).astype(np.intp)
    values = []
    for index in range(2):
        middle = int((index + 0.5) * row)
        samples = luma[middle - 1 : middle + 2, columns].mean(axis=0)
        number = 0
        for bit in samples > THRESHOLD:
            number = (number << 1) | int(bit)
        if _strip_value(number >> 8) != number:
            return None
        values.append(number >> 8)
    left, right = (int(width * x) for x in PATCH_X)
    top, bottom = (int(height * y) for y in PATCH_Y)
    inset_x, inset_y = (right - left) // 4, (bottom - top) // 4
    patch = luma[top + inset_y : bottom - inset_y, left + inset_x : right - inset_x]
    return Marks(values[0], values[1], bool(patch.mean() > FLASH_LUMA))


def luma_of(frame: av.VideoFrame) -> Plane:
    """The luma plane of a decoded frame, without a copy."""
    plane = frame.planes[0]
    buffer: Any = plane  # PyAV planes have the buffer protocol, which its stubs do not say
    rows: Plane = np.frombuffer(buffer, np.uint8).reshape(-1, plane.line_size)
    return rows[: frame.height, : frame.width]


@lru_cache(maxsize=256)
def _glyph(char: str, scale: int) -> Plane:
    rows = bytes.fromhex(_GLYPHS[char])
    bits = np.array([[(row >> bit) & 1 for bit in range(4, -1, -1)] for row in rows], np.uint8)
    return np.kron(bits * (WHITE - BLACK) + BLACK, np.ones((scale, scale), np.uint8))


def write_text(luma: Plane, text: str, *, top: int, left: int, scale: int) -> None:
    """Write digits and a few signs (7×5 dots, each `scale` pixels) white on black."""
    for char in text:
        glyph = _glyph(char, scale)
        right, bottom = left + glyph.shape[1], top + glyph.shape[0]
        if right > luma.shape[1] or bottom > luma.shape[0]:
            return
        luma[top:bottom, left:right] = glyph
        left = right + scale


def _clock_text(capture_s: float) -> str:
    whole = int(capture_s)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}.{int(capture_s * 10) % 10}"


class CameraScene:
    """A moving picture: a soft background in the source's own tint and a ball that swings."""

    def __init__(
        self, width: int, height: int, *, tint: int = 0, marks: MarkPlan | None = None
    ) -> None:
        self.width, self.height = width, height
        self._marks = marks
        rows = np.linspace(60, 120, height)[:, None]
        columns = np.linspace(0, 60, width)[None, :]
        self._background = np.empty((height * 3 // 2, width), np.uint8)
        self._background[:height] = rows + columns
        chroma = self._background[height:].reshape(2, height // 2, width // 2)
        chroma[0] = 128 + round(40 * math.cos(tint))
        chroma[1] = 128 + round(40 * math.sin(tint))
        self._picture = self._background.copy()
        size = height // 5
        y, x = np.ogrid[:size, :size]
        self._ball = (x - size / 2) ** 2 + (y - size / 2) ** 2 < (size / 2) ** 2

    def draw(self, capture_s: float, number: int) -> Picture:
        """See `Scene.draw`."""
        np.copyto(self._picture, self._background)
        size = self._ball.shape[0]
        left = int((0.5 + 0.45 * math.sin(capture_s * 1.1)) * (self.width * 0.78 - size))
        top = int(self.height * 0.45 + 0.15 * self.height * math.sin(capture_s * 2.3))
        self._picture[top : top + size, left : left + size][self._ball] = 210
        scale = max(1, self.height // 120)
        luma = self._picture[: self.height]
        text = f"{_clock_text(capture_s)} #{number}"
        write_text(luma, text, top=int(self.height * 0.16), left=scale * 4, scale=scale)
        flash = None if self._marks is None else self._marks.active(capture_s)
        burn_marks(self._picture, capture_s, number, flash=flash)
        return self._picture


class CoursewareScene:
    """Pages of bars with a large page number; a new page every `page_s` seconds."""

    def __init__(
        self, width: int, height: int, *, page_s: float = 6.0, marks: MarkPlan | None = None
    ) -> None:
        self.width, self.height = width, height
        self._page_s = page_s
        self._marks = marks
        self._page = -1
        self._background = np.empty((height * 3 // 2, width), np.uint8)
        self._picture = self._background.copy()

    def _turn_page(self, page: int) -> None:
        self._page = page
        height, width = self.height, self.width
        self._background[:height] = 225
        self._background[height:].reshape(2, -1)[:] = [
            [118 + page * 7 % 20],
            [118 + page * 11 % 20],
        ]
        layout = np.random.default_rng(page)
        for line in range(8):
            top = int(height * (0.42 + line * 0.065))
            length = int(width * layout.uniform(0.25, 0.6))
            self._background[top : top + height // 45, width // 10 : width // 10 + length] = 70
        luma = self._background[:height]
        scale = max(2, height // 40)
        write_text(luma, f"P{page + 1}", top=int(height * 0.16), left=width // 10, scale=scale)

    def draw(self, capture_s: float, number: int) -> Picture:
        """See `Scene.draw`."""
        page = int(capture_s // self._page_s)
        if page != self._page:
            self._turn_page(page)
        np.copyto(self._picture, self._background)
        scale = max(1, self.height // 180)
        luma = self._picture[: self.height]
        left = int(self.width * 0.6)
        text = f"{_clock_text(capture_s)} #{number}"
        write_text(luma, text, top=int(self.height * 0.18), left=left, scale=scale)
        flash = None if self._marks is None else self._marks.active(capture_s)
        burn_marks(self._picture, capture_s, number, flash=flash)
        return self._picture
