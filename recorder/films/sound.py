"""The sound of a film: all that is heard, mixed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from recorder.core.opus import SAMPLE_RATE
from recorder.core.pieces import Piece
from recorder.editions.sound import AAC_FRAME, CHANNELS, Samples, sound_frames

_LOUDEST = 0.97  # of full scale; coding may overshoot a little
_RELEASE = 0.02  # by which the gain comes back with each frame: some second in all


def mixed_sound(
    folder: Path, tracks: Sequence[Sequence[Piece]], duration_s: float
) -> Iterator[tuple[int, Samples]]:
    """Yield the frames of the mix without holes, each with its place in samples.

    Args:
        folder: of the media.
        tracks: the pieces of each source that is heard.
        duration_s: of the film; the last frame is filled up with silence.
    """
    end = round(duration_s * SAMPLE_RATE)
    sources = [sound_frames(folder, pieces, end) for pieces in tracks]
    limiter = _Limiter()
    for position in range(0, end, AAC_FRAME):
        mix = np.zeros((CHANNELS, AAC_FRAME), np.float32)
        for source in sources:
            found = next(source, None)
            if found is not None:
                assert found[0] == position
                mix += found[1]
        yield position, limiter.limit(mix)


class _Limiter:
    """Turns down what would be louder than full scale, at once; and up again slowly."""

    def __init__(self) -> None:
        self._gain = 1.0

    def limit(self, mix: Samples) -> Samples:
        """Return a frame as loud as it may be."""
        peak = float(np.abs(mix).max())
        wanted = min(1.0, self._gain + _RELEASE, _LOUDEST / peak if peak > _LOUDEST else 1.0)
        if wanted == self._gain == 1.0:
            return mix
        ramp = np.linspace(self._gain, wanted, mix.shape[1], dtype=np.float32)
        self._gain = wanted
        limited: Samples = np.clip(mix * ramp, -1.0, 1.0).astype(np.float32)
        return limited
