"""Content of the cameras and microphones of the bench: detailed, moving, marked, seamless."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from load_tests.media import write_capture
from load_tests.picture import CameraScene, Picture, burn_marks, write_text
from load_tests.sound import SAMPLE_RATE, Samples, Tone

LOOP_S = 10.0  # longer than any delay that is to be told apart
FPS = 30
LOOP_FRAMES = round(LOOP_S * FPS)
WIDTH, HEIGHT = 1280, 720
ROOM_FPS, ROOM_LOOP_S = 15, 6.0
VERSION = 1  # of the content; another content, another folder

_MARGIN = 96  # how far the background may move, in pixels
_NOISE_SIGMA = 1.5  # of an 8-bit luma: an ordinary camera in a lit room
_NOISE_PLANES = 8


@dataclass(frozen=True, slots=True)
class CaptureFiles:
    """Files that Chromium takes for a camera and a microphone."""

    camera: Path
    microphone: Path


def _texture(height: int, width: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A surface with detail at every size, softer than nature's 1/f, as lenses make it.

    The surface is hard enough that VP8 spends all it is given. It is easy enough that a browser's
    own adaptation dares 720 lines. Below quantizer 29 the browser goes up a step. At 29, 360, 540
    and 720 lines take 880, 1350 and 1900 kbit/s. The first key frame of 720 lines at 2.5 Mbit/s has
    120 kB.
    """
    y = np.fft.fftfreq(height)[:, None]
    x = np.fft.rfftfreq(width)[None, :]
    frequency = np.maximum(np.hypot(x, y), 4 / max(width, height))
    spectrum = np.fft.rfft2(rng.standard_normal((height, width))) / frequency**2.1
    surface = np.fft.irfft2(spectrum, (height, width))
    surface = 125 + surface * (35 / surface.std())
    clipped: NDArray[np.uint8] = np.clip(surface, 20, 230).astype(np.uint8)
    return clipped


class DetailedScene:
    """A textured room that sways, things that cross it each on its own way, and camera noise.

    Everything moves on closed curves whose periods divide `LOOP_S`, so that the loop has no seam.
    """

    def __init__(self, width: int = WIDTH, height: int = HEIGHT, *, seed: int = 1) -> None:
        self.width, self.height = width, height
        rng = np.random.default_rng(seed)
        self._room = _texture(height + 2 * _MARGIN, width + 2 * _MARGIN, rng)
        size = height // 4
        self._things = [_texture(size, size, rng) for _ in range(5)]
        self._noise = [
            np.clip(rng.normal(0, _NOISE_SIGMA, (height + 32, width + 32)), -9, 9).astype(np.int16)
            for _ in range(_NOISE_PLANES)
        ]
        self._picture = np.full((height * 3 // 2, width), 128, np.uint8)
        self._offsets = rng.integers(0, 32, (LOOP_FRAMES, 2))

    def draw(self, capture_s: float, number: int) -> Picture:
        """See `load_tests.picture.Scene.draw`."""
        height, width = self.height, self.width
        turn = 2 * math.pi * capture_s / LOOP_S
        left = _MARGIN + round((_MARGIN - 1) * math.sin(2 * turn))
        top = _MARGIN + round((_MARGIN - 1) * math.sin(3 * turn + 1))
        frame = self._room[top : top + height, left : left + width].astype(np.int16)
        for index, thing in enumerate(self._things):
            size = thing.shape[0]
            x = 0.5 + 0.5 * math.sin((index + 2) * turn + index)
            y = 0.5 + 0.5 * math.sin((index + 1) * turn + 2 * index)
            at_x, at_y = round(x * (width - size)), round((0.15 + 0.85 * y) * (height - size))
            frame[at_y : at_y + size, at_x : at_x + size] = thing
        down, right = self._offsets[number % LOOP_FRAMES]
        noise = self._noise[number % _NOISE_PLANES]
        frame += noise[down : down + height, right : right + width]
        luma = self._picture[:height]
        np.clip(frame, 16, 235, out=frame)
        luma[:] = frame
        text = f"{capture_s:05.2f} #{number}"
        write_text(luma, text, top=int(height * 0.16), left=24, scale=max(1, height // 120))
        burn_marks(self._picture, capture_s, number, flash=None)
        return self._picture


class Speech:
    """A voice without words: gliding harmonics in syllables, never silent for long."""

    def __init__(self) -> None:
        time_s = np.arange(round(LOOP_S * SAMPLE_RATE)) / SAMPLE_RATE
        turn = 2 * np.pi * time_s / LOOP_S
        pitch_hz = 140 + 25 * np.sin(3 * turn) + 12 * np.sin(17 * turn)
        pitch_hz *= round(pitch_hz.mean() * LOOP_S) / (pitch_hz.mean() * LOOP_S)  # whole periods
        phase = 2 * np.pi * np.cumsum(pitch_hz) / SAMPLE_RATE
        voice = np.zeros_like(time_s)
        for harmonic in range(1, 20):
            formant = 1 / (1 + ((harmonic * 140 - 600) / 400) ** 2) + 0.3 / harmonic
            voice += formant * np.sin(harmonic * phase)
        syllables = 0.6 + 0.4 * np.sin(2 * np.pi * 4 * time_s)
        sound = voice * syllables
        self._loop: Samples = (0.3 * sound / np.abs(sound).max()).astype(np.float32)

    def samples(self, first: int, count: int) -> Samples:
        """See `load_tests.sound.Sound.samples`."""
        taken: Samples = self._loop[np.arange(first, first + count) % len(self._loop)]
        return taken


def _files(folder: Path) -> CaptureFiles:
    return CaptureFiles(folder / "camera.y4m", folder / "microphone.wav")


def prepare(folder: Path) -> tuple[CaptureFiles, CaptureFiles]:
    """The teacher's and the classroom's capture files, made once (about 450 MB)."""
    ready = folder / f"v{VERSION}"
    if not ready.exists():
        folder.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=".making-", dir=folder))
        try:
            for name in ("teacher", "room"):
                (fresh / name).mkdir()
            write_capture(fresh / "teacher", DetailedScene(), Speech(), seconds=LOOP_S, fps=FPS)
            camera, tone = CameraScene(640, 360, tint=2), Tone(440)
            write_capture(fresh / "room", camera, tone, seconds=ROOM_LOOP_S, fps=ROOM_FPS)
            os.rename(fresh, ready)  # noqa: PTH104 - a folder made by another in between is an error
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return _files(ready / "teacher"), _files(ready / "room")
