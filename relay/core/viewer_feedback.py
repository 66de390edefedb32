"""What comes back from one viewer: RTCP read, bounded, counted, and handed to whom it concerns."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from relay.core import rtcp, twcc
from relay.core.clock import unix_to_ntp
from relay.core.congestion.state import State
from relay.core.counters import Counters
from relay.core.outlet import Outlet
from relay.core.redundancy import Redundancy, SoundFates
from relay.core.rtcp import RtcpError
from relay.core.slot import ViewerSlot
from relay.core.sound_slot import SoundSlot

_ANSWER_INTERVAL = 0.3  # s between two answers to a viewer's reference times
_MAX_RTT = 5.0  # s; more comes from a wrong report, not from a link
_MAX_FEEDBACK = 50  # transport-wide feedback packets read in a second: browsers send 10 to 20
# Packets asked for again in a second that are looked up: more than can be answered to 6 slots.
_MAX_NACKED = 4000
# Pictures reported lost for which a key frame is asked: at once, one for each slot; then one in two
# seconds. A viewer that asks for ever shares its key frames with everybody's link.
_PICTURES_AT_ONCE = 16.0
_PICTURES_PER_S = 0.5

# Told when feedback taught something: the estimate before it, whether an outage ended with it, now.
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
        self._left = _MAX_FEEDBACK
        self._nacked_left = _MAX_NACKED
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
        """A second is over: as many feedback packets and requests as usual are read again."""
        self._left = _MAX_FEEDBACK
        self._nacked_left = _MAX_NACKED
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
        if not slot.awaits_key_frame:  # else it is the same wish once more: browsers repeat it
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
            if rtt < _MAX_RTT:
                self.rtt = rtt if self.rtt is None else self.rtt + (rtt - self.rtt) / 4
        self._outlet.estimator.on_report(fraction, self.rtt, now)

    def _on_receiver_time(self, report: rtcp.ReceiverTime, now: float) -> None:
        """Let the viewer measure the round trip: a browser that knows it asks again in time."""
        if now - self._answered_at < _ANSWER_INTERVAL:
            return
        self._answered_at = now
        self._counters.receiver_times_answered += 1
        own = next(iter(self._by_ssrc), 0)
        answer = rtcp.delay_since_receiver_time(own, report)
        self._send_rtcp(rtcp.receiver_report(own) + answer)
