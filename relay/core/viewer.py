"""One viewing session: its slots and what comes back from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from relay.api import Importance, Layer, Limit, MediaKind, SessionStats, SlotState, SlotWish
from relay.core import rtcp, twcc
from relay.core.adaptation import Adaptation, Choice
from relay.core.allocator import ALL_TEMPORAL, RANK, Candidate, Demand
from relay.core.arrival import LEARNING_S
from relay.core.audio import SpeakerSlots
from relay.core.clock import unix_to_ntp
from relay.core.congestion.estimator import MAX_BPS
from relay.core.congestion.pacer import Priority
from relay.core.congestion.state import Reason, State
from relay.core.counters import Counters
from relay.core.layer import IncomingLayer
from relay.core.negotiated import OutgoingSlot
from relay.core.outlet import Outlet
from relay.core.publisher import Publisher
from relay.core.redundancy import Redundancy, SoundFates, affordable, cost
from relay.core.rtcp import RtcpError
from relay.core.slot import ViewerSlot
from relay.core.sound_slot import SoundSlot

_REPORT_INTERVAL = 1.0  # s
_ANSWER_INTERVAL = 0.3  # s between two answers to a viewer's reference times
_MAX_RTT = 5.0  # s; more comes from a wrong report, not from a link
_ADAPT_INTERVAL = 0.5  # s between two choices, if nothing asks for one sooner
_USUAL_BPS = {Layer.LOW: 150_000, Layer.MIDDLE: 500_000, Layer.HIGH: 1_500_000}
_SOUND_BPS = 50_000  # a speaker whose rate is not known yet: Opus at 20 ms with its headers
_STILL_BPS = 25_000  # for the still pictures that stand for courseware, on the control connection
# A picture is left at once, before the lower layer's key frame, if the link carries less than this
# share of it: waiting would fill the queue.
_HOPELESS = 0.5
_MAX_FEEDBACK = 50  # transport-wide feedback packets read in a second: browsers send 10 to 20
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
        self._feedback = feedback = any(slot.extensions.transport_cc for slot in slots)
        self.outlet = Outlet(
            send_rtp,
            self._fill,
            transport_cc=feedback,
            # Of a player that does not report what arrives nothing is known, and nothing will be,
            # unless it says so by REMB: it is sent what there is, as by any simple server.
            start_bps=start_bps if feedback else MAX_BPS,
            now=now,
        )
        self._fates = SoundFates()
        self._redundancy = Redundancy()
        ordered = sorted(slots, key=lambda slot: slot.index)
        self.video_slots = [
            ViewerSlot(slot, self.outlet, counters)
            for slot in ordered
            if slot.kind is MediaKind.VIDEO
        ]
        self._audio = [
            SoundSlot(slot, self.outlet, counters, self._fates)
            for slot in ordered
            if slot.kind is MediaKind.AUDIO
        ]
        self._takes_red = any(slot.takes_red for slot in self._audio)
        self._by_ssrc: dict[int, ViewerSlot] = {
            slot.negotiated.ssrc: slot for slot in (*self.video_slots, *self._audio)
        }
        self._slots = tuple(self._by_ssrc.values())
        self._adaptation = Adaptation(len(self.video_slots))
        self._adapt_at = now
        self._sound_bps = 0.0  # with what else is set aside for
        self._feedback_left = _MAX_FEEDBACK
        self._dropped_bytes = 0
        self.wants: dict[str, frozenset[Layer]] = {}
        self._speakers = SpeakerSlots(len(self._audio))
        self._wishes: dict[int, SlotWish] = {}
        self._open = True
        self._report_at = now
        self._answered_at = float("-inf")
        self._rtt: float | None = None
        self._loss: dict[int, tuple[int, int, float]] = {}  # SSRC → highest, expected, fraction
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
        estimator.want(self._sound_bps + (self._adaptation.next_bps or self._adaptation.spent_bps))

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

    # --- feedback ---------------------------------------------------------------------------------

    def on_rtcp(self, packet: bytes, now: float) -> None:
        """Take one decrypted, possibly compound, RTCP packet of the viewer. Never raises."""
        if not self._open:
            return
        self._counters.rtcp_in += 1
        try:
            reports = rtcp.parse(packet)
        except RtcpError:
            self._counters.rtcp_malformed += 1
            return
        for report in reports:
            if isinstance(report, rtcp.TransportFeedback):
                self._on_transport_feedback(report, now)
            elif isinstance(report, (rtcp.ReceiverReport, rtcp.SenderReport)):
                for block in report.blocks:
                    self._on_report_block(block, now)
            elif isinstance(report, rtcp.Nack):
                self._on_nack(report, now)
            elif isinstance(report, rtcp.PictureLoss):
                self._on_picture_loss(report.media, now)
            elif isinstance(report, rtcp.IntraRequest):
                for ssrc, _ in report.entries:
                    self._on_picture_loss(ssrc, now)
            elif isinstance(report, rtcp.ReceiverTime):
                self._on_receiver_time(report, now)
            elif isinstance(report, rtcp.BitrateLimit):
                self._counters.bitrate_limits_received += 1
                self.outlet.estimator.on_remb(report.bitrate_bps, now)

    def _on_transport_feedback(self, report: rtcp.TransportFeedback, now: float) -> None:
        counters = self._counters
        if not self._feedback_left:
            counters.transport_feedback_flooded += 1
            return
        self._feedback_left -= 1
        counters.transport_feedback_received += 1
        try:
            feedback = twcc.parse(report.body)
        except RtcpError:
            counters.rtcp_malformed += 1
            return
        if self._takes_red:
            self._redundancy.on_fates(self._fates.take(feedback.arrivals))
        estimator = self.outlet.estimator
        before, outage = estimator.estimate_bps, estimator.state is State.OUTAGE
        estimator.on_feedback(feedback, now)
        if outage and estimator.state is not State.OUTAGE:
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

    def _fill(self, octets: int, now: float) -> int:
        """See `Outlet`: what a probe sends."""
        for slot in self.video_slots:
            sent = slot.fill(octets, now)
            if sent:
                return sent
        return self.video_slots[0].pad(octets, now) if self.video_slots else 0

    def _on_nack(self, report: rtcp.Nack, now: float) -> None:
        slot = self._by_ssrc.get(report.media)
        if slot is not None:
            self._counters.nacks_received += len(report.sequence_numbers)
            slot.resend(report.sequence_numbers, self._rtt or 0.0, now)

    def _on_picture_loss(self, ssrc: int, now: float) -> None:
        slot = self._by_ssrc.get(ssrc)
        if slot is None:
            return
        self._counters.picture_losses_received += 1
        slot.on_picture_loss(now)

    def _on_report_block(self, block: rtcp.ReportBlock, now: float) -> None:
        if block.ssrc not in self._by_ssrc:
            return
        highest, _, _ = self._loss.get(block.ssrc, (block.highest_sequence, 0, 0.0))
        expected = max(0, block.highest_sequence - highest)
        fraction = block.fraction_lost / 256
        self._loss[block.ssrc] = (block.highest_sequence, expected, fraction)
        if not self._feedback and isinstance(self._by_ssrc[block.ssrc], SoundSlot):
            self._redundancy.on_report(fraction, expected)
        if block.last_report:
            middle = unix_to_ntp(now + self._wall_offset) >> 16 & 0xFFFFFFFF
            rtt = ((middle - block.last_report - block.delay) & 0xFFFFFFFF) / 65536
            if rtt < _MAX_RTT:
                self._rtt = rtt if self._rtt is None else self._rtt + (rtt - self._rtt) / 4
        self.outlet.estimator.on_report(fraction, self._rtt, now)

    def _on_receiver_time(self, report: rtcp.ReceiverTime, now: float) -> None:
        """Let the viewer measure the round trip: a browser that knows it asks again in time."""
        if now - self._answered_at < _ANSWER_INTERVAL:
            return
        self._answered_at = now
        self._counters.receiver_times_answered += 1
        own = next(iter(self._by_ssrc), 0)
        answer = rtcp.delay_since_receiver_time(own, report)
        self._send_rtcp(rtcp.receiver_report(own) + answer)

    def on_timer(self, now: float) -> None:
        """When `due`: the estimate, sender reports, the send rate, slots whose grace is over."""
        self.due = now + 0.1
        for slot in self.video_slots:
            slot.expire(now)
        self._repeat_sound(now)
        dropped = self.outlet.pacer.dropped_bytes
        if dropped != self._dropped_bytes:
            self._on_dropped(dropped, now)
        if now - self._adapt_at >= _ADAPT_INTERVAL or self._may_climb():
            self.retarget(now)
        if now - self._report_at < _REPORT_INTERVAL:
            return
        self._feedback_left = _MAX_FEEDBACK
        sent = self.outlet.estimator.sent.octets
        self._send_bps = round(8 * (sent - self._rate_octets) / (now - self._report_at))
        self._rate_octets = sent
        self._report_at = now
        for slot in self._by_ssrc.values():
            report = slot.sender_report(now, self._wall_offset)
            if report is not None:
                self._send_rtcp(report)

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
        for slot in self._by_ssrc.values():
            slot.end(now)
        self._host.on_viewer_closed(self)

    def stats(self, now: float) -> SessionStats:
        """The session's figures; `connected` is always True (the transport knows better)."""
        del now
        expected = sum(count for _, count, _ in self._loss.values())
        lost = sum(count * fraction for _, count, fraction in self._loss.values())
        estimator = self.outlet.estimator
        held_back = self._adaptation.spent_bps < self._adaptation.full_bps
        return SessionStats(
            session_id=self.session_id,
            connected=True,
            rtt_ms=None if self._rtt is None else 1000 * self._rtt,
            receive_bps=0,
            send_bps=self._send_bps,
            loss_fraction=lost / expected if expected else 0.0,
            layers=(),
            slots=self.slots(),
            target_bps=round(estimator.target_bps),
            queue_ms=1000 * estimator.queue_delay,
            limit=_LIMITS.get(estimator.reason, Limit.RATE) if held_back else Limit.NONE,
        )
