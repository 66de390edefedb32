"""Fake cameras and microphones for Chromium: pictures that carry their time, and one tone."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from load_tests.media import write_capture
from load_tests.picture import CameraScene, MarkPlan
from load_tests.sound import Babble, Tone
from tests.support.browser import Capture
from tests.support.people import temporary_capture

LOOP_S = 6.0  # a whole number of the marks' intervals, so that the loop has no seam


@lru_cache(maxsize=8)
def teacher_capture(folder: Path, fps: int = 25) -> Capture:
    """1280×720, a flash and a 1 kHz beep together every 3 s; else so quiet that tones stand out."""
    marks = MarkPlan()
    return _write(
        folder / "teacher",
        CameraScene(1280, 720, marks=marks),
        Babble(level=0.001, marks=marks),
        fps,
    )


@lru_cache(maxsize=8)
def small_capture(folder: Path, frequency_hz: float) -> Capture:
    """320×180, ten pictures a second, one steady tone: for many people on one machine."""
    name = f"small-{frequency_hz:.0f}"
    return _write(folder / name, CameraScene(320, 180, tint=3), Tone(frequency_hz), 10)


@lru_cache(maxsize=8)
def room_capture(folder: Path, frequency_hz: float, fps: int = 15) -> Capture:
    """640×360, one steady tone."""
    return _write(
        folder / f"room-{frequency_hz:.0f}", CameraScene(640, 360, tint=2), Tone(frequency_hz), fps
    )


def _write(folder: Path, scene: CameraScene, sound: Babble | Tone, fps: int) -> Capture:
    folder.mkdir(parents=True, exist_ok=True)
    write_capture(folder, scene, sound, seconds=LOOP_S, fps=fps)
    return temporary_capture(folder)
