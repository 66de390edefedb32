"""RTCP packets: RFC 3550 §6, feedback of RFC 4585 and RFC 5104, REMB, receiver's time of RFC 3611.

A compound packet is read into a list of values; kinds that the relay has no use for (APP, other
extended reports, unknown feedback) are skipped. Reduced-size packets (RFC 5506) are accepted; what
the relay sends is always a full compound, as RFC 3550 §6.1 wants where reduced size was not
negotiated.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

SR, RR, SDES, BYE, RTPFB, PSFB, XR = 200, 201, 202, 203, 205, 206, 207
_NACK, _TRANSPORT_CC = 1, 15  # FMT of RTPFB
_PLI, _FIR, _ALFB = 1, 4, 15  # FMT of PSFB
_RECEIVER_TIME, _DELAY_SINCE = 4, 5  # BT of XR
_CNAME = 1
_MAX_PACKETS = 32  # in one compound; a browser's holds three or four
_MAX_NACK_ENTRIES = 64  # pairs of (PID, BLP) taken from one NACK: 64 × 17 packets

_COMMON = struct.Struct("!BBH")
_SENDER = struct.Struct("!IQIII")
_BLOCK = struct.Struct("!IIIIII")
_WORD = struct.Struct("!I")
_WORDS = struct.Struct("!II")
_PAIR = struct.Struct("!HH")
_EXTENDED = struct.Struct("!BBH")
_EMPTY_REPORT = _COMMON.pack(0x80, RR, 1)  # without report blocks; the sender's SSRC follows


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
    """Transport-wide feedback, unread: `relay.core.twcc.parse` reads `body`.

    For the usual, that comes alone, there is `lone_transport_feedback`.
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

    So it comes from each viewer ten times a second, alone or after an empty report. `parse` reads
    it as well, for several times the price.

    Raises:
        RtcpError: its padding does not fit.
    """
    at = len(_EMPTY_REPORT) + 4 if data.startswith(_EMPTY_REPORT) else 0
    if len(data) < at + 12 or data[at] & 0xDF != 0x80 | _TRANSPORT_CC or data[at + 1] != RTPFB:
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
        first, kind, words = _COMMON.unpack_from(data, at)
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
        ssrc, ntp, rtp_timestamp, packets, octets = _SENDER.unpack_from(body)
        blocks = _parse_blocks(body, 24, count)
        return SenderReport(ssrc, ntp, rtp_timestamp, packets, octets, blocks)
    if kind == RR:
        return ReceiverReport(_WORD.unpack_from(body)[0], _parse_blocks(body, 4, count))
    if kind == SDES:
        return _parse_sdes(body, count)
    if kind == BYE:
        return Bye(tuple(_WORD.unpack_from(body, 4 * index)[0] for index in range(count)))
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
        ssrc, loss, highest, jitter, last, delay = _BLOCK.unpack_from(body, at + 24 * index)
        lost = loss & 0xFFFFFF
        if lost & 0x800000:
            lost -= 0x1000000
        blocks.append(ReportBlock(ssrc, loss >> 24, lost, highest, jitter, last, delay))
    return tuple(blocks)


def _parse_sdes(body: bytes, count: int) -> SourceDescription:
    cnames: list[tuple[int, str]] = []
    at = 0
    for _ in range(count):
        (ssrc,) = _WORD.unpack_from(body, at)
        at += 4
        while at < len(body) and body[at]:
            if at + 2 > len(body) or at + 2 + body[at + 1] > len(body):
                raise RtcpError("truncated SDES item")
            if body[at] == _CNAME:
                text = body[at + 2 : at + 2 + body[at + 1]]
                cnames.append((ssrc, text.decode("utf-8", "replace")))
            at += 2 + body[at + 1]
        at += 4 - at % 4  # the null item and padding up to the next word
    return SourceDescription(tuple(cnames))


def _parse_transport_layer(form: int, body: bytes) -> Packet | None:
    sender, media = _WORDS.unpack_from(body)
    if form == _TRANSPORT_CC:
        return TransportFeedback(sender, media, body[8:])
    if form != _NACK:
        return None
    if len(body) > 8 + 4 * _MAX_NACK_ENTRIES:
        raise RtcpError("NACK too long")
    numbers: list[int] = []
    for at in range(8, len(body), 4):
        first, mask = _PAIR.unpack_from(body, at)
        numbers.append(first)
        if mask:
            numbers.extend((first + 1 + bit) & 0xFFFF for bit in range(16) if mask >> bit & 1)
    return Nack(sender, media, tuple(numbers))


def _parse_payload_specific(form: int, body: bytes) -> Packet | None:
    sender, media = _WORDS.unpack_from(body)
    if form == _PLI:
        return PictureLoss(sender, media)
    if form == _FIR:
        if len(body) > 8 + 8 * 32:
            raise RtcpError("FIR too long")
        pairs = (_WORDS.unpack_from(body, at) for at in range(8, len(body), 8))
        return IntraRequest(sender, tuple((ssrc, word >> 24) for ssrc, word in pairs))
    if form == _ALFB and body[8:12] == b"REMB":
        return _parse_remb(sender, body)
    return None


def _parse_remb(sender: int, body: bytes) -> BitrateLimit:
    (word,) = _WORD.unpack_from(body, 12)
    bitrate = (word & 0x3FFFF) << (word >> 18 & 0x3F)
    ssrcs = tuple(_WORD.unpack_from(body, 16 + 4 * index)[0] for index in range(word >> 24))
    return BitrateLimit(sender, bitrate, ssrcs)


def _parse_extended(body: bytes) -> ReceiverTime | None:
    (sender,) = _WORD.unpack_from(body)
    at = 4
    while at < len(body):
        block, _, words = _EXTENDED.unpack_from(body, at)
        if block == _RECEIVER_TIME:
            high, low = _WORDS.unpack_from(body, at + 4)
            return ReceiverTime(sender, high << 32 | low)
        at += 4 + 4 * words
    return None


# --- building -------------------------------------------------------------------------------------


def _packet(first: int, kind: int, body: bytes) -> bytes:
    return _COMMON.pack(0x80 | first, kind, len(body) // 4) + body


def _blocks(blocks: Sequence[ReportBlock]) -> bytes:
    return b"".join(
        _BLOCK.pack(
            block.ssrc,
            block.fraction_lost << 24 | (block.cumulative_lost & 0xFFFFFF),
            block.highest_sequence & 0xFFFFFFFF,
            block.jitter & 0xFFFFFFFF,
            block.last_report,
            block.delay & 0xFFFFFFFF,
        )
        for block in blocks
    )


def sender_report(report: SenderReport) -> bytes:
    """At most 31 blocks."""
    body = _SENDER.pack(
        report.ssrc,
        report.ntp,
        report.rtp_timestamp & 0xFFFFFFFF,
        report.packets & 0xFFFFFFFF,
        report.octets & 0xFFFFFFFF,
    )
    return _packet(len(report.blocks), SR, body + _blocks(report.blocks))


def receiver_report(ssrc: int, blocks: Sequence[ReportBlock] = ()) -> bytes:
    """At most 31 blocks."""
    return _packet(len(blocks), RR, _WORD.pack(ssrc) + _blocks(blocks))


def source_description(ssrc: int, cname: str) -> bytes:
    """One chunk with the CNAME, cut to 255 bytes."""
    text = cname.encode()[:255]
    chunk = _WORD.pack(ssrc) + bytes([_CNAME, len(text)]) + text
    return _packet(1, SDES, chunk + bytes(4 - len(chunk) % 4))


def bye(ssrcs: Sequence[int]) -> bytes:
    """At most 31 sources."""
    return _packet(len(ssrcs), BYE, b"".join(_WORD.pack(ssrc) for ssrc in ssrcs))


def nack(sender: int, media: int, sequence_numbers: Iterable[int]) -> bytes:
    """Sequence numbers in rising order (extended ones are cut), in as few pairs as they need."""
    body = bytearray(_WORDS.pack(sender, media))
    first, mask = -1, 0
    for number in sequence_numbers:
        distance = (number - first) & 0xFFFF
        if first >= 0 and 1 <= distance <= 16:
            mask |= 1 << (distance - 1)
            continue
        if first >= 0:
            body += _PAIR.pack(first, mask)
        first, mask = number & 0xFFFF, 0
    if first >= 0:
        body += _PAIR.pack(first, mask)
    return _packet(_NACK, RTPFB, bytes(body))


def picture_loss(sender: int, media: int) -> bytes:
    """PLI."""
    return _packet(_PLI, PSFB, _WORDS.pack(sender, media))


def intra_request(sender: int, media: int, command: int) -> bytes:
    """FIR for one source."""
    return _packet(_FIR, PSFB, _WORDS.pack(sender, 0) + _WORDS.pack(media, (command & 0xFF) << 24))


def bitrate_limit(sender: int, bitrate_bps: int, ssrcs: Sequence[int]) -> bytes:
    """REMB."""
    exponent = max(0, bitrate_bps.bit_length() - 18)
    word = len(ssrcs) << 24 | exponent << 18 | bitrate_bps >> exponent
    body = _WORDS.pack(sender, 0) + b"REMB" + _WORD.pack(word)
    return _packet(_ALFB, PSFB, body + b"".join(_WORD.pack(ssrc) for ssrc in ssrcs))


def delay_since_receiver_time(sender: int, report: ReceiverTime) -> bytes:
    """The answer to `report`, without delay (DLRR Report Block, RFC 3611 §4.5)."""
    middle = report.ntp >> 16 & 0xFFFFFFFF
    block = _EXTENDED.pack(_DELAY_SINCE, 0, 3) + _WORDS.pack(report.sender, middle) + bytes(4)
    return _packet(0, XR, _WORD.pack(sender) + block)


def transport_feedback(sender: int, media: int, body: bytes) -> bytes:
    """Transport-wide feedback around a body made by `relay.core.twcc`; pads to a whole word."""
    padding = -len(body) % 4
    if padding:
        body += bytes(padding - 1) + bytes([padding])
    first = 0x20 | _TRANSPORT_CC if padding else _TRANSPORT_CC
    return _packet(first, RTPFB, _WORDS.pack(sender, media) + body)
