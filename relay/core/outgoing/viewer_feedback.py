"""RTCP of one viewer: read, bounded, counted, and handed to slots, estimator or redundancy."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from relay.core.congestion.state import State
from relay.core.counters import Counters
from relay.core.incoming.clock import unix_to_ntp
from relay.core.outgoing.outlet import Outlet
from relay.core.outgoing.redundancy import Redundancy, SoundFates
from relay.core.outgoing.slot import ViewerSlot
from relay.core.outgoing.sound_slot import SoundSlot
from relay.core.wire import rtcp, rtcp_writer, twcc
from relay.core.wire.rtcp import RtcpError

_ANSWER_INTERVAL_S = 0.3  # s between two answers to a viewer's reference times
_MAX_RTT_S = 5.0  # s; more comes from a wrong report, not from a link
_MAX_FEEDBACK_PER_S = 50  # transport-wide feedback packets read in a second: browsers send 10 to 20
# Packets of NACKs looked up in a second: more than six slots can answer.
_MAX_NACKED_PER_S = 4000
# Lost pictures for which a key frame is asked: one for each slot at once, then one in two seconds.
# A viewer's key frames burden everybody's link, so it may not ask for ever.
_PICTURES_AT_ONCE = 16.0
_PICTURES_PER_S = 0.5

# Called when feedback changed the estimate: the estimate before, whether an outage ended, now.
OnEstimate = Callable[[float, bool, float], None]


class ViewerFeedback:
    """Reads a viewer's reports for its slots, its estimator and its sound's redundancy.

    Args:
        slots: all of the viewer's.
        outlet: its way out.
        fates: what became of its sound packets.
        redundancy: how often its sound goes out.
        transport_cc: whether the viewer negotiated transport-wide feedback.
        send_rtcp: sends one compound packet.
        wall_offset: Unix time less `now`.
        counters: one per reason for which something is dropped.
        on_estimate: see `OnEstimate`.

    Attributes:
        rtt: s, by sender reports; None until known.
    """

    def __init__(
        self,
        slots: Sequence[ViewerSlot],
        outlet: Outlet,
        *,
        fates: SoundFates,
        redundancy: Redundancy,
        transport_cc: bool,
        send_rtcp: Callable[[bytes], None],
        wall_offset: float,
        counters: Counters,
        on_estimate: OnEstimate,
    ) -> None:
        self._by_ssrc = {slot.negotiated.ssrc: slot for slot in slots}
        self._takes_red = any(isinstance(slot, SoundSlot) and slot.takes_red for slot in slots)
        self._outlet = outlet
        self._fates = fates
        self._redundancy = redundancy
        self._transport_cc = transport_cc
        self._send_rtcp = send_rtcp
        self._wall_offset = wall_offset
        self._counters = counters
        self._on_estimate = on_estimate
        self._left = _MAX_FEEDBACK_PER_S
        self._nacked_left = _MAX_NACKED_PER_S
        self._pictures_left = _PICTURES_AT_ONCE
        self._answered_at = float("-inf")
        self._loss: dict[int, tuple[int, int, float]] = {}  # SSRC → highest, expected, fraction
        self.rtt: float | None = None

    @property
    def loss_fraction(self) -> float:
        """Lost of what was sent, by the latest reports of all slots."""
        expected = sum(count for _, count, _ in self._loss.values())
        lost = sum(count * fraction for _, count, fraction in self._loss.values())
        return lost / expected if expected else 0.0

    def refill(self) -> None:
        """Allow the usual number of feedback packets and requests again: a second is over."""
        self._left = _MAX_FEEDBACK_PER_S
        self._nacked_left = _MAX_NACKED_PER_S
        self._pictures_left = min(self._pictures_left + _PICTURES_PER_S, _PICTURES_AT_ONCE)

    def on_rtcp(self, packet: bytes, now: float) -> None:
        """Take one decrypted, possibly compound, RTCP packet. Never raises."""
        self._counters.rtcp_in += 1
        try:
            alone = rtcp.lone_transport_feedback(packet)
            reports = rtcp.parse(packet) if alone is None else ()
        except RtcpError:
            self._counters.rtcp_malformed += 1
            return
        if alone is not None:
            self._on_transport_feedback(alone, now)
        for report in reports:
            if isinstance(report, rtcp.TransportFeedback):
                self._on_transport_feedback(report.body, now)
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
                self._outlet.estimator.on_remb(report.bitrate_bps, now)

    def _on_transport_feedback(self, body: bytes, now: float) -> None:
        counters = self._counters
        if not self._left:
            counters.transport_feedback_flooded += 1
            return
        self._left -= 1
        counters.transport_feedback_received += 1
        try:
            feedback = twcc.parse(body)
        except RtcpError:
            counters.rtcp_malformed += 1
            return
        if self._takes_red:
            self._redundancy.on_fates(self._fates.take(feedback.arrivals))
        outlet = self._outlet
        estimator = outlet.estimator
        outage = estimator.state is State.OUTAGE
        before = estimator.on_feedback(feedback, now)
        for ssrc, sequence in outlet.take_lost(feedback):
            self._by_ssrc[ssrc].resend((sequence & 0xFFFF,), estimator.rtt or 0.0, now)
        if before is not None:
            self._on_estimate(before, outage and estimator.state is not State.OUTAGE, now)

    def _on_nack(self, report: rtcp.Nack, now: float) -> None:
        slot = self._by_ssrc.get(report.media)
        if slot is None:
            return
        asked = len(report.sequence_numbers)
        if asked > self._nacked_left:
            self._counters.nacks_flooded += asked
            return
        self._nacked_left -= asked
        self._counters.nacks_received += asked
        slot.resend(report.sequence_numbers, self.rtt or 0.0, now)

    def _on_picture_loss(self, ssrc: int, now: float) -> None:
        slot = self._by_ssrc.get(ssrc)
        if slot is None:
            return
        if not slot.awaits_key_frame:  # else it is the same wish again: browsers repeat it
            if self._pictures_left < 1.0:
                self._counters.picture_losses_flooded += 1
                return
            self._pictures_left -= 1.0
        self._counters.picture_losses_received += 1
        slot.on_picture_loss(now)

    def _on_report_block(self, block: rtcp.ReportBlock, now: float) -> None:
        slot = self._by_ssrc.get(block.ssrc)
        if slot is None:
            return
        highest, _, _ = self._loss.get(block.ssrc, (block.highest_sequence, 0, 0.0))
        expected = max(0, block.highest_sequence - highest)
        fraction = block.fraction_lost / 256
        self._loss[block.ssrc] = (block.highest_sequence, expected, fraction)
        if not self._transport_cc and isinstance(slot, SoundSlot):
            self._redundancy.on_report(fraction, expected)
        if block.last_report:
            middle = unix_to_ntp(now + self._wall_offset) >> 16 & 0xFFFFFFFF
            rtt = ((middle - block.last_report - block.delay) & 0xFFFFFFFF) / 65536
            if rtt < _MAX_RTT_S:
                self.rtt = rtt if self.rtt is None else self.rtt + (rtt - self.rtt) / 4
        self._outlet.estimator.on_report(fraction, self.rtt, now)

    def _on_receiver_time(self, report: rtcp.ReceiverTime, now: float) -> None:
        """Let the viewer measure the round trip: a browser times its requests by it."""
        if now - self._answered_at < _ANSWER_INTERVAL_S:
            return
        self._answered_at = now
        self._counters.receiver_times_answered += 1
        own = next(iter(self._by_ssrc), 0)
        answer = rtcp_writer.delay_since_receiver_time(own, report)
        self._send_rtcp(rtcp_writer.receiver_report(own) + answer)
