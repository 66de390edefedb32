"""One stream in a pipe: a layer of a picture, or sound, as the publisher sent it.

Timestamps, payloads and the distances of sequence numbers are the publisher's. A constant is added
to the sequence numbers, for SRTP counts their cycles. After a pause of many cycles, or a stream
that began anew, both ends would count differently. So a stream that goes on after a pause goes on
by one. One that began anew jumps further than any loss, and the edge begins it anew as well.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from relay.api import Layer, MediaKind
from relay.core.counters import Counters
from relay.core.incoming.clock import unix_to_ntp
from relay.core.incoming.layer import IncomingLayer
from relay.core.outgoing.munger import first_packet_of_picture, payload
from relay.core.piping.outlet import AUDIO_LEVEL_ID, PipeOutlet
from relay.core.wire import rtcp, rtcp_writer
from relay.core.wire.packet import MediaPacket
from relay.core.wire.rtp import ONE_BYTE_PROFILE
from relay.core.wire.serial import extend

_HEAD = struct.Struct("!BBHII")
_LEVEL = struct.Struct("!HHBBH")  # profile, words, element, level, padding (RFC 8285 §4.2)
_U16 = struct.Struct("!H")
_VERSION_2 = 0x80
_WITH_EXTENSION = 0x90
_NO_LEVEL = 0xFF  # see `MediaPacket.level`
# Below 2^15, so that the order is clear even if the first packets are lost (RFC 3711 §3.3.1).
_FIRST_NUMBER = 0x10000 + 1000
_JUMP = 8000  # numbers; more than `IncomingLayer` takes for loss, less than SRTP's half cycle
_REPORT_INTERVAL_S = 1.0  # s between two sender reports
_REPORT_SPACING_S = 0.2  # s at least, however often the publisher tells its clock
_MIN_SPACING_S = 0.015  # s between two repairs of one packet; the edge asks every 20 ms
_CROSSING_S = 0.05  # s beside the round trip, in which a wish may cross a key frame
_MAX_RESENT = 512  # packets whose last repair is remembered
_WINDOW_S = 0.1  # s
_MAX_RESENDS = 64  # repairs of a stream in a window: ≈ 6 Mbit/s, whatever is asked for


class PipedStream:
    """A taker of one layer (see `layer.Taker`) that sends to an edge.

    Attributes:
        name: None for sound.
        ssrc: of its packets in the pipe.
        repair_ssrc: of its retransmissions.
    """

    __slots__ = (
        "_began_at",
        "_counters",
        "_delta",
        "_first",
        "_first_out",
        "_kind",
        "_last_out",
        "_layer",
        "_outlet",
        "_payload_type",
        "_repair_number",
        "_repair_types",
        "_report_due",
        "_reported_at",
        "_resends",
        "_resent",
        "_restarted",
        "_run_of",
        "_sends",
        "_told_flowing",
        "_window_start",
        "name",
        "octets",
        "packets",
        "repair_ssrc",
        "ssrc",
    )

    def __init__(
        self,
        name: Layer | None,
        outlet: PipeOutlet,
        repair_types: Mapping[int, int],
        counters: Counters,
    ) -> None:
        self.name = name
        self.ssrc = outlet.new_ssrc()
        self.repair_ssrc = outlet.new_ssrc()
        self.packets = self.octets = 0
        self._kind = MediaKind.AUDIO if name is None else MediaKind.VIDEO
        self._outlet = outlet
        self._repair_types = dict(repair_types)
        self._counters = counters
        self._layer: IncomingLayer | None = None
        self._sends = False  # it takes packets; else it waits for a switch point
        self._payload_type = 0
        self._first = 0  # of the layer's numbers, in this run
        self._first_out = 0
        self._delta = 0
        self._last_out = -1
        self._restarted = False
        self._began_at = float("-inf")
        self._told_flowing = False
        self._run_of: tuple[int, int | None] = 0, None  # the layer and its SSRC in the last run
        self._report_due = self._reported_at = float("-inf")
        self._repair_number = 1000
        self._resent: dict[int, float] = {}  # number in the layer → when
        self._resends = 0
        self._window_start = float("-inf")

    # --- which layer ------------------------------------------------------------------------------

    def aim(self, layer: IncomingLayer | None, now: float) -> None:
        """Take `layer` from its next switch point on; None: stop."""
        if layer is self._layer:
            return
        before = self._layer
        if before is not None:
            self._leave()
        self._layer = layer
        if layer is not None:
            layer.add_waiting(self)
            layer.request_key_frame(now)

    def _leave(self) -> None:
        layer = self._layer
        if layer is None:
            return
        layer.remove_waiting(self)
        layer.remove_slot(self)
        self._sends = False
        self._say_bye()

    def _say_bye(self) -> None:
        if self._told_flowing:
            self._told_flowing = False
            self._outlet.send_rtcp(rtcp_writer.bye((self.ssrc,)))

    def on_switch_point(self, layer: IncomingLayer, packet: MediaPacket) -> None:
        """See `layer.Taker`."""
        codec = layer.codec
        if codec is None:
            return
        layer.remove_waiting(self)
        layer.add_slot(self)
        first = first_packet_of_picture(layer, packet)
        run_of = id(layer), layer.ssrc
        self._restarted |= run_of != self._run_of
        self._run_of = run_of
        if self._last_out < 0:
            out = _FIRST_NUMBER
        else:
            out = self._last_out + (_JUMP if self._restarted else 1)
        self._payload_type = codec.payload_type
        self._first, self._first_out, self._delta = first, out, out - first
        self._resent.clear()
        self._began_at = packet.arrival
        self._sends = True
        if self._restarted and self._last_out >= 0:
            self._announce_restart(packet)
        self._restarted = False
        for sequence in range(first, layer.highest + 1):
            kept = layer.at(sequence)
            if kept is not None:
                self.forward(kept)
        self.report(packet.arrival)

    def _announce_restart(self, packet: MediaPacket) -> None:
        """Send an empty packet first: the edge believes in a new beginning at the second one."""
        number, timestamp = (self._first_out - 1) & 0xFFFF, packet.timestamp & 0xFFFFFFFF
        head = _HEAD.pack(_VERSION_2, self._payload_type, number, timestamp, self.ssrc)
        self._outlet.send(head, packet.arrival)

    def on_layer_lost(self, layer: IncomingLayer, now: float, *, gone: bool) -> None:
        """See `layer.Taker`."""
        if layer is not self._layer:
            return
        self._leave()
        self._restarted = True
        if gone:
            self._layer = None
        else:
            layer.add_waiting(self)
            layer.request_key_frame(now)

    def check_flow(self) -> None:
        """Tell the edge at once if the layer has stopped."""
        layer = self._layer
        if layer is not None and not layer.flowing:
            self._say_bye()

    # --- packets ----------------------------------------------------------------------------------

    def forward(self, packet: MediaPacket) -> None:
        """See `layer.Taker`. Hot: once per packet and pipe."""
        if packet.sequence < self._first:
            return
        out = packet.sequence + self._delta
        self._last_out = max(self._last_out, out)
        self._told_flowing = True
        data = self._packed(packet, self._payload_type, out, self.ssrc, b"")
        if self._outlet.send(data, packet.arrival):
            self.packets += 1
            self.octets += packet.size

    def _packed(
        self, packet: MediaPacket, payload_type: int, number: int, ssrc: int, before: bytes
    ) -> bytes:
        level = packet.level
        with_level = level != _NO_LEVEL and self._kind is MediaKind.AUDIO
        head = _HEAD.pack(
            _WITH_EXTENSION if with_level else _VERSION_2,
            packet.marker | payload_type,
            number & 0xFFFF,
            packet.timestamp & 0xFFFFFFFF,
            ssrc,
        )
        if with_level:
            head += _LEVEL.pack(ONE_BYTE_PROFILE, 1, AUDIO_LEVEL_ID << 4, level, 0)
        return head + before + payload(packet, 0, 0)

    def forward_late(self, packet: MediaPacket) -> None:
        """See `layer.Taker`. A late packet goes as a repair: SRTP may refuse old numbers."""
        if self._sends and packet.sequence >= self._first:
            self._repeat(packet, packet.arrival)

    def _repeat(self, packet: MediaPacket, now: float) -> None:
        repair_type = self._repair_types.get(self._payload_type)
        if repair_type is None:
            return
        self._repair_number += 1
        original = _U16.pack((packet.sequence + self._delta) & 0xFFFF)
        data = self._packed(packet, repair_type, self._repair_number, self.repair_ssrc, original)
        self._outlet.send(data, now, repair=True)

    # --- feedback ---------------------------------------------------------------------------------

    def resend(self, sequence_numbers: Sequence[int], now: float) -> None:
        """Answer a NACK of the edge, within bounds."""
        layer, counters = self._layer, self._counters
        if now - self._window_start >= _WINDOW_S:
            self._window_start, self._resends = now, 0
        for number in sequence_numbers:
            sequence = extend(number, self._last_out, 16) - self._delta
            packet = layer.at(sequence) if layer is not None and self._sends else None
            if packet is None or sequence < self._first:
                counters.rtx_missed += 1
                continue
            before = self._resent.get(sequence)
            if self._resends >= _MAX_RESENDS or (
                before is not None and now - before < _MIN_SPACING_S
            ):
                counters.rtx_throttled += 1
                continue
            self._resends += 1
            if len(self._resent) >= _MAX_RESENT:
                self._resent.clear()
            self._resent[sequence] = now
            counters.rtx_answered += 1
            self._repeat(packet, now)

    def on_picture_loss(self, now: float) -> None:
        """The edge needs a key frame; the layer throttles all wishes together.

        A wish that crossed the first key frame on its way is fulfilled already.
        """
        if now - self._began_at < (self._outlet.rtt or 0.0) + _CROSSING_S:
            return
        if self._layer is not None:
            self._layer.request_key_frame(now)

    def on_clock(self, layer: IncomingLayer, now: float) -> None:
        """See `layer.Taker`: a tick soon tells the edge."""
        self._report_due = min(self._report_due, self._reported_at + _REPORT_SPACING_S)

    def report_if_due(self, now: float) -> None:
        """Tell the clock once a second while the stream flows."""
        if self._told_flowing and now >= self._report_due:
            self.report(now)

    def report(self, now: float) -> None:
        """Tell the timestamp of this moment (sender report): all streams by the relay's clock."""
        layer = self._layer
        timestamp = layer.clock.timestamp_at(now) if layer is not None else None
        if timestamp is None:
            return
        self._reported_at = now
        self._report_due = now + _REPORT_INTERVAL_S
        ntp = unix_to_ntp(now + self._outlet.wall_offset)
        report = rtcp.SenderReport(self.ssrc, ntp, timestamp, self.packets, self.octets)
        self._outlet.send_rtcp(rtcp_writer.sender_report(report))
