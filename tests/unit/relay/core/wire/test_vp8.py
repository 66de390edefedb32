"""VP8 payload descriptors and key frames."""

from __future__ import annotations

import pytest

from relay.core.wire import vp8
from relay.core.wire.rtp import RtpError
from tests.unit.relay.core.wire.encoders import first_packet

KEY = b"\x10\x02\x00\x9d\x01\x2a\x80\x02\x68\x41"  # 640 × 360, vertical scale 1


def test_a_vp8_key_frame_shows_its_size() -> None:
    found = vp8.parse(b"\x90\xe0\x92\x34\x56\x00" + KEY)
    assert found.key_frame
    assert (found.width, found.height) == (640, 360)
    assert (found.picture_id, found.picture_id_bits, found.tl0_index) == (0x1234, 15, 0x56)
    assert (found.head, found.tail) == (0x90E0, 5)


@pytest.mark.parametrize(
    ("descriptor", "picture_id", "bits", "tl0", "tail"),
    [
        (b"\x10", -1, 15, -1, 0),
        (b"\x90\x00", -1, 15, -1, 0),
        (b"\x90\x80\x7f", 127, 7, -1, 3),
        (b"\x90\x80\x80\x01", 1, 15, -1, 4),
        (b"\x90\xc0\x05\x09", 5, 7, 9, 4),
        (b"\x90\x60\x09\x00", -1, 15, -1, 0),  # TL0PICIDX without picture id is left alone
        (b"\x90\xf0\x80\x05\x09\x00", 5, 15, 9, 5),
    ],
)
def test_every_form_of_the_vp8_descriptor(
    descriptor: bytes, picture_id: int, bits: int, tl0: int, tail: int
) -> None:
    found = vp8.parse(descriptor + b"\x11rest")
    assert not found.key_frame
    assert (found.picture_id, found.picture_id_bits, found.tl0_index) == (picture_id, bits, tl0)
    assert found.tail == tail
    assert vp8.parse(descriptor + KEY).key_frame


def test_a_key_frame_begins_only_in_the_first_packet_of_partition_0() -> None:
    assert not vp8.parse(b"\x80\x80\x01" + KEY).key_frame  # S not set
    assert not vp8.parse(b"\x91\x80\x01" + KEY).key_frame  # partition 1


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x80",
        b"\x90\x80",
        b"\x90\x80\x80",
        b"\x90\xc0\x01",
        b"\x90\x80\x01",
        b"\x10" + KEY[:9],
    ],
)
def test_a_truncated_vp8_payload_is_refused(payload: bytes) -> None:
    with pytest.raises(RtpError):
        vp8.parse(payload)


def test_a_key_frame_of_a_real_vp8_encoder_is_read() -> None:
    found = vp8.parse(b"\x10" + first_packet("libvpx", (426, 240), {"deadline": "realtime"}))
    assert (found.key_frame, found.width, found.height) == (True, 426, 240)
