"""Stream templates for muxing without an encoder.

PyAV makes an output stream either by opening an encoder or by copying a demuxed stream. The
recorder has neither. So it writes a small Matroska header (RFC 9559) that declares the wanted
streams, and lets FFmpeg read it.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from recorder.core.opus import SAMPLE_RATE
from recorder.core.segment_plan import PartPlan
from recorder.finishing.media_input import open_header

if TYPE_CHECKING:
    from av.container import InputContainer

_VIDEO, _AUDIO = 1, 2  # TrackType
_CODEC_IDS = {"VP8": b"V_VP8", "H264": b"V_MPEG4/ISO/AVC"}


def open_template(plan: PartPlan) -> InputContainer:
    """Make a demuxer with the streams of `plan`: video, then audio, as far as planned."""
    tracks = []
    if plan.codec is not None:
        private = plan.parameters.decoder_configuration() if plan.parameters else b""
        size = _unsigned(0xB0, plan.width) + _unsigned(0xBA, plan.height)
        colour = _BT601 if plan.codec == "VP8" else b""  # H.264 says it itself
        video = _element(0xE0, size + colour)
        tracks.append(_track(1, _VIDEO, _CODEC_IDS[plan.codec], private, video))
    if plan.channels:
        tracks.append(_sound_track(plan.channels))
    return open_header(_document(b"".join(tracks)))


def open_sound_template(channels: int) -> InputContainer:
    """Make a demuxer with one stream of Opus."""
    return open_header(_document(_sound_track(channels)))


def opus_head(channels: int) -> bytes:
    """Make the identification header (RFC 7845 §5.1) of a stream without pre-skip."""
    return b"OpusHead" + struct.pack("<BBHIhB", 1, channels, 0, SAMPLE_RATE, 0, 0)


def _sound_track(channels: int) -> bytes:
    rate = _element(0xB5, struct.pack(">d", SAMPLE_RATE))
    audio = _element(0xE1, rate + _unsigned(0x9F, channels))
    return _track(2, _AUDIO, b"A_OPUS", opus_head(channels), audio)


def _document(track_entries: bytes) -> bytes:
    head = _element(
        0x1A45DFA3, _element(0x4282, b"matroska") + _unsigned(0x4287, 4) + _unsigned(0x4285, 2)
    )
    info = _element(
        0x1549A966,
        _unsigned(0x2AD7B1, 1_000_000) + _element(0x4D80, b"tongke") + _element(0x5741, b"tongke"),
    )
    tracks = _element(0x1654AE6B, track_entries)
    cluster = _element(0x1F43B675, _unsigned(0xE7, 0))  # the demuxer looks no further than here
    return head + _element(0x18538067, info + tracks + cluster)


def _track(number: int, kind: int, codec: bytes, private: bytes, settings: bytes) -> bytes:
    body = _unsigned(0xD7, number) + _unsigned(0x73C5, number) + _unsigned(0x83, kind)
    body += _element(0x86, codec)
    if private:
        body += _element(0x63A2, private)
    return _element(0xAE, body + settings)


def _element(identifier: int, body: bytes) -> bytes:
    name = identifier.to_bytes((identifier.bit_length() + 7) // 8, "big")
    return name + struct.pack(">Q", len(body) | 1 << 56) + body


def _unsigned(identifier: int, value: int) -> bytes:
    return _element(identifier, struct.pack(">I", value))


# Colour (RFC 9559 §5.1.4.1.28.16): VP8 is BT.601 in studio range (RFC 6386 §9.2). Without it
# players take tall pictures for BT.709, and faces and slides change their colour.
_BT601 = _element(
    0x55B0,
    _unsigned(0x55B1, 6) + _unsigned(0x55B9, 1) + _unsigned(0x55BA, 6) + _unsigned(0x55BB, 6),
)
