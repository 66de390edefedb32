"""The sounds of a viewer's audio slots: which, how much of each, and how often."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from relay.core.choosing.sound_limit import SoundLimit
from relay.core.choosing.speakers import SpeakerSlots
from relay.core.congestion.state import State
from relay.core.incoming.layer import IncomingLayer
from relay.core.outgoing.outlet import Outlet
from relay.core.outgoing.redundancy import Redundancy, affordable, cost
from relay.core.outgoing.sound_slot import SoundSlot

_USUAL_BPS = 50_000  # bit/s of a speaker whose rate is not known yet: Opus at 20 ms with headers
# bit/s, with headers. A sound that takes more than a good voice gets an equal share of half the
# link. Sound goes before pictures, so one source must not take their place.
_VOICE_BPS = 128e3
_SOUND_SHARE = 0.5  # of the target


class SoundChoice:
    """Chooses the sounds of one viewer's audio slots.

    Args:
        slots: the audio slots.
        outlet: the viewer's way out.
        redundancy: how often sound goes out, by what the link loses.
        own_sources: sources that this viewer never hears.
        can_be_probed: probes can show that the link carries more.
        least_picture_bps: gives what the pictures shown take at their lowest.
    """

    def __init__(
        self,
        slots: Sequence[SoundSlot],
        outlet: Outlet,
        redundancy: Redundancy,
        *,
        own_sources: frozenset[str],
        can_be_probed: bool,
        least_picture_bps: Callable[[], float],
    ) -> None:
        self._slots = slots
        self._outlet = outlet
        self._redundancy = redundancy
        self._own_sources = own_sources
        self._can_be_probed = can_be_probed
        self._least_picture_bps = least_picture_bps
        self._takes_red = any(slot.takes_red for slot in slots)
        self._most_bps = _VOICE_BPS  # of one sound
        self._speakers = SpeakerSlots(len(slots))
        self._limit = SoundLimit()
        self._audible: Sequence[IncomingLayer] = ()  # what it would hear, were its link no limit

    def assign(
        self, layers: Mapping[str, IncomingLayer], loudness: Mapping[str, float], now: float
    ) -> None:
        """Choose whose sound the slots carry; sound that may no longer be heard stops at once.

        The loudest are heard if there are more than slots. Where the link carries fewer, the first
        are: loudness is only claimed, and may not silence a teacher.

        Args:
            layers: of every source that may be heard, own ones among them, the most important
                first.
            loudness: of the same sources.
            now: seconds.
        """
        if not self._slots:
            return
        own = self._own_sources
        for slot in self._slots:
            heard = slot.layer.source_id if slot.layer is not None else None
            if heard is not None and (heard not in layers or heard in own):
                slot.release()
        if not own.isdisjoint(loudness):
            loudness = {source: level for source, level in loudness.items() if source not in own}
        others = [source for source in layers if source in loudness]
        self._audible = [layers[source] for source in others[: len(self._slots)]]
        if self._limit.most < len(others):
            loudness = {source: loudness[source] for source in others[: self._limit.most]}
        sources = self._speakers.assign(loudness, now)
        for slot, source in zip(self._slots, sources, strict=True):
            slot.aim(layers[source] if source is not None else None, now)

    @property
    def bps(self) -> float:
        """Bit/s that all sound takes, with its repetitions."""
        return cost(self._plain_bps(), self._redundancy.distances)

    @property
    def wanted_bps(self) -> float:
        """Bit/s that the link must carry for one sound more; 0 while none is left out."""
        return self._limit.wanted_bps

    def limit(self, now: float) -> bool:
        """Choose how many may be heard at once; an outage says nothing of that.

        Returns:
            Whether the number changed.
        """
        estimator = self._outlet.estimator
        if estimator.state is State.OUTAGE or estimator.state is State.RECOVERING:
            self._limit.pause()
            return False
        rates = [self._rate_of(layer) for layer in self._audible]
        carried = estimator.estimate_bps
        if not self._can_be_probed and estimator.is_calm:
            carried = math.inf  # the estimate hardly rises beyond what is sent: more must be tried
        return self._limit.look(rates, carried, now, self._least_picture_bps())

    def share(self, elapsed: float) -> None:
        """Let each sound have its share of the link for the seconds that went by."""
        sounds = sum(slot.target is not None for slot in self._slots)
        share = _SOUND_SHARE * self._outlet.estimator.target_bps / max(sounds, 1)
        self._most_bps = max(share, _VOICE_BPS)
        for slot in self._slots:
            slot.earn(self._most_bps / 8 * elapsed)

    def repeat(self, now: float) -> None:
        """Choose how much of the sound goes out twice."""
        if not self._takes_red:
            return
        most = affordable(self._outlet.estimator.target_bps, self._plain_bps())
        chosen = self._redundancy.choose(now, most)
        for slot in self._slots:
            slot.distances = chosen

    def _rate_of(self, sound: IncomingLayer) -> float:
        """Bit/s that a sound takes of the link, without repetition."""
        return min(float(sound.meter.carried_bps or _USUAL_BPS), self._most_bps)

    def _plain_bps(self) -> float:
        """Bit/s that all sound takes, without repetition."""
        return sum(self._rate_of(slot.target) for slot in self._slots if slot.target is not None)
