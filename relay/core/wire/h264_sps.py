"""H.264 parameter sets bit by bit, and the picture's size from an SPS (H.264 §7.3.2.1.1).

The recorder reads parameter sets with this module, too.
"""

from __future__ import annotations

from typing import NamedTuple

MAX_SPS_ID = 31  # H.264 §7.4.2.1.1
_MAX_LOG2_MINUS4 = 12  # of frame_num and of the picture order count, H.264 §7.4.2.1.1
_MAX_REF_FRAMES = 16  # H.264 §A.3.1
_MAX_BIT_DEPTH_MINUS8 = 6  # H.264 §7.4.2.1.1
_MAX_UE = (1 << 32) - 2  # the greatest ue(v), H.264 §9.1
_MAX_CYCLE_FRAMES = 255  # num_ref_frames_in_pic_order_cnt_cycle, H.264 §7.4.2.1.1
_CHROMA_444 = 3  # chroma_format_idc, H.264 table 6-1
_HIGH_PROFILES = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244})


class UnreadableError(Exception):
    """The bits end, or a number is out of its range."""


class BitReader:
    """Reads an RBSP bit by bit. Every method raises UnreadableError."""

    def __init__(self, rbsp: bytes) -> None:
        self._value = int.from_bytes(rbsp, "big")
        self._left = 8 * len(rbsp)

    def u(self, count: int) -> int:
        """Read an unsigned number of `count` bits."""
        self._left -= count
        if self._left < 0:
            raise UnreadableError
        return self._value >> self._left & ((1 << count) - 1)

    def ue(self, most: int = _MAX_UE) -> int:
        """Read an unsigned Exp-Golomb number (H.264 §9.1), at most `most`."""
        zeros = 0
        while not self.u(1):
            zeros += 1
            if zeros > 32:
                raise UnreadableError
        value = (1 << zeros) - 1 + self.u(zeros)
        if value > most:
            raise UnreadableError
        return value

    def se(self) -> int:
        """Read a signed Exp-Golomb number (H.264 §9.1.1)."""
        code = self.ue()
        return (code + 1) // 2 if code & 1 else -(code // 2)


class SpsSize(NamedTuple):
    """The size of the pictures in pixels: as coded, and as shown after cropping."""

    coded_width: int
    coded_height: int
    width: int
    height: int


def rbsp_of(unit: bytes) -> bytes:
    """Take from a NAL unit its header and the emulation prevention bytes (H.264 §7.4.1)."""
    return unit[1:].replace(b"\x00\x00\x03", b"\x00\x00")


def sps_size(unit: bytes) -> SpsSize | None:
    """Read the size from an SPS NAL unit; None if it breaks the standard or ends too early."""
    try:
        size = _read_size(BitReader(rbsp_of(unit)))
    except UnreadableError:
        return None
    return size if size.width > 0 and size.height > 0 else None


def _read_size(bits: BitReader) -> SpsSize:
    profile = bits.u(8)
    bits.u(16)  # constraint flags, level
    bits.ue(MAX_SPS_ID)
    chroma = _read_chroma(bits) if profile in _HIGH_PROFILES else 1
    bits.ue(_MAX_LOG2_MINUS4)  # log2_max_frame_num_minus4
    _skip_picture_order(bits)
    bits.ue(_MAX_REF_FRAMES)  # max_num_ref_frames
    bits.u(1)  # gaps_in_frame_num_value_allowed_flag
    width = 16 * (bits.ue() + 1)
    map_units = bits.ue() + 1
    frames_only = bits.u(1)
    height = 16 * map_units * (2 - frames_only)
    if not frames_only:
        bits.u(1)  # mb_adaptive_frame_field_flag
    bits.u(1)  # direct_8x8_inference_flag
    if not bits.u(1):
        return SpsSize(width, height, width, height)
    left, right, top, bottom = bits.ue(), bits.ue(), bits.ue(), bits.ue()
    unit_x = 2 if chroma in (1, 2) else 1
    unit_y = (2 if chroma == 1 else 1) * (2 - frames_only)
    return SpsSize(width, height, width - unit_x * (left + right), height - unit_y * (top + bottom))


def _read_chroma(bits: BitReader) -> int:
    chroma = bits.ue(_CHROMA_444)
    if chroma == _CHROMA_444:
        bits.u(1)  # separate_colour_plane_flag
    bits.ue(_MAX_BIT_DEPTH_MINUS8)  # luma
    bits.ue(_MAX_BIT_DEPTH_MINUS8)  # chroma
    bits.u(1)  # qpprime_y_zero_transform_bypass_flag
    if bits.u(1):
        for index in range(12 if chroma == _CHROMA_444 else 8):
            if bits.u(1):
                _skip_scaling_list(bits, 16 if index < 6 else 64)
    return chroma


def _skip_scaling_list(bits: BitReader, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.se()) % 256
        last = following or last


def _skip_picture_order(bits: BitReader) -> None:
    kind = bits.ue(2)
    if kind == 0:
        bits.ue(_MAX_LOG2_MINUS4)  # log2_max_pic_order_cnt_lsb_minus4
    elif kind == 1:
        bits.u(1)  # delta_pic_order_always_zero_flag
        bits.se()
        bits.se()
        for _ in range(bits.ue(_MAX_CYCLE_FRAMES)):
            bits.se()
