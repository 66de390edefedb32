"""Who is heard: the audio slots of a viewer carry the loudest of those who may be heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# How much louder (dB) a newcomer must be than the quietest speaker to take that slot.
_MARGIN = 6.0
# A speaker keeps a slot at least so long (s), so that two voices do not chop each other.
_HOLD = 1.0


class SpeakerSlots:
    """Which source each of a viewer's audio slots carries.

    Assignments stick: a speaker keeps its slot (and the listener's jitter buffer) while it may be
    heard and is not much quieter than somebody without one. With no more sources than slots all
    have one.
    """

    __slots__ = ("_since", "sources")

    def __init__(self, count: int) -> None:
        self.sources: list[str | None] = [None] * count
        self._since = [0.0] * count

    def assign(
        self, loudness: Mapping[str, float], now: float, most: int | None = None
    ) -> Sequence[str | None]:
        """Work out the slots' sources.

        Args:
            loudness: of every source that this viewer may hear, as `Loudness.at` gives it.
            now: seconds.
            most: so many slots may be taken; None: all.

        Returns:
            The source of each slot, None where it is free.
        """
        for index, source in enumerate(self.sources):
            if source is not None and source not in loudness:
                self.sources[index] = None
        left = (len(self.sources) if most is None else most) - self._taken()
        while left < 0:
            self._silence_quietest(loudness)
            left += 1
        unheard = sorted(
            (source for source in loudness if source not in self.sources),
            key=lambda source: (-loudness[source], source),
        )
        for index, source in enumerate(self.sources):
            if source is None and unheard and left:
                self._put(index, unheard.pop(0), now)
                left -= 1
        if unheard:
            self._challenge(unheard[0], loudness, now)
        return self.sources

    def _taken(self) -> int:
        return sum(source is not None for source in self.sources)

    def _silence_quietest(self, loudness: Mapping[str, float]) -> None:
        taken = [
            (loudness[source], -index)
            for index, source in enumerate(self.sources)
            if source is not None
        ]
        self.sources[-min(taken)[1]] = None

    def _challenge(self, newcomer: str, loudness: Mapping[str, float], now: float) -> None:
        """At most one change at a time: the loudest unheard against the quietest heard."""
        settled = [
            (loudness[source], index)
            for index, source in enumerate(self.sources)
            if source is not None and now - self._since[index] >= _HOLD
        ]
        if settled:
            level, index = min(settled)
            if loudness[newcomer] > level + _MARGIN:
                self._put(index, newcomer, now)

    def _put(self, index: int, source: str, now: float) -> None:
        self.sources[index] = source
        self._since[index] = now
