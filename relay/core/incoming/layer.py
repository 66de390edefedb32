"""One incoming stream: a simulcast layer of a video track, or an audio track.

A packet gets its place among its neighbours, is inspected, and goes to every taker. All work per
packet is done here, once, however many viewers there are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from relay.api import Layer, LayerStats, MediaKind
from relay.core.counters import Counters
from relay.core.incoming.arrival import ArrivalMeter
from relay.core.incoming.clock import SessionClock, StreamClock, read_capture_time
from relay.core.incoming.key_frames import KeyFrameRequests
from relay.core.incoming.loudness import Loudness
from relay.core.incoming.missing import MissingPackets
from relay.core.incoming.pictures import Pictures
from relay.core.wire import rtcp, rtcp_writer
from relay.core.wire.negotiated import Codec
from relay.core.wire.packet import MediaPacket
from relay.core.wire.red import RedPayloads
from relay.core.wire.rtp import RtpPacket
from relay.core.wire.serial import extend, signed

# Packets kept per stream, for repair of what viewers miss: ≈ 2 s of a 2.5 Mbit/s layer.
_VIDEO_HISTORY = 512
_AUDIO_HISTORY = 128
# A jump further than this is either a wild packet or a stream that began anew (RFC 3550 §A.1).
_MAX_JUMP = 3000
SILENT_AFTER_S = 5.0  # s without any packet: the layer does not flow, whatever the others do
_MIN_PAUSE_S = 0.2  # s of sound; shorter ones are jitter


class Taker(Protocol):
    """A slot of a viewer or tap, as a layer sees it."""

    def forward(self, packet: MediaPacket) -> None:
        """Take a packet of the current layer."""

    def forward_late(self, packet: MediaPacket) -> None:
        """Take a packet of the current layer that comes after later ones."""

    def on_switch_point(self, layer: IncomingLayer, packet: MediaPacket) -> None:
        """Begin to take the awaited layer at this packet."""

    def on_layer_lost(self, layer: IncomingLayer, now: float, *, gone: bool) -> None:
        """The stream began anew, or is gone for good."""

    def on_clock(self, layer: IncomingLayer, now: float) -> None:
        """The current layer's mapping to capture time became known or changed."""


class LayerListener(Protocol):
    """Somebody who is told when a stream's state changes for those who choose."""

    def on_layer_changed(self, layer: IncomingLayer, now: float) -> None:
        """A layer began or ceased to flow, or its codec or size changed."""


class IncomingLayer:
    """The state of one incoming stream.

    Attributes:
        layer: None for audio.
        ssrc: None until it is known.
        codec: None until a packet came.
        highest: the highest extended sequence number, −1 before any packet.
        pictures: what is known of a video stream's pictures.
        flowing: packets arrive now.
        paused: it fell silent on purpose: by a BYE, or because its publisher was asked to pause it.
        redundant: sound's newest packet together with earlier ones, for slots that send RED.
        slots: takers of every packet; the tuple is replaced, never changed in place.
        waiting: takers that begin at the next switch point; as `slots`.
    """

    __slots__ = (
        "_at_switch_point",
        "_awaits_first",
        "_counters",
        "_expected_after_jump",
        "_history",
        "_listener",
        "_mask",
        "_requests",
        "_send",
        "clock",
        "codec",
        "flowing",
        "highest",
        "highest_timestamp",
        "kind",
        "last_arrival",
        "layer",
        "loudness",
        "meter",
        "missing",
        "paused",
        "pictures",
        "redundant",
        "slots",
        "source_id",
        "ssrc",
        "waiting",
    )

    def __init__(
        self,
        source_id: str,
        kind: MediaKind,
        layer: Layer | None,
        *,
        clock: SessionClock,
        listener: LayerListener,
        send: Callable[[int, Callable[[int, int], bytes]], None],
        counters: Counters,
        now: float,
    ) -> None:
        """`send` takes the media SSRC and a function of (sender, media SSRC) → RTCP packet."""
        self.source_id = source_id
        self.kind = kind
        self.layer = layer
        self.ssrc: int | None = None
        self.codec: Codec | None = None
        self.clock = StreamClock(clock, 90_000 if kind is MediaKind.VIDEO else 48_000)
        self.meter = ArrivalMeter(now)
        self.missing = MissingPackets()
        self.loudness = Loudness()
        self.redundant = RedPayloads()
        self.slots: tuple[Taker, ...] = ()
        self.waiting: tuple[Taker, ...] = ()
        self.flowing = self.paused = False
        self.pictures = Pictures()
        self.last_arrival = now
        self.highest = self.highest_timestamp = -1
        self._expected_after_jump = -1
        self._awaits_first = True
        self._at_switch_point = False
        size = _VIDEO_HISTORY if kind is MediaKind.VIDEO else _AUDIO_HISTORY
        self._history: list[MediaPacket | None] = [None] * size
        self._mask = size - 1
        self._requests = KeyFrameRequests(counters)
        self._listener = listener
        self._send = send
        self._counters = counters

    # --- packets in -------------------------------------------------------------------------------

    def receive(
        self,
        packet: RtpPacket,
        codec: Codec,
        now: float,
        *,
        repaired: bool = False,
        level: bytes | None = None,
    ) -> bool:
        """Take one packet that belongs to this stream.

        Args:
            packet: with sequence number and payload as originally sent.
            codec: of its payload type.
            now: seconds.
            repaired: it came as a retransmission, or with another packet (RED).
            level: its audio level element.

        Returns:
            Whether it was taken; else it is off the window, too late, or known already.

        Raises:
            RtpError: the payload is not what the codec says.
        """
        sequence = self._place(packet.sequence_number, now, repaired=repaired)
        if sequence < 0:
            return False
        place = sequence & self._mask
        known = self._history[place]
        if known is not None and known.sequence == sequence:
            # Browsers probe for bandwidth by repeating packets as RTX: common, and no fault.
            self._counters.rtx_redundant += repaired
            self._counters.rtp_duplicate += not repaired
            return False
        if codec is not self.codec:
            self._adopt(codec, now)
        timestamp = extend(
            packet.timestamp, self.clock.near(packet.timestamp, self.highest_timestamp), 32
        )
        media = MediaPacket(sequence, timestamp, packet, now)
        if self.kind is MediaKind.VIDEO:
            if media.size and self.pictures.read(media, codec):
                self._tell_resized(now)
        else:
            # Late or repaired packets are no switch point: a new taker would hear sound from before
            # it was allowed.
            media.switchable = sequence > self.highest and not repaired
            if level:
                media.level = level[0]
            self.loudness.on_packet(level, now)
        self._history[place] = media
        self._at_switch_point = media.switchable
        if repaired:
            self.meter.on_repair(media.size)
        else:
            self.meter.on_original(media.size, media.temporal)
        self._deliver(media, now)
        self._at_switch_point = False
        return True

    def _place(self, sequence_number: int, now: float, *, repaired: bool) -> int:
        """The extended sequence number, or −1 if the packet is to be dropped."""
        highest = self.highest
        if self._awaits_first:
            if repaired:  # nothing to repair yet
                self._counters.rtp_too_late += 1
                return -1
            return self._begin(sequence_number)
        ahead = signed(sequence_number - highest, 16)
        if -self._mask <= ahead <= _MAX_JUMP:
            return highest + ahead
        if repaired or self._expected_after_jump != sequence_number:
            # Two in a row are needed to believe in a new beginning (RFC 3550 §A.1).
            if not repaired:
                self._expected_after_jump = (sequence_number + 1) & 0xFFFF
            self._counters.rtp_off_window += 1
            return -1
        self.restart(now)
        return self._begin(sequence_number)

    def _begin(self, sequence_number: int) -> int:
        # Two cycles on, so that no number of an old stream can be taken for one of the new.
        sequence = (((max(self.highest, 0) >> 16) + 2) << 16) + sequence_number
        self._awaits_first = False
        self.highest = sequence - 1
        self.meter.restart(sequence)
        return sequence

    def restart(self, now: float) -> None:
        """The publisher began this stream anew: old numbers and reports mean nothing any more."""
        self.missing.clear()
        self.clock.reset()
        self.meter.forget_sender_report()
        self._expected_after_jump = -1
        self._awaits_first = True
        self._lose_takers(now, gone=False)

    def expect(self, codec: Codec, now: float) -> None:
        """Suppose a codec before any packet came."""
        if self.codec is None:
            self._adopt(codec, now)

    def _adopt(self, codec: Codec, now: float) -> None:
        before, self.codec = self.codec, codec
        self.clock.rate = codec.clock_rate
        if self.pictures.adopt(codec):
            self._tell_resized(now)
        if before is not None and before.payload_type != codec.payload_type:
            self._lose_takers(now, gone=False)
            self._listener.on_layer_changed(self, now)

    def _tell_resized(self, now: float) -> None:
        if self.flowing:
            self._listener.on_layer_changed(self, now)

    def _advance(self, media: MediaPacket, now: float) -> None:
        flowing = self.flowing
        if not flowing:
            self._come_back(media, now)
        gap = media.sequence - self.highest - 1
        codec = self.codec
        if (
            gap
            and self.slots  # a stream without takers, such as sound off stage, needs no repair
            and codec is not None
            and codec.nack
            and not self.missing.on_gap(self.highest + 1, media.sequence, now)
        ):
            self._counters.packets_unrepaired += gap
            self.request_key_frame(now)
        if media.timestamp != self.highest_timestamp:
            self.meter.on_frame(media.timestamp, self.clock.rate, now)
            self.clock.on_arrival(media.timestamp, now)
        self.highest = media.sequence
        self.highest_timestamp = media.timestamp
        if media.picture_id >= 0:
            self.pictures.highest_id = media.picture_id
            self.pictures.highest_tl0_index = media.tl0_index
        self.last_arrival = now
        if not flowing:
            self.flowing = True
            self._listener.on_layer_changed(self, now)

    def _come_back(self, media: MediaPacket, now: float) -> None:
        """Take the first packet after a pause; sound's RTP time may have stood still in it.

        Only a pause that was announced or asked for counts. After an outage a modem may deliver
        all that it kept, and such packets also go on where they stopped.
        """
        silence = now - self.last_arrival
        if not self.paused or silence <= _MIN_PAUSE_S:
            return  # a packet that was under way when the pause began
        self.paused = False
        if self.kind is not MediaKind.AUDIO or self.highest_timestamp < 0:
            return
        if self.clock.stood_still(media.timestamp - self.highest_timestamp, silence):
            self._lose_takers(now, gone=False)
            self.clock.reset()

    def _deliver(self, media: MediaPacket, now: float) -> None:
        if media.sequence > self.highest:
            self._advance(media, now)
            for slot in self.slots:
                slot.forward(media)
        else:
            self.missing.on_packet(media.sequence, now)
            for slot in self.slots:
                slot.forward_late(media)
        self._counters.packets_out += len(self.slots)
        if self.missing and now >= self.missing.next_due:
            self._ask_for_missing(now)  # before the next tick: repair is a race
        if media.switchable:
            if self._requests.wanted:
                self._requests.satisfied()
            for taker in self.waiting:
                taker.on_switch_point(self, media)

    def at(self, sequence: int) -> MediaPacket | None:
        """The packet with that extended sequence number, if it is still kept."""
        packet = self._history[sequence & self._mask]
        return packet if packet is not None and packet.sequence == sequence else None

    # --- takers -----------------------------------------------------------------------------------

    def add_slot(self, taker: Taker) -> None:
        """`taker` gets every packet from now on."""
        self.slots = (*self.slots, taker)

    def remove_slot(self, taker: Taker) -> None:
        """No more packets for `taker`."""
        self.slots = tuple(other for other in self.slots if other is not taker)

    def add_waiting(self, taker: Taker) -> None:
        """`taker` begins at the next switch point."""
        self.waiting = (*self.waiting, taker)

    def remove_waiting(self, taker: Taker) -> None:
        """`taker` waits no longer."""
        self.waiting = tuple(other for other in self.waiting if other is not taker)

    def _lose_takers(self, now: float, *, gone: bool) -> None:
        for taker in (*self.slots, *self.waiting):
            taker.on_layer_lost(self, now, gone=gone)

    def close(self, now: float) -> None:
        """The stream is gone; takers let go, and what was kept is forgotten."""
        self.flowing = False
        self._lose_takers(now, gone=True)
        self._history = [None] * len(self._history)
        self.missing.clear()

    # --- feedback and time ------------------------------------------------------------------------

    def request_key_frame(self, now: float) -> None:
        """Ask the publisher for a key frame, throttled; repeated until one begins."""
        if self._at_switch_point:
            return  # the present packet begins one
        if self.kind is MediaKind.VIDEO and self._requests.want(now):
            self._send_picture_loss()

    @property
    def awaits_key_frame(self) -> bool:
        """True if the publisher is being asked for one, repeatedly until it begins."""
        return self._requests.wanted

    def _send_picture_loss(self) -> None:
        if self.ssrc is not None and (self.codec is None or self.codec.pli):
            self._send(self.ssrc, rtcp_writer.picture_loss)

    def on_timer(self, now: float) -> None:
        """Every tick: what is due of NACKs and key frame requests."""
        if self.missing:
            self._ask_for_missing(now)
        if self._requests.wanted and self._requests.due(now):
            self._send_picture_loss()
        self.meter.roll(self.highest, now)

    def _ask_for_missing(self, now: float) -> None:
        wanted, given_up = self.missing.due(now)
        if wanted and self.ssrc is not None:
            self._counters.nacks_sent += len(wanted)
            self._send(self.ssrc, lambda own, media: rtcp_writer.nack(own, media, wanted))
        if given_up:
            self._counters.packets_unrepaired += given_up
            if self.slots:
                self.request_key_frame(now)

    def on_sender_report(self, report: rtcp.SenderReport, now: float) -> None:
        """Take the publisher's report of this stream."""
        self.meter.on_sender_report(report.ntp, now)
        near = self.clock.near(report.rtp_timestamp, self.highest_timestamp)
        self.clock.on_report(report.ntp, report.rtp_timestamp, near, now)

    def on_capture_time(self, element: bytes, rtp_timestamp: int, now: float) -> None:
        """Take a packet's own capture time, unless malformed or too frequent."""
        ntp = read_capture_time(element)
        if ntp is not None and self.clock.on_capture(
            ntp, rtp_timestamp, self.highest_timestamp, now
        ):
            for taker in self.slots:
                taker.on_clock(self, now)

    def report_block(self, now: float) -> rtcp.ReportBlock | None:
        """The stream's block in the next receiver report; None before any packet."""
        if self.ssrc is None or not self.meter.heard:
            return None
        return self.meter.report_block(self.ssrc, self.highest, now)

    def stats(self) -> LayerStats:
        """Figures of the last second."""
        meter = self.meter
        return LayerStats(
            kind=self.kind,
            layer=self.layer,
            bitrate_bps=meter.bitrate_bps,
            packets=meter.packets,
            frames_per_second=meter.frames_per_second,
            width=self.pictures.width,
            height=self.pictures.height,
            loss_fraction=meter.loss_fraction,
            unrepaired_fraction=meter.unrepaired_fraction,
        )
