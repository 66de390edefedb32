"""One viewing session: its slots, and what each of them shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from relay.api import Importance, Layer, Limit, MediaKind, SessionStats, SlotState, SlotWish
from relay.core.adaptation import Adaptation, Choice
from relay.core.allocator import ALL_TEMPORAL, RANK, Candidate, Demand
from relay.core.arrival import LEARNING_S
from relay.core.audio import SpeakerSlots
from relay.core.congestion.estimator import MAX_BPS
from relay.core.congestion.pacer import Priority
from relay.core.congestion.state import Reason, State
from relay.core.counters import Counters
from relay.core.layer import IncomingLayer
from relay.core.negotiated import OutgoingSlot
from relay.core.outlet import Outlet
from relay.core.publisher import Publisher
from relay.core.redundancy import Redundancy, SoundFates, affordable, cost
from relay.core.slot import ViewerSlot
from relay.core.sound_slot import SoundSlot
from relay.core.viewer_feedback import ViewerFeedback

_REPORT_INTERVAL = 1.0  # s
_REPORTS_IN_ONE = 12  # sender reports with their names in a packet: less than 1200 bytes
_ADAPT_INTERVAL = 0.5  # s between two choices, if nothing asks for one sooner; …
_CALM_INTERVAL = 2.0  # s … and there is no more to show, on a link that carries …
_PLENTY = 1.3  # × what is shown: pictures may become livelier meanwhile
_USUAL_BPS = {Layer.LOW: 150_000, Layer.MIDDLE: 500_000, Layer.HIGH: 1_500_000}
_SOUND_BPS = 50_000  # a speaker whose rate is not known yet: Opus at 20 ms with its headers
_STILL_BPS = 25_000  # for the still pictures that stand for courseware, on the control connection
# A picture is left at once, before the lower layer's key frame, if the link carries less than this
# share of it: waiting would fill the queue.
_HOPELESS = 0.5
_LIMITS = {
    Reason.LOSS: Limit.LOSS,
    Reason.OUTAGE: Limit.OUTAGE,
    Reason.APPLICATION: Limit.NONE,
    Reason.MAXIMUM: Limit.NONE,
}


class ViewerHost(Protocol):
    """The room, as its viewers see it."""

    def publisher_of(self, source_id: str) -> Publisher | None:
        """Who publishes a source now."""

    def programme(self) -> Sequence[str]:
        """The programme's sources that are published with a picture, in order."""

    def on_viewer_closed(self, viewer: Viewer) -> None:
        """The viewer is gone."""


def _is_paused(slot: ViewerSlot, publisher: Publisher) -> bool:
    """Whether the slot's layer only fell silent, as a still page of courseware may.

    It keeps its slot: the last picture is the right one, and what follows needs no key frame.
    """
    target = slot.target
    return target is not None and not target.flowing and target in publisher.video.values()


def _cost(name: Layer, layer: IncomingLayer, *, simulcast: bool) -> int:
    """What a layer takes of a link; until that is known well, at least what such layers usually do.

    An encoder that starts sends little at first: who climbs to it then must leave it soon after.
    """
    meter = layer.meter
    if meter.carried_bps and (meter.seconds >= LEARNING_S or not simulcast):
        return meter.carried_bps
    return max(meter.carried_bps, _USUAL_BPS[name])


class Viewer:
    """A viewing session, made by `Room.add_viewer`.

    Attributes:
        session_id: the session.
        due: when `on_timer` has something to do next.
        outlet: the way out, with what is known of the link.
        wants: the layers it would take now of each source, flowing or not.
    """

    def __init__(
        self,
        session_id: str,
        slots: Sequence[OutgoingSlot],
        *,
        host: ViewerHost,
        send_rtp: Callable[[bytes], None],
        send_rtcp: Callable[[bytes], None],
        own_sources: frozenset[str],
        programme: bool,
        wall_offset: float,
        start_bps: float,
        counters: Counters,
        now: float,
    ) -> None:
        self.session_id = session_id
        self.due = now
        self._host = host
        self._send_rtcp = send_rtcp
        self._own_sources = own_sources
        self._programme = programme
        self._wall_offset = wall_offset
        self._counters = counters
        transport_cc = any(slot.extensions.transport_cc for slot in slots)
        self.outlet = Outlet(
            send_rtp,
            self._fill,
            transport_cc=transport_cc,
            # Of a player that does not report what arrives nothing is known, and nothing will be,
            # unless it says so by REMB: it is sent what there is, as by any simple server.
            start_bps=start_bps if transport_cc else MAX_BPS,
            now=now,
        )
        fates = SoundFates()
        self._redundancy = Redundancy()
        ordered = sorted(slots, key=lambda slot: slot.index)
        self.video_slots = [
            ViewerSlot(slot, self.outlet, counters)
            for slot in ordered
            if slot.kind is MediaKind.VIDEO
        ]
        self._audio = [
            SoundSlot(slot, self.outlet, counters, fates)
            for slot in ordered
            if slot.kind is MediaKind.AUDIO
        ]
        self._takes_red = any(slot.takes_red for slot in self._audio)
        self._slots = (*self.video_slots, *self._audio)
        self._feedback = ViewerFeedback(
            self._slots,
            self.outlet,
            fates=fates,
            redundancy=self._redundancy,
            transport_cc=transport_cc,
            send_rtcp=send_rtcp,
            wall_offset=wall_offset,
            counters=counters,
            on_estimate=self._on_estimate,
        )
        self._adaptation = Adaptation(len(self.video_slots))
        self._adapt_at = now
        self._sound_bps = 0.0  # with what else is set aside for
        self._dropped_bytes = 0
        self.wants: dict[str, frozenset[Layer]] = {}
        self._speakers = SpeakerSlots(len(self._audio))
        self._wishes: dict[int, SlotWish] = {}
        self._open = True
        self._report_at = now
        self._rate_octets = 0
        self._send_bps = 0

    # --- what is shown ----------------------------------------------------------------------------

    def set_view(self, wishes: Sequence[SlotWish], now: float) -> None:
        """Replace the wishes; slots not named become empty.

        Raises:
            ValueError: a wish names a slot that the viewer has not, or names one twice.
        """
        known = {slot.negotiated.index for slot in self.video_slots}
        named = [wish.slot for wish in wishes]
        if not known.issuperset(named):
            raise ValueError(f"no such video slot: {sorted(set(named) - known)}")
        if len(set(named)) != len(named):
            raise ValueError("a slot is named twice")
        self._wishes = {wish.slot: wish for wish in wishes}
        self.retarget(now)

    def retarget(self, now: float) -> None:
        """Choose the video layers anew: a wish changed, what flows, or what the link carries."""
        if not self._open:
            return
        self._adapt_at = now
        published = [self._publisher_for(slot) for slot in self.video_slots]
        demands = [
            self._demand(slot, publisher)
            for slot, publisher in zip(self.video_slots, published, strict=True)
        ]
        sources = [publisher.source_id if publisher else None for publisher in published]
        budget = self._budget(demands)
        estimator = self.outlet.estimator
        outage = estimator.state is State.OUTAGE
        self._sound_bps = estimator.estimate_bps - budget
        choices = self._adaptation.choose(
            demands, sources, budget, now, reserved_bps=self._sound_bps, outage=outage
        )
        wants: dict[str, set[Layer]] = {}
        for slot, publisher, choice in zip(self.video_slots, published, choices, strict=True):
            if publisher is not None and choice.rung is not None:
                wants.setdefault(publisher.source_id, set()).add(choice.rung.layer)
            self._steer(slot, publisher, choice, budget, now)
        self.wants = {source: frozenset(layers) for source, layers in wants.items()}
        adaptation, sound = self._adaptation, self._sound_bps
        next_bps = adaptation.next_bps or adaptation.spent_bps
        estimator.want(sound + next_bps, sound + adaptation.most_bps)

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
        if ideal is not slot.ideal:
            slot.ideal, slot.changed = ideal, True
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
            self.outlet.pacer.clear(Priority.VIDEO)

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
        """What the link carries beside sound and the still pictures that stand for courseware."""
        # Not the target: while a queue drains it is half of that, and the pacer sees to it.
        carried = self.outlet.estimator.estimate_bps
        sound = cost(self._plain_sound_bps(), self._redundancy.distances)
        courseware = [
            slot
            for slot, demand in zip(self.video_slots, demands, strict=True)
            if demand.importance is Importance.COURSEWARE and demand.candidates
        ]
        still = any(slot.layer is None for slot in courseware)
        return carried - sound - (_STILL_BPS if still else 0)

    def _plain_sound_bps(self) -> int:
        """What all sound takes without repetition."""
        return sum(
            slot.target.meter.carried_bps or _SOUND_BPS
            for slot in self._audio
            if slot.target is not None
        )

    def _repeat_sound(self, now: float) -> None:
        """Choose how much of the sound goes out twice."""
        if not self._takes_red:
            return
        most = affordable(self.outlet.estimator.target_bps, self._plain_sound_bps())
        chosen = self._redundancy.choose(now, most)
        for slot in self._audio:
            slot.distances = chosen

    def _wish(self, slot: ViewerSlot) -> SlotWish | None:
        index = slot.negotiated.index
        if not self._programme:
            return self._wishes.get(index)
        shown = self._host.programme()
        return SlotWish(index, shown[index]) if index < len(shown) else None

    def _publisher_for(self, slot: ViewerSlot) -> Publisher | None:
        wish = self._wish(slot)
        if wish is None or wish.source_id is None:
            return None
        return self._host.publisher_of(wish.source_id)

    def _demand(self, slot: ViewerSlot, publisher: Publisher | None) -> Demand:
        wish = self._wish(slot)
        if publisher is None or wish is None:
            return Demand(())
        candidates = tuple(
            Candidate(
                name,
                layer.height,
                _cost(name, layer, simulcast=len(publisher.video) > 1),
                layer.meter.temporal_shares,
            )
            for name, layer in publisher.video.items()
            if publisher.offers(name) and slot.takes(layer.codec)
        )
        settled = publisher.settled
        return Demand(candidates, wish.max_layer, wish.max_height, wish.importance, settled)

    @property
    def audio_slots(self) -> int:
        """How many speakers it can hear at a time."""
        return len(self._audio)

    def assign_speakers(
        self, layers: Mapping[str, IncomingLayer], loudness: Mapping[str, float], now: float
    ) -> None:
        """Choose whose sound the audio slots carry; what may no longer be heard stops at once.

        `layers` and `loudness` are those of all sources that may be heard, own ones among them.
        """
        if not self._open or not self._audio:
            return
        own = self._own_sources
        for slot in self._audio:
            heard = slot.layer.source_id if slot.layer is not None else None
            if heard is not None and (heard not in layers or heard in own):
                slot.release()
        if not own.isdisjoint(loudness):
            loudness = {source: level for source, level in loudness.items() if source not in own}
        sources = self._speakers.assign(loudness, now)
        for slot, source in zip(self._audio, sources, strict=True):
            slot.aim(layers[source] if source is not None else None, now)

    def slots(self) -> tuple[SlotState, ...]:
        """What flows in each slot now: video slots, then audio slots, by index."""
        return tuple(slot.state() for slot in (*self.video_slots, *self._audio))

    def take_change(self) -> bool:
        """Whether what flows in a slot changed since the last call."""
        changed = False
        for slot in self._slots:
            if slot.changed:
                slot.changed, changed = False, True
        return changed

    # --- feedback and time ------------------------------------------------------------------------

    def on_rtcp(self, packet: bytes, now: float) -> None:
        """Take one decrypted, possibly compound, RTCP packet of the viewer. Never raises."""
        if self._open:
            self._feedback.on_rtcp(packet, now)

    def _on_estimate(self, before: float, resumed: bool, now: float) -> None:
        """See `viewer_feedback.OnEstimate`."""
        estimator = self.outlet.estimator
        if resumed:
            self.outlet.pacer.clear(Priority.VIDEO)
            self.outlet.pacer.clear(Priority.RETRANSMISSION)
            for slot in self.video_slots:
                slot.start_over()
            self.retarget(now)
        elif estimator.estimate_bps < min(before, self._adaptation.spent_bps + self._sound_bps):
            self.retarget(now)  # at once: a queue is beginning

    def _may_climb(self) -> bool:
        """Whether the estimate has come to what the next rung needs."""
        needed = self._adaptation.next_bps
        return needed is not None and self.outlet.estimator.estimate_bps - self._sound_bps >= needed

    def _has_plenty(self) -> bool:
        """Whether all is shown at its best and the link carries much more."""
        adaptation = self._adaptation
        needed = _PLENTY * (adaptation.spent_bps + self._sound_bps)
        return adaptation.next_bps is None and self.outlet.estimator.estimate_bps > needed

    def _fill(self, octets: int, now: float) -> int:
        """See `Outlet`: what a probe sends."""
        for slot in self.video_slots:
            sent = slot.fill(octets, now)
            if sent:
                return sent
        return self.video_slots[0].pad(octets, now) if self.video_slots else 0

    def on_timer(self, now: float) -> None:
        """When `due`: the estimate, sender reports, the send rate, slots whose grace is over."""
        self.due = now + 0.1
        for slot in self.video_slots:
            slot.expire(now)
        self._repeat_sound(now)
        dropped = self.outlet.pacer.dropped_bytes
        if dropped != self._dropped_bytes:
            self._on_dropped(dropped, now)
        pause = _CALM_INTERVAL if self._has_plenty() else _ADAPT_INTERVAL
        if now - self._adapt_at >= pause or self._may_climb():
            self.retarget(now)
        if now - self._report_at < _REPORT_INTERVAL:
            return
        self._feedback.refill()
        sent = self.outlet.estimator.sent.octets
        self._send_bps = round(8 * (sent - self._rate_octets) / (now - self._report_at))
        self._rate_octets = sent
        self._report_at = now
        self._send_reports(now)

    def _send_reports(self, now: float) -> None:
        """Several streams' reports in one packet (RFC 8108 §5.3): each datagram has its price."""
        reports = [slot.sender_report(now, self._wall_offset) for slot in self._slots]
        told = [report for report in reports if report is not None]
        for start in range(0, len(told), _REPORTS_IN_ONE):
            self._send_rtcp(b"".join(told[start : start + _REPORTS_IN_ONE]))

    def _on_dropped(self, dropped: int, now: float) -> None:
        """Pictures could not leave in time; their place is better taken by a fresh start."""
        self._counters.paced_bytes_dropped += dropped - self._dropped_bytes
        self._dropped_bytes = dropped
        for slot in self.video_slots:
            if slot.layer is not None:
                slot.layer.request_key_frame(now)

    # --- state ------------------------------------------------------------------------------------

    def close(self, now: float) -> None:
        """End the session. Closing twice does nothing."""
        if not self._open:
            return
        self._open = False
        for slot in self._slots:
            slot.end(now)
        self._host.on_viewer_closed(self)

    def stats(self, now: float) -> SessionStats:
        """The session's figures; `connected` is always True (the transport knows better)."""
        del now
        estimator, rtt = self.outlet.estimator, self._feedback.rtt
        held_back = self._adaptation.spent_bps < self._adaptation.full_bps
        return SessionStats(
            session_id=self.session_id,
            connected=True,
            rtt_ms=None if rtt is None else 1000 * rtt,
            receive_bps=0,
            send_bps=self._send_bps,
            loss_fraction=self._feedback.loss_fraction,
            layers=(),
            slots=self.slots(),
            target_bps=round(estimator.target_bps),
            queue_ms=1000 * estimator.queue_delay,
            limit=_LIMITS.get(estimator.reason, Limit.RATE) if held_back else Limit.NONE,
        )
