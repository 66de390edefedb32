"""Pictures of a stream: sizes, parameter sets, picture ids, B pictures."""

from __future__ import annotations

import pytest

from relay.core.incoming.pictures import Pictures
from relay.core.wire.negotiated import Codec
from relay.core.wire.packet import MediaPacket
from relay.core.wire.rtp import RtpError, RtpPacket

VP8 = Codec("VP8", 96, 90_000)
H264 = Codec("H264", 102, 90_000)
KEY = b"\x10\x02\x00\x9d\x01\x2a\x80\x02\x68\x01"  # 640 × 360
B_SLICE, P_SLICE = b"\x01\xa8", b"\x01\xc0"  # slice_type 1 and 0


def packet(payload: bytes, timestamp: int = 0) -> MediaPacket:
    return MediaPacket(7, timestamp, RtpPacket(0, 96, 7, timestamp, 5, {}, payload), 1.0)


def test_a_size_is_news_once() -> None:
    pictures = Pictures()
    first, second = packet(b"\x10" + KEY), packet(b"\x10" + KEY)
    assert pictures.read(first, VP8)
    assert first.switchable
    assert (pictures.width, pictures.height) == (640, 360)
    assert not pictures.read(second, VP8)


def test_picture_ids_run_on_over_their_wrap() -> None:
    pictures = Pictures()
    last = packet(b"\x90\x80\xff\xff" + KEY)
    pictures.read(last, VP8)
    pictures.highest_id = last.picture_id
    following = packet(b"\x80\x80\x80\x00picture")
    pictures.read(following, VP8)
    assert following.picture_id == last.picture_id + 1
    assert following.payload == b"picture"


def test_b_pictures_count_once_each_and_end_with_a_key_frame() -> None:
    pictures = Pictures()
    for timestamp in (1, 1, 2, 3):
        pictures.read(packet(B_SLICE, timestamp), H264)
    pictures.read(packet(P_SLICE, 4), H264)
    assert pictures.b_pictures == 3
    pictures.read(packet(b"\x65", 5), H264)
    assert pictures.b_pictures == 0


def test_a_broken_payload_is_refused() -> None:
    with pytest.raises(RtpError):
        Pictures().read(packet(b"\x90"), VP8)


def test_only_h264_has_parameter_sets() -> None:
    assert Pictures().sets_apart(None) is None
    assert Pictures().sets_apart(VP8) is None
