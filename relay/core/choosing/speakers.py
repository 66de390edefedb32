"""The speakers in a viewer's audio slots: the loudest of those who may be heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# How much louder (dB) a newcomer must be than the quietest speaker to take that slot.
_MARGIN_DB = 6.0
# A speaker keeps a slot at least so long (s), so that two voices do not chop each other.
_HOLD_S = 1.0


class SpeakerSlots:
    """The source that each of a viewer's audio slots carries.

    Assignments stick. A speaker keeps its slot, and the listener its jitter buffer, while the
    speaker may be heard. Only a much louder source takes the slot. With no more sources than slots,
    every source has one.
    """

    __slots__ = ("_since", "sources")

    def __init__(self, count: int) -> None:
        self.sources: list[str | None] = [None] * count
        self._since = [0.0] * count

    def assign(self, loudness: Mapping[str, float], now: float) -> Sequence[str | None]:
        """Work out the slots' sources.

        Args:
            loudness: of every source that this viewer may hear, as `Loudness.at` gives it.
            now: seconds.

        Returns:
            The source of each slot, None where it is free.
        """
        for index, source in enumerate(self.sources):
            if source is not None and source not in loudness:
                self.sources[index] = None
        unheard = sorted(
            (source for source in loudness if source not in self.sources),
            key=lambda source: (-loudness[source], source),
        )
        for index, source in enumerate(self.sources):
            if source is None and unheard:
                self._put(index, unheard.pop(0), now)
        if unheard:
            self._challenge(unheard[0], loudness, now)
        return self.sources

    def _challenge(self, newcomer: str, loudness: Mapping[str, float], now: float) -> None:
        """At most one change at a time: the loudest unheard against the quietest heard."""
        settled = [
            (loudness[source], index)
            for index, source in enumerate(self.sources)
            if source is not None and now - self._since[index] >= _HOLD_S
        ]
        if settled:
            level, index = min(settled)
            if loudness[newcomer] > level + _MARGIN_DB:
                self._put(index, newcomer, now)

    def _put(self, index: int, source: str, now: float) -> None:
        self.sources[index] = source
        self._since[index] = now
