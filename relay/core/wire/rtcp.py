"""RTCP packets: RFC 3550 §6, feedback of RFC 4585 and RFC 5104, REMB, receiver's time of RFC 3611.

A compound packet is read into a list of values. Kinds without use for the relay (APP, other
extended reports, unknown feedback) are skipped. Reduced-size packets (RFC 5506) are accepted.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import msgspec

SR, RR, SDES, BYE, RTPFB, PSFB, XR = 200, 201, 202, 203, 205, 206, 207
FMT_NACK, FMT_TRANSPORT_CC = 1, 15  # FMT of RTPFB
FMT_PLI, FMT_FIR, FMT_ALFB = 1, 4, 15  # FMT of PSFB
BLOCK_RECEIVER_TIME, BLOCK_DELAY_SINCE = 4, 5  # BT of XR
ITEM_CNAME = 1
_MAX_PACKETS = 32  # in one compound; a browser's holds three or four
_MAX_NACK_ENTRIES = 64  # pairs of (PID, BLP) taken from one NACK: 64 × 17 packets

HEADER = struct.Struct("!BBH")
SENDER_INFO = struct.Struct("!IQIII")
REPORT_BLOCK = struct.Struct("!IIIIII")
WORD = struct.Struct("!I")
TWO_WORDS = struct.Struct("!II")
NACK_PAIR = struct.Struct("!HH")
BLOCK_HEADER = struct.Struct("!BBH")
_EMPTY_REPORT = HEADER.pack(0x80, RR, 1)  # without report blocks; the sender's SSRC follows


class RtcpError(ValueError):
    """The bytes are not RTCP."""


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """RFC 3550 §6.4.1. `fraction_lost` in 1/256, `delay` in 1/65536 s, `jitter` in ticks."""

    ssrc: int
    fraction_lost: int
    cumulative_lost: int
    highest_sequence: int
    jitter: int
    last_report: int
    delay: int


@dataclass(frozen=True, slots=True)
class SenderReport:
    """`ntp` is the 64-bit NTP timestamp."""

    ssrc: int
    ntp: int
    rtp_timestamp: int
    packets: int
    octets: int
    blocks: tuple[ReportBlock, ...] = ()


class ReceiverReport(msgspec.Struct, frozen=True, gc=False):
    """RFC 3550 §6.4.2."""

    ssrc: int
    blocks: tuple[ReportBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceDescription:
    """SSRC → CNAME (RFC 3550 §6.5); other items are not kept."""

    cnames: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Bye:
    """RFC 3550 §6.6."""

    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Nack:
    """Generic NACK (RFC 4585 §6.2.1), expanded to sequence numbers."""

    sender: int
    media: int
    sequence_numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PictureLoss:
    """PLI (RFC 4585 §6.3.1)."""

    sender: int
    media: int


@dataclass(frozen=True, slots=True)
class IntraRequest:
    """FIR (RFC 5104 §4.3.1): (SSRC, command number) pairs."""

    sender: int
    entries: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class BitrateLimit:
    """REMB (draft-alvestrand-rmcat-remb-03)."""

    sender: int
    bitrate_bps: int
    ssrcs: tuple[int, ...]


class TransportFeedback(msgspec.Struct, frozen=True, gc=False):
    """Transport-wide feedback, unread: `twcc.parse` reads `body`.

    Most feedback comes alone; see `lone_transport_feedback`.
    """

    sender: int
    media: int
    body: bytes


@dataclass(frozen=True, slots=True)
class ReceiverTime:
    """Receiver Reference Time Report Block (RFC 3611 §4.4); `ntp` is the 64-bit NTP timestamp."""

    sender: int
    ntp: int


Packet = (
    SenderReport
    | ReceiverReport
    | SourceDescription
    | Bye
    | Nack
    | PictureLoss
    | IntraRequest
    | BitrateLimit
    | TransportFeedback
    | ReceiverTime
)


def lone_transport_feedback(data: bytes) -> bytes | None:
    """The body of transport-wide feedback, if a compound packet holds nothing else to be read.

    Each viewer sends such a packet ten times a second, alone or after an empty report. `parse` also
    reads it, at several times the cost.

    Raises:
        RtcpError: its padding does not fit.
    """
    at = len(_EMPTY_REPORT) + 4 if data.startswith(_EMPTY_REPORT) else 0
    if len(data) < at + 12 or data[at] & 0xDF != 0x80 | FMT_TRANSPORT_CC or data[at + 1] != RTPFB:
        return None
    if at + 4 + 4 * (data[at + 2] << 8 | data[at + 3]) != len(data):
        return None
    body = data[at + 12 :]
    return _without_padding(body) if data[at] & 0x20 else body


def parse(data: bytes) -> list[Packet]:
    """Read a compound packet.

    Raises:
        RtcpError: wrong version, lengths that do not fit, or too many packets.
    """
    found: list[Packet] = []
    at, count = 0, 0
    size = len(data)
    while at < size:
        if at + 4 > size:
            raise RtcpError("truncated header")
        first, kind, words = HEADER.unpack_from(data, at)
        stop = at + 4 + 4 * words
        count += 1
        if first >> 6 != 2 or stop > size or count > _MAX_PACKETS:
            raise RtcpError("bad version, length or count")
        body = data[at + 4 : stop]
        if first & 0x20:
            body = _without_padding(body)
        try:
            packet = _parse_one(kind, first & 0x1F, body)
        except struct.error:
            raise RtcpError("truncated packet") from None
        if packet is not None:
            found.append(packet)
        at = stop
    if not count:
        raise RtcpError("empty")
    return found


def _without_padding(body: bytes) -> bytes:
    if not body or not 0 < body[-1] <= len(body):
        raise RtcpError("bad padding")
    return body[: -body[-1]]


def _parse_one(kind: int, count: int, body: bytes) -> Packet | None:
    if kind == RTPFB:  # the commonest first
        return _parse_transport_layer(count, body)
    if kind == SR:
        ssrc, ntp, rtp_timestamp, packets, octets = SENDER_INFO.unpack_from(body)
        blocks = _parse_blocks(body, 24, count)
        return SenderReport(ssrc, ntp, rtp_timestamp, packets, octets, blocks)
    if kind == RR:
        return ReceiverReport(WORD.unpack_from(body)[0], _parse_blocks(body, 4, count))
    if kind == SDES:
        return _parse_sdes(body, count)
    if kind == BYE:
        return Bye(tuple(WORD.unpack_from(body, 4 * index)[0] for index in range(count)))
    if kind == PSFB:
        return _parse_payload_specific(count, body)
    if kind == XR:
        return _parse_extended(body)
    return None


def _parse_blocks(body: bytes, at: int, count: int) -> tuple[ReportBlock, ...]:
    if not count:
        return ()
    blocks = []
    for index in range(count):
        ssrc, loss, highest, jitter, last, delay = REPORT_BLOCK.unpack_from(body, at + 24 * index)
        lost = loss & 0xFFFFFF
        if lost & 0x800000:
            lost -= 0x1000000
        blocks.append(ReportBlock(ssrc, loss >> 24, lost, highest, jitter, last, delay))
    return tuple(blocks)


def _parse_sdes(body: bytes, count: int) -> SourceDescription:
    cnames: list[tuple[int, str]] = []
    at = 0
    for _ in range(count):
        (ssrc,) = WORD.unpack_from(body, at)
        at += 4
        while at < len(body) and body[at]:
            if at + 2 > len(body) or at + 2 + body[at + 1] > len(body):
                raise RtcpError("truncated SDES item")
            if body[at] == ITEM_CNAME:
                text = body[at + 2 : at + 2 + body[at + 1]]
                cnames.append((ssrc, text.decode("utf-8", "replace")))
            at += 2 + body[at + 1]
        at += 4 - at % 4  # the null item and padding up to the next word
    return SourceDescription(tuple(cnames))


def _parse_transport_layer(form: int, body: bytes) -> Packet | None:
    sender, media = TWO_WORDS.unpack_from(body)
    if form == FMT_TRANSPORT_CC:
        return TransportFeedback(sender, media, body[8:])
    if form != FMT_NACK:
        return None
    if len(body) > 8 + 4 * _MAX_NACK_ENTRIES:
        raise RtcpError("NACK too long")
    numbers: list[int] = []
    for at in range(8, len(body), 4):
        first, mask = NACK_PAIR.unpack_from(body, at)
        numbers.append(first)
        if mask:
            numbers.extend((first + 1 + bit) & 0xFFFF for bit in range(16) if mask >> bit & 1)
    return Nack(sender, media, tuple(numbers))


def _parse_payload_specific(form: int, body: bytes) -> Packet | None:
    sender, media = TWO_WORDS.unpack_from(body)
    if form == FMT_PLI:
        return PictureLoss(sender, media)
    if form == FMT_FIR:
        if len(body) > 8 + 8 * 32:
            raise RtcpError("FIR too long")
        pairs = (TWO_WORDS.unpack_from(body, at) for at in range(8, len(body), 8))
        return IntraRequest(sender, tuple((ssrc, word >> 24) for ssrc, word in pairs))
    if form == FMT_ALFB and body[8:12] == b"REMB":
        return _parse_remb(sender, body)
    return None


def _parse_remb(sender: int, body: bytes) -> BitrateLimit:
    (word,) = WORD.unpack_from(body, 12)
    bitrate = (word & 0x3FFFF) << (word >> 18 & 0x3F)
    ssrcs = tuple(WORD.unpack_from(body, 16 + 4 * index)[0] for index in range(word >> 24))
    return BitrateLimit(sender, bitrate, ssrcs)


def _parse_extended(body: bytes) -> ReceiverTime | None:
    (sender,) = WORD.unpack_from(body)
    at = 4
    while at < len(body):
        block, _, words = BLOCK_HEADER.unpack_from(body, at)
        if block == BLOCK_RECEIVER_TIME:
            high, low = TWO_WORDS.unpack_from(body, at + 4)
            return ReceiverTime(sender, high << 32 | low)
        at += 4 + 4 * words
    return None
