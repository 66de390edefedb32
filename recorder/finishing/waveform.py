"""Waveforms: the peaks of a source's sound."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from recorder.core.pieces import Piece
from recorder.core.waveform import FULL_SCALE, Waveform, encode_waveform, peak_count, peak_rate
from recorder.finishing.budget import CpuBudget
from recorder.finishing.media_input import UnknownMediaError, open_media, sound_stream
from recorder.storage.hashed_names import hashed_name

AV_TIME_BASE = 1_000_000  # FFmpeg's ticks a second where no stream is named
_INT16 = 32_768.0  # full scale of a decoder that gives whole numbers


def make_waveform(
    source: Path,
    pieces: Sequence[Piece],
    duration_s: float,
    *,
    target: Path,
    stem: str,
    budget: CpuBudget,
) -> str | None:
    """Write the peaks of one source's sound; see `make_storyboard` for the arguments.

    Returns:
        The name; None without sound.
    """
    rate = peak_rate(duration_s)
    peaks = np.zeros(peak_count(duration_s), np.float32)
    heard = False
    for piece in pieces:
        try:
            heard = _measure(source, piece, peaks, rate, budget) or heard
        except (av.FFmpegError, UnknownMediaError):
            continue  # pictures alone, or sound that ends early: silence is no fault
    if not heard:
        return None
    shown = np.rint(np.clip(peaks, 0.0, 1.0) * FULL_SCALE).astype(int).tolist()
    data = encode_waveform(Waveform(round(rate, 6), shown))
    name = hashed_name(f"{stem}-waveform", data, ".json")
    (target / name).write_bytes(data)
    return name


def _measure(
    source: Path, piece: Piece, peaks: NDArray[np.float32], rate: float, budget: CpuBudget
) -> bool:
    """Raise the peaks by one piece; returns whether it has sound."""
    heard = False
    with open_media(source / piece.name) as container:
        stream = sound_stream(container)
        container.seek(round(piece.start_s * AV_TIME_BASE))
        for frame in container.decode(stream):
            if frame.time is None or frame.time < piece.start_s:
                continue
            if frame.time >= piece.end_s or budget.is_spent:
                break
            bucket = int((frame.time - piece.start_s + piece.at_s) * rate)
            if bucket < len(peaks):
                peaks[bucket] = max(peaks[bucket], _peak(frame))
                heard = True
    return heard


def _peak(frame: AudioFrame) -> float:
    samples = frame.to_ndarray()
    high = max(float(samples.max()), -float(samples.min()))
    return high if samples.dtype.kind == "f" else high / _INT16
