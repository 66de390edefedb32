"""Opus packets as far as a recorder must know them: their duration, and silence between them."""

from __future__ import annotations

SAMPLE_RATE = 48000  # Opus in RTP always counts in 48 kHz (RFC 7587 §4.1)
# What comes out of a decoder lies so far behind the timestamps: the encoder looks ahead 2.5 ms for
# its windows and 4 ms to align its two codecs (libopus, OPUS_GET_LOOKAHEAD). Files call it pre-skip
# (RFC 7845 §4.2), RTP does not tell it; every browser and OBS use libopus in a mode that has it.
LOOKAHEAD_SAMPLES = 312
MAX_PACKET_SAMPLES = 5760  # 120 ms (RFC 6716 §3.4, R5)

_SILK_SAMPLES = (480, 960, 1920, 2880)  # 10, 20, 40, 60 ms
_HYBRID_SAMPLES = (480, 960)
_CELT_SAMPLES = (120, 240, 480, 960)  # 2.5, 5, 10, 20 ms

# A CELT frame that codes nothing but its silence flag: a valid packet every decoder plays as
# silence.
_SILENT_FRAME = b"\xff\xfe"
_STEREO_BIT = 0x04
_CELT_FULLBAND = {960: 31 << 3, 480: 30 << 3, 240: 29 << 3, 120: 28 << 3}

SILENCE_STEP = 120  # the finest silence, in samples


def packet_samples(packet: bytes) -> int | None:
    """The duration of a packet in 48 kHz samples, from its TOC byte (RFC 6716 §3.1).

    Returns:
        None for a malformed packet.
    """
    if not packet:
        return None
    config, code = packet[0] >> 3, packet[0] & 3
    if config < 12:
        samples = _SILK_SAMPLES[config & 3]
    elif config < 16:
        samples = _HYBRID_SAMPLES[config & 1]
    else:
        samples = _CELT_SAMPLES[config & 3]
    if code == 3:
        if len(packet) < 2:
            return None
        frames = packet[1] & 0x3F
    else:
        frames = 1 if code == 0 else 2
    total = samples * frames
    return total if 0 < total <= MAX_PACKET_SAMPLES else None


def silence(samples: int, channels: int) -> tuple[bytes, int]:
    """One packet of silence, at most `samples` long.

    Args:
        samples: at least `SILENCE_STEP`.
        channels: 1 or 2.

    Returns:
        The packet and its duration in samples.
    """
    length = next(size for size in _CELT_FULLBAND if size <= samples)
    toc = _CELT_FULLBAND[length] | (_STEREO_BIT if channels > 1 else 0)
    return bytes((toc,)) + _SILENT_FRAME, length
