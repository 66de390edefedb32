"""The pictures of a viewer's video slots, by its wishes, by what flows, and by its link."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from relay.api import Hold, Importance, Layer, SlotWish
from relay.core.choosing.adaptation import Adaptation, Choice
from relay.core.choosing.allocator import ALL_TEMPORAL, RANK, Candidate, Demand
from relay.core.congestion.estimator import MAX_BPS
from relay.core.congestion.pacer import Priority
from relay.core.congestion.state import State
from relay.core.incoming.arrival import LEARNING_S
from relay.core.incoming.layer import IncomingLayer
from relay.core.incoming.publisher import Publisher
from relay.core.outgoing.outlet import Outlet
from relay.core.outgoing.slot import ViewerSlot

_INTERVAL = 0.5  # s between two choices, if nothing asks for one sooner; …
_CALM_INTERVAL = 2.0  # s … and there is no more to show, on a link that carries …
_PLENTY = 1.3  # × what is shown: pictures may become livelier meanwhile
_USUAL_BPS = {Layer.LOW: 150_000, Layer.MIDDLE: 500_000, Layer.HIGH: 1_500_000}
_STILL_BPS = 25_000  # for the still pictures that stand for courseware, on the control connection
# A picture is left at once, before the lower layer's key frame, if the link carries less than this
# share of it: waiting would fill the queue.
_HOPELESS = 0.5
_CHECKED_WITHIN = 2.0  # s: on a good link a picture is there in one


class Sources(Protocol):
    """The room as a choice sees it: the sources that can be shown."""

    def publisher_of(self, source_id: str) -> Publisher | None:
        """The present publisher of a source."""

    def programme(self) -> Sequence[str]:
        """The programme's sources that are published with a picture, in order."""


def _is_paused(slot: ViewerSlot, publisher: Publisher) -> bool:
    """True if the slot's layer only fell silent, as a still page of courseware may.

    Such a layer keeps its slot: the last picture is the right one, and the next needs no key frame.
    """
    target = slot.target
    return target is not None and not target.flowing and target in publisher.video.values()


def _cost(name: Layer, layer: IncomingLayer, *, simulcast: bool) -> int:
    """The rate that a layer takes, at least the usual one until the rate is known well.

    An encoder sends little at first. A viewer that climbs by that figure must soon leave again.
    """
    meter = layer.meter
    if meter.carried_bps and (meter.seconds >= LEARNING_S or not simulcast):
        return meter.carried_bps
    return max(meter.carried_bps, _USUAL_BPS[name])


class PictureChoice:
    """Chooses the layers of one viewer's video slots.

    Args:
        slots: the video slots.
        outlet: the viewer's way out.
        sources: what can be shown.
        programme: the slots follow the programme instead of wishes.
        sound_bps: what the viewer's sound takes now.
        now: seconds.

    Attributes:
        wants: the layers it would take now of each source, flowing or not.
        meant: the published sources that its slots are meant to show.
    """

    def __init__(
        self,
        slots: Sequence[ViewerSlot],
        outlet: Outlet,
        sources: Sources,
        *,
        programme: bool,
        sound_bps: Callable[[], float],
        wanted_sound_bps: Callable[[], float],
        now: float,
    ) -> None:
        self._slots = slots
        self._outlet = outlet
        self._sources = sources
        self._programme = programme
        self._sound_bps = sound_bps
        self._wanted_sound_bps = wanted_sound_bps
        self._adaptation = Adaptation(len(slots))
        self._wishes: Mapping[int, SlotWish] = {}
        self._chosen_at = now
        self._held: dict[int, tuple[str, float]] = {}  # by slot: whose picture is left out, since
        self._reserved_bps = 0.0  # for sound, and for what else is set aside for
        self.wants: dict[str, frozenset[Layer]] = {}
        self.meant: frozenset[str] = frozenset()

    def set_wishes(self, wishes: Sequence[SlotWish]) -> None:
        """Replace the wishes, to be heeded by the next choice; slots not named become empty.

        Raises:
            ValueError: a wish names a slot that the viewer has not, or names one twice.
        """
        known = {slot.negotiated.index for slot in self._slots}
        named = [wish.slot for wish in wishes]
        if not known.issuperset(named):
            raise ValueError(f"no such video slot: {sorted(set(named) - known)}")
        if len(set(named)) != len(named):
            raise ValueError("a slot is named twice")
        self._wishes = {wish.slot: wish for wish in wishes}

    def is_due(self, now: float) -> bool:
        """True if a new choice is due, though nothing asked for it."""
        pause = _CALM_INTERVAL if self._has_plenty() else _INTERVAL
        return now - self._chosen_at >= pause or self._may_climb()

    def falls_short(self, before_bps: float) -> bool:
        """True if the estimate fell, from what it was before, below what is shown."""
        spent = self._adaptation.spent_bps + self._reserved_bps
        return self._outlet.estimator.estimate_bps < min(before_bps, spent)

    @property
    def least_bps(self) -> float:
        """The rate of the pictures shown, each at its lowest rung."""
        return self._adaptation.least_bps

    @property
    def held_back(self) -> bool:
        """True if the link makes the viewer see less than it could."""
        return self._adaptation.spent_bps < self._adaptation.full_bps

    def choose(self, now: float) -> None:
        """Choose anew: a wish changed, what flows, or what the link carries."""
        self._chosen_at = now
        published = [self._publisher_for(slot) for slot in self._slots]
        demands = [
            self._demand(slot, publisher)
            for slot, publisher in zip(self._slots, published, strict=True)
        ]
        sources = [publisher.source_id if publisher else None for publisher in published]
        self.meant = frozenset(source for source in sources if source is not None)
        budget = self._budget(demands)
        estimator = self._outlet.estimator
        outage = estimator.state is State.OUTAGE
        self._reserved_bps = estimator.estimate_bps - budget
        choices = self._adaptation.choose(
            demands, sources, budget, now, reserved_bps=self._reserved_bps, outage=outage
        )
        wants: dict[str, set[Layer]] = {}
        for slot, publisher, choice in zip(self._slots, published, choices, strict=True):
            if publisher is not None and choice.rung is not None:
                wants.setdefault(publisher.source_id, set()).add(choice.rung.layer)
            self._steer(slot, publisher, choice, budget, now)
        self.wants = {source: frozenset(layers) for source, layers in wants.items()}
        adaptation, reserved = self._adaptation, self._reserved_bps
        next_bps = adaptation.next_bps or adaptation.spent_bps
        next_bps = max(reserved + next_bps, self._wanted_sound_bps())
        estimator.want(next_bps, max(reserved + adaptation.most_bps, next_bps))

    def _steer(
        self,
        slot: ViewerSlot,
        publisher: Publisher | None,
        choice: Choice,
        budget: float,
        now: float,
    ) -> None:
        """Bring a slot to what was chosen for it."""
        ideal = choice.ideal.layer if choice.ideal is not None else None
        slot.set_ideal(ideal)
        slot.set_codec_missing(ideal is None and self._lacks_codec(slot, publisher))
        slot.set_hold(self._hold(slot, publisher, choice, now))
        if publisher is None or choice.rung is None:
            if publisher is None or ideal is not None or not _is_paused(slot, publisher):
                slot.aim(None, now)
            return
        rung, layer = choice.rung, self._flowing(slot, publisher, choice.rung.layer)
        if layer is None:
            return  # it is being asked for
        slot.aim(publisher.video[layer], now)
        present = slot.layer
        if present is None or present.layer is None or RANK[present.layer] <= RANK[layer]:
            slot.aim_temporal(rung.temporal)
            return
        # On the way down: until the lower layer's key frame is here, as little as can be shown.
        slot.aim_temporal(rung.temporal if layer is rung.layer else ALL_TEMPORAL, until_switch=0)
        if budget < _HOPELESS * present.meter.carried_bps:
            slot.release()
            self._outlet.pacer.clear(Priority.VIDEO)

    def _hold(
        self, slot: ViewerSlot, publisher: Publisher | None, choice: Choice, now: float
    ) -> Hold | None:
        """The reason why a published picture is left out; None if it is not."""
        index = slot.negotiated.index
        if publisher is None or choice.ideal is None or choice.rung is not None:
            self._held.pop(index, None)
            return None
        source, since = self._held.get(index, ("", now))
        if source != publisher.source_id:
            since = now
            self._held[index] = publisher.source_id, since
        if self._adaptation.needed(choice.least_bps) + self._reserved_bps > MAX_BPS:
            return Hold.SOURCE
        estimator = self._outlet.estimator
        known = estimator.is_judged or estimator.state is State.OUTAGE
        return Hold.LINK if known or now - since > _CHECKED_WITHIN else Hold.CHECKING

    @staticmethod
    def _lacks_codec(slot: ViewerSlot, publisher: Publisher | None) -> bool:
        """True if pictures came, but in no codec that the slot takes.

        A stopped layer counts, too: nobody asks for a layer that nobody decodes.
        """
        if publisher is None:
            return False
        came = [layer for layer in publisher.video.values() if layer.codec is not None]
        return bool(came) and not any(slot.takes(layer.codec) for layer in came)

    @staticmethod
    def _flowing(slot: ViewerSlot, publisher: Publisher, wanted: Layer) -> Layer | None:
        """The layer itself if it flows; else, while it is asked for, the best below or above it."""
        flowing = [
            name
            for name, layer in publisher.video.items()
            if layer.flowing and slot.takes(layer.codec)
        ]
        below = [name for name in flowing if RANK[name] <= RANK[wanted]]
        if below:
            return max(below, key=RANK.__getitem__)
        return min(flowing, key=RANK.__getitem__, default=None)

    def _budget(self, demands: Sequence[Demand]) -> float:
        """The rate beside sound and beside the still pictures that stand for courseware."""
        # Not the target: while a queue drains it is half of that, and the pacer sees to it.
        carried = self._outlet.estimator.estimate_bps
        courseware = [
            slot
            for slot, demand in zip(self._slots, demands, strict=True)
            if demand.importance is Importance.COURSEWARE and demand.candidates
        ]
        still = any(slot.layer is None for slot in courseware)
        return carried - self._sound_bps() - (_STILL_BPS if still else 0)

    def _wish(self, slot: ViewerSlot) -> SlotWish | None:
        index = slot.negotiated.index
        if not self._programme:
            return self._wishes.get(index)
        shown = self._sources.programme()
        return SlotWish(index, shown[index]) if index < len(shown) else None

    def _publisher_for(self, slot: ViewerSlot) -> Publisher | None:
        wish = self._wish(slot)
        if wish is None or wish.source_id is None:
            return None
        return self._sources.publisher_of(wish.source_id)

    def _demand(self, slot: ViewerSlot, publisher: Publisher | None) -> Demand:
        wish = self._wish(slot)
        if publisher is None or wish is None:
            return Demand(())
        candidates = tuple(
            Candidate(
                name,
                layer.pictures.height,
                _cost(name, layer, simulcast=len(publisher.video) > 1),
                layer.meter.temporal_shares,
            )
            for name, layer in publisher.video.items()
            if publisher.offers(name) and slot.takes(layer.codec)
        )
        settled = publisher.settled
        return Demand(candidates, wish.max_layer, wish.max_height, wish.importance, settled)

    def _may_climb(self) -> bool:
        """True if the estimate has come to what the next rung needs."""
        needed = self._adaptation.next_bps
        return (
            needed is not None
            and self._outlet.estimator.estimate_bps - self._reserved_bps >= needed
        )

    def _has_plenty(self) -> bool:
        """True if all is shown at its best and the link carries much more."""
        adaptation = self._adaptation
        needed = _PLENTY * (adaptation.spent_bps + self._reserved_bps)
        return adaptation.next_bps is None and self._outlet.estimator.estimate_bps > needed
