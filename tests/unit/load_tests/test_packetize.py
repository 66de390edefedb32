"""Frames in packets, and back."""

from __future__ import annotations

import random

import pytest

from load_tests.packetize import FrameAssembler, packetize_h264, packetize_vp8, vp8_size

KEY = b"\x10\x02\x00\x9d\x01\x2a" + (640).to_bytes(2, "little") + (360).to_bytes(2, "little")
DELTA = b"\x11\x02\x00"


def _assemble(codec, payloads, assembler=None):
    assembler = assembler or FrameAssembler()
    made = None
    for index, payload in enumerate(payloads):
        made = assembler.feed(codec, 9000, payload, marker=index == len(payloads) - 1)
    return made


@pytest.mark.parametrize("size", [20, 1150, 1151, 9000])
def test_a_vp8_frame_comes_back_whole(size):
    frame = KEY + bytes(random.Random(1).randbytes(size))
    made = _assemble("VP8", packetize_vp8(frame, 0x7FFF))

    assert made is not None
    assert (made.data, made.key, made.size, made.picture_id) == (frame, True, (640, 360), 0x7FFF)


@pytest.mark.parametrize("size", [20, 1150, 1151, 9000])
def test_an_h264_frame_comes_back_whole(size):
    body = bytes(random.Random(1).randbytes(size)).replace(b"\x00", b"\x01")
    units = [b"\x67\x42\xe0\x1f\x01", b"\x68\xce\x01", b"\x65\x88" + body]
    frame = b"".join(b"\x00\x00\x00\x01" + unit for unit in units)
    made = _assemble("H264", packetize_h264(frame))

    assert made is not None
    assert (made.data, made.key) == (frame, True)


def test_a_stap_a_is_taken_apart():
    units = [b"\x67\x42\xe0", b"\x68\xce\x01"]
    payload = b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)
    made = _assemble("H264", [payload])

    assert made is not None
    assert made.data == b"".join(b"\x00\x00\x00\x01" + unit for unit in units)


def test_a_vp8_delta_frame_has_no_size():
    assert vp8_size(KEY) == (640, 360)
    assert vp8_size(DELTA + bytes(10)) is None
