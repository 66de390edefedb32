"""Encoded frames into RTP payloads and back: VP8 (RFC 7741), H.264 (RFC 6184), Opus (RFC 7587)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

MAX_PAYLOAD_BYTES = 1150  # leaves room for extensions, RTX and SRTP below 1280 (IPv6 minimum MTU)
MAX_FRAME_BYTES = 4 << 20  # no encoder of ours makes more; a bound against hostile input

NAL_IDR, NAL_SPS, NAL_STAP_A, NAL_FU_A = 5, 7, 24, 28


def packetize_vp8(frame: bytes, picture_id: int) -> list[bytes]:
    """Split a VP8 frame; each payload has a descriptor with a 15-bit picture id (RFC 7741 §4.2)."""
    payloads = []
    for start in range(0, len(frame), MAX_PAYLOAD_BYTES):
        first = 0x90 if start == 0 else 0x80  # X, and S on the first packet of partition 0
        descriptor = struct.pack("!BBH", first, 0x80, 0x8000 | (picture_id & 0x7FFF))
        payloads.append(descriptor + frame[start : start + MAX_PAYLOAD_BYTES])
    return payloads


def split_annex_b(frame: bytes) -> list[bytes]:
    """NAL units of an Annex B byte stream, without start codes."""
    units = []
    start = frame.find(b"\x00\x00\x01")
    while start >= 0:
        following = frame.find(b"\x00\x00\x01", start + 3)
        unit = frame[start + 3 : following if following >= 0 else len(frame)]
        if following >= 0:
            unit = unit.rstrip(b"\x00")  # the fourth byte of a long start code
        if unit:
            units.append(unit)
        start = following
    return units


def packetize_h264(frame: bytes) -> list[bytes]:
    """Split an Annex B access unit into single NAL and FU-A payloads (RFC 6184 §5.6, §5.8)."""
    payloads = []
    for unit in split_annex_b(frame):
        if len(unit) <= MAX_PAYLOAD_BYTES:
            payloads.append(unit)
            continue
        header, body = unit[0], unit[1:]
        indicator = (header & 0xE0) | NAL_FU_A
        for start in range(0, len(body), MAX_PAYLOAD_BYTES):
            piece = body[start : start + MAX_PAYLOAD_BYTES]
            flags = (0x80 if start == 0 else 0) | (0x40 if start + len(piece) == len(body) else 0)
            payloads.append(bytes((indicator, flags | (header & 0x1F))) + piece)
    return payloads


@dataclass(frozen=True, slots=True)
class ReceivedFrame:
    """A complete frame. `size` is known on VP8 key frames only."""

    codec: str
    timestamp: int
    data: bytes
    key: bool
    size: tuple[int, int] | None = None
    picture_id: int | None = None


@dataclass(slots=True)
class FrameAssembler:
    """Joins payloads, fed in sequence order, into frames; `reset` after a packet was given up.

    Attributes:
        broken: frames thrown away because a packet of them was missing or malformed.
    """

    broken: int = 0
    _parts: list[bytes] = field(default_factory=list)
    _timestamp: int | None = None
    _codec: str = ""
    _damaged: bool = False
    _picture_id: int | None = None

    def reset(self) -> None:
        """A packet before the next one is missing for good."""
        self._damaged = True

    def feed(
        self, codec: str, timestamp: int, payload: bytes, *, marker: bool
    ) -> ReceivedFrame | None:
        """Take the next payload; returns the frame that it completes."""
        if timestamp != self._timestamp or codec != self._codec:
            self._begin(codec, timestamp, payload)
        try:
            if codec == "VP8":
                body, self._picture_id = strip_vp8(payload)
                self._parts.append(body)
            else:
                self._parts += strip_h264(payload)
        except ValueError:
            self._damaged = True
        if not marker or not self._parts:
            return None
        return self._finish()

    def _begin(self, codec: str, timestamp: int, payload: bytes) -> None:
        if self._parts:
            self.broken += 1  # its marker never came
        starts = codec != "VP8" or (len(payload) > 0 and payload[0] & 0x1F == 0x10)
        # A loss just before a frame that visibly starts here did not touch this frame; H.264
        # cannot tell, so it counts as damaged.
        self._damaged = not starts or (self._damaged and codec != "VP8")
        self._parts, self._timestamp, self._codec = [], timestamp, codec

    def _finish(self) -> ReceivedFrame | None:
        data, self._parts = b"".join(self._parts), []
        if self._damaged or len(data) > MAX_FRAME_BYTES:
            self.broken += 1
            self._damaged = False
            return None
        timestamp = self._timestamp or 0
        if self._codec == "VP8":
            return ReceivedFrame(
                "VP8", timestamp, data, _vp8_key(data), vp8_size(data), self._picture_id
            )
        key = any(unit[0] & 0x1F == NAL_IDR for unit in split_annex_b(data))
        return ReceivedFrame("H264", timestamp, data, key)


def strip_vp8(payload: bytes) -> tuple[bytes, int | None]:
    """The VP8 bytes and the picture id of a payload.

    Raises:
        ValueError: the descriptor is truncated.
    """
    picture_id = None
    try:
        position = 1
        if payload[0] & 0x80:
            bits = payload[1]
            position = 2
            if bits & 0x80:
                picture_id = payload[2] & 0x7F
                position = 3
                if payload[2] & 0x80:
                    picture_id = (picture_id << 8) | payload[3]
                    position = 4
            position += bool(bits & 0x40) + bool(bits & 0x30)
    except IndexError:
        raise ValueError("VP8 descriptor is truncated") from None
    if position >= len(payload):
        raise ValueError("VP8 payload is empty")
    return payload[position:], picture_id


def strip_h264(payload: bytes) -> list[bytes]:
    """Annex B pieces of a payload; a fragment after the first comes without a start code.

    Raises:
        ValueError: the payload is malformed.
    """
    if len(payload) < 2:
        raise ValueError("H.264 payload is truncated")
    kind = payload[0] & 0x1F
    if kind == NAL_FU_A:
        start = payload[1] & 0x80
        header = bytes(((payload[0] & 0xE0) | (payload[1] & 0x1F),))
        return [(b"\x00\x00\x00\x01" + header if start else b"") + payload[2:]]
    if kind != NAL_STAP_A:
        return [b"\x00\x00\x00\x01" + payload]
    pieces, position = [], 1
    while position + 2 < len(payload):
        length = int.from_bytes(payload[position : position + 2], "big")
        position += 2
        if not length or position + length > len(payload):
            raise ValueError("STAP-A unit is truncated")
        pieces.append(b"\x00\x00\x00\x01" + payload[position : position + length])
        position += length
    return pieces


def _vp8_key(data: bytes) -> bool:
    return bool(data) and not data[0] & 1  # RFC 6386 §9.1


def vp8_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a VP8 key frame (RFC 6386 §9.1), None for others."""
    if len(data) < 10 or data[0] & 1 or data[3:6] != b"\x9d\x01\x2a":
        return None
    width, height = struct.unpack_from("<HH", data, 6)
    return width & 0x3FFF, height & 0x3FFF
