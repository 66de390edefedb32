"""A viewer's slot: the hot path out.

All that `forward` touches lies flat in one object, and a header is made by one call or patched in a
template.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

from relay.api import Hold, Layer, MediaKind, SlotState
from relay.core import h264, rtcp
from relay.core.clock import unix_to_ntp
from relay.core.congestion.pacer import Priority
from relay.core.counters import Counters
from relay.core.layer import IncomingLayer
from relay.core.munger import Segment, payload
from relay.core.negotiated import Codec, OutgoingSlot
from relay.core.outlet import OVERHEAD, Outlet
from relay.core.packet import MediaPacket
from relay.core.rtp import HEADER_BYTES, extension_block
from relay.core.selector import SwitchingSlot

_PATCH = struct.Struct("!BHI")  # marker and payload type, sequence number, timestamp; from byte 1
_U16 = struct.Struct("!H")
_BYTES = tuple(bytes([value]) for value in range(256))
_WITH_EXTENSIONS = 0x90  # version 2, extension bit
_AFTER_TIMESTAMP = 8  # in the header
_join = b"".join
_MAX_RESENT = 512  # packets whose last retransmission time is remembered
_MIN_RESEND_SPACING = 0.015  # s, for the same packet; libwebrtc asks again every 20 ms
# Within a round trip a NACK cannot know of the answer to the one before. Some of that is waiting,
# here and there, so a little less is still no storm.
_RESEND_RTT_SHARE = 0.7
_FILL_LOOK_BACK = 64  # packets: what is older may not be in the viewer's buffer any more
_LEAST_FILL = 200  # bytes: a probe may always be made of packets as small as that
_MAX_PADDING = 255  # bytes in a packet (RFC 3550 §5.1)
_RESEND_WINDOW = 0.1  # s
_LEAD_SPACING = 0.5  # s: a picture loss sooner was reported before the sets could be decoded
_MAX_RESENDS = 64  # packets per slot and window: ≈ 6 Mbit/s at most, whatever is asked for


def match_codec(codecs: Sequence[Codec], stream: Codec) -> Codec | None:
    """The receiver's codec under which a stream can be sent, None if there is none."""
    same = [codec for codec in codecs if codec.name == stream.name]
    if stream.name != "H264":
        return same[0] if same else None
    scored = [(h264.compatibility(stream.fmtp, codec.fmtp), codec) for codec in same]
    best = max(scored, key=lambda pair: pair[0], default=(0, None))
    return best[1] if best[0] else None


def _template(slot: OutgoingSlot, ssrc: int) -> tuple[bytearray, int, int]:
    """A header to patch, and where in it the transport-wide number and the level stand (or 0)."""
    ids = slot.extensions
    elements: dict[int, bytes] = {}
    wide_at = level_at = 0
    at = HEADER_BYTES + 4
    if ids.transport_cc:
        elements[ids.transport_cc] = bytes(2)
        wide_at = at + 1
        at += 3
    if ids.audio_level and slot.kind is MediaKind.AUDIO:
        elements[ids.audio_level] = b"\xff"
        level_at = at + 1
        at += 2
    if ids.mid and 0 < len(slot.mid.encode()) <= 16:
        elements[ids.mid] = slot.mid.encode()
    head = struct.pack("!BBHII", _WITH_EXTENSIONS if elements else 0x80, 0, 0, 0, ssrc)
    return bytearray(head + (extension_block(elements) if elements else b"")), wide_at, level_at


class ViewerSlot(SwitchingSlot):
    """One outgoing stream of a viewer.

    Attributes:
        ideal: the layer that it would have on a link without bounds; None: nothing is wanted.
        codec_missing: the viewer takes none of the codecs that the wanted source comes in.
    """

    __slots__ = (
        "_after_number",
        "_before_number",
        "_counters",
        "_level_at",
        "_on_change",
        "_outlet",
        "_overhead",
        "_pack_vp8",
        "_priority",
        "_repair_sequence",
        "_repair_template",
        "_resends",
        "_resent",
        "_template",
        "_wide_at",
        "_window_start",
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
        self._template, self._wide_at, self._level_at = _template(negotiated, negotiated.ssrc)
        # The usual packet, VP8 with a picture id, is put together by one call: the template's
        # constant parts around the transport-wide number, then the rewritten descriptor.
        self._before_number = bytes(self._template[_AFTER_TIMESTAMP : self._wide_at])
        self._after_number = bytes(self._template[self._wide_at + 2 :])
        before, after = len(self._before_number), len(self._after_number)
        self._pack_vp8 = struct.Struct(f"!BBHI{before}sH{after}sHH").pack
        self._repair_template = _template(negotiated, negotiated.rtx_ssrc)[0]
        self._repair_sequence = negotiated.rtx_ssrc & 0x7FFF
        # What the link carries beside a repeated payload: more than that, where it is sound.
        self._overhead = len(self._template) + OVERHEAD
        self._resent: dict[int, float] = {}
        self._resends = 0
        self._window_start = float("-inf")

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
                _WITH_EXTENSIONS,
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
        """The packet behind the template: whatever `forward` does not put together at once."""
        head = self._template
        _PATCH.pack_into(
            head,
            1,
            packet.marker | self.payload_type,
            (packet.sequence + self.sequence_delta) & 0xFFFF,
            (packet.timestamp + self.timestamp_delta) & 0xFFFFFFFF,
        )
        if self._wide_at:
            _U16.pack_into(head, self._wide_at, (self._outlet.number + 1) & 0xFFFF)
        if packet.picture_id < 0:
            if self._level_at:
                head[self._level_at] = packet.level
            return _join((head, packet.payload))
        return _join((head, payload(packet, self.picture_id_delta, self.tl0_delta)))

    def forward_late(self, packet: MediaPacket) -> None:
        """Send a packet that reached the relay after later ones, which the viewer has by now.

        As a repair, if the viewer knows them: it takes a late original for reordering on its own
        link, and would from then on wait that long before it asks for what its link lost.
        """
        if packet.sequence < self.first_sequence:
            return  # from before the switch
        segment = self.place(packet)
        if segment is None:
            return  # its picture was left out
        self._send_again(segment, packet, packet.arrival)
        if self._outlet.repairs_twice:  # it came one round trip late as it is
            self._send_again(segment, packet, packet.arrival)

    # --- switching --------------------------------------------------------------------------------

    def takes(self, codec: Codec | None) -> bool:
        """Whether this viewer can be sent a stream in `codec`."""
        return codec is not None and match_codec(self.negotiated.codecs, codec) is not None

    def on_switch_point(self, layer: IncomingLayer, packet: MediaPacket) -> None:
        """See `layer.Taker`."""
        codec = layer.codec and match_codec(self.negotiated.codecs, layer.codec)
        if codec is None:
            return
        if layer.kind is MediaKind.AUDIO and self.came_too_early(packet):
            return  # said before it might be heard, read by a busy loop only now
        self.arrive(layer)
        self.restart_temporal()
        sets = layer.sets_apart
        lead = self.splice(layer, packet, codec.payload_type, sets.payload if sets else b"")
        self._counters.slot_switches += 1
        self._on_change()
        if lead is not None:
            self._send_lead(lead)
        self.forward_kept(layer)

    def _send_lead(self, lead: MediaPacket) -> None:
        """Send what goes before the layer's first packet, under the number before it."""
        self.first_sequence = lead.sequence
        self.forward(lead)
        self.first_sequence += 1

    def on_picture_loss(self, now: float) -> None:
        """The viewer cannot decode: it needs a key frame, and its parameter sets if they are apart.

        They were sent before the first picture only, and may be what was lost for good.
        """
        lead = self._segments[-1].lead if self._segments else None
        if lead is not None and now - lead.arrival >= _LEAD_SPACING:
            self.rejoin()
        for layer in self._shown_layers():
            layer.request_key_frame(now)

    @property
    def awaits_key_frame(self) -> bool:
        """Whether a key frame of all that it shows, or will show, is being asked for already."""
        return all(layer.awaits_key_frame for layer in self._shown_layers())

    def _shown_layers(self) -> list[IncomingLayer]:
        """The present layer and the one that it is to become, as far as there are any."""
        return list({id(one): one for one in (self.layer, self.target) if one}.values())

    def on_flow_changed(self) -> None:
        """See `SwitchingSlot`."""
        self._on_change()

    def set_ideal(self, layer: Layer | None) -> None:
        """Note what could be had on a better link."""
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
        """Note why the picture is left out; None: it is not."""
        if hold is not self.hold:
            self.hold = hold
            self._on_change()

    def on_clock(self, layer: IncomingLayer, now: float) -> None:
        """Nothing to do: the next sender report tells the viewer."""

    def state(self) -> SlotState:
        """What flows now."""
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
        """A report with CNAME for what flows now; None if nothing does."""
        timestamp = self.timestamp_at(now)
        if timestamp is None:
            return None
        ssrc = self.negotiated.ssrc
        report = rtcp.SenderReport(
            ssrc, unix_to_ntp(now + wall_offset), timestamp, self.packets, self.octets
        )
        description = rtcp.source_description(ssrc, self.negotiated.cname)
        return rtcp.sender_report(report) + description

    def resend(self, sequence_numbers: Sequence[int], rtt: float, now: float) -> None:
        """Answer a NACK, within the bounds at the top of this module.

        What is asked for again goes out twice: its first repair was lost, and a third round trip
        would cost the picture. Where that is likely or dear, every repair does.
        """
        twice = self._outlet.repairs_twice
        second: list[tuple[Segment, MediaPacket]] = []
        if now - self._window_start >= _RESEND_WINDOW:
            self._window_start = now
            self._resends = 0
        spacing = max(_MIN_RESEND_SPACING, _RESEND_RTT_SHARE * rtt)
        for number in sequence_numbers:
            found = self.find(number)
            if found is None:
                self._counters.rtx_missed += 1
                continue
            segment, out, packet = found
            before = self._resent.get(out)
            recently = before is not None and now - before < spacing
            outlet, octets = self._outlet, packet.size + self._overhead
            if recently or self._resends >= _MAX_RESENDS or outlet.repair_octets < octets:
                self._counters.rtx_throttled += 1
                continue
            self._resends += 1
            self._note_resent(out, spacing, now)
            self._send_again(segment, packet, now)
            outlet.repair_octets -= octets
            if twice or before is not None:
                second.append((segment, packet))
            self._counters.rtx_answered += 1
        for segment, packet in second:  # after all the first ones: losses come in bursts
            self._send_again(segment, packet, now)
            self._outlet.repair_octets -= packet.size + self._overhead

    def start_over(self) -> None:
        """After an outage: what was sent into it is not repeated; a key frame is the way back."""
        self.release()
        self.forget()
        self._resent.clear()

    def _note_resent(self, out: int, spacing: float, now: float) -> None:
        if len(self._resent) >= _MAX_RESENT:
            self._resent = {key: at for key, at in self._resent.items() if now - at < spacing}
        if len(self._resent) < _MAX_RESENT:
            self._resent[out] = now

    def _send_again(self, segment: Segment, packet: MediaPacket, now: float) -> None:
        priority = min(self._priority, int(Priority.RETRANSMISSION))
        self._outlet.send(self._repeat(segment, packet), self._wide_at, priority, now)

    def _repeat(self, segment: Segment, packet: MediaPacket) -> bytes:
        """A packet once more: as RTX (RFC 4588 §4), or as it was where the viewer takes none."""
        out = packet.sequence + segment.sequence_delta
        payload_type = segment.payload_type
        body = payload(packet, segment.picture_id_delta, segment.tl0_delta)
        repair_type = self._repair_type(payload_type)
        if repair_type is not None:
            head = self._repair_template
            number = self._repair_sequence = (self._repair_sequence + 1) & 0xFFFF
            payload_type = repair_type
            body = _U16.pack(out & 0xFFFF) + body
        else:
            head = self._template
            number = out & 0xFFFF
        timestamp = (packet.timestamp + segment.timestamp_delta) & 0xFFFFFFFF
        _PATCH.pack_into(head, 1, packet.marker | payload_type, number, timestamp)
        if self._wide_at:
            _U16.pack_into(head, self._wide_at, (self._outlet.number + 1) & 0xFFFF)
        if self._level_at:
            head[self._level_at] = packet.level
        return _join((head, body))

    def fill(self, octets: int, now: float) -> int:
        """Send about so many bytes that a probe needs: the newest packets once more, by RTX.

        Returns:
            Bytes on the link; 0 if this slot has nothing to repeat.
        """
        layer = self.layer
        if layer is None or self._repair_type(self.payload_type) is None:
            return 0
        sent = 0
        sequence = layer.highest
        oldest = max(self.first_sequence, sequence - _FILL_LOOK_BACK)
        while sent < octets and sequence >= oldest:
            packet = layer.at(sequence)
            sequence -= 1
            segment = self.place(packet) if packet is not None else None
            if packet is None or segment is None or packet.size > max(octets, _LEAST_FILL):
                continue
            sent += self._outlet.send_now(self._repeat(segment, packet), now)
        return sent

    def pad(self, octets: int, now: float) -> int:
        """Likewise, where nothing flows that could be repeated: RTX packets of padding alone."""
        codec = next((one for one in self.negotiated.codecs if one.rtx_payload_type), None)
        if codec is None or codec.rtx_payload_type is None or not self.negotiated.rtx_ssrc:
            return 0
        sent = 0
        while sent < octets:
            size = max(1, min(_MAX_PADDING, octets - sent - len(self._repair_template)))
            head = self._repair_template
            self._repair_sequence = (self._repair_sequence + 1) & 0xFFFF
            _PATCH.pack_into(head, 1, codec.rtx_payload_type, self._repair_sequence, 0)
            if self._wide_at:
                _U16.pack_into(head, self._wide_at, (self._outlet.number + 1) & 0xFFFF)
            padded = bytes([head[0] | 0x20]) + bytes(head[1:])  # P (RFC 3550 §5.1)
            sent += self._outlet.send_now(padded + bytes(size - 1) + bytes([size]), now)
        return sent

    def _repair_type(self, payload_type: int) -> int | None:
        """The RTX payload type for one of ours; None if the viewer takes none."""
        if not self.negotiated.rtx_ssrc:
            return None
        codecs = self.negotiated.codecs
        codec = next((one for one in codecs if one.payload_type == payload_type), None)
        return codec.rtx_payload_type if codec is not None else None

    def end(self, now: float) -> None:
        """The viewer is gone."""
        self.aim(None, now)
        self.forget()
