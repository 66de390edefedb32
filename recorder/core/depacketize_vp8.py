"""VP8 frames from RTP payloads (RFC 7741)."""

from __future__ import annotations

from collections.abc import Sequence

from recorder.core.bounds import is_picture_size
from recorder.core.video_frame import CodedFrame

_START_CODE = b"\x9d\x01\x2a"  # RFC 6386 §9.1
_KEY_HEADER_BYTES = 10
_FRAME_TAG_BYTES = 3
_MAX_VERSION = 3  # RFC 6386 §9.1; decoders refuse others, or read them as this one


def descriptor_bytes(payload: bytes) -> int | None:
    """The length of the payload descriptor (RFC 7741 §4.2); None if it is cut short."""
    size = len(payload)
    if size < 1:
        return None
    if not payload[0] & 0x80:  # X
        return 1 if size > 1 else None
    if size < 2:
        return None
    flags, length = payload[1], 2
    if flags & 0x80:  # I: one octet, or two where its M bit is set
        if size <= length:
            return None
        length += 2 if payload[length] & 0x80 else 1
    if flags & 0x40:  # L
        length += 1
    if flags & 0x30:  # T or K share one octet
        length += 1
    return length if length < size else None


def starts_frame(payload: bytes) -> bool:
    """Recognize the first packet of a frame: S set, partition 0."""
    return len(payload) > 0 and payload[0] & 0x17 == 0x10


class Vp8Depacketizer:
    """Assembles frames; keeps no state."""

    def peek_key_frame(self, payload: bytes) -> tuple[int, int] | None:
        """Find (width, height) if this packet begins a key frame."""
        if not starts_frame(payload):
            return None
        skip = descriptor_bytes(payload)
        return None if skip is None else _key_frame_size(payload[skip : skip + _KEY_HEADER_BYTES])

    def assemble(self, payloads: Sequence[bytes], *, after_loss: bool) -> CodedFrame | None:
        """Build one frame from the payloads of one timestamp, in order and without holes.

        Args:
            payloads: of at least one packet.
            after_loss: packets before the first one are missing. VP8 marks a frame's beginning, so
                this changes nothing.

        Returns:
            None if they are not a whole frame.
        """
        if not starts_frame(payloads[0]):
            return None
        pieces = []
        for payload in payloads:
            skip = descriptor_bytes(payload)
            if skip is None:
                return None
            pieces.append(payload[skip:])
        data = b"".join(pieces)
        if not _holds_its_first_partition(data):
            return None
        if data[0] & 1:
            return CodedFrame(data, False)
        size = _key_frame_size(data)
        return None if size is None else CodedFrame(data, True, *size)


def _holds_its_first_partition(data: bytes) -> bool:
    """Check that the first partition is as long as the frame tag claims (RFC 6386 §9.1)."""
    if len(data) < _FRAME_TAG_BYTES:
        return False
    tag = int.from_bytes(data[:_FRAME_TAG_BYTES], "little")
    head = _FRAME_TAG_BYTES if tag & 1 else _KEY_HEADER_BYTES
    return tag >> 1 & 7 <= _MAX_VERSION and 0 < tag >> 5 <= len(data) - head


def _key_frame_size(data: bytes) -> tuple[int, int] | None:
    """Read width and height from a key frame's header (RFC 6386 §9.1); None if it is no header."""
    if len(data) < _KEY_HEADER_BYTES or data[0] & 1 or data[3:6] != _START_CODE:
        return None
    width = int.from_bytes(data[6:8], "little") & 0x3FFF
    height = int.from_bytes(data[8:10], "little") & 0x3FFF
    return (width, height) if is_picture_size(width, height) else None
