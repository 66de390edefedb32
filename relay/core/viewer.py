"""A viewing session: its slots, its way out, and the feedback that comes back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from relay.api import Hold, Layer, Limit, MediaKind, SessionStats, SlotState, SlotWish
from relay.core.choosing.picture_choice import PictureChoice, Sources
from relay.core.choosing.sound_choice import SoundChoice
from relay.core.congestion.estimator import MAX_BPS
from relay.core.congestion.pacer import Priority
from relay.core.congestion.state import Reason
from relay.core.counters import Counters
from relay.core.incoming.layer import IncomingLayer
from relay.core.outgoing.outlet import Outlet
from relay.core.outgoing.redundancy import Redundancy, SoundFates
from relay.core.outgoing.slot import ViewerSlot
from relay.core.outgoing.sound_slot import SoundSlot
from relay.core.outgoing.viewer_feedback import ViewerFeedback
from relay.core.wire.negotiated import OutgoingSlot

_UPKEEP_INTERVAL_S = 0.1  # s
_REPORT_INTERVAL_S = 1.0  # s
_REPORTS_IN_ONE = 12  # sender reports with their names in a packet: less than 1200 bytes
_LIMIT_OF_REASON = {
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
        self._wall_offset = wall_offset
        self._counters = counters
        transport_cc = any(slot.extensions.transport_cc for slot in slots)
        self.outlet = Outlet(
            send_rtp,
            self._fill,
            transport_cc=transport_cc,
            # Without transport-cc or REMB there is no estimate, so send everything.
            start_bps=start_bps if transport_cc else MAX_BPS,
            now=now,
        )
        fates = SoundFates()
        redundancy = Redundancy()
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
        self._slots = (*self.video_slots, *self._audio)
        self._feedback = ViewerFeedback(
            self._slots,
            self.outlet,
            fates=fates,
            redundancy=redundancy,
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
            sound_bps=lambda: self._sound.bps,
            wanted_sound_bps=lambda: self._sound.wanted_bps,
            now=now,
        )
        self._dropped_bytes = 0
        self._sound = SoundChoice(
            self._audio,
            self.outlet,
            redundancy,
            own_sources=own_sources,
            can_be_probed=transport_cc
            and any(slot.negotiated.rtx_ssrc for slot in self.video_slots),
            least_picture_bps=lambda: self._pictures.least_bps,
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

    def watches(self, source_id: str) -> bool:
        """True if a slot is meant to show that source, whether or not anything of it flows."""
        return source_id in self._pictures.meant

    def set_view(self, wishes: Sequence[SlotWish], now: float) -> None:
        """Replace the wishes; slots not named become empty.

        Raises:
            ValueError: a wish names a slot that the viewer has not, or names one twice.
        """
        self._pictures.set_wishes(wishes)
        self.retarget(now)

    def retarget(self, now: float) -> None:
        """Choose the video layers anew: wishes, flowing layers or the link's rate changed."""
        if self._open:
            self._pictures.choose(now)
            self.due = min(self.due, self.outlet.estimator.due)  # more may be wanted: a probe

    @property
    def audio_slots(self) -> int:
        """Speakers that it can hear at a time."""
        return len(self._audio)

    def assign_speakers(
        self, layers: Mapping[str, IncomingLayer], loudness: Mapping[str, float], now: float
    ) -> None:
        """Choose whose sound the audio slots carry; see `SoundChoice.assign`."""
        if self._open:
            self._sound.assign(layers, loudness, now)

    def slots(self) -> tuple[SlotState, ...]:
        """The contents of each slot now: video slots, then audio slots, by index."""
        return tuple(slot.state() for slot in (*self.video_slots, *self._audio))

    def _on_slot_change(self) -> None:
        self._changed = True
        self.due = -math.inf

    def take_change(self) -> bool:
        """True if what flows in a slot changed since the last call."""
        changed, self._changed = self._changed, False
        return changed

    # --- feedback and time ------------------------------------------------------------------------

    def on_rtcp(self, packet: bytes, now: float) -> None:
        """Take one decrypted, possibly compound, RTCP packet of the viewer. Never raises."""
        if self._open:
            self._feedback.on_rtcp(packet, now)
            self._apply_estimate()

    def on_path_change(self, now: float) -> None:
        """Begin a new estimate: the session goes on over another network."""
        self.outlet.estimator.on_path_change(now)
        self._apply_estimate()

    def _apply_estimate(self) -> None:
        """Let the next tick pace by the new estimate."""
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
        """Send a probe's bytes; see `Outlet`."""
        for slot in self.video_slots:
            sent = slot.fill(octets, now)
            if sent:
                return sent
        return self.video_slots[0].pad(octets, now) if self.video_slots else 0

    def on_timer(self, now: float) -> None:
        """Send, probe, choose and report what is due; called when `due`, or while packets wait."""
        self.outlet.on_timer(now)
        if now >= self._upkeep_at:
            self._sound.share(now - self._upkeep_at + _UPKEEP_INTERVAL_S)
            self._upkeep_at = now + _UPKEEP_INTERVAL_S
            self._upkeep(now)
        self.due = min(self._upkeep_at, self.outlet.estimator.due)

    def _upkeep(self, now: float) -> None:
        """Sender reports, the send rate, slots whose grace is over, what is best shown."""
        for slot in self.video_slots:
            slot.expire(now)
        if self._sound.limit(now):
            self._host.on_sound_limit(self, now)
        self._sound.repeat(now)
        dropped = self.outlet.pacer.dropped_bytes
        if dropped != self._dropped_bytes:
            self._on_dropped(dropped, now)
        if self._pictures.is_due(now):
            self.retarget(now)
        if now - self._report_at < _REPORT_INTERVAL_S:
            return
        self._feedback.refill()
        sent = self.outlet.estimator.sent.octets
        self._send_bps = round(8 * (sent - self._rate_octets) / (now - self._report_at))
        self._rate_octets = sent
        self._report_at = now
        self._send_reports(now)

    def _send_reports(self, now: float) -> None:
        """Put several streams' reports into one packet (RFC 8108 §5.3): each datagram costs."""
        reports = [slot.sender_report(now, self._wall_offset) for slot in self._slots]
        told = [report for report in reports if report is not None]
        for start in range(0, len(told), _REPORTS_IN_ONE):
            self._send_rtcp(b"".join(told[start : start + _REPORTS_IN_ONE]))

    def _on_dropped(self, dropped: int, now: float) -> None:
        """Ask for key frames: pictures could not leave in time, and a fresh start is better."""
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
        limit = _LIMIT_OF_REASON.get(estimator.reason, Limit.RATE)
        if limit is Limit.NONE and any(slot.hold is Hold.LINK for slot in self.video_slots):
            limit = Limit.RATE  # pictures are left out for the link's sake alone
        return SessionStats(
            session_id=self.session_id,
            connected=True,
            rtt_ms=None if rtt is None else 1000 * rtt,
            send_bps=self._send_bps,
            loss_fraction=self._feedback.loss_fraction,
            layers=(),
            slots=self.slots(),
            target_bps=round(estimator.target_bps),
            queue_ms=1000 * estimator.queue_delay,
            limit=limit if self._pictures.held_back else Limit.NONE,
        )
