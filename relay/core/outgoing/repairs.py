"""Packets of one slot that go out once more: answers to NACKs, late ones, and fillers of probes."""

from __future__ import annotations

from collections.abc import Sequence

from relay.api import MediaKind
from relay.core.congestion.pacer import Priority
from relay.core.counters import Counters
from relay.core.outgoing.header import PATCH, U16, header_template
from relay.core.outgoing.munger import Munger, Segment, payload
from relay.core.outgoing.outlet import OVERHEAD, Outlet
from relay.core.wire.negotiated import OutgoingSlot
from relay.core.wire.packet import MediaPacket

_MAX_RESENT = 512  # packets whose last retransmission time is remembered
_MIN_SPACING_S = 0.015  # s, for the same packet; libwebrtc asks again every 20 ms
# Of the round trip, between two answers. Within a round trip a NACK cannot know of the answer to
# the one before. Some of that time is waiting at both ends, so a little less is still no storm.
_RTT_SHARE = 0.7
_WINDOW_S = 0.1  # s
_MAX_RESENDS = 64  # packets per slot and window: ≈ 6 Mbit/s at most, whatever is asked for
_FILL_LOOK_BACK = 64  # packets; older ones may not be in the viewer's buffer any more
_LEAST_FILL = 200  # bytes; a probe may always be made of packets as small as that
_MAX_PADDING = 255  # bytes in a packet (RFC 3550 §5.1)


class Repairs:
    """The repairs of one slot: as RTX (RFC 4588 §4), or as they were where the viewer takes none.

    Every call gets the slot's munger, which knows what was sent under which number.
    """

    __slots__ = (
        "_counters",
        "_level_at",
        "_negotiated",
        "_outlet",
        "_overhead",
        "_plain",
        "_priority",
        "_resends",
        "_resent",
        "_rtx",
        "_sequence",
        "_wide_at",
        "_window_start",
    )

    def __init__(self, negotiated: OutgoingSlot, outlet: Outlet, counters: Counters) -> None:
        self._negotiated = negotiated
        self._outlet = outlet
        self._counters = counters
        own = Priority.AUDIO if negotiated.kind is MediaKind.AUDIO else Priority.VIDEO
        self._priority = min(int(own), int(Priority.RETRANSMISSION))
        self._plain, self._wide_at, self._level_at = header_template(negotiated, negotiated.ssrc)
        self._rtx = header_template(negotiated, negotiated.rtx_ssrc)[0]
        self._sequence = negotiated.rtx_ssrc & 0x7FFF  # of the RTX stream
        # The link's bytes beside a repeated payload; for sound that is more than the payload.
        self._overhead = len(self._plain) + OVERHEAD
        self._resent: dict[int, float] = {}  # outgoing sequence number → when
        self._resends = 0
        self._window_start = float("-inf")

    def forget(self) -> None:
        """Forget what was sent again."""
        self._resent.clear()

    def answer(
        self, munger: Munger, sequence_numbers: Sequence[int], rtt: float, now: float
    ) -> None:
        """Answer a NACK, within the bounds at the top of this module.

        A packet that is asked for again goes out twice. Its first repair was lost, and a third
        round trip would cost the picture. On a lossy or long link every repair goes out twice.
        """
        twice = self._outlet.repairs_twice
        second: list[tuple[Segment, MediaPacket]] = []
        if now - self._window_start >= _WINDOW_S:
            self._window_start = now
            self._resends = 0
        spacing = max(_MIN_SPACING_S, _RTT_SHARE * rtt)
        for number in sequence_numbers:
            found = munger.find(number)
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
            self.send(segment, packet, now)
            outlet.repair_octets -= octets
            if twice or before is not None:
                second.append((segment, packet))
            self._counters.rtx_answered += 1
        for segment, packet in second:  # after all the first ones: losses come in bursts
            self.send(segment, packet, now)
            self._outlet.repair_octets -= packet.size + self._overhead

    def _note_resent(self, out: int, spacing: float, now: float) -> None:
        if len(self._resent) >= _MAX_RESENT:
            self._resent = {key: at for key, at in self._resent.items() if now - at < spacing}
        if len(self._resent) < _MAX_RESENT:
            self._resent[out] = now

    def send(self, segment: Segment, packet: MediaPacket, now: float) -> None:
        """Send a packet of the slot once more."""
        self._outlet.send(self._repeat(segment, packet), self._wide_at, self._priority, now)

    def _repeat(self, segment: Segment, packet: MediaPacket) -> bytes:
        out = packet.sequence + segment.sequence_delta
        payload_type = segment.payload_type
        body = payload(packet, segment.picture_id_delta, segment.tl0_delta)
        repair_type = self._repair_type(payload_type)
        if repair_type is not None:
            head = self._rtx
            number = self._sequence = (self._sequence + 1) & 0xFFFF
            payload_type = repair_type
            body = U16.pack(out & 0xFFFF) + body
        else:
            head = self._plain
            number = out & 0xFFFF
        timestamp = (packet.timestamp + segment.timestamp_delta) & 0xFFFFFFFF
        PATCH.pack_into(head, 1, packet.marker | payload_type, number, timestamp)
        if self._wide_at:
            U16.pack_into(head, self._wide_at, (self._outlet.number + 1) & 0xFFFF)
        if self._level_at:
            head[self._level_at] = packet.level
        return b"".join((head, body))

    def _repair_type(self, payload_type: int) -> int | None:
        """The RTX payload type for one of ours; None if the viewer takes none."""
        if not self._negotiated.rtx_ssrc:
            return None
        codecs = self._negotiated.codecs
        codec = next((one for one in codecs if one.payload_type == payload_type), None)
        return codec.rtx_payload_type if codec is not None else None

    # --- probes -----------------------------------------------------------------------------------

    def fill(self, munger: Munger, octets: int, now: float) -> int:
        """Send about so many bytes that a probe needs: the newest packets once more, by RTX.

        Returns:
            Bytes on the link; 0 if the slot has nothing to repeat.
        """
        layer = munger.layer
        if layer is None or self._repair_type(munger.payload_type) is None:
            return 0
        sent = 0
        sequence = layer.highest
        oldest = max(munger.first_sequence, sequence - _FILL_LOOK_BACK)
        while sent < octets and sequence >= oldest:
            packet = layer.at(sequence)
            sequence -= 1
            segment = munger.place(packet) if packet is not None else None
            if packet is None or segment is None or packet.size > max(octets, _LEAST_FILL):
                continue
            sent += self._outlet.send_now(self._repeat(segment, packet), now)
        return sent

    def pad(self, octets: int, now: float) -> int:
        """Send RTX packets of padding alone, where nothing flows that could be repeated.

        Returns:
            As `fill`.
        """
        codec = next((one for one in self._negotiated.codecs if one.rtx_payload_type), None)
        if codec is None or codec.rtx_payload_type is None or not self._negotiated.rtx_ssrc:
            return 0
        sent = 0
        while sent < octets:
            head = self._rtx
            size = max(1, min(_MAX_PADDING, octets - sent - len(head)))
            self._sequence = (self._sequence + 1) & 0xFFFF
            PATCH.pack_into(head, 1, codec.rtx_payload_type, self._sequence, 0)
            if self._wide_at:
                U16.pack_into(head, self._wide_at, (self._outlet.number + 1) & 0xFFFF)
            padded = bytes([head[0] | 0x20]) + bytes(head[1:])  # P (RFC 3550 §5.1)
            sent += self._outlet.send_now(padded + bytes(size - 1) + bytes([size]), now)
        return sent
