"""RTCP packets to be sent, each of one kind; joined, they make a compound.

The relay always sends a full compound. RFC 3550 §6.1 demands that where reduced size was not
negotiated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from relay.core.wire.rtcp import (
    BLOCK_DELAY_SINCE,
    BLOCK_HEADER,
    BYE,
    FMT_ALFB,
    FMT_FIR,
    FMT_NACK,
    FMT_PLI,
    FMT_TRANSPORT_CC,
    HEADER,
    ITEM_CNAME,
    NACK_PAIR,
    PSFB,
    REPORT_BLOCK,
    RR,
    RTPFB,
    SDES,
    SENDER_INFO,
    SR,
    TWO_WORDS,
    WORD,
    XR,
    ReceiverTime,
    ReportBlock,
    SenderReport,
)


def _packet(first: int, kind: int, body: bytes) -> bytes:
    return HEADER.pack(0x80 | first, kind, len(body) // 4) + body


def _blocks(blocks: Sequence[ReportBlock]) -> bytes:
    return b"".join(
        REPORT_BLOCK.pack(
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
    """A sender report, with at most 31 blocks."""
    body = SENDER_INFO.pack(
        report.ssrc,
        report.ntp,
        report.rtp_timestamp & 0xFFFFFFFF,
        report.packets & 0xFFFFFFFF,
        report.octets & 0xFFFFFFFF,
    )
    return _packet(len(report.blocks), SR, body + _blocks(report.blocks))


def receiver_report(ssrc: int, blocks: Sequence[ReportBlock] = ()) -> bytes:
    """A receiver report, with at most 31 blocks."""
    return _packet(len(blocks), RR, WORD.pack(ssrc) + _blocks(blocks))


def source_description(ssrc: int, cname: str) -> bytes:
    """One chunk with the CNAME, cut to 255 bytes."""
    text = cname.encode()[:255]
    chunk = WORD.pack(ssrc) + bytes([ITEM_CNAME, len(text)]) + text
    return _packet(1, SDES, chunk + bytes(4 - len(chunk) % 4))


def bye(ssrcs: Sequence[int]) -> bytes:
    """The end of streams (RFC 3550 §6.6), at most 31."""
    return _packet(len(ssrcs), BYE, b"".join(WORD.pack(ssrc) for ssrc in ssrcs))


def nack(sender: int, media: int, sequence_numbers: Iterable[int]) -> bytes:
    """A request for packets; the sequence numbers rise, and extended ones are cut."""
    body = bytearray(TWO_WORDS.pack(sender, media))
    first, mask = -1, 0
    for number in sequence_numbers:
        distance = (number - first) & 0xFFFF
        if first >= 0 and 1 <= distance <= 16:
            mask |= 1 << (distance - 1)
            continue
        if first >= 0:
            body += NACK_PAIR.pack(first, mask)
        first, mask = number & 0xFFFF, 0
    if first >= 0:
        body += NACK_PAIR.pack(first, mask)
    return _packet(FMT_NACK, RTPFB, bytes(body))


def picture_loss(sender: int, media: int) -> bytes:
    """PLI."""
    return _packet(FMT_PLI, PSFB, TWO_WORDS.pack(sender, media))


def intra_request(sender: int, media: int, command: int) -> bytes:
    """FIR for one source."""
    return _packet(
        FMT_FIR, PSFB, TWO_WORDS.pack(sender, 0) + TWO_WORDS.pack(media, (command & 0xFF) << 24)
    )


def bitrate_limit(sender: int, bitrate_bps: int, ssrcs: Sequence[int]) -> bytes:
    """REMB."""
    exponent = max(0, bitrate_bps.bit_length() - 18)
    word = len(ssrcs) << 24 | exponent << 18 | bitrate_bps >> exponent
    body = TWO_WORDS.pack(sender, 0) + b"REMB" + WORD.pack(word)
    return _packet(FMT_ALFB, PSFB, body + b"".join(WORD.pack(ssrc) for ssrc in ssrcs))


def delay_since_receiver_time(sender: int, report: ReceiverTime) -> bytes:
    """The answer to `report`, without delay (DLRR Report Block, RFC 3611 §4.5)."""
    middle = report.ntp >> 16 & 0xFFFFFFFF
    block = (
        BLOCK_HEADER.pack(BLOCK_DELAY_SINCE, 0, 3)
        + TWO_WORDS.pack(report.sender, middle)
        + bytes(4)
    )
    return _packet(0, XR, WORD.pack(sender) + block)


def transport_feedback(sender: int, media: int, body: bytes) -> bytes:
    """Transport-wide feedback around a body made by `twcc`, padded to a whole word."""
    padding = -len(body) % 4
    if padding:
        body += bytes(padding - 1) + bytes([padding])
    first = 0x20 | FMT_TRANSPORT_CC if padding else FMT_TRANSPORT_CC
    return _packet(first, RTPFB, TWO_WORDS.pack(sender, media) + body)
