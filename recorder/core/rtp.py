"""RTP packets of an archive: header fields (RFC 3550 §5.1), and counters that wrap, extended."""

from __future__ import annotations

import msgspec

_FIXED_HEADER_BYTES = 12


class RtpPacket(msgspec.Struct, frozen=True, gc=False):
    """A parsed packet. `payload` is without padding; it may be empty (a pure padding packet)."""

    sequence: int  # 16 bits, as sent
    timestamp: int  # 32 bits, as sent
    marker: bool
    payload: bytes


def parse_rtp(data: bytes) -> RtpPacket | None:
    """Parse one packet; None if it is not well-formed RTP version 2."""
    if len(data) < _FIXED_HEADER_BYTES or data[0] >> 6 != 2:
        return None
    start = _FIXED_HEADER_BYTES + 4 * (data[0] & 0x0F)
    if data[0] & 0x10:
        if len(data) < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    stop = len(data)
    if data[0] & 0x20:
        if data[-1] == 0:
            return None
        stop -= data[-1]
    if start > stop:
        return None
    return RtpPacket(
        int.from_bytes(data[2:4], "big"),
        int.from_bytes(data[4:8], "big"),
        bool(data[1] & 0x80),
        data[start:stop],
    )


class Unwrapper:
    """Extends a wrapping counter: each value is taken as the one nearest to the value before.

    Two unwrappers that are fed the same values give the same results, so the two passes over an
    archive agree. The first value is kept.
    """

    def __init__(self, bits: int) -> None:
        self._range = 1 << bits
        self._last: int | None = None

    @property
    def last(self) -> int | None:
        """The last extended value, if any."""
        return self._last

    def near(self, value: int) -> int:
        """Extend without remembering."""
        if self._last is None:
            return value
        delta = (value - self._last) % self._range
        if delta >= self._range // 2:
            delta -= self._range
        return self._last + delta

    def extend(self, value: int) -> int:
        """Extend, and remember as the new neighbour."""
        self._last = self.near(value)
        return self._last
