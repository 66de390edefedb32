"""RTP headers of outgoing streams: templates, of which a few fields are patched per packet."""

from __future__ import annotations

import struct

from relay.api import MediaKind
from relay.core.wire.negotiated import OutgoingSlot
from relay.core.wire.rtp import HEADER_BYTES, extension_block

WITH_EXTENSIONS = 0x90  # first byte: version 2, extension bit (RFC 3550 §5.1)
AFTER_TIMESTAMP = 8  # index in the header: the SSRC follows the timestamp
# Marker and payload type, sequence number, timestamp; from byte 1.
PATCH = struct.Struct("!BHI")
U16 = struct.Struct("!H")
_MAX_MID = 16  # bytes of an element in one-byte form (RFC 8285 §4.2)


def header_template(slot: OutgoingSlot, ssrc: int) -> tuple[bytearray, int, int]:
    """Make a header to patch.

    Returns:
        The header, and where in it the transport-wide number and the audio level stand; 0 for
        what is not in it.
    """
    ids = slot.extensions
    elements: dict[int, bytes] = {}
    wide_at = level_at = 0
    at = HEADER_BYTES + 4
    if ids.transport_cc:
        elements[ids.transport_cc] = bytes(2)
        wide_at = at + 1
        at += 3
    if ids.audio_level and slot.kind is MediaKind.AUDIO:
        elements[ids.audio_level] = b"\xff"
        level_at = at + 1
        at += 2
    if ids.mid and 0 < len(slot.mid.encode()) <= _MAX_MID:
        elements[ids.mid] = slot.mid.encode()
    head = struct.pack("!BBHII", WITH_EXTENSIONS if elements else 0x80, 0, 0, 0, ssrc)
    return bytearray(head + (extension_block(elements) if elements else b"")), wide_at, level_at
