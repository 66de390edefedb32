"""VP8 in RTP: the payload descriptor (RFC 7741 §4.2) and the key frame header (RFC 6386 §9.1)."""

from __future__ import annotations

from typing import NamedTuple

from relay.core.wire.rtp import RtpError

_KEY_FRAME_START_CODE = b"\x9d\x01\x2a"


class Vp8Payload(NamedTuple):
    """The facts that the relay needs of one VP8 payload.

    Attributes:
        head: the two bytes before the picture id, as one number; 0 without a picture id.
        picture_id: −1 where there is none.
        picture_id_bits: 7 or 15.
        tl0_index: TL0PICIDX, −1 where there is none.
        temporal: temporal layer index, −1 where there is none.
        sync: a decoder of the layers below can begin with this temporal layer here.
        tail: index of the first byte after the picture id and TL0PICIDX: what is never rewritten.
        key_frame: this packet begins a key frame.
        width: of the key frame, else 0.
        height: of the key frame, else 0.
    """

    head: int
    picture_id: int
    picture_id_bits: int
    tl0_index: int
    temporal: int
    sync: bool
    tail: int
    key_frame: bool
    width: int
    height: int


def parse(payload: bytes) -> Vp8Payload:
    """Read the descriptor and, where a key frame begins, its size.

    Raises:
        RtpError: truncated, or a key frame without its start code.
    """
    try:
        first = payload[0]
        at = 1
        second = 0
        picture_id = tl0_index = temporal = -1
        sync = False
        bits = 15
        tail = 0
        if first & 0x80:
            second = payload[1]
            at = 2
            if second & 0x80:
                picture_id = payload[2]
                at = 3
                if picture_id & 0x80:
                    picture_id = (picture_id & 0x7F) << 8 | payload[3]
                    at = 4
                else:
                    bits = 7
            if second & 0x40:
                tl0_index = payload[at]
                at += 1
            tail = at
            if second & 0x30:
                if second & 0x20:
                    temporal = payload[at] >> 6
                    sync = bool(payload[at] & 0x20)
                at += 1
        if picture_id < 0:
            # Without a picture id nothing is rewritten, so the whole payload is "tail".
            tail, tl0_index, temporal = 0, -1, -1
        # A frame begins where S is set in partition 0; P of its first byte is 0 on key frames.
        if first & 0x17 == 0x10 and not payload[at] & 0x01:
            width, height = _size(payload, at)
            head = first << 8 | second
            return Vp8Payload(
                head, picture_id, bits, tl0_index, temporal, sync, tail, True, width, height
            )
        if at >= len(payload):
            raise RtpError("VP8 payload ends within its descriptor")
    except IndexError:
        raise RtpError("VP8 payload ends within its descriptor") from None
    head = first << 8 | second
    return Vp8Payload(head, picture_id, bits, tl0_index, temporal, sync, tail, False, 0, 0)


def _size(payload: bytes, at: int) -> tuple[int, int]:
    if payload[at + 3 : at + 6] != _KEY_FRAME_START_CODE or len(payload) < at + 10:
        raise RtpError("VP8 key frame without start code")
    width = (payload[at + 7] << 8 | payload[at + 6]) & 0x3FFF
    height = (payload[at + 9] << 8 | payload[at + 8]) & 0x3FFF
    return width, height
