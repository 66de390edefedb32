"""Packets of made-up VP8, H.264 and Opus streams, of which a receiver can tell every frame.

The payloads have real descriptors and headers. In place of picture data a trailer names stream,
frame and place. So a test recognizes every packet without a decoder.
"""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass

_TRAILER = struct.Struct("!4sIHHBI")  # stream, frame number, index, count, key, base
PACKET_BYTES = 1000


@dataclass(frozen=True)
class Piece:
    """The contents of a packet's trailer."""

    stream: str
    frame: int
    index: int
    count: int
    key: bool
    base: int  # the frame that this one is predicted from


def trailer(
    stream: str, frame: int, index: int, count: int, key: bool, base: int | None = None
) -> bytes:
    base = max(0, frame - 1 if base is None else base)
    return _TRAILER.pack(stream.encode().ljust(4, b"\0"), frame, index, count, key, base)


def read(payload: bytes) -> Piece:
    """The trailer of a payload."""
    stream, frame, index, count, key, base = _TRAILER.unpack(payload[-_TRAILER.size :])
    return Piece(stream.rstrip(b"\0").decode(), frame, index, count, bool(key), base)


class Bits:
    """Writes the bits of an H.264 parameter set."""

    def __init__(self) -> None:
        self._bits = ""

    def put(self, value: int, count: int) -> Bits:
        self._bits += format(value, f"0{count}b")
        return self

    def unsigned(self, value: int) -> Bits:
        code = format(value + 1, "b")
        self._bits += "0" * (len(code) - 1) + code
        return self

    def data(self) -> bytes:
        bits = self._bits + "1"
        bits += "0" * (-len(bits) % 8)
        return int(bits, 2).to_bytes(len(bits) // 8, "big")


def sps(width: int, height: int) -> bytes:
    """A constrained baseline sequence parameter set."""
    across, down = -(-width // 16), -(-height // 16)
    bits = Bits().put(0x42E01F, 24).unsigned(0).unsigned(0).unsigned(2).unsigned(1).put(0, 1)
    bits.unsigned(across - 1).unsigned(down - 1).put(1, 1).put(1, 1)
    crop_x, crop_y = (across * 16 - width) // 2, (down * 16 - height) // 2
    bits.put(1, 1).unsigned(0).unsigned(crop_x).unsigned(0).unsigned(crop_y).put(0, 1)
    return b"\x67" + bits.data().replace(b"\x00\x00\x01", b"\x00\x00\x03\x01")


@dataclass(frozen=True)
class Temporal:
    """A frame's place among the temporal layers, and how far back its base is."""

    layer: int
    tl0_index: int
    sync: bool
    back: int = 1


# L1T3 as browsers send it: layer, sync, frames back to the base; then each one's part of the bytes.
L1T3 = ((0, False, 4), (2, True, 1), (1, True, 2), (2, False, 1))
L1T3_SHARES = (1.6, 0.8, 0.8, 0.8)


def vp8_frame(
    stream: str,
    frame: int,
    key: bool,
    octets: int,
    size: tuple[int, int],
    picture_id: int,
    *,
    temporal: Temporal | None = None,
) -> list[bytes]:
    """Payloads of one frame, with 15-bit picture ids and TL0PICIDX."""
    temporal = temporal or Temporal(0, frame, sync=False)
    count = max(1, -(-octets // PACKET_BYTES))
    payloads = []
    for index in range(count):
        first = 0x90 if index == 0 else 0x80
        descriptor = struct.pack(
            "!BBHBB",
            first,
            0xF0,
            0x8000 | picture_id & 0x7FFF,
            temporal.tl0_index & 0xFF,
            temporal.layer << 6 | temporal.sync << 5,
        )
        if index:
            data = b""
        elif key:
            data = b"\x10\x00\x00\x9d\x01\x2a" + struct.pack("<HH", *size)
        else:
            data = b"\x11"
        fill = bytes(octets // count)
        payloads.append(
            descriptor
            + data
            + fill
            + trailer(stream, frame, index, count, key, frame - temporal.back)
        )
    return payloads


PPS = b"\x68\xce\x3c\x80"


def sprop(width: int, height: int) -> str:
    """The format parameter that gives the parameter sets outside the stream."""
    sets = ",".join(base64.b64encode(unit).decode() for unit in (sps(width, height), PPS))
    return f"sprop-parameter-sets={sets}"


def is_parameter_sets(payload: bytes) -> bool:
    """Whether a packet is an SPS and a PPS in a STAP-A and nothing else."""
    size = int.from_bytes(payload[1:3], "big")
    return payload[0] & 0x1F == 24 and payload[3 + size :] == struct.pack("!H", len(PPS)) + PPS


def h264_frame(
    stream: str, frame: int, key: bool, octets: int, size: tuple[int, int]
) -> list[bytes]:
    """Payloads of one frame: parameter sets in a STAP-A, the picture in FU-A."""
    count = max(2, -(-octets // PACKET_BYTES))
    total = count + key
    payloads = []
    if key:
        parts = (sps(*size), PPS)
        aggregate = b"\x78" + b"".join(struct.pack("!H", len(part)) + part for part in parts)
        tail = trailer(stream, frame, 0, total, key)
        payloads.append(aggregate + struct.pack("!H", len(tail) + 1) + b"\x06" + tail)
    kind = 5 if key else 1
    for index in range(count):
        flags = (0x80 if index == 0 else 0) | (0x40 if index == count - 1 else 0)
        tail = trailer(stream, frame, index + key, total, key)
        payloads.append(bytes([0x7C, flags | kind]) + bytes(octets // count) + tail)
    return payloads


def opus_packet(stream: str, number: int) -> bytes:
    return b"\x78" + bytes(60) + trailer(stream, number, 0, 1, True)
