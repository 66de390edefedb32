"""Sounds that can be checked: babble with beeps, tones, a file's sound; and a meter for them.

Samples are mono float32 in -1…1 at 48 kHz; sample n lies at n / 48,000 s of the media clock.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np
from numpy.typing import NDArray

from load_tests.picture import MarkPlan

SAMPLE_RATE = 48_000
BEEP_HZ = 1000.0
MAX_FILE_SOUND_S = 3600  # the longest demo; a bound on what a file may put into memory (0.7 GB)

Samples = NDArray[np.float32]


class Sound(Protocol):
    """Something that can be heard."""

    def samples(self, first: int, count: int) -> Samples:
        """`count` samples from sample number `first` of the media clock."""


def beeps(sound: Samples, first: int, marks: MarkPlan) -> Samples:
    """Replace the sound by a 1 kHz beep wherever the plan says, exact to the sample."""
    index = np.arange(first, first + len(sound))
    interval, length = round(marks.interval_s * SAMPLE_RATE), round(marks.length_s * SAMPLE_RATE)
    since = index - round(marks.first_s * SAMPLE_RATE)
    active = (since >= 0) & (since % interval < length)
    if not active.any():
        return sound
    tone = 0.5 * np.sin(2 * np.pi * BEEP_HZ * index / SAMPLE_RATE)
    return np.where(active, tone, sound).astype(np.float32)


class Babble:
    """Noise with the rhythm of speech: low-passed, in syllables, no tone in it; beeps by plan."""

    def __init__(
        self, *, level: float = 0.12, seed: int = 1, marks: MarkPlan | None = None
    ) -> None:
        noise = np.random.default_rng(seed).standard_normal(2 * SAMPLE_RATE)
        spectrum = np.fft.rfft(noise)
        frequency = np.fft.rfftfreq(len(noise), 1 / SAMPLE_RATE)
        spectrum *= ((frequency > 120) & (frequency < 3400)) / (1 + (frequency / 500) ** 2)
        shaped = np.fft.irfft(spectrum, len(noise))
        syllables = 0.55 + 0.45 * np.sin(2 * np.pi * 4 * np.arange(len(noise)) / SAMPLE_RATE)
        self._loop = (shaped / np.abs(shaped).max() * syllables * level * 3).astype(np.float32)
        self._marks = marks

    def samples(self, first: int, count: int) -> Samples:
        """See `Sound.samples`."""
        sound = self._loop[np.arange(first, first + count) % len(self._loop)]
        return sound if self._marks is None else beeps(sound, first, self._marks)


class Tone:
    """A steady sine."""

    def __init__(self, frequency_hz: float, *, level: float = 0.4) -> None:
        self.frequency_hz, self._level = frequency_hz, level

    def samples(self, first: int, count: int) -> Samples:
        """See `Sound.samples`."""
        phase = 2 * np.pi * self.frequency_hz * np.arange(first, first + count) / SAMPLE_RATE
        return (self._level * np.sin(phase)).astype(np.float32)


class Silence:
    """Nothing at all."""

    def samples(self, first: int, count: int) -> Samples:
        """See `Sound.samples`."""
        return np.zeros(count, np.float32)


class FileSound:
    """The sound of a media file in a loop, silence if it has none; beeps replace it by plan."""

    def __init__(self, path: Path, *, marks: MarkPlan | None = None) -> None:
        decoded = decode_sound(path, limit_s=MAX_FILE_SOUND_S)
        self._loop = decoded if len(decoded) else np.zeros(SAMPLE_RATE, np.float32)
        self._marks = marks

    def samples(self, first: int, count: int) -> Samples:
        """See `Sound.samples`."""
        sound = self._loop[np.arange(first, first + count) % len(self._loop)]
        return sound if self._marks is None else beeps(sound, first, self._marks)


def decode_sound(path: Path, *, limit_s: float) -> Samples:
    """The first sound track of a file, mono 48 kHz, gaps closed; empty without a track."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    pieces: list[Samples] = []
    total = 0
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return np.zeros(0, np.float32)
        for frame in container.decode(audio=0):
            for piece in resampler.resample(frame):
                samples: Any = piece.to_ndarray()
                pieces.append(samples.reshape(-1))
                total += len(pieces[-1])
            if total > limit_s * SAMPLE_RATE:
                break
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def tone_share(samples: Samples, frequency_hz: float) -> float:
    """The share (0…1) of the sound's energy that lies at one frequency; 0 for near silence.

    Goertzel's idea as one complex product: exact for whole periods, good from 5 ms on.
    """
    energy = float(np.dot(samples, samples))
    if energy < len(samples) * 1e-5:  # -50 dBFS
        return 0.0
    phase = np.exp(-2j * np.pi * frequency_hz / SAMPLE_RATE * np.arange(len(samples)))
    amplitude = abs(complex(np.dot(samples, phase)))
    return min(1.0, 2 * amplitude * amplitude / (len(samples) * energy))


def level_dbov(samples: Samples) -> int:
    """RFC 6464 level: 0 is full scale, 127 silence."""
    power = float(np.dot(samples, samples)) / max(1, len(samples))
    return 127 if power <= 0 else int(min(127, max(0, round(-10 * np.log10(power)))))
