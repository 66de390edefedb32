"""A viewer's slot for sound, which repeats earlier sound if the viewer's link loses some."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from relay.core.counters import Counters
from relay.core.incoming.layer import IncomingLayer
from relay.core.outgoing.header import PATCH, U16
from relay.core.outgoing.outlet import Outlet
from relay.core.outgoing.redundancy import Distances, SoundFates
from relay.core.outgoing.slot import ViewerSlot
from relay.core.wire.negotiated import OutgoingSlot, match_codec
from relay.core.wire.packet import MediaPacket

# s of queue from which a repair comes too late to be heard, and only keeps the queue full.
_TOO_LATE_S = 0.15
# Bytes at once: 5 s of a voice that an outage kept, and several packets of the largest sound.
_BURST_OCTETS = 48e3
_HEADER_OCTETS = 64.0  # bytes of a packet on the link beside its sound, about


class SoundSlot(ViewerSlot):
    """One outgoing sound of a viewer. Plain and RED packets (RFC 2198) make one stream.

    Attributes:
        octets_left: octets that may be sent before more are earned; see `earn`.
        distances: which earlier packets go along with each; set by the viewer at any time.
        takes_red: whether the viewer negotiated RED.
    """

    __slots__ = ("_fates", "_red_type", "distances", "octets_left", "takes_red")

    def __init__(
        self,
        negotiated: OutgoingSlot,
        outlet: Outlet,
        counters: Counters,
        on_change: Callable[[], None],
        fates: SoundFates,
    ) -> None:
        """`fates`: the viewer's, told of every packet that leaves."""
        super().__init__(negotiated, outlet, counters, on_change)
        self.distances: Distances = ()
        self.octets_left = _BURST_OCTETS
        self._fates = fates
        self._red_type = 0
        self.takes_red = any(codec.red_payload_type is not None for codec in negotiated.codecs)

    def on_switch_point(self, layer: IncomingLayer, packet: MediaPacket) -> None:
        """See `layer.Taker`."""
        codec = layer.codec and match_codec(self.negotiated.codecs, layer.codec)
        self._red_type = (codec and codec.red_payload_type) or 0
        super().on_switch_point(layer, packet)

    def forward(self, packet: MediaPacket) -> None:
        """Send one packet, with earlier ones if chosen, unless its source has used up its share."""
        if self.octets_left < 0.0:
            self._counters.sound_over_share += 1
            return
        self.octets_left -= packet.size + _HEADER_OCTETS
        outlet = self._outlet
        next_number = (outlet.number + 1) & 0xFFFF
        body = self._with_earlier(packet)
        if body is None:
            super().forward(packet)
        else:
            self._send_red(packet, body)
        if self.takes_red and outlet.number == next_number:
            self._fates.on_sent(next_number, self.negotiated.index)

    def earn(self, octets: float) -> None:
        """Add the bytes that this sound may take of the viewer's link since the last call."""
        self.octets_left = min(self.octets_left + octets, max(_BURST_OCTETS, octets))

    def resend(self, sequence_numbers: Sequence[int], rtt: float, now: float) -> None:
        """Answer a NACK, unless the answer would wait in the link's queue."""
        if self._outlet.estimator.queue_delay > _TOO_LATE_S:
            self._counters.rtx_throttled += len(sequence_numbers)
            return
        super().resend(sequence_numbers, rtt, now)

    def _with_earlier(self, packet: MediaPacket) -> bytes | None:
        layer = self.layer
        if not (self.distances and self._red_type and layer is not None):
            return None
        if packet.sequence < self.first_sequence:
            return None  # from before the switch
        return layer.redundant.payload(
            packet, layer.at, self.distances, self.payload_type, self.first_sequence
        )

    def _send_red(self, packet: MediaPacket, body: bytes) -> None:
        head, outlet = self._template, self._outlet
        PATCH.pack_into(
            head,
            1,
            packet.marker | self._red_type,
            (packet.sequence + self.sequence_delta) & 0xFFFF,
            (packet.timestamp + self.timestamp_delta) & 0xFFFFFFFF,
        )
        if self._wide_at:
            U16.pack_into(head, self._wide_at, (outlet.number + 1) & 0xFFFF)
        if self._level_at:
            head[self._level_at] = packet.level
        self.packets += 1
        self.octets += len(body)
        self._counters.red_sent += 1
        outlet.send(b"".join((head, body)), self._wide_at, self._priority, packet.arrival)
