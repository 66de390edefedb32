"""Rewriting: many layers and sources in, one continuous stream out.

A switch fixes four differences between the layer and the slot: of sequence number, timestamp,
picture id and TL0PICIDX. Until the next switch every packet is moved by them. So a gap upstream is
the same gap downstream, a late packet finds its place by itself, and nothing is kept per packet.

A viewer may get fewer temporal layers. Each picture left out closes up the numbers behind it, and a
new segment with other differences begins. A packet missing upstream keeps its place, since it may
turn out to be wanted. The last segments are remembered: they tell the meaning of a viewer's NACK
and the place of a late packet.
"""

from __future__ import annotations

import struct
from collections import deque

from relay.api import MediaKind
from relay.core.incoming.clock import StreamClock
from relay.core.incoming.layer import IncomingLayer
from relay.core.wire.packet import MediaPacket
from relay.core.wire.serial import extend

_PICTURE_ID = struct.Struct("!HH")
_PICTURE_ID_TL0 = struct.Struct("!HHB")
_MAX_SEGMENTS = 64  # remembered; at 30 frames/s with every second left out: 4 s
HIGHEST_TEMPORAL = 3  # the field has two bits (RFC 7741 §4.2)
_MIN_VIDEO_TICKS = 90  # ticks: 1 ms, so that no frame shares its timestamp with the one before
_MIN_AUDIO_TICKS = 960  # ticks: one 20 ms packet
_MAX_DISAGREEMENT_S = 1.0  # s between capture and arrival clocks; beyond, reports are wrong
# s between the two clocks, for streams of one session. They share a capture clock, so the
# difference is the delay that a busy machine or link gave one of them.
_MAX_DELAY_S = 10.0
_MAX_LOOK_BACK = 32  # packets before an IDR slice that may hold its parameter sets


class Segment:
    """A run of packets with the same differences. All numbers are extended.

    Attributes:
        first_out: outgoing number of the first packet.
        first_in: its number in the layer.
        stop_in: number of the first packet after the run that was left out; None while it goes on.
        temporal: the highest temporal layer that was forwarded.
        lead: a packet made by the relay, before the first: parameter sets that only the offer gave.
    """

    __slots__ = (
        "first_in",
        "first_out",
        "layer",
        "lead",
        "payload_type",
        "picture_id_delta",
        "sequence_delta",
        "stop_in",
        "temporal",
        "timestamp_delta",
        "tl0_delta",
    )

    def __init__(
        self, slot: Munger, layer: IncomingLayer, first_in: int, lead: MediaPacket | None = None
    ) -> None:
        self.layer = layer
        self.first_in = first_in
        self.first_out = first_in + slot.sequence_delta - (lead is not None)
        self.lead = lead
        self.stop_in: int | None = None
        self.sequence_delta = slot.sequence_delta
        self.timestamp_delta = slot.timestamp_delta
        self.picture_id_delta = slot.picture_id_delta
        self.tl0_delta = slot.tl0_delta
        self.payload_type = slot.payload_type
        self.temporal = slot.temporal

    def forwarded(self, packet: MediaPacket) -> bool:
        """True if a packet of the layer, not from before this run, is in it and not left out."""
        inside = self.stop_in is None or packet.sequence < self.stop_in
        return inside and packet.temporal <= self.temporal


def payload(packet: MediaPacket, picture_id_delta: int, tl0_delta: int) -> bytes:
    """The payload with its VP8 picture id (always in 15-bit form) and TL0PICIDX moved."""
    if packet.picture_id < 0:
        return packet.payload
    picture_id = (packet.picture_id + picture_id_delta) & 0x7FFF | 0x8000
    if packet.tl0_index < 0:
        return _PICTURE_ID.pack(packet.head, picture_id) + packet.payload
    tl0_index = (packet.tl0_index + tl0_delta) & 0xFF
    return _PICTURE_ID_TL0.pack(packet.head, picture_id, tl0_index) + packet.payload


def first_packet_of_picture(layer: IncomingLayer, packet: MediaPacket) -> int:
    """The sequence number at which a decoder must start for the key frame of `packet`.

    For VP8 that is `packet`. An H.264 IDR slice may follow its parameter sets. They can be late or
    lost, and belong to the same timestamp or to the hole just before.
    """
    codec = layer.codec
    first = packet.sequence
    if codec is None or codec.name != "H264":
        return first
    oldest_kept = first - _MAX_LOOK_BACK
    at = first - 1
    while at >= oldest_kept:
        before = layer.at(at)
        if before is not None and before.timestamp != packet.timestamp:
            break
        at -= 1
    else:
        return first
    return at + 1


class Munger:
    """The rewriting state of one slot, flat: the hot path reads it, a switch writes it.

    Attributes:
        layer: the layer that flows now.
        temporal: the highest temporal layer of it that is forwarded.
        first_sequence: of the layer; earlier packets are from before the switch.
    """

    __slots__ = (
        "_last_arrival",
        "_last_capture",
        "_last_clock",
        "_last_picture_id",
        "_last_sequence",
        "_last_timestamp",
        "_last_tl0_index",
        "_segments",
        "_skipped_picture",
        "first_sequence",
        "layer",
        "payload_type",
        "picture_id_delta",
        "sequence_delta",
        "temporal",
        "timestamp_delta",
        "tl0_delta",
    )

    def __init__(self) -> None:
        self.layer: IncomingLayer | None = None
        self.payload_type = 0
        self.first_sequence = 0
        self.sequence_delta = self.timestamp_delta = 0
        self.picture_id_delta = self.tl0_delta = 0
        self.temporal = HIGHEST_TEMPORAL
        self._segments: deque[Segment] = deque(maxlen=_MAX_SEGMENTS)
        self._skipped_picture = -1
        self._last_sequence: int | None = None  # of what was sent, before the present layer
        self._last_timestamp = 0
        self._last_picture_id = self._last_tl0_index = -1
        self._last_arrival = 0.0
        self._last_capture: float | None = None
        self._last_clock: StreamClock | None = None

    def detach(self) -> None:
        """The present layer ends; remember where the outgoing stream stands."""
        layer = self.layer
        if layer is None:
            return
        if self._segments and self._segments[-1].stop_in is None:
            self._segments[-1].stop_in = layer.highest + 1
        self._last_sequence = layer.highest + self.sequence_delta
        self._last_timestamp = layer.highest_timestamp + self.timestamp_delta
        self._last_clock = layer.clock
        self._last_capture = layer.clock.capture_time(layer.highest_timestamp)
        self._last_arrival = layer.last_arrival
        pictures = layer.pictures
        if pictures.highest_id >= 0:
            self._last_picture_id = pictures.highest_id + self.picture_id_delta
            self._last_tl0_index = pictures.highest_tl0_index + self.tl0_delta
        self.layer = None

    def splice(
        self, layer: IncomingLayer, packet: MediaPacket, payload_type: int, lead: bytes = b""
    ) -> MediaPacket | None:
        """Go on with `layer`, whose picture begins at `packet`; the old one was detached before.

        Args:
            layer: from now on.
            packet: where decoding can start.
            payload_type: the receiver's.
            lead: payload of a packet to be sent before the layer's first one.

        Returns:
            The packet with `lead`, numbered just before the layer's first; None without it.
        """
        first = first_packet_of_picture(layer, packet)
        leading = packet.sibling(first - 1, lead) if lead else None
        self.layer = layer
        self.payload_type = payload_type
        self.first_sequence = first
        if self._last_sequence is None:
            # Below 2^15, so that the first packets' order is clear even if some are lost before
            # SRTP's rollover counter is settled (RFC 3711 §3.3.1).
            self.sequence_delta = 0x10000 + (first & 0x7FFF) + (leading is not None) - first
            self.timestamp_delta = 0
        else:
            self.sequence_delta = self._last_sequence + 1 + (leading is not None) - first
            self.timestamp_delta = self._next_timestamp(layer, packet) - packet.timestamp
        self._skipped_picture = -1
        self.picture_id_delta = self.tl0_delta = 0
        if packet.picture_id >= 0 and self._last_picture_id >= 0:
            self.picture_id_delta = self._last_picture_id + 1 - packet.picture_id
            self.tl0_delta = self._last_tl0_index + 1 - packet.tl0_index
        self._segments.append(Segment(self, layer, first, leading))
        return leading

    def skip(self, packet: MediaPacket) -> None:
        """Leave out the newest packet of the present layer, and close up behind it."""
        layer = self.layer
        if layer is None:
            return
        current = self._segments[-1]
        current.stop_in = packet.sequence
        self.sequence_delta -= 1
        if packet.picture_id != self._skipped_picture:
            self._skipped_picture = packet.picture_id
            self.picture_id_delta -= 1
        if current.first_in == packet.sequence:
            self._segments.pop()  # it held nothing
        self._segments.append(Segment(self, layer, packet.sequence + 1))

    def change_temporal(self, packet: MediaPacket, temporal: int) -> None:
        """Forward temporal layers 0…`temporal`, from the picture on that begins with `packet`."""
        layer = self.layer
        if layer is None:
            return
        self.temporal = temporal
        self._segments[-1].stop_in = packet.sequence
        self._segments.append(Segment(self, layer, packet.sequence))

    def place(self, packet: MediaPacket) -> Segment | None:
        """The segment of a late packet of the present layer; None if its picture was left out."""
        for segment in reversed(self._segments):
            if segment.layer is self.layer and packet.sequence >= segment.first_in:
                return segment if segment.forwarded(packet) else None
        return None

    def _next_timestamp(self, layer: IncomingLayer, packet: MediaPacket) -> int:
        """Go on by capture time if it is known for both layers, else by arrival."""
        elapsed = packet.arrival - self._last_arrival
        capture = layer.clock.capture_time(packet.timestamp)
        if capture is not None and self._last_capture is not None:
            by_capture = capture - self._last_capture
            shared = self._last_clock is not None and layer.clock.shares_session(self._last_clock)
            if abs(by_capture - elapsed) <= (_MAX_DELAY_S if shared else _MAX_DISAGREEMENT_S):
                elapsed = by_capture
        least = _MIN_VIDEO_TICKS if layer.kind is MediaKind.VIDEO else _MIN_AUDIO_TICKS
        return self._last_timestamp + max(least, round(elapsed * layer.clock.rate))

    def timestamp_at(self, moment: float) -> int | None:
        """The outgoing timestamp of a moment on the relay's clock, for sender reports."""
        if self.layer is None:
            return None
        timestamp = self.layer.clock.timestamp_at(moment)
        return None if timestamp is None else timestamp + self.timestamp_delta

    def find(self, sequence_number: int) -> tuple[Segment, int, MediaPacket] | None:
        """Find the packet that was, or should have been, sent under a 16-bit sequence number.

        Returns:
            The segment, the extended outgoing sequence number and the packet, None if not kept.
        """
        if self.layer is not None:
            near = self.layer.highest + self.sequence_delta
        elif self._last_sequence is not None:
            near = self._last_sequence
        else:
            return None
        out = extend(sequence_number, near, 16)
        if out > near:
            return None
        for segment in reversed(self._segments):
            if out >= segment.first_out:
                if segment.lead is not None and out == segment.first_out:
                    return segment, out, segment.lead
                packet = segment.layer.at(out - segment.sequence_delta)
                if packet is None or not segment.forwarded(packet):
                    return None
                return segment, out, packet
        return None

    def forget(self) -> None:
        """Drop the references to layers, when the slot itself ends."""
        self._segments.clear()
