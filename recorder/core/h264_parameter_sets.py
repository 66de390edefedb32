"""H.264 parameter sets: the picture's size from an SPS, and the decoder configuration of a file."""

from __future__ import annotations

import base64
import struct

import msgspec

from recorder.core.bounds import MAX_PARAMETER_SET_BYTES, MAX_PICTURE_MACROBLOCKS, is_picture_size

_SPS, _PPS = 7, 8  # nal_unit_type, H.264 table 7-1
_MAX_SPS_ID, _MAX_PPS_ID = 31, 255  # H.264 §7.4.2.1.1 and §7.4.2.2
_MAX_LOG2_MINUS4 = 12  # of frame_num and of the picture order count, H.264 §7.4.2.1.1
_MAX_REF_FRAMES = 16  # H.264 §A.3.1
_MAX_BIT_DEPTH_MINUS8 = 6  # H.264 §7.4.2.1.1
_MAX_SLICE_TYPE = 9  # H.264 table 7-6; five more than the first five: all slices are of one type
_SLICE_TYPES = 5
_B_SLICE = 1
_INTRA_SLICES = (2, 4)  # I and SI
_SLICE_HEAD_BYTES = 16  # more than its first three numbers take
# The greatest first_mb_in_slice, slice_type and pic_parameter_set_id.
_SLICE_HEAD_MOST = (MAX_PICTURE_MACROBLOCKS - 1, _MAX_SLICE_TYPE, _MAX_PPS_ID)
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
        return _read_size(_Bits(_payload(sps)))
    except _UnreadableError:
        return None


class SliceHead(msgspec.Struct, frozen=True, gc=False):
    """The beginning of a slice (H.264 §7.3.3).

    Attributes:
        pps_id: the PPS that it refers to.
        bi_predicted: a B slice, whose picture may be shown before one that was sent earlier.
        intra: it refers to no other picture.
    """

    pps_id: int
    bi_predicted: bool
    intra: bool


def slice_head(unit: bytes) -> SliceHead | None:
    """The first numbers of a slice, from the beginning of its NAL unit; None if they are absurd."""
    body = _payload(unit[:_SLICE_HEAD_BYTES])
    value, left = int.from_bytes(body, "big"), 8 * len(body)
    numbers = []
    for most in _SLICE_HEAD_MOST:  # each ue(v), as `_Bits.ue`, but for every slice of a lesson
        left -= 2 * (left - value.bit_length()) + 1
        if left < 0:
            return None
        number = (value >> left) - 1
        if number > most:
            return None
        value &= (1 << left) - 1
        numbers.append(number)
    kind = numbers[1] % _SLICE_TYPES
    return SliceHead(numbers[2], kind == _B_SLICE, kind in _INTRA_SLICES)


class SetsInForce:
    """The parameter sets of a stream by their ids; a set that cannot be used ends the one before.

    Attributes:
        latest: the pair that was completed last.
    """

    def __init__(self) -> None:
        self.latest: ParameterSets | None = None
        self._sps: dict[int, bytes] = {}
        self._pps: dict[int, tuple[bytes, int]] = {}  # id → PPS and the id of its SPS
        self._pairs: dict[int, ParameterSets | None] = {}  # by PPS, made when asked for

    def note(self, unit: bytes) -> bool:
        """Take an SPS or a PPS; False if it cannot be used, or is neither."""
        kind = unit[0] & 0x1F if unit else 0
        try:
            if kind == _SPS:
                return self._note_sps(unit)
            return kind == _PPS and self._note_pps(unit)
        except _UnreadableError:
            return False

    def of_slice(self, head: SliceHead) -> ParameterSets | None:
        """The pair that a slice refers to; None if it is not there."""
        return self._pair(head.pps_id)

    def _note_sps(self, unit: bytes) -> bool:
        bits = _Bits(_payload(unit))
        bits.u(24)  # profile, constraint flags, level
        number = bits.ue(_MAX_SPS_ID)
        if self._sps.get(number) == unit:
            return True
        self._pairs.clear()
        if picture_size(unit) is None:
            self._sps.pop(number, None)
            return False
        self._sps[number] = unit
        for pps_id, (_, sps_id) in self._pps.items():
            if sps_id == number:
                self.latest = self._pair(pps_id) or self.latest
        return True

    def _note_pps(self, unit: bytes) -> bool:
        if len(unit) > MAX_PARAMETER_SET_BYTES:
            return False
        bits = _Bits(_payload(unit[:_SLICE_HEAD_BYTES]))
        number, sps_id = bits.ue(_MAX_PPS_ID), bits.ue(_MAX_SPS_ID)
        if self._pps.get(number) != (unit, sps_id):
            self._pps[number] = unit, sps_id
            self._pairs.pop(number, None)
            self.latest = self._pair(number) or self.latest
        return True

    def _pair(self, pps_id: int) -> ParameterSets | None:
        if pps_id in self._pairs:
            return self._pairs[pps_id]
        pps, sps_id = self._pps.get(pps_id, (b"", 0))
        sps = self._sps.get(sps_id)
        pair = parameter_sets(sps, pps) if sps is not None else None
        self._pairs[pps_id] = pair
        return pair


def _payload(unit: bytes) -> bytes:
    """A NAL unit's RBSP, without its header and the emulation prevention bytes (H.264 §7.4.1)."""
    return unit[1:].replace(b"\x00\x00\x03", b"\x00\x00")


class _UnreadableError(Exception):
    """The bits end, or a number is out of its range."""


class _Bits:
    """Reads an RBSP bit by bit."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = len(data) * 8

    def u(self, count: int) -> int:
        if count > self._left:
            raise _UnreadableError
        self._left -= count
        return (self._value >> self._left) & ((1 << count) - 1)

    def ue(self, most: int = (1 << 32) - 2) -> int:
        """An unsigned Exp-Golomb number (H.264 §9.1), at most `most`."""
        zeros = 0
        while not self.u(1):
            zeros += 1
            if zeros > 32:
                raise _UnreadableError
        value = (1 << zeros) - 1 + self.u(zeros)
        if value > most:
            raise _UnreadableError
        return value

    def se(self) -> int:
        code = self.ue()
        return (code + 1) // 2 if code & 1 else -(code // 2)


def _read_size(bits: _Bits) -> tuple[int, int] | None:
    profile = bits.u(8)
    bits.u(16)  # constraint flags, level
    bits.ue(_MAX_SPS_ID)
    chroma = _read_chroma(bits) if profile in _HIGH_PROFILES else 1
    bits.ue(_MAX_LOG2_MINUS4)  # log2_max_frame_num_minus4
    _skip_picture_order(bits)
    bits.ue(_MAX_REF_FRAMES)  # max_num_ref_frames
    bits.u(1)  # gaps_in_frame_num_value_allowed_flag
    width = (bits.ue() + 1) * 16
    map_units = bits.ue() + 1
    frames_only = bits.u(1)
    if not frames_only:
        bits.u(1)  # mb_adaptive_frame_field_flag
    height = map_units * 16 * (2 - frames_only)
    if not is_picture_size(width, height):  # as coded: what is cropped away is decoded, too
        return None
    bits.u(1)  # direct_8x8_inference_flag
    if bits.u(1):
        left, right, top, bottom = bits.ue(), bits.ue(), bits.ue(), bits.ue()
        unit_x = 2 if chroma in (1, 2) else 1
        unit_y = (2 if chroma == 1 else 1) * (2 - frames_only)
        width -= (left + right) * unit_x
        height -= (top + bottom) * unit_y
    return (width, height) if width > 0 and height > 0 else None


def _read_chroma(bits: _Bits) -> int:
    chroma = bits.ue(3)  # 4:4:4
    if chroma == 3:
        bits.u(1)  # separate_colour_plane_flag
    bits.ue(_MAX_BIT_DEPTH_MINUS8)  # luma
    bits.ue(_MAX_BIT_DEPTH_MINUS8)  # chroma
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
    kind = bits.ue(2)
    if kind == 0:
        bits.ue(_MAX_LOG2_MINUS4)  # log2_max_pic_order_cnt_lsb_minus4
    elif kind == 1:
        bits.u(1)
        bits.se()
        bits.se()
        for _ in range(bits.ue(255)):
            bits.se()
