"""H.264 access units from RTP payloads (RFC 6184, packetization modes 0 and 1), length-prefixed."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from recorder.core.h264_parameter_sets import (
    ParameterSets,
    SetsInForce,
    slice_head,
    sprop_nal_units,
)
from recorder.core.video_frame import CodedFrame

_SLICE = 1  # of a picture that is not IDR; no browser decodes data partitions (2…4)
_IDR, _SEI, _SPS, _PPS, _DELIMITER = 5, 6, 7, 8, 9
_FILLER = 12
_STAP_A, _FU_A = 24, 28
_PEEKED_BYTES = 16  # of a fragmented unit; the first numbers of a slice take less
_LEADING = frozenset((_SEI, _DELIMITER))  # stand only before an access unit's first slice


class H264Depacketizer:
    """Assembles access units and keeps the parameter sets in force.

    Parameter sets stay in the access units that carried them. A file has one decoder configuration,
    and in-band sets let the picture's size change within it (Chromium and ffmpeg take this). Sets
    that nobody could use are left out, and so is every picture that refers to them.

    Attributes:
        reorders: a B slice was seen, so pictures may be shown in another order than sent.
    """

    def __init__(self, fmtp: str = "") -> None:
        self.reorders = False
        self._sets = SetsInForce()
        self._sends_sets_in_band = False
        for unit in sprop_nal_units(fmtp):
            self._sets.note(unit)

    @property
    def parameters(self) -> ParameterSets | None:
        """The latest complete parameter sets."""
        return self._sets.latest

    def peek_key_frame(self, payload: bytes) -> tuple[int, int] | None:
        """Find (width, height) if this packet begins an IDR picture, or carries one whole."""
        for unit, whole in _peek_units(payload):
            kind = unit[0] & 0x1F
            if kind in (_SPS, _PPS):
                if whole:
                    self._sets.note(unit)
            elif kind in (_SLICE, _IDR) and (head := slice_head(unit)) is not None:
                self.reorders |= head.bi_predicted
                is_key = kind == _IDR and head.intra
                sets = self._sets.of_slice(head) if is_key else None
                if sets is not None:
                    return sets.width, sets.height
        return None

    def assemble(self, payloads: Sequence[bytes], *, after_loss: bool) -> CodedFrame | None:
        """Build one access unit from the payloads of one timestamp, in order and without holes.

        Args:
            payloads: of at least one packet.
            after_loss: packets before the first one are missing, and may have belonged to this
            unit.

        Returns:
            None if it is not whole, holds no slice, or cannot be decoded for lack of parameter
            sets.
        """
        units = _units(payloads)
        if not units or (after_loss and not self._has_its_head(units)):
            return None
        kept, key, sets = [], False, None
        for unit in units:
            kind = unit[0] & 0x1F
            if kind in (_DELIMITER, _FILLER):
                continue
            if kind in (_SPS, _PPS):
                if not self._sets.note(unit):
                    continue
                self._sends_sets_in_band = True
            elif kind in (_SLICE, _IDR):
                head = slice_head(unit)
                if head is None or (kind == _IDR and not head.intra):
                    return None
                sets = self._sets.of_slice(head)
                if sets is None:
                    return None
                key = key or kind == _IDR
            kept.append(struct.pack(">I", len(unit)) + unit)
        if sets is None:
            return None
        data = b"".join(kept)
        return CodedFrame(data, key, sets.width, sets.height) if key else CodedFrame(data, False)

    def _has_its_head(self, units: Sequence[bytes]) -> bool:
        if any(unit[0] & 0x1F == _SPS for unit in units):
            return True
        if self._sends_sets_in_band:
            return False  # they open each IDR picture's unit, so here they are lost
        first = units[0]
        if first[0] & 0x1F in _LEADING:
            return True
        # first_mb_in_slice is ue(v): its value 0 is a single set bit.
        return len(first) > 1 and bool(first[1] & 0x80)


def _aggregated(payload: bytes) -> Iterator[bytes]:
    """Split a STAP-A (RFC 6184 §5.7.1) into units; stop where it is cut short."""
    offset = 1
    while offset + 2 < len(payload):
        size = int.from_bytes(payload[offset : offset + 2], "big")
        unit = payload[offset + 2 : offset + 2 + size]
        if not size or len(unit) < size:
            return
        yield unit
        offset += 2 + size


def _peek_units(payload: bytes) -> Iterator[tuple[bytes, bool]]:
    """List the units that begin in one packet, as (unit or its first bytes, it is whole)."""
    kind = payload[0] & 0x1F if payload else 0
    if kind == _STAP_A:
        for unit in _aggregated(payload):
            yield unit, True
    elif kind == _FU_A:
        if len(payload) > 2 and payload[1] & 0x80:
            head = bytes((payload[0] & 0xE0 | payload[1] & 0x1F,))
            yield head + payload[2 : 2 + _PEEKED_BYTES], False
    elif 1 <= kind <= 23:
        yield payload, True


def _units(payloads: Sequence[bytes]) -> list[bytes] | None:
    """List all NAL units of an access unit; None if one is not whole or unknown."""
    units: list[bytes] = []
    fragments: list[bytes] = []
    for payload in payloads:
        kind = payload[0] & 0x1F
        if kind == _FU_A:
            if len(payload) < 3:
                return None
            begins, ends = payload[1] & 0x80, payload[1] & 0x40
            if bool(begins) == bool(fragments):  # begins twice, or goes on without a beginning
                return None
            if begins:
                fragments.append(bytes((payload[0] & 0xE0 | payload[1] & 0x1F,)))
            fragments.append(payload[2:])
            if ends:
                units.append(b"".join(fragments))
                fragments = []
            continue
        if fragments:
            return None
        if kind == _STAP_A:
            units.extend(_aggregated(payload))
        elif 1 <= kind <= 23:
            units.append(payload)
        else:
            return None
    return None if fragments else units
