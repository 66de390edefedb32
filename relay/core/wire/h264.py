"""H.264 in RTP (RFC 6184): key frames, picture sizes, and matching profiles."""

from __future__ import annotations

import base64
import struct
from functools import lru_cache
from typing import NamedTuple

from relay.core.wire import h264_sps
from relay.core.wire.rtp import RtpError

_SLICE, _IDR, _SPS, _PPS = 1, 5, 7, 8
_B_TYPES = (1, 6)  # slice types; with 6 all slices of the picture are B slices
_SLICE_HEAD_BYTES = 12  # more than the first two numbers of a slice header take
_STAP_A, _FU_A = 24, 28
_MAX_SPS_BYTES = 256  # far above any real set; bounds the work on a hostile one
_MAX_SIDE = 16384  # pixels; beyond any encoder


class H264Payload(NamedTuple):
    """The facts that the relay needs of one H.264 payload.

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
    """True if the slice whose header begins there is a B slice (H.264 §7.3.3, table 7-6)."""
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


def sps_size(nal: bytes) -> tuple[int, int]:
    """Width and height in pixels of a parameter set; (0, 0) if unreadable or absurd."""
    size = h264_sps.sps_size(nal[:_MAX_SPS_BYTES])
    if size is None or size.width > _MAX_SIDE or size.height > _MAX_SIDE:
        return 0, 0
    return size.width, size.height


# --- parameter sets outside the stream ------------------------------------------------------------


class ParameterSets(NamedTuple):
    """The contents of ``sprop-parameter-sets`` (RFC 6184 §8.1).

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
    width, height = sps_size(units[0])
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
    """The profile's family (RFC 6184 §8.1, table 5), without the level: see `compatibility`.

    GStreamer may offer no profile-level-id. Then its parameter sets tell the profile. Without any
    sets constrained baseline is assumed, as browsers do, not the RFC's plain baseline.
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
    """The fit of a receiver's parameters to a stream: 0 is none, higher is better.

    The packetization mode must not exceed the receiver's. The receiver's profile must decode the
    stream's. Levels are not compared: browsers decode above what they announce, and the slot's wish
    bounds the layer's size.
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
    # Every decoder takes constrained baseline, and a High decoder also takes Main. FFmpeg's WHIP
    # muxer says plain baseline and means constrained. No encoder for live pictures uses plain
    # baseline's other tools (H.264 §A.2.1: FMO, ASO).
    if sent.endswith("baseline") or (sent == "main" and taken == "high"):
        return 1 + same_mode
    return 0
