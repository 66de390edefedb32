"""A viewer's slot: the hot path out.

`forward` finds its data flat in one object. One call makes a header, or patches a template.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

from relay.api import Hold, Layer, MediaKind, SlotState
from relay.core.congestion.pacer import Priority
from relay.core.counters import Counters
from relay.core.incoming.clock import unix_to_ntp
from relay.core.incoming.layer import IncomingLayer
from relay.core.outgoing.header import (
    AFTER_TIMESTAMP,
    PATCH,
    U16,
    WITH_EXTENSIONS,
    header_template,
)
from relay.core.outgoing.munger import payload
from relay.core.outgoing.outlet import Outlet
from relay.core.outgoing.repairs import Repairs
from relay.core.outgoing.selector import SwitchingSlot
from relay.core.wire import rtcp, rtcp_writer
from relay.core.wire.negotiated import Codec, OutgoingSlot, match_codec
from relay.core.wire.packet import MediaPacket

_BYTES = tuple(bytes([value]) for value in range(256))
_join = b"".join
_LEAD_SPACING_S = 0.5  # s: a picture loss sooner was reported before the sets could be decoded


class ViewerSlot(SwitchingSlot):
    """One outgoing stream of a viewer.

    Attributes:
        ideal: the layer on a link without bounds; None: nothing is wanted.
        codec_missing: the viewer takes none of the codecs that the wanted source comes in.
    """

    __slots__ = (
        "_after_number",
        "_before_number",
        "_counters",
        "_level_at",
        "_on_change",
        "_outlet",
        "_pack_vp8",
        "_priority",
        "_repairs",
        "_template",
        "_wide_at",
        "codec_missing",
        "hold",
        "ideal",
        "negotiated",
        "octets",
        "packets",
    )

    def __init__(
        self,
        negotiated: OutgoingSlot,
        outlet: Outlet,
        counters: Counters,
        on_change: Callable[[], None],
    ) -> None:
        """`on_change` is called when another layer flows than before, or could ideally."""
        super().__init__()
        self.negotiated = negotiated
        self.packets = self.octets = 0
        self.ideal: Layer | None = None
        self.codec_missing = False
        self.hold: Hold | None = None
        self._on_change = on_change
        self._outlet = outlet
        self._priority = int(Priority.VIDEO)
        if negotiated.kind is MediaKind.AUDIO:
            self._priority = int(Priority.AUDIO)
        self._counters = counters
        self._template, self._wide_at, self._level_at = header_template(negotiated, negotiated.ssrc)
        # One call makes the usual packet, VP8 with a picture id: the template's constant parts
        # around the transport-wide number, then the rewritten descriptor.
        self._before_number = bytes(self._template[AFTER_TIMESTAMP : self._wide_at])
        self._after_number = bytes(self._template[self._wide_at + 2 :])
        before, after = len(self._before_number), len(self._after_number)
        self._pack_vp8 = struct.Struct(f"!BBHI{before}sH{after}sHH").pack
        self._repairs = Repairs(negotiated, outlet, counters)

    def forward(self, packet: MediaPacket) -> None:
        """Send one packet of the present layer. This is the relay's innermost loop."""
        if packet.sequence < self.first_sequence:
            return  # from before the switch
        if packet.temporal > self.temporal_free and not self.passes(packet):
            return
        outlet = self._outlet
        if packet.picture_id < 0 or not self._wide_at:
            data = self._patched(packet)
        else:
            pack = self._pack_vp8  # see `Outlet.send` for why this is not called as it stands
            data = pack(
                WITH_EXTENSIONS,
                packet.marker | self.payload_type,
                (packet.sequence + self.sequence_delta) & 0xFFFF,
                (packet.timestamp + self.timestamp_delta) & 0xFFFFFFFF,
                self._before_number,
                (outlet.number + 1) & 0xFFFF,
                self._after_number,
                packet.head,
                (packet.picture_id + self.picture_id_delta) & 0x7FFF | 0x8000,
            )
            if packet.tl0_index >= 0:
                data += _BYTES[(packet.tl0_index + self.tl0_delta) & 0xFF]
            data += packet.payload
        self.packets += 1
        self.octets += packet.size
        if outlet.far and self.negotiated.rtx_ssrc:
            outlet.origin = self.negotiated.ssrc, packet.sequence + self.sequence_delta
        outlet.send(data, self._wide_at, self._priority, packet.arrival)

    def _patched(self, packet: MediaPacket) -> bytes:
        """A packet behind the patched template, for any but the usual packet of `forward`."""
        head = self._template
        PATCH.pack_into(
            head,
            1,
            packet.marker | self.payload_type,
            (packet.sequence + self.sequence_delta) & 0xFFFF,
            (packet.timestamp + self.timestamp_delta) & 0xFFFFFFFF,
        )
        if self._wide_at:
            U16.pack_into(head, self._wide_at, (self._outlet.number + 1) & 0xFFFF)
        if packet.picture_id < 0:
            if self._level_at:
                head[self._level_at] = packet.level
            return _join((head, packet.payload))
        return _join((head, payload(packet, self.picture_id_delta, self.tl0_delta)))

    def forward_late(self, packet: MediaPacket) -> None:
        """Send a packet that reached the relay after later ones; the viewer has those by now.

        The packet goes out as a repair, if the viewer takes repairs. A viewer takes a late original
        for reordering on its own link. It would then wait that long before asking for lost packets.
        """
        if packet.sequence < self.first_sequence:
            return  # from before the switch
        segment = self.place(packet)
        if segment is None:
            return  # its picture was left out
        self._repairs.send(segment, packet, packet.arrival)
        if self._outlet.repairs_twice:  # the packet is one round trip late already
            self._repairs.send(segment, packet, packet.arrival)

    # --- switching --------------------------------------------------------------------------------

    def takes(self, codec: Codec | None) -> bool:
        """True if this viewer can be sent a stream in `codec`."""
        return codec is not None and match_codec(self.negotiated.codecs, codec) is not None

    def on_switch_point(self, layer: IncomingLayer, packet: MediaPacket) -> None:
        """See `layer.Taker`."""
        codec = layer.codec and match_codec(self.negotiated.codecs, layer.codec)
        if codec is None:
            return
        if layer.kind is MediaKind.AUDIO and self.came_too_early(packet):
            return  # said before it was allowed, and read late by a busy loop
        self.arrive(layer)
        self.restart_temporal()
        sets = layer.pictures.sets_apart(layer.codec)
        lead = self.splice(layer, packet, codec.payload_type, sets.payload if sets else b"")
        self._counters.slot_switches += 1
        self._on_change()
        if lead is not None:
            self._send_lead(lead)
        self.forward_kept(layer)

    def _send_lead(self, lead: MediaPacket) -> None:
        """Send the packet that leads the layer's first one, under the number before it."""
        self.first_sequence = lead.sequence
        self.forward(lead)
        self.first_sequence += 1

    def on_picture_loss(self, now: float) -> None:
        """Ask for a key frame: the viewer cannot decode. Send parameter sets again that are apart.

        Such sets were sent before the first picture only, and may be lost for good.
        """
        lead = self._segments[-1].lead if self._segments else None
        if lead is not None and now - lead.arrival >= _LEAD_SPACING_S:
            self.rejoin()
        for layer in self._shown_layers():
            layer.request_key_frame(now)

    @property
    def awaits_key_frame(self) -> bool:
        """True if key frames of its present layer and of its target are being asked for."""
        return all(layer.awaits_key_frame for layer in self._shown_layers())

    def _shown_layers(self) -> list[IncomingLayer]:
        """The present layer and the target, as far as there are any."""
        return list({id(one): one for one in (self.layer, self.target) if one}.values())

    def on_flow_changed(self) -> None:
        """See `SwitchingSlot`."""
        self._on_change()

    def set_ideal(self, layer: Layer | None) -> None:
        """Note the layer that a better link could have."""
        if layer is not self.ideal:
            self.ideal = layer
            self._on_change()

    def set_codec_missing(self, missing: bool) -> None:
        """Note whether this viewer takes none of the wanted source's codecs; each time counts."""
        if missing is not self.codec_missing:
            self.codec_missing = missing
            self._counters.slots_without_codec += missing
            self._on_change()

    def set_hold(self, hold: Hold | None) -> None:
        """Note the reason for which the picture is left out; None: it is not."""
        if hold is not self.hold:
            self.hold = hold
            self._on_change()

    def on_clock(self, layer: IncomingLayer, now: float) -> None:
        """Nothing to do: the next sender report tells the viewer."""

    def state(self) -> SlotState:
        """The contents of the slot now."""
        layer = self.layer
        index, kind = self.negotiated.index, self.negotiated.kind
        if layer is None:
            missing, hold = self.codec_missing, self.hold
            return SlotState(index, kind, None, None, self.ideal, codec_missing=missing, hold=hold)
        shown: Layer | None = layer.layer
        thinned = self.temporal < len(layer.meter.temporal_shares) - 1
        return SlotState(index, kind, layer.source_id, shown, self.ideal, thinned)

    # --- feedback ---------------------------------------------------------------------------------

    def sender_report(self, now: float, wall_offset: float) -> bytes | None:
        """A report with CNAME for the present layer; None if nothing flows."""
        timestamp = self.timestamp_at(now)
        if timestamp is None:
            return None
        ssrc = self.negotiated.ssrc
        report = rtcp.SenderReport(
            ssrc, unix_to_ntp(now + wall_offset), timestamp, self.packets, self.octets
        )
        description = rtcp_writer.source_description(ssrc, self.negotiated.cname)
        return rtcp_writer.sender_report(report) + description

    def resend(self, sequence_numbers: Sequence[int], rtt: float, now: float) -> None:
        """Answer a NACK; see `Repairs.answer`."""
        self._repairs.answer(self, sequence_numbers, rtt, now)

    def start_over(self) -> None:
        """Begin anew after an outage, at a key frame; packets sent into it are not repeated."""
        self.release()
        self.forget()
        self._repairs.forget()

    def fill(self, octets: int, now: float) -> int:
        """Send bytes that a probe needs; see `Repairs.fill`."""
        return self._repairs.fill(self, octets, now)

    def pad(self, octets: int, now: float) -> int:
        """Send padding that a probe needs; see `Repairs.pad`."""
        return self._repairs.pad(octets, now)

    def end(self, now: float) -> None:
        """The viewer is gone."""
        self.aim(None, now)
        self.forget()
