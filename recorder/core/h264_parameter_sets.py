"""H.264 parameter sets: those in force in a stream, and the decoder configuration of a file."""

from __future__ import annotations

import base64
import struct

import msgspec

from recorder.core.bounds import MAX_PARAMETER_SET_BYTES, MAX_PICTURE_MACROBLOCKS, is_picture_size
from relay.core.wire.h264_sps import MAX_SPS_ID, BitReader, UnreadableError, rbsp_of, sps_size

_SPS, _PPS = 7, 8  # nal_unit_type, H.264 table 7-1
_MAX_PPS_ID = 255  # H.264 §7.4.2.2
_MAX_SLICE_TYPE = 9  # H.264 table 7-6; 5 to 9: all slices of the picture are of one type
_SLICE_TYPES = 5
_B_SLICE = 1
_INTRA_SLICES = (2, 4)  # I and SI
_SLICE_HEAD_BYTES = 16  # more than the first three numbers take
# The greatest first_mb_in_slice, slice_type and pic_parameter_set_id.
_SLICE_HEAD_MOST = (MAX_PICTURE_MACROBLOCKS - 1, _MAX_SLICE_TYPE, _MAX_PPS_ID)


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
    """Join both sets with the size in the SPS; None if the SPS cannot be read."""
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
    """Cropped width and height in pixels of an SPS NAL unit; None if unreadable or too large."""
    if not 4 <= len(sps) <= MAX_PARAMETER_SET_BYTES:
        return None
    size = sps_size(sps)
    # Pictures are decoded as coded, so that size counts.
    if size is None or not is_picture_size(size.coded_width, size.coded_height):
        return None
    return size.width, size.height


class SliceHead(msgspec.Struct, frozen=True, gc=False):
    """The beginning of a slice (H.264 §7.3.3).

    Attributes:
        pps_id: the PPS of the slice.
        bi_predicted: a B slice, whose picture may be shown before one that was sent earlier.
        intra: the slice refers to no other picture.
    """

    pps_id: int
    bi_predicted: bool
    intra: bool


def slice_head(unit: bytes) -> SliceHead | None:
    """Read the first numbers of a slice from its NAL unit; None if they are absurd."""
    body = rbsp_of(unit[:_SLICE_HEAD_BYTES])
    value, left = int.from_bytes(body, "big"), 8 * len(body)
    numbers = []
    for most in _SLICE_HEAD_MOST:  # each ue(v); faster than `BitReader.ue`, for every slice
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
    """The parameter sets of a stream by their ids. An unusable set ends the one before.

    Attributes:
        latest: the pair that was completed last.
    """

    def __init__(self) -> None:
        self.latest: ParameterSets | None = None
        self._sps: dict[int, bytes] = {}
        self._pps: dict[int, tuple[bytes, int]] = {}  # id → PPS and the id of its SPS
        self._pairs: dict[int, ParameterSets | None] = {}  # by PPS, made when asked for

    def note(self, unit: bytes) -> bool:
        """Take an SPS or a PPS; return False if it cannot be used, or is neither."""
        kind = unit[0] & 0x1F if unit else 0
        try:
            if kind == _SPS:
                return self._note_sps(unit)
            return kind == _PPS and self._note_pps(unit)
        except UnreadableError:
            return False

    def of_slice(self, head: SliceHead) -> ParameterSets | None:
        """Find the pair that a slice refers to; None if it is not there."""
        return self._pair(head.pps_id)

    def _note_sps(self, unit: bytes) -> bool:
        bits = BitReader(rbsp_of(unit))
        bits.u(24)  # profile, constraint flags, level
        number = bits.ue(MAX_SPS_ID)
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
        bits = BitReader(rbsp_of(unit[:_SLICE_HEAD_BYTES]))
        number, sps_id = bits.ue(_MAX_PPS_ID), bits.ue(MAX_SPS_ID)
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
