"""One viewing session: its slots, its way out, and what comes back from it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from relay.api import Hold, Layer, Limit, MediaKind, SessionStats, SlotState, SlotWish
from relay.core.audio import SpeakerSlots
from relay.core.congestion.estimator import MAX_BPS
from relay.core.congestion.pacer import Priority
from relay.core.congestion.state import Reason, State
from relay.core.counters import Counters
from relay.core.layer import IncomingLayer
from relay.core.negotiated import OutgoingSlot
from relay.core.outlet import Outlet
from relay.core.picture_choice import PictureChoice, Sources
from relay.core.redundancy import Redundancy, SoundFates, affordable, cost
from relay.core.slot import ViewerSlot
from relay.core.sound_limit import SoundLimit
from relay.core.sound_slot import SoundSlot
from relay.core.viewer_feedback import ViewerFeedback

_UPKEEP_INTERVAL = 0.1  # s
_REPORT_INTERVAL = 1.0  # s
_REPORTS_IN_ONE = 12  # sender reports with their names in a packet: less than 1200 bytes
_SOUND_BPS = 50_000  # a speaker whose rate is not known yet: Opus at 20 ms with its headers
# A sound that takes more than a good voice may have an equal share of half of the link: sound goes
# before pictures, and one source must not take their place.
_VOICE_BPS = 128e3  # with headers
_SOUND_SHARE = 0.5
_LIMITS = {
    Reason.LOSS: Limit.LOSS,
    Reason.OUTAGE: Limit.OUTAGE,
    Reason.APPLICATION: Limit.NONE,
    Reason.MAXIMUM: Limit.NONE,
}


class ViewerHost(Sources, Protocol):
    """The room, as its viewers see it."""

    def on_viewer_closed(self, viewer: Viewer) -> None:
        """The viewer is gone."""

    def on_sound_limit(self, viewer: Viewer, now: float) -> None:
        """The viewer can hear another number of speakers than before."""


class Viewer:
    """A viewing session, made by `Room.add_viewer`.

    Attributes:
        session_id: the session.
        due: when `on_timer` has something to do next, unless packets wait in the outlet's pacer.
        outlet: the way out, with what is known of the link.
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
            ViewerSlot(slot, self.outlet, counters, self._on_slot_change)
            for slot in ordered
            if slot.kind is MediaKind.VIDEO
        ]
        self._audio = [
            SoundSlot(slot, self.outlet, counters, self._on_slot_change, fates)
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
        self._pictures = PictureChoice(
            self.video_slots,
            self.outlet,
            host,
            programme=programme,
            sound_bps=self._sound_bps,
            wanted_sound_bps=lambda: self._limit.wanted_bps,
            now=now,
        )
        self._dropped_bytes = 0
        self._most_sound_bps = _VOICE_BPS
        self._speakers = SpeakerSlots(len(self._audio))
        self._limit = SoundLimit()
        self._audible: Sequence[IncomingLayer] = ()  # what it would hear, were its link no limit
        self._can_be_probed = transport_cc and any(
            slot.negotiated.rtx_ssrc for slot in self.video_slots
        )
        self._open = True
        self._changed = False
        self._upkeep_at = now
        self._report_at = now
        self._rate_octets = 0
        self._send_bps = 0

    # --- what is shown and heard ------------------------------------------------------------------

    @property
    def wants(self) -> Mapping[str, frozenset[Layer]]:
        """The layers it would take now of each source, flowing or not."""
        return self._pictures.wants

    def set_view(self, wishes: Sequence[SlotWish], now: float) -> None:
        """Replace the wishes; slots not named become empty.

        Raises:
            ValueError: a wish names a slot that the viewer has not, or names one twice.
        """
        self._pictures.set_wishes(wishes)
        self.retarget(now)

    def retarget(self, now: float) -> None:
        """Choose the video layers anew: a wish changed, what flows, or what the link carries."""
        if self._open:
            self._pictures.choose(now)
            self.due = min(self.due, self.outlet.estimator.due)  # more may be wanted: a probe

    def _sound_bps(self) -> float:
        """What all sound takes, with its repetitions."""
        return cost(self._plain_sound_bps(), self._redundancy.distances)

    def _limit_sound(self, now: float) -> None:
        """Choose how many may be heard at once; an outage says nothing of that."""
        estimator = self.outlet.estimator
        if estimator.state is State.OUTAGE or estimator.state is State.RECOVERING:
            self._limit.pause()
            return
        rates = [self._rate_of(layer) for layer in self._audible]
        carried = estimator.estimate_bps
        if not self._can_be_probed and estimator.is_calm:
            carried = math.inf  # the estimate hardly rises beyond what is sent: more must be tried
        if self._limit.look(rates, carried, now, self._pictures.least_bps):
            self._host.on_sound_limit(self, now)

    def _rate_of(self, sound: IncomingLayer) -> float:
        """Bit/s that a sound takes of the link, without repetition."""
        return min(float(sound.meter.carried_bps or _SOUND_BPS), self._most_sound_bps)

    def _plain_sound_bps(self) -> float:
        """What all sound takes without repetition."""
        return sum(self._rate_of(slot.target) for slot in self._audio if slot.target is not None)

    def _share_sound(self, elapsed: float) -> None:
        """Let each sound have what is its share of the link since the last call."""
        sounds = sum(slot.target is not None for slot in self._audio)
        share = _SOUND_SHARE * self.outlet.estimator.target_bps / max(sounds, 1)
        self._most_sound_bps = max(share, _VOICE_BPS)
        for slot in self._audio:
            slot.earn(self._most_sound_bps / 8 * elapsed)

    def _repeat_sound(self, now: float) -> None:
        """Choose how much of the sound goes out twice."""
        if not self._takes_red:
            return
        most = affordable(self.outlet.estimator.target_bps, self._plain_sound_bps())
        chosen = self._redundancy.choose(now, most)
        for slot in self._audio:
            slot.distances = chosen

    @property
    def audio_slots(self) -> int:
        """How many speakers it can hear at a time."""
        return len(self._audio)

    def assign_speakers(
        self, layers: Mapping[str, IncomingLayer], loudness: Mapping[str, float], now: float
    ) -> None:
        """Choose whose sound the audio slots carry; what may no longer be heard stops at once.

        `layers` and `loudness` are those of all sources that may be heard, own ones among them,
        what matters most first. The loudest are heard if there are more than slots; but where the
        link carries fewer, the first: loudness is only claimed, and may not silence a teacher.
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
        others = [source for source in layers if source in loudness]
        self._audible = [layers[source] for source in others[: len(self._audio)]]
        if self._limit.most < len(others):
            loudness = {source: loudness[source] for source in others[: self._limit.most]}
        sources = self._speakers.assign(loudness, now)
        for slot, source in zip(self._audio, sources, strict=True):
            slot.aim(layers[source] if source is not None else None, now)

    def slots(self) -> tuple[SlotState, ...]:
        """What flows in each slot now: video slots, then audio slots, by index."""
        return tuple(slot.state() for slot in (*self.video_slots, *self._audio))

    def _on_slot_change(self) -> None:
        self._changed = True
        self.due = -math.inf

    def take_change(self) -> bool:
        """Whether what flows in a slot changed since the last call."""
        changed, self._changed = self._changed, False
        return changed

    # --- feedback and time ------------------------------------------------------------------------

    def on_rtcp(self, packet: bytes, now: float) -> None:
        """Take one decrypted, possibly compound, RTCP packet of the viewer. Never raises."""
        if self._open:
            self._feedback.on_rtcp(packet, now)
            self._heed_estimate()

    def on_path_change(self, now: float) -> None:
        """The session goes on over another network: what is known of the link is of the old one."""
        self.outlet.estimator.on_path_change(now)
        self._heed_estimate()

    def _heed_estimate(self) -> None:
        """Packets are spread by the new estimate from the next tick on."""
        if self.outlet.is_outdated:
            self.due = -math.inf

    def _on_estimate(self, before: float, resumed: bool, now: float) -> None:
        """See `viewer_feedback.OnEstimate`."""
        if resumed:
            self.outlet.pacer.clear(Priority.VIDEO)
            self.outlet.pacer.clear(Priority.RETRANSMISSION)
            for slot in self.video_slots:
                slot.start_over()
            self.retarget(now)
        elif self._pictures.falls_short(before):
            self.retarget(now)  # at once: a queue is beginning

    def _fill(self, octets: int, now: float) -> int:
        """See `Outlet`: what a probe sends."""
        for slot in self.video_slots:
            sent = slot.fill(octets, now)
            if sent:
                return sent
        return self.video_slots[0].pad(octets, now) if self.video_slots else 0

    def on_timer(self, now: float) -> None:
        """When `due`, or packets wait: what is to be sent, probed, chosen and reported by now."""
        self.outlet.on_timer(now)
        if now >= self._upkeep_at:
            self._share_sound(now - self._upkeep_at + _UPKEEP_INTERVAL)
            self._upkeep_at = now + _UPKEEP_INTERVAL
            self._look_after(now)
        self.due = min(self._upkeep_at, self.outlet.estimator.due)

    def _look_after(self, now: float) -> None:
        """Sender reports, the send rate, slots whose grace is over, what is best shown."""
        for slot in self.video_slots:
            slot.expire(now)
        self._limit_sound(now)
        self._repeat_sound(now)
        dropped = self.outlet.pacer.dropped_bytes
        if dropped != self._dropped_bytes:
            self._on_dropped(dropped, now)
        if self._pictures.is_due(now):
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
        limit = _LIMITS.get(estimator.reason, Limit.RATE)
        if limit is Limit.NONE and any(slot.hold is Hold.LINK for slot in self.video_slots):
            limit = Limit.RATE  # nothing is sent for the link's sake, so nothing else limits
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
            limit=limit if self._pictures.held_back else Limit.NONE,
        )
