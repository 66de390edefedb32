"""Redundant audio (RFC 2198): each packet repeats sound that earlier ones carried.

RED repairs before anybody asks. A lost frame comes again with one of the next packets, while the
receiver still holds sound back, however long the round trip. The price is octets, not packets.

`redundancy` chooses how much is repeated.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple

from relay.core.wire.packet import MediaPacket
from relay.core.wire.rtp import RtpError, RtpPacket

MAX_OFFSET = (1 << 14) - 1  # ticks back, 341 ms (RFC 2198 §3)
MAX_BLOCK = (1 << 10) - 1  # bytes of a repeated frame (RFC 2198 §3)
MAX_PAYLOAD = (
    1150  # bytes with headers: with RTP, SRTP, UDP and IPv6 headers within 1280 (RFC 8200)
)
MAX_BLOCKS = 8  # read per packet; libwebrtc sends one unless told otherwise, and no more than 9
_FOLLOW_BIT = 0x80  # the F bit: another block header follows
_HEADER = struct.Struct("!I")
_HEADER_BYTES = 4
# Packets back in which the place of a repeated frame is searched. In a longer hole the place is not
# certain.
_MAX_LOOK_BACK = 16

PacketAt = Callable[[int], MediaPacket | None]


class Block(NamedTuple):
    """A repeated frame: `offset` ticks before the packet's own timestamp."""

    offset: int
    payload: bytes


class MissingFrame(NamedTuple):
    """A frame that was missing, in its place; both numbers are extended."""

    sequence: int
    timestamp: int
    payload: bytes

    def packet(self, carrier: RtpPacket) -> RtpPacket:
        """The lost packet, as one of its own."""
        return RtpPacket(
            0,
            carrier.payload_type,
            self.sequence & 0xFFFF,
            self.timestamp & 0xFFFFFFFF,
            carrier.ssrc,
            {},
            self.payload,
        )


def parse(payload: bytes, payload_type: int) -> tuple[bytes, list[Block]]:
    """Take a RED payload apart.

    Args:
        payload: of the RTP packet.
        payload_type: of the blocks to read; blocks of another type are left out.

    Returns:
        The packet's own frame and the repeated ones, usually oldest first. Both are empty for a
        packet of padding alone: libwebrtc probes with such packets, inside the sequence.

    Raises:
        RtpError: truncated, more than `MAX_BLOCKS` repeated frames, or no own frame of that type.
    """
    if not payload:
        return payload, []
    headers: list[tuple[int, int, int]] = []
    at, size = 0, len(payload)
    while at < size and payload[at] & _FOLLOW_BIT:
        if len(headers) == MAX_BLOCKS or at + _HEADER_BYTES > size:
            raise RtpError("RED: too many block headers, or a truncated one")
        (word,) = _HEADER.unpack_from(payload, at)
        headers.append((word >> 24 & 0x7F, word >> 10 & MAX_OFFSET, word & MAX_BLOCK))
        at += _HEADER_BYTES
    if at >= size or payload[at] != payload_type:
        raise RtpError("RED: no own frame, or one in another format")
    at += 1
    blocks: list[Block] = []
    for block_type, offset, length in headers:
        stop = at + length
        if stop >= size:  # nothing would be left for the own frame
            raise RtpError("RED: blocks longer than the packet")
        if block_type == payload_type and offset and length:
            blocks.append(Block(offset, payload[at:stop]))
        at = stop
    if at >= size:
        raise RtpError("RED: an empty frame")
    return payload[at:], blocks


def build(payload_type: int, own: bytes, blocks: Sequence[Block]) -> bytes:
    """Make a RED payload; `blocks` oldest first, within the bounds of this module."""
    heads = [
        _HEADER.pack((_FOLLOW_BIT | payload_type) << 24 | block.offset << 10 | len(block.payload))
        for block in blocks
    ]
    return b"".join((*heads, bytes((payload_type,)), *(block.payload for block in blocks), own))


# --- out ------------------------------------------------------------------------------------------


def repeat(
    packet: MediaPacket, at: PacketAt, distances: Sequence[int], *, first_sequence: int = 0
) -> list[Block]:
    """The frames of earlier packets that go along with `packet`, oldest first.

    What is not kept, too old or too large is left out; so is what would not fit, oldest first.

    Args:
        packet: the present one.
        at: the stream's packets by extended sequence number (`IncomingLayer.at`).
        distances: how many packets back, rising; 1 is the packet before.
        first_sequence: nothing before this is repeated: it was not for this receiver's ears.
    """
    blocks: list[Block] = []
    room = MAX_PAYLOAD - 1 - packet.size
    for distance in distances:
        sequence = packet.sequence - distance
        earlier = at(sequence) if sequence >= first_sequence else None
        if earlier is None:
            continue
        offset = packet.timestamp - earlier.timestamp
        room -= _HEADER_BYTES + earlier.size
        if room < 0:
            break
        if 0 < offset <= MAX_OFFSET and 0 < earlier.size <= MAX_BLOCK:
            blocks.append(Block(offset, earlier.payload))
    blocks.reverse()
    return blocks


class RedPayloads:
    """The RED payloads of a stream's newest packet: made once, however many receivers want them."""

    __slots__ = ("_made", "_sequence")

    def __init__(self) -> None:
        self._sequence = -1
        self._made: dict[tuple[tuple[int, ...], int], bytes | None] = {}

    def payload(
        self,
        packet: MediaPacket,
        at: PacketAt,
        distances: tuple[int, ...],
        payload_type: int,
        first_sequence: int,
    ) -> bytes | None:
        """The RED payload for a receiver, None if there is nothing to repeat: send it plain.

        Args:
            packet: the present one.
            at: as in `repeat`.
            distances: rising, not empty.
            payload_type: the receiver's Opus payload type, for the block headers.
            first_sequence: as in `repeat`.
        """
        if packet.sequence - distances[-1] < first_sequence:  # its stream has just begun
            return self._make(packet, at, distances, payload_type, first_sequence)
        if packet.sequence != self._sequence:
            self._sequence = packet.sequence
            self._made.clear()
        key = distances, payload_type
        if key not in self._made:
            self._made[key] = self._make(packet, at, distances, payload_type, first_sequence)
        return self._made[key]

    @staticmethod
    def _make(
        packet: MediaPacket,
        at: PacketAt,
        distances: tuple[int, ...],
        payload_type: int,
        first_sequence: int,
    ) -> bytes | None:
        blocks = repeat(packet, at, distances, first_sequence=first_sequence)
        return build(payload_type, packet.payload, blocks) if blocks else None


# --- in -------------------------------------------------------------------------------------------


def find_missing(
    sequence: int, timestamp: int, blocks: Sequence[Block], at: PacketAt, newest: int
) -> list[MissingFrame]:
    """A packet's repeated frames that are missing in its stream, in rising order.

    RED tells the time of a frame, not its sequence number. The packets around the hole tell that.
    The number is certain in a hole of one packet, and in a hole of evenly spaced packets. With
    discontinuous transmission packets may be uneven. All other holes are left to retransmission.

    Args:
        sequence: of the packet that repeats, extended.
        timestamp: its own, extended.
        blocks: what it repeats.
        at: the stream's packets by extended sequence number.
        newest: the stream's highest extended sequence number before this packet.
    """
    found = []
    for block in blocks:
        place = _place(sequence, timestamp, timestamp - block.offset, at, newest)
        if place is not None:
            found.append(MissingFrame(place, timestamp - block.offset, block.payload))
    return sorted(found)


def _place(sequence: int, timestamp: int, wanted: int, at: PacketAt, newest: int) -> int | None:
    """The sequence number of the missing frame with timestamp `wanted`; None if unknown."""
    upper, upper_time = sequence, timestamp
    low = min(sequence - 1, newest)
    for lower in range(low, low - _MAX_LOOK_BACK, -1):
        packet = at(lower)
        if packet is None:
            continue
        if packet.timestamp > wanted:
            upper, upper_time = lower, packet.timestamp
            continue
        if packet.timestamp == wanted:
            return None  # it is here
        steps = upper - lower
        if steps == 2:
            return lower + 1
        ticks, uneven = divmod(upper_time - packet.timestamp, steps)
        back, between = divmod(upper_time - wanted, ticks) if ticks > 0 else (0, 1)
        if uneven or between or not 0 < back < steps:
            return None
        return upper - back
    return None
