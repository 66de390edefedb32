"""RTP headers (RFC 3550 §5.1) and their extensions (RFC 8285)."""

from __future__ import annotations

import struct

_FIXED = struct.Struct("!BBHII")
_EXTENSION = struct.Struct("!HH")
HEADER_BYTES = 12
ONE_BYTE_PROFILE = 0xBEDE  # RFC 8285 §4.2
_TWO_BYTE_PROFILE = 0x1000  # RFC 8285 §4.3; the low four bits are "appbits"
_NO_EXTENSIONS: dict[int, bytes] = {}


class RtpError(ValueError):
    """The bytes are not an RTP packet, or its payload is not what its payload type says."""


class RtpPacket:
    """One parsed packet. Made once per incoming packet, never per viewer.

    Attributes:
        marker: 0x80 or 0, as it stands in the second header byte.
        payload: without padding; empty for a padding-only packet.
        extensions: element id → data.
    """

    __slots__ = (
        "extensions",
        "marker",
        "payload",
        "payload_type",
        "sequence_number",
        "ssrc",
        "timestamp",
    )

    def __init__(  # noqa: PLR0917 - a field each; keywords would cost on the hot path
        self,
        marker: int,
        payload_type: int,
        sequence_number: int,
        timestamp: int,
        ssrc: int,
        extensions: dict[int, bytes],
        payload: bytes,
    ) -> None:
        self.marker = marker
        self.payload_type = payload_type
        self.sequence_number = sequence_number
        self.timestamp = timestamp
        self.ssrc = ssrc
        self.extensions = extensions
        self.payload = payload


def parse(packet: bytes) -> RtpPacket:
    """Read one packet.

    Raises:
        RtpError: truncated, wrong version, or lengths that contradict each other.
    """
    size = len(packet)
    if size < HEADER_BYTES:
        raise RtpError("shorter than an RTP header")
    first, second, sequence_number, timestamp, ssrc = _FIXED.unpack_from(packet)
    if first >> 6 != 2:
        raise RtpError("not version 2")
    start = HEADER_BYTES + 4 * (first & 0x0F)
    extensions = _NO_EXTENSIONS
    if first & 0x10:
        if start + 4 > size:
            raise RtpError("truncated extension header")
        profile, words = _EXTENSION.unpack_from(packet, start)
        end = start + 4 + 4 * words
        if end > size:
            raise RtpError("truncated extension")
        extensions = _elements(packet, start + 4, end, profile)
        start = end
    stop = size
    if first & 0x20:
        padding = packet[-1]
        if not padding:
            raise RtpError("padding of length 0")
        stop -= padding
    if start > stop:
        raise RtpError("header or padding longer than the packet")
    return RtpPacket(
        second & 0x80,
        second & 0x7F,
        sequence_number,
        timestamp,
        ssrc,
        extensions,
        packet[start:stop],
    )


def _elements(packet: bytes, at: int, end: int, profile: int) -> dict[int, bytes]:
    if profile == ONE_BYTE_PROFILE:
        return _one_byte_elements(packet, at, end)
    if profile & 0xFFF0 == _TWO_BYTE_PROFILE:
        return _two_byte_elements(packet, at, end)
    return _NO_EXTENSIONS


def _one_byte_elements(packet: bytes, at: int, end: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while at < end:
        head = packet[at]
        if not head:  # padding
            at += 1
            continue
        number = head >> 4
        if number in (0, 15):  # reserved: stop here (RFC 8285 §4.2)
            break
        at += 1
        stop = at + (head & 0x0F) + 1
        if stop > end:
            raise RtpError("extension element overruns")
        found[number] = packet[at:stop]
        at = stop
    return found


def _two_byte_elements(packet: bytes, at: int, end: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while at < end:
        number = packet[at]
        if not number:
            at += 1
            continue
        if at + 2 > end:
            raise RtpError("extension element overruns")
        stop = at + 2 + packet[at + 1]
        if stop > end:
            raise RtpError("extension element overruns")
        found[number] = packet[at + 2 : stop]
        at = stop
    return found


def build(
    payload_type: int,
    sequence_number: int,
    timestamp: int,
    ssrc: int,
    payload: bytes,
    *,
    marker: bool = False,
    extensions: dict[int, bytes] | None = None,
    padding: int = 0,
) -> bytes:
    """Make a packet; for taps, tests and load tools (viewers' packets are patched from a template).

    Args:
        payload_type: 0…127.
        sequence_number: cut to 16 bits.
        timestamp: cut to 32 bits.
        ssrc: 32 bits.
        payload: after the header.
        marker: the M bit.
        extensions: element id (1…14) → 1…16 bytes of data, in one-byte form.
        padding: number of padding bytes, 0…255.
    """
    first = 0x80 | (0x10 if extensions else 0) | (0x20 if padding else 0)
    second = payload_type | (0x80 if marker else 0)
    head = _FIXED.pack(first, second, sequence_number & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    tail = bytes(padding - 1) + bytes([padding]) if padding else b""
    return head + (extension_block(extensions) if extensions else b"") + payload + tail


def extension_block(elements: dict[int, bytes]) -> bytes:
    """The extension in one-byte form with its four-byte header (RFC 8285 §4.2)."""
    body = b"".join(
        bytes([number << 4 | (len(data) - 1)]) + data for number, data in elements.items()
    )
    body += bytes(-len(body) % 4)
    return _EXTENSION.pack(ONE_BYTE_PROFILE, len(body) // 4) + body
