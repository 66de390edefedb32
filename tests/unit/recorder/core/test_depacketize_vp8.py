"""VP8 payloads become frames (RFC 7741)."""

import pytest

from recorder.core.depacketize_vp8 import Vp8Depacketizer, descriptor_bytes
from tests.support.rtp_media import encode_video, packetize_vp8


def test_real_frames_survive_packetizing() -> None:
    vp8 = Vp8Depacketizer()
    for number, coded in enumerate(encode_video("VP8", 2.0, width=640, height=360)):
        for picture_id in (None, number):
            payloads = packetize_vp8(coded.data, picture_id)
            frame = vp8.assemble(payloads, after_loss=False)
            assert frame is not None
            assert (frame.data, frame.key) == (coded.data, coded.key)
            size = (640, 360) if coded.key else (0, 0)
            assert (frame.width, frame.height) == size
            assert vp8.peek_key_frame(payloads[0]) == (size if coded.key else None)


@pytest.mark.parametrize(
    ("descriptor", "length"),
    [
        (b"\x10", 1),
        (b"\x90\x80\x11", 3),  # 7-bit picture id
        (b"\x90\x80\x80\x11", 4),  # 15-bit picture id
        (b"\x90\xe0\x80\x11\x22\x33", 6),  # with TL0PICIDX and TID
        (b"\x90\x10\x33", 3),  # KEYIDX alone
        (b"\x90\x30\x33", 3),  # TID and KEYIDX share an octet
        (b"\x90\x40\x22", 3),
        (b"\x90\x00", 2),
    ],
)
def test_descriptors_of_every_form(descriptor: bytes, length: int) -> None:
    assert descriptor_bytes(descriptor + b"v") == length
    for cut in range(length):
        assert descriptor_bytes(descriptor[:cut]) is None
    assert descriptor_bytes(descriptor) is None  # nothing behind it


def test_a_frame_without_its_first_packet_is_none() -> None:
    payloads = packetize_vp8(encode_video("VP8", 2.0, width=640, height=360)[0].data)
    assert len(payloads) > 1
    assert Vp8Depacketizer().assemble(payloads[1:], after_loss=False) is None


def test_a_key_frame_with_a_broken_header_is_none() -> None:
    vp8 = Vp8Depacketizer()
    assert vp8.assemble([b"\x10" + b"\x00" * 20], after_loss=False) is None
    assert vp8.assemble([b"\x10\x00"], after_loss=False) is None
    assert vp8.peek_key_frame(b"") is None
