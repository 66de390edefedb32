"""H.264 in RTP (RFC 6184): where key frames begin, their size, and which profiles fit."""

from __future__ import annotations

import base64
import struct
from functools import lru_cache
from typing import NamedTuple

from relay.core.rtp import RtpError

_SLICE, _IDR, _SPS, _PPS = 1, 5, 7, 8
_B_TYPES = (1, 6)  # of a slice; 6: all of its picture are
_SLICE_HEAD_BYTES = 12  # more than its first two numbers take
_STAP_A, _FU_A = 24, 28
_MAX_SPS_BYTES = 256  # far above any real one; bounds the work on a hostile one
_HIGH_PROFILES = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244})


class H264Payload(NamedTuple):
    """What the relay must know of one H.264 payload.

    Attributes:
        key_frame: an IDR picture or a sequence parameter set begins in this packet.
        has_sps: a sequence parameter set is in it, so decoding can start exactly here.
        width: from the parameter set, 0 if unknown.
        height: likewise.
        bi_predicted: a B slice begins in this packet.
    """

    key_frame: bool
    has_sps: bool
    width: int
    height: int
    bi_predicted: bool = False


_PLAIN = H264Payload(False, False, 0, 0)
_IDR_ONLY = H264Payload(True, False, 0, 0)
_B_SLICE = H264Payload(False, False, 0, 0, True)


def parse(payload: bytes) -> H264Payload:
    """Look into a single NAL unit, STAP-A or FU-A packet.

    Raises:
        RtpError: truncated, or a packet type that packetization modes 0 and 1 do not have.
    """
    if not payload:
        raise RtpError("empty H.264 payload")
    kind = payload[0] & 0x1F
    if kind == _FU_A:
        return _fragment(payload)
    if kind == _STAP_A:
        return _aggregate(payload)
    if kind == _SPS:
        return H264Payload(True, True, *sps_size(payload))
    if kind == _IDR:
        return _IDR_ONLY
    if kind == _SLICE and _is_bi_predicted(payload, 1):
        return _B_SLICE
    if kind == 0 or kind > 23:
        raise RtpError("H.264 packet type not of packetization mode 0 or 1")
    return _PLAIN


def _fragment(payload: bytes) -> H264Payload:
    if len(payload) < 3:
        raise RtpError("truncated FU-A")
    begins = payload[1] & 0x80
    kind = payload[1] & 0x1F
    if not begins:
        return _PLAIN
    if kind == _SPS:  # a fragmented parameter set: legal, its size is not worth reassembling
        return H264Payload(True, True, 0, 0)
    if kind == _SLICE and _is_bi_predicted(payload, 2):
        return _B_SLICE
    return _IDR_ONLY if kind == _IDR else _PLAIN


def _is_bi_predicted(payload: bytes, at: int) -> bool:
    """Whether the slice whose header begins there is a B slice (H.264 §7.3.3, table 7-6)."""
    head = payload[at : at + _SLICE_HEAD_BYTES].replace(b"\x00\x00\x03", b"\x00\x00")
    left = 8 * len(head)
    value = int.from_bytes(head, "big")
    left -= 2 * (left - value.bit_length()) + 1  # first_mb_in_slice, ue(v)
    if left <= 0:
        return False
    value &= (1 << left) - 1
    zeros = left - value.bit_length()  # slice_type, ue(v)
    left -= 2 * zeros + 1
    return left >= 0 and (value >> left) - 1 in _B_TYPES


def _aggregate(payload: bytes) -> H264Payload:
    key_frame = has_sps = bi_predicted = False
    width = height = 0
    at = 1
    while at < len(payload):
        stop = at + 2 + int.from_bytes(payload[at : at + 2], "big")
        if at + 3 > len(payload) or stop > len(payload) or stop == at + 2:
            raise RtpError("truncated STAP-A")
        kind = payload[at + 2] & 0x1F
        if kind == _SPS:
            key_frame = has_sps = True
            width, height = sps_size(payload[at + 2 : stop])
        elif kind == _IDR:
            key_frame = True
        elif kind == _SLICE and _is_bi_predicted(payload[:stop], at + 3):
            bi_predicted = True
        at = stop
    if not key_frame:
        return _B_SLICE if bi_predicted else _PLAIN
    return H264Payload(key_frame, has_sps, width, height, bi_predicted)


class _Bits:
    """Bits of a parameter set, with the emulation prevention bytes taken out (H.264 §7.4.1)."""

    def __init__(self, nal: bytes) -> None:
        body = nal[1:_MAX_SPS_BYTES].replace(b"\x00\x00\x03", b"\x00\x00")
        self._value = int.from_bytes(body, "big")
        self._left = 8 * len(body)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise RtpError("truncated parameter set")
        return self._value >> self._left & ((1 << count) - 1)

    def unsigned(self) -> int:
        """ue(v), H.264 §9.1."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 31:
                raise RtpError("Exp-Golomb number too long")
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        """se(v), H.264 §9.1.1."""
        code = self.unsigned()
        return (code + 1) // 2 if code & 1 else -(code // 2)


def sps_size(nal: bytes) -> tuple[int, int]:
    """Width and height in pixels of a parameter set (H.264 §7.3.2.1.1); (0, 0) if unreadable."""
    try:
        return _read_size(_Bits(nal))
    except RtpError:
        return 0, 0


def _read_size(bits: _Bits) -> tuple[int, int]:
    profile = bits.take(8)
    bits.take(16)  # constraint flags, level
    bits.unsigned()  # seq_parameter_set_id
    chroma = 1
    if profile in _HIGH_PROFILES:
        chroma = _skip_high_profile_part(bits)
    bits.unsigned()  # log2_max_frame_num
    _skip_picture_order(bits)
    bits.unsigned()  # max_num_ref_frames
    bits.take(1)
    width = 16 * (bits.unsigned() + 1)
    map_height = bits.unsigned() + 1
    frames_only = bits.take(1)
    height = 16 * map_height * (2 - frames_only)
    if not frames_only:
        bits.take(1)
    bits.take(1)  # direct_8x8_inference_flag
    if bits.take(1):
        unit_x = 2 if chroma in (1, 2) else 1
        unit_y = (2 if chroma == 1 else 1) * (2 - frames_only)
        left, right, top, bottom = (bits.unsigned() for _ in range(4))
        width -= unit_x * (left + right)
        height -= unit_y * (top + bottom)
    if not (0 < width <= 16384 and 0 < height <= 16384):
        raise RtpError("absurd picture size")
    return width, height


def _skip_high_profile_part(bits: _Bits) -> int:
    chroma = bits.unsigned()
    if chroma == 3:
        bits.take(1)
    bits.unsigned()
    bits.unsigned()
    bits.take(1)
    if bits.take(1):
        for index in range(12 if chroma == 3 else 8):
            if bits.take(1):
                _skip_scaling_list(bits, 16 if index < 6 else 64)
    return chroma


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _skip_picture_order(bits: _Bits) -> None:
    order = bits.unsigned()
    if order == 0:
        bits.unsigned()
    elif order == 1:
        bits.take(1)
        bits.signed()
        bits.signed()
        for _ in range(min(bits.unsigned(), 255)):
            bits.signed()


# --- parameter sets outside the stream ------------------------------------------------------------


class ParameterSets(NamedTuple):
    """What ``sprop-parameter-sets`` holds (RFC 6184 §8.1).

    Attributes:
        payload: all of them in one STAP-A.
        width: of the picture.
        height: likewise.
    """

    payload: bytes
    width: int
    height: int


@lru_cache(maxsize=1024)
def parameter_sets(fmtp: str) -> ParameterSets | None:
    """The parameter sets that a publisher gave in its offer; None if they are not all there."""
    units = _sprop_units(_parameters(fmtp))
    if not any(unit[0] & 0x1F == _PPS for unit in units):
        return None
    try:
        width, height = sps_size(units[0])
    except RtpError:
        return None
    if not width:
        return None
    importance = max(unit[0] & 0x60 for unit in units)  # NRI, RFC 6184 §5.7.1
    body = b"".join(struct.pack("!H", len(unit)) + unit for unit in units)
    return ParameterSets(bytes((importance | _STAP_A,)) + body, width, height)


def _sprop_units(parameters: dict[str, str]) -> list[bytes]:
    """The NAL units of ``sprop-parameter-sets``, an SPS first; empty if it is absent or wrong."""
    try:
        values = parameters.get("sprop-parameter-sets", "").split(",")
        units = [base64.b64decode(value, validate=True) for value in values]
    except ValueError:  # not base64, or not even ASCII
        return []
    fits = all(unit and unit[0] & 0x1F in (_SPS, _PPS) for unit in units)
    return units if fits and units[0][0] & 0x1F == _SPS and len(units[0]) >= 4 else []


# --- which stream fits which receiver -------------------------------------------------------------


def _parameters(fmtp: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in fmtp.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _profile(parameters: dict[str, str]) -> str:
    """The profile's family (RFC 6184 §8.1, table 5); level is left aside: see `compatibility`.

    GStreamer may offer no profile-level-id. Its parameter sets say what it sends; without any,
    constrained baseline is taken for granted, as browsers do, not the RFC's plain baseline.
    """
    said = parameters.get("profile-level-id", "")
    sets = [] if said else _sprop_units(parameters)
    try:
        value = int(sets[0][1:3].hex() if sets else (said or "42e01f")[:4], 16)
    except ValueError:
        return "unknown"
    idc, flags = value >> 8, value & 0xFF
    if idc == 0x42:
        return "constrained_baseline" if flags & 0x40 else "baseline"
    if idc == 0x4D:
        return "constrained_baseline" if flags & 0x80 else "main"
    return "high" if idc == 0x64 else "unknown"


@lru_cache(maxsize=1024)
def compatibility(stream_fmtp: str, receiver_fmtp: str) -> int:
    """How well a receiver's parameters fit a stream: 0 not at all, higher is better.

    The packetization mode must not exceed the receiver's, the profile must be one that a decoder of
    the receiver's profile decodes. Levels are not compared: browsers decode above what they
    announce, and the layer's size is bounded by the slot's wish.
    """
    stream, receiver = _parameters(stream_fmtp), _parameters(receiver_fmtp)
    stream_mode = stream.get("packetization-mode", "0")
    receiver_mode = receiver.get("packetization-mode", "0")
    if stream_mode not in ("0", "1") or receiver_mode not in ("0", "1"):
        return 0
    if stream_mode > receiver_mode:
        return 0
    same_mode = stream_mode == receiver_mode
    sent, taken = _profile(stream), _profile(receiver)
    if sent == "unknown" or taken == "unknown":
        return 0
    if sent == taken:
        return 3 + same_mode
    # Every decoder takes constrained baseline; a High decoder also takes Main. FFmpeg's WHIP muxer
    # calls constrained baseline plain. Plain baseline's other tools (H.264 §A.2.1: FMO, ASO) are in
    # no encoder for live pictures.
    if sent.endswith("baseline") or (sent == "main" and taken == "high"):
        return 1 + same_mode
    return 0
