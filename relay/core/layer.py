"""One incoming stream: a simulcast layer of a video track, or an audio track.

Here a packet gets its place among its neighbours, is looked at once, and goes to every taker. What
is worked out per packet is worked out here, once, however many viewers there are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from relay.api import Layer, LayerStats, MediaKind
from relay.core import h264, rtcp, vp8
from relay.core.arrival import ArrivalMeter
from relay.core.clock import SessionClock, StreamClock, read_capture_time
from relay.core.counters import Counters
from relay.core.key_frames import KeyFrameRequests
from relay.core.loudness import Loudness
from relay.core.negotiated import Codec
from relay.core.packet import MediaPacket
from relay.core.red import RedPayloads
from relay.core.repair import MissingPackets
from relay.core.rtp import RtpPacket
from relay.core.serial import extend, signed

# Packets kept per stream, for repair of what viewers miss: ≈ 2 s of a 2.5 Mbit/s layer.
_VIDEO_HISTORY = 512
_AUDIO_HISTORY = 128
# A jump further than this is either a wild packet or a stream that began anew (RFC 3550 §A.1).
_MAX_JUMP = 3000
SILENT_AFTER = 5.0  # s without any packet: the layer does not flow, whatever the others do
_LEAST_PAUSE = 0.2  # s of sound; shorter ones are jitter


class Taker(Protocol):
    """A slot of a viewer or tap, as a layer sees it."""

    def forward(self, packet: MediaPacket) -> None:
        """Take a packet of the current layer."""

    def forward_late(self, packet: MediaPacket) -> None:
        """Take a packet of the current layer that comes after later ones."""

    def on_switch_point(self, layer: IncomingLayer, packet: MediaPacket) -> None:
        """Begin to take this layer, which the taker waits for, at this packet."""

    def on_layer_lost(self, layer: IncomingLayer, now: float, *, gone: bool) -> None:
        """The stream began anew, or is gone for good."""

    def on_clock(self, layer: IncomingLayer, now: float) -> None:
        """The current layer's mapping to capture time became known or changed."""


class LayerListener(Protocol):
    """Told when what can be chosen among changes."""

    def on_layer_changed(self, layer: IncomingLayer, now: float) -> None:
        """A layer began or ceased to flow, or its codec or size changed."""


class IncomingLayer:
    """The state of one incoming stream; see the module.

    Attributes:
        layer: None for audio.
        ssrc: None until it is known.
        codec: None until a packet came.
        highest: the highest extended sequence number, −1 before any packet.
        sets_in_band: H.264 parameter sets came in the stream itself.
        flowing: packets arrive now.
        paused: it fell silent on purpose: it said so (BYE), or its publisher was asked to pause it.
        redundant: sound's newest packet together with earlier ones, for slots that send RED.
        slots: takers of every packet; replaced, never changed in place.
        waiting: takers that begin at the next switch point; likewise.
    """

    __slots__ = (
        "_at_switch_point",
        "_counters",
        "_expected_after_jump",
        "_fresh",
        "_history",
        "_last_b_picture",
        "_listener",
        "_mask",
        "_requests",
        "_send",
        "b_pictures",
        "clock",
        "codec",
        "flowing",
        "height",
        "highest",
        "highest_picture_id",
        "highest_timestamp",
        "highest_tl0_index",
        "kind",
        "last_arrival",
        "layer",
        "loudness",
        "meter",
        "missing",
        "paused",
        "redundant",
        "report_arrival",
        "report_middle",
        "sets_in_band",
        "slots",
        "source_id",
        "ssrc",
        "waiting",
        "width",
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
        self.sets_in_band = False
        self.width = self.height = 0
        self.last_arrival = now
        self.highest = self.highest_picture_id = self.highest_tl0_index = -1
        self.highest_timestamp = -1
        self.report_middle = 0  # middle 32 bits of the last sender report's NTP time
        self.report_arrival = now
        self.b_pictures = 0
        self._last_b_picture = -1  # extended timestamp
        self._expected_after_jump = -1
        self._fresh = True
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
        timestamp = extend(packet.timestamp, self._near(packet.timestamp), 32)
        media = MediaPacket(sequence, timestamp, packet, now)
        if self.kind is MediaKind.VIDEO:
            if media.size:
                self._inspect_video(media, codec, now)
        else:
            # Not at a late or repeated packet: the taker would get all that was kept since, and so
            # hear what was said before it might.
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
        if self._fresh:
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
        self._fresh = False
        self.highest = sequence - 1
        self.meter.restart(sequence)
        return sequence

    def _near(self, timestamp: int) -> int:
        """The extended timestamp near which a wire timestamp belongs."""
        if self.highest_timestamp >= 0:
            return self.highest_timestamp
        told = self.clock.last_told  # a report may come before the first packet
        # One cycle on, so that −1 keeps its meaning: half of all streams begin above 2^31.
        return (1 << 32) + timestamp if told is None else told

    def restart(self, now: float) -> None:
        """The publisher began this stream anew: old numbers and reports mean nothing any more."""
        self.missing.clear()
        self.clock.reset()
        self.report_middle = 0
        self._expected_after_jump = -1
        self._fresh = True
        self._lose_takers(now, gone=False)

    def _adopt(self, codec: Codec, now: float) -> None:
        before, self.codec = self.codec, codec
        self.clock.rate = codec.clock_rate
        self.sets_in_band = False
        if sets := self.sets_apart:
            self._resize(sets.width, sets.height, now)
        if before is not None and before.payload_type != codec.payload_type:
            self._lose_takers(now, gone=False)
            self._listener.on_layer_changed(self, now)

    def _inspect_video(self, media: MediaPacket, codec: Codec, now: float) -> None:
        if codec.name == "VP8":
            self._inspect_vp8(media, now)
        elif codec.name == "H264":
            found = h264.parse(media.payload)
            media.switchable = found.key_frame
            self.sets_in_band |= found.has_sps
            if found.key_frame:
                self.b_pictures = 0
            if found.bi_predicted and media.timestamp != self._last_b_picture:
                self._last_b_picture = media.timestamp
                self.b_pictures += 1
            if found.width:
                self._resize(found.width, found.height, now)

    @property
    def sets_apart(self) -> h264.ParameterSets | None:
        """H.264 parameter sets that only the offer gave, so that each taker needs them first."""
        codec = self.codec
        if codec is None or codec.name != "H264" or self.sets_in_band:
            return None
        return h264.parameter_sets(codec.fmtp)

    def _inspect_vp8(self, media: MediaPacket, now: float) -> None:
        found = vp8.parse(media.payload)
        media.switchable = found.key_frame
        if found.picture_id >= 0:
            media.head = found.head
            bits = found.picture_id_bits
            if self.highest_picture_id < 0:
                media.picture_id = found.picture_id + 0x8000
            else:
                media.picture_id = extend(found.picture_id, self.highest_picture_id, bits)
            media.tl0_index = found.tl0_index
            media.temporal = found.temporal
            media.sync = found.sync
            media.payload = media.payload[found.tail :]
        if found.key_frame:
            self._resize(found.width, found.height, now)

    def _resize(self, width: int, height: int, now: float) -> None:
        if (width, height) != (self.width, self.height):
            self.width, self.height = width, height
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
            and self.slots  # what nobody takes, such as the sound of a room off stage, may be lost
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
            self.highest_picture_id = media.picture_id
            self.highest_tl0_index = media.tl0_index
        self.last_arrival = now
        if not flowing:
            self.flowing = True
            self._listener.on_layer_changed(self, now)

    def _come_back(self, media: MediaPacket, now: float) -> None:
        """Sound that was paused: before Chromium 111 its RTP time stood still meanwhile.

        The mapping to capture time is then wrong by the pause; takers go on by arrival until a
        capture time, maybe this packet's own, or the next sender report sets the clock anew.

        Only a pause that was announced or asked for counts: after an outage, a modem may deliver
        all that it kept, and that goes on where it stopped as well.
        """
        silence = now - self.last_arrival
        if not self.paused or silence <= _LEAST_PAUSE:
            return  # in a pause, what was under way at its beginning
        self.paused = False
        if self.kind is not MediaKind.AUDIO or self.highest_timestamp < 0:
            return
        counted = (media.timestamp - self.highest_timestamp) / self.clock.rate
        # Where time went on, a pause counts whole, but for what the link delays the end.
        if counted < silence / 2:
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
            self._ask_for_missing(now)  # not only with the tick: repair is a race
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
            return  # the packet in hand begins one
        if self.kind is MediaKind.VIDEO and self._requests.want(now):
            self._send_picture_loss()

    @property
    def awaits_key_frame(self) -> bool:
        """Whether the publisher is being asked for one, again and again, until it begins."""
        return self._requests.wanted

    def _send_picture_loss(self) -> None:
        if self.ssrc is not None and (self.codec is None or self.codec.pli):
            self._send(self.ssrc, rtcp.picture_loss)

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
            self._send(self.ssrc, lambda own, media: rtcp.nack(own, media, wanted))
        if given_up:
            self._counters.packets_unrepaired += given_up
            if self.slots:
                self.request_key_frame(now)

    def on_sender_report(self, report: rtcp.SenderReport, now: float) -> None:
        """Take the publisher's report of this stream."""
        self.report_middle = report.ntp >> 16 & 0xFFFFFFFF
        self.report_arrival = now
        near = self._near(report.rtp_timestamp)
        self.clock.on_report(report.ntp, report.rtp_timestamp, near, now)

    def on_capture_time(self, element: bytes, rtp_timestamp: int, now: float) -> None:
        """Take what a packet says of its own capture; malformed or too many are passed over."""
        ntp = read_capture_time(element)
        if ntp is not None and self.clock.on_capture(
            ntp, rtp_timestamp, self.highest_timestamp, now
        ):
            for taker in self.slots:
                taker.on_clock(self, now)

    def report_block(self, now: float) -> rtcp.ReportBlock | None:
        """For the next receiver report; None before any packet."""
        if self.ssrc is None or not self.meter.heard:
            return None
        delay = now - self.report_arrival
        return self.meter.report_block(self.ssrc, self.highest, self.report_middle, delay)

    def stats(self) -> LayerStats:
        """Figures of the last second."""
        meter = self.meter
        return LayerStats(
            kind=self.kind,
            layer=self.layer,
            bitrate_bps=meter.bitrate_bps,
            packets=meter.packets,
            frames_per_second=meter.frames_per_second,
            width=self.width,
            height=self.height,
            loss_fraction=meter.loss_fraction,
            unrepaired_fraction=meter.unrepaired_fraction,
        )
