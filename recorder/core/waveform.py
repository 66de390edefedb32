"""Waveforms: the peaks of a source's sound, for a seek bar and for the timeline of an edit."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

PEAKS_PER_S = 10.0  # enough to cut between two sentences
MAX_PEAKS = 72_000  # 2 h in full, some 250 kB; longer sound has fewer peaks a second
FULL_SCALE = 255


class Waveform(msgspec.Struct, frozen=True):
    """The file's content: peak n stands for the time from n / per_s on, 0 for silence, 255 full."""

    per_s: float
    peaks: Sequence[int]
    version: int = 1


def peak_rate(duration_s: float) -> float:
    """Tell the peaks a second for sound of this length."""
    return PEAKS_PER_S if duration_s * PEAKS_PER_S <= MAX_PEAKS else MAX_PEAKS / duration_s


def peak_count(duration_s: float) -> int:
    """Count the peaks of sound of this length."""
    return min(MAX_PEAKS, max(0, math.ceil(duration_s * peak_rate(duration_s))))


def encode_waveform(waveform: Waveform) -> bytes:
    """Write the file."""
    return msgspec.json.encode(waveform)
