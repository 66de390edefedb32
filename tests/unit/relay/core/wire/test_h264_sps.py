"""The size in an SPS: cropped and coded, and what breaks the standard."""

from __future__ import annotations

import pytest

from relay.core.wire.h264_sps import BitReader, SpsSize, UnreadableError, rbsp_of, sps_size
from tests.simulated import streams
from tests.simulated.streams import Bits


def test_a_size_is_told_as_coded_and_as_shown() -> None:
    assert sps_size(streams.sps(1920, 1080)) == SpsSize(1920, 1088, 1920, 1080)
    assert sps_size(streams.sps(640, 360)) == SpsSize(640, 368, 640, 360)


def test_numbers_beyond_the_standard_make_a_set_unreadable() -> None:
    def with_id(number: int) -> bytes:
        bits = Bits().put(0x42E01F, 24).unsigned(number).unsigned(0).unsigned(2).unsigned(1)
        bits.put(0, 1).unsigned(39).unsigned(22).put(1, 1).put(1, 1).put(0, 2)
        return b"\x67" + bits.data()

    assert sps_size(with_id(31)) == SpsSize(640, 368, 640, 368)
    assert sps_size(with_id(32)) is None


def test_a_set_that_ends_too_early_is_unreadable() -> None:
    whole = streams.sps(1280, 720)
    assert sps_size(whole) is not None
    for length in range(len(whole) - 3):
        assert sps_size(whole[:length]) is None


def test_a_crop_that_leaves_nothing_is_no_size() -> None:
    bits = Bits().put(0x42E01F, 24).unsigned(0).unsigned(0).unsigned(2).unsigned(1).put(0, 1)
    bits.unsigned(0).unsigned(0).put(1, 1).put(1, 1)
    bits.put(1, 1).unsigned(4).unsigned(4).unsigned(0).unsigned(0).put(0, 1)
    assert sps_size(b"\x67" + bits.data()) is None


def test_exp_golomb_numbers_are_read_and_bounded() -> None:
    bits = BitReader(Bits().unsigned(0).unsigned(7).unsigned(3).unsigned(4).unsigned(9).data())
    assert (bits.ue(), bits.ue(), bits.se(), bits.se()) == (0, 7, 2, -2)
    with pytest.raises(UnreadableError):
        bits.ue(8)
    with pytest.raises(UnreadableError):
        BitReader(b"").u(1)
    with pytest.raises(UnreadableError):
        BitReader(bytes(8)).ue()  # too many zeros


def test_emulation_prevention_bytes_are_taken_out() -> None:
    assert rbsp_of(b"\x67\x01\x00\x00\x03\x01") == b"\x01\x00\x00\x01"
