"""RTP and RTCP on the wire, as a client needs them: small, strict, without a state of its own.

Reports are built with aiortc's packet classes. Reading and NACK are own code. aiortc 1.16 refuses a
compound with padded transport feedback, and fails to build a NACK across the sequence wrap.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from aiortc import rtp as aiortc_rtp

RTP_VERSION_BITS = 0x80
ONE_BYTE_PROFILE = 0xBEDE  # RFC 8285 §4.2
RTCP_TYPES = range(192, 224)  # RFC 5761 §4: what marks a muxed packet as RTCP
FMT_TRANSPORT_CC = 15  # draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1
NTP_EPOCH_OFFSET_S = 2_208_988_800  # 1900 to 1970, RFC 5905 §6

SEQUENCE_AND_SSRC = struct.Struct("!H4xL")  # from byte 2 of a packet, where they are in the clear
_HEADER = struct.Struct("!BBHLL")


@dataclass(slots=True)
class RtpPacket:
    """One RTP packet (RFC 3550 §5.1) with its one-byte header extensions by id."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    extensions: dict[int, bytes] = field(default_factory=dict)


def is_rtcp(datagram: bytes) -> bool:
    """Tell RTCP from RTP on a muxed transport (RFC 5761 §4)."""
    return len(datagram) >= 2 and datagram[1] in RTCP_TYPES


def sequence_delta(newer: int, older: int) -> int:
    """Signed distance of two 16-bit sequence numbers, in [-32768, 32767]."""
    return ((newer - older + 0x8000) & 0xFFFF) - 0x8000


def ntp_timestamp(unix_s: float) -> int:
    """Unix seconds as a 64-bit NTP timestamp."""
    return int((unix_s + NTP_EPOCH_OFFSET_S) * (1 << 32)) & 0xFFFF_FFFF_FFFF_FFFF


def build_rtp(packet: RtpPacket) -> bytes:
    """Serialize a packet; extensions keep their order."""
    first = RTP_VERSION_BITS | (0x10 if packet.extensions else 0)
    head = _HEADER.pack(
        first,
        (0x80 if packet.marker else 0) | packet.payload_type,
        packet.sequence,
        packet.timestamp,
        packet.ssrc,
    )
    if not packet.extensions:
        return head + packet.payload
    block = b"".join(
        bytes(((ext_id << 4) | (len(value) - 1),)) + value
        for ext_id, value in packet.extensions.items()
    )
    block += bytes(-len(block) % 4)
    return head + struct.pack("!HH", ONE_BYTE_PROFILE, len(block) // 4) + block + packet.payload


def parse_rtp(data: bytes) -> RtpPacket:
    """Read a packet.

    Raises:
        ValueError: it is not well-formed RTP.
    """
    if len(data) < 12:
        raise ValueError("RTP header is truncated")
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    if first >> 6 != 2:
        raise ValueError("not RTP version 2")
    position = 12 + 4 * (first & 0x0F)
    extensions: dict[int, bytes] = {}
    if first & 0x10:
        if len(data) < position + 4:
            raise ValueError("RTP extension header is truncated")
        profile, words = struct.unpack_from("!HH", data, position)
        position += 4
        if profile == ONE_BYTE_PROFILE:
            extensions = _one_byte_extensions(data[position : position + 4 * words])
        position += 4 * words
    end = len(data) - (data[-1] if first & 0x20 else 0)
    if end < position:
        raise ValueError("RTP payload is truncated")
    return RtpPacket(
        second & 0x7F, bool(second >> 7), sequence, timestamp, ssrc, data[position:end], extensions
    )


def _one_byte_extensions(block: bytes) -> dict[int, bytes]:
    values: dict[int, bytes] = {}
    position = 0
    while position < len(block):
        ext_id = block[position] >> 4
        if ext_id == 0:
            position += 1
            continue
        length = (block[position] & 0x0F) + 1
        values[ext_id] = block[position + 1 : position + 1 + length]
        position += 1 + length
    return values


@dataclass(frozen=True, slots=True)
class RtcpPart:
    """One packet of a compound: `count` is the report count or feedback type, `body` its rest."""

    packet_type: int
    count: int
    body: bytes

    @property
    def media_ssrc(self) -> int:
        """Of a feedback packet (RFC 4585 §6.1)."""
        return int.from_bytes(self.body[4:8], "big")

    @property
    def is_nack(self) -> bool:
        """Tell whether it is a generic NACK."""
        return (self.packet_type, self.count) == (aiortc_rtp.RTCP_RTPFB, aiortc_rtp.RTCP_RTPFB_NACK)

    @property
    def is_transport_feedback(self) -> bool:
        """Tell whether it is transport-wide congestion control feedback."""
        return (self.packet_type, self.count) == (aiortc_rtp.RTCP_RTPFB, FMT_TRANSPORT_CC)

    def nacked(self) -> list[int]:
        """The sequence numbers of a generic NACK."""
        numbers = []
        for position in range(8, len(self.body) - 3, 4):
            pid, mask = struct.unpack_from("!HH", self.body, position)
            numbers.append(pid)
            numbers += [(pid + 1 + bit) & 0xFFFF for bit in range(16) if mask >> bit & 1]
        return numbers

    def key_frame_ssrcs(self) -> list[int]:
        """The SSRCs that a PLI or FIR asks for key frames (RFC 4585 §6.3.1, RFC 5104 §4.3.1)."""
        if self.packet_type != aiortc_rtp.RTCP_PSFB or len(self.body) < 8:
            return []
        if self.count == aiortc_rtp.RTCP_PSFB_PLI:
            return [self.media_ssrc]
        if self.count == aiortc_rtp.RTCP_PSFB_FIR:
            return [
                int.from_bytes(self.body[at : at + 4], "big")
                for at in range(8, len(self.body) - 7, 8)
            ]
        return []

    def fractions_lost(self) -> list[float]:
        """The loss (0…1) of each report block of an SR or RR."""
        start = {aiortc_rtp.RTCP_SR: 24, aiortc_rtp.RTCP_RR: 4}.get(self.packet_type)
        if start is None:
            return []
        blocks = range(start, len(self.body) - 23, 24)
        return [self.body[at + 4] / 256 for at in blocks][: self.count]


def split_rtcp(data: bytes) -> list[RtcpPart]:
    """Take a compound apart (RFC 3550 §6.1); what is malformed ends it, nothing is raised."""
    parts = []
    position = 0
    while position + 8 <= len(data) and data[position] >> 6 == 2:
        first, packet_type, words = struct.unpack_from("!BBH", data, position)
        end = position + 4 * (words + 1)
        if end > len(data):
            break
        body = data[position + 4 : end]
        if first & 0x20 and body:
            body = body[: -body[-1]] if 0 < body[-1] <= len(body) else b""
        if len(body) >= 4:
            parts.append(RtcpPart(packet_type, first & 0x1F, body))
        position = end
    return parts


def build_sender_report(
    ssrc: int, *, unix_s: float, rtp_timestamp: int, packets: int, octets: int, cname: str
) -> bytes:
    """SR and SDES in one compound packet (RFC 3550 §6.1)."""
    info = aiortc_rtp.RtcpSenderInfo(
        ntp_timestamp=ntp_timestamp(unix_s),
        rtp_timestamp=rtp_timestamp & 0xFFFF_FFFF,
        packet_count=packets & 0xFFFF_FFFF,
        octet_count=octets & 0xFFFF_FFFF,
    )
    source = aiortc_rtp.RtcpSourceInfo(ssrc=ssrc, items=[(1, cname.encode())])
    return bytes(aiortc_rtp.RtcpSrPacket(ssrc=ssrc, sender_info=info)) + bytes(
        aiortc_rtp.RtcpSdesPacket(chunks=[source])
    )


def build_nack(own_ssrc: int, media_ssrc: int, missing: list[int]) -> bytes:
    """Generic NACK (RFC 4585 §6.2.1); `missing` in sending order, the wrap of 16 bits included."""
    items = b""
    pid, mask = missing[0], 0
    for sequence in missing[1:]:
        offset = (sequence - pid - 1) & 0xFFFF
        if offset < 16:
            mask |= 1 << offset
        else:
            items += struct.pack("!HH", pid, mask)
            pid, mask = sequence, 0
    items += struct.pack("!HH", pid, mask)
    payload = struct.pack("!LL", own_ssrc, media_ssrc) + items
    return aiortc_rtp.pack_rtcp_packet(aiortc_rtp.RTCP_RTPFB, aiortc_rtp.RTCP_RTPFB_NACK, payload)


def build_pli(own_ssrc: int, media_ssrc: int) -> bytes:
    """Picture loss indication (RFC 4585 §6.3.1)."""
    return bytes(
        aiortc_rtp.RtcpPsfbPacket(
            fmt=aiortc_rtp.RTCP_PSFB_PLI, ssrc=own_ssrc, media_ssrc=media_ssrc
        )
    )
