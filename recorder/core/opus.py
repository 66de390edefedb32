"""Opus packets: their duration, and silence between them."""

from __future__ import annotations

SAMPLE_RATE = 48000  # Opus in RTP always counts in 48 kHz (RFC 7587 §4.1)
# Samples by which a decoder's output lies behind the timestamps. The encoder looks ahead 2.5 ms for
# its windows and 4 ms to align its two codecs (libopus, OPUS_GET_LOOKAHEAD). Files call this the
# pre-skip (RFC 7845 §4.2), RTP does not tell it. Every browser and OBS use such a mode of libopus.
LOOKAHEAD_SAMPLES = 312
MAX_FRAME_BYTES = 1275  # RFC 6716 §3.4, R2
MAX_PACKET_SAMPLES = 5760  # 120 ms (RFC 6716 §3.4, R5)

_SILK_SAMPLES = (480, 960, 1920, 2880)  # 10, 20, 40, 60 ms
_HYBRID_SAMPLES = (480, 960)
_CELT_SAMPLES = (120, 240, 480, 960)  # 2.5, 5, 10, 20 ms

# A CELT frame with only the silence flag: a valid packet that every decoder plays as silence.
_SILENT_FRAME = b"\xff\xfe"
_STEREO_BIT = 0x04
_CELT_FULLBAND = {960: 31 << 3, 480: 30 << 3, 240: 29 << 3, 120: 28 << 3}

SILENCE_STEP = 120  # the finest silence, in samples


def packet_samples(packet: bytes) -> int | None:
    """The duration of a packet in 48 kHz samples, from its TOC byte (RFC 6716 §3.1).

    Returns:
        None for a packet that breaks a rule of §3.4, because players stop at it.
    """
    if not packet or not _is_well_formed(packet):
        return None
    config, code = packet[0] >> 3, packet[0] & 3
    if config < 12:
        samples = _SILK_SAMPLES[config & 3]
    elif config < 16:
        samples = _HYBRID_SAMPLES[config & 1]
    else:
        samples = _CELT_SAMPLES[config & 3]
    frames = (1, 2, 2)[code] if code < 3 else packet[1] & 0x3F
    total = samples * frames
    return total if 0 < total <= MAX_PACKET_SAMPLES else None


def _is_well_formed(packet: bytes) -> bool:
    """Check rules R1 to R7 of RFC 6716 §3.4, but for the duration."""
    code, body = packet[0] & 3, len(packet) - 1
    if code == 0:
        return body <= MAX_FRAME_BYTES
    if code == 1:
        return body % 2 == 0 and body // 2 <= MAX_FRAME_BYTES
    if code == 2:
        first = _frame_length(packet, 1)
        return first is not None and 0 <= body - sum(first) <= MAX_FRAME_BYTES
    return _is_well_formed_row(packet)


def _is_well_formed_row(packet: bytes) -> bool:
    """Check a packet of any number of frames (RFC 6716 §3.2.5)."""
    if len(packet) < 2 or not packet[1] & 0x3F:
        return False
    frames, at, padding = packet[1] & 0x3F, 2, 0
    if packet[1] & 0x40:
        while True:
            if at >= len(packet):
                return False
            octet = packet[at]
            at += 1
            padding += 254 if octet == 255 else octet
            if octet != 255:
                break
    left = len(packet) - at - padding
    if not packet[1] & 0x80:
        return 0 <= left <= frames * MAX_FRAME_BYTES and left % frames == 0
    for _ in range(frames - 1):
        length = _frame_length(packet, at)
        if length is None:
            return False
        size, octets = length
        at += octets
        left -= size + octets
    return 0 <= left <= MAX_FRAME_BYTES


def _frame_length(packet: bytes, at: int) -> tuple[int, int] | None:
    """Read a frame's length and the octets that tell it (RFC 6716 §3.2.1); None if they end."""
    if at >= len(packet):
        return None
    first = packet[at]
    if first < 252:
        return first, 1
    return (first + 4 * packet[at + 1], 2) if at + 1 < len(packet) else None


def silence(samples: int, channels: int) -> tuple[bytes, int]:
    """Make one packet of silence, at most `samples` long.

    Args:
        samples: at least `SILENCE_STEP`.
        channels: 1 or 2.

    Returns:
        The packet and its duration in samples.
    """
    length = next(size for size in _CELT_FULLBAND if size <= samples)
    toc = _CELT_FULLBAND[length] | (_STEREO_BIT if channels > 1 else 0)
    return bytes((toc,)) + _SILENT_FRAME, length
