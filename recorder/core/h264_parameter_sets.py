"""H.264 parameter sets: the picture's size from an SPS, and the decoder configuration of a file."""

from __future__ import annotations

import base64
import struct

import msgspec

MAX_PARAMETER_SET_BYTES = 4096
_HIGH_PROFILES = frozenset((100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135))


class ParameterSets(msgspec.Struct, frozen=True):
    """An SPS and a PPS (NAL units without start code) with the picture's size in pixels."""

    sps: bytes
    pps: bytes
    width: int
    height: int

    def decoder_configuration(self) -> bytes:
        """The `AVCDecoderConfigurationRecord` (ISO/IEC 14496-15 §5.3.3.1), 4-byte lengths."""
        return b"".join(
            (
                bytes((1, self.sps[1], self.sps[2], self.sps[3], 0xFF, 0xE1)),
                struct.pack(">H", len(self.sps)),
                self.sps,
                b"\x01",
                struct.pack(">H", len(self.pps)),
                self.pps,
            )
        )


def parameter_sets(sps: bytes, pps: bytes) -> ParameterSets | None:
    """Both sets with the size that the SPS gives; None if the SPS cannot be read."""
    size = picture_size(sps)
    if size is None or not 0 < len(pps) <= MAX_PARAMETER_SET_BYTES:
        return None
    return ParameterSets(sps, pps, *size)


def sprop_nal_units(fmtp: str) -> list[bytes]:
    """The NAL units of ``sprop-parameter-sets`` in an fmtp line (RFC 6184 §8.1)."""
    for item in fmtp.split(";"):
        name, _, value = item.strip().partition("=")
        if name == "sprop-parameter-sets":
            try:
                return [base64.b64decode(unit, validate=True) for unit in value.split(",")]
            except ValueError:  # not base64, or not even ASCII
                return []
    return []


def picture_size(sps: bytes) -> tuple[int, int] | None:
    """Cropped width and height in pixels of an SPS NAL unit (H.264 §7.3.2.1.1)."""
    if not 4 <= len(sps) <= MAX_PARAMETER_SET_BYTES:
        return None
    try:
        return _read_size(_Bits(sps[1:].replace(b"\x00\x00\x03", b"\x00\x00")))
    except _OutOfBitsError:
        return None


class _OutOfBitsError(Exception):
    pass


class _Bits:
    """Reads an RBSP bit by bit."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = len(data) * 8

    def u(self, count: int) -> int:
        if count > self._left:
            raise _OutOfBitsError
        self._left -= count
        return (self._value >> self._left) & ((1 << count) - 1)

    def ue(self) -> int:
        zeros = 0
        while not self.u(1):
            zeros += 1
            if zeros > 32:
                raise _OutOfBitsError
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        code = self.ue()
        return (code + 1) // 2 if code & 1 else -(code // 2)


def _read_size(bits: _Bits) -> tuple[int, int] | None:
    profile = bits.u(8)
    bits.u(16)  # constraint flags, level
    bits.ue()  # seq_parameter_set_id
    chroma = _read_chroma(bits) if profile in _HIGH_PROFILES else 1
    bits.ue()  # log2_max_frame_num_minus4
    _skip_picture_order(bits)
    bits.ue()  # max_num_ref_frames
    bits.u(1)  # gaps_in_frame_num_value_allowed_flag
    width = (bits.ue() + 1) * 16
    map_units = bits.ue() + 1
    frames_only = bits.u(1)
    if not frames_only:
        bits.u(1)  # mb_adaptive_frame_field_flag
    height = map_units * 16 * (2 - frames_only)
    bits.u(1)  # direct_8x8_inference_flag
    if bits.u(1):
        left, right, top, bottom = bits.ue(), bits.ue(), bits.ue(), bits.ue()
        unit_x = 2 if chroma in (1, 2) else 1
        unit_y = (2 if chroma == 1 else 1) * (2 - frames_only)
        width -= (left + right) * unit_x
        height -= (top + bottom) * unit_y
    return (width, height) if 0 < width <= 16384 and 0 < height <= 16384 else None


def _read_chroma(bits: _Bits) -> int:
    chroma = bits.ue()
    if chroma == 3:
        bits.u(1)  # separate_colour_plane_flag
    bits.ue()  # bit_depth_luma_minus8
    bits.ue()  # bit_depth_chroma_minus8
    bits.u(1)  # qpprime_y_zero_transform_bypass_flag
    if bits.u(1):
        for index in range(8 if chroma != 3 else 12):
            if bits.u(1):
                _skip_scaling_list(bits, 16 if index < 6 else 64)
    return chroma


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.se()) % 256
        last = following or last


def _skip_picture_order(bits: _Bits) -> None:
    kind = bits.ue()
    if kind == 0:
        bits.ue()  # log2_max_pic_order_cnt_lsb_minus4
    elif kind == 1:
        bits.u(1)
        bits.se()
        bits.se()
        for _ in range(min(bits.ue(), 255)):
            bits.se()
