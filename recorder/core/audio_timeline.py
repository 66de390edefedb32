"""Opus packets laid end to end.

A player counts the samples that it has played. So sound in a file must have no holes and no
overlaps, or picture and sound drift apart. Holes are filled with silence. A packet that would
overlap by more than the tolerance is left out. Both also absorb, a packet at a time, a sampling
clock that drifts.
"""

from __future__ import annotations

from collections.abc import Iterator

from recorder.core.opus import SILENCE_STEP, silence

TOLERANCE_SAMPLES = 960  # 20 ms: half of what lip-sync allows


class AudioTimeline:
    """One file's sound. Positions are 48 kHz samples from the file's start.

    Attributes:
        cursor: the place of the next packet.
        dropped: packets left out because they overlapped what was there.
    """

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._placed = False
        self.cursor = 0
        self.dropped = 0

    def fill_to(self, position: int) -> Iterator[tuple[bytes, int, int]]:
        """Make silence up to `position`, as (packet, position, duration)."""
        while position - self.cursor >= SILENCE_STEP:
            packet, samples = silence(position - self.cursor, self._channels)
            yield packet, self.cursor, samples
            self.cursor += samples

    def place(self, packet: bytes, position: int, samples: int) -> Iterator[tuple[bytes, int, int]]:
        """Place one packet wanted at `position`, after the silence that is missing before."""
        if position - self.cursor > TOLERANCE_SAMPLES or not self._placed:
            yield from self.fill_to(position)
        if position - self.cursor < -TOLERANCE_SAMPLES:
            self.dropped += 1
            return
        self._placed = True
        yield packet, self.cursor, samples
        self.cursor += samples
