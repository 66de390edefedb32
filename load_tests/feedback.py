"""Transport-wide feedback, as a receiver sends it: without it a sender knows nothing of the link.

draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1: which numbers came, and when, in steps of
250 µs. Pure: numbers and `now` come in, packets go out.
"""

from __future__ import annotations

import struct
from collections import deque
from operator import sub

from load_tests.rtp import FMT_TRANSPORT_CC

INTERVAL_S = 0.1  # libwebrtc's default
_TICKS_PER_S = 4000
_TICKS_PER_REFERENCE = 256  # 64 ms
_MAX_STATUSES = 1000
_RTPFB = 205
_NOT_RECEIVED, _SMALL, _LARGE = 0, 1, 2
_SEVEN_SMALL = [_SMALL] * 7


class TransportFeedback:
    """Arrivals of one transport that were not reported yet.

    Hundreds of viewers share a processor with the measured server. Per packet they only note it;
    all other work is done once per report.
    """

    def __init__(self, own_ssrc: int) -> None:
        self._own_ssrc = own_ssrc
        self._next = -1  # the first number not reported, extended
        self._highest = -1
        # (16-bit number, seconds), as they came
        self._noted: deque[tuple[int, float]] = deque(maxlen=_MAX_STATUSES)
        self._arrivals: dict[int, int] = {}  # extended number → ticks; filled by `take`
        self._count = 0

    def add(self, number: int, now: float) -> None:
        """Note a packet by its 16-bit number; beyond a bound the oldest go unreported."""
        self._noted.append((number, now))

    def _extend(self) -> None:
        """Give what was noted its place among all numbers."""
        if self._highest < 0 and self._noted:
            self._next = self._highest = self._noted[0][0] + (1 << 16)
        highest, first, arrivals = self._highest, self._next, self._arrivals
        for number, now in self._noted:
            extended = highest + ((number - highest + 0x8000) & 0xFFFF) - 0x8000
            if extended > highest:
                highest = extended
            if extended >= first:
                arrivals[extended] = int(now * _TICKS_PER_S)
        self._highest = highest
        self._noted.clear()

    def take(self, media_ssrc: int) -> bytes | None:
        """The packet that reports what came since the last one; None if nothing did."""
        self._extend()
        if not self._arrivals:
            return None
        numbers = sorted(self._arrivals)
        first = max(self._next, numbers[-1] - _MAX_STATUSES + 1)
        if first > numbers[0]:
            numbers = [number for number in numbers if number >= first]
        reference = self._arrivals[numbers[0]] // _TICKS_PER_REFERENCE
        statuses, deltas = self._describe(first, numbers, reference * _TICKS_PER_REFERENCE)
        self._next = first + len(statuses)
        self._arrivals.clear()
        body = struct.pack("!LLHH", self._own_ssrc, media_ssrc, first & 0xFFFF, len(statuses))
        body += struct.pack("!L", (reference & 0xFFFFFF) << 8 | self._count)
        self._count = (self._count + 1) & 0xFF
        for at in range(0, len(statuses), 7):  # vectors of two-bit symbols, §3.1.4
            symbols = statuses[at : at + 7]
            word = 0xD555 if symbols == _SEVEN_SMALL else _vector(symbols)
            body += struct.pack("!H", word)
        body += bytes(deltas)
        padding = -len(body) % 4
        if padding:
            body += bytes(padding - 1) + bytes([padding])
        first_byte = 0x80 | (0x20 if padding else 0) | FMT_TRANSPORT_CC
        return struct.pack("!BBH", first_byte, _RTPFB, len(body) // 4) + body

    def _describe(
        self, first: int, numbers: list[int], previous: int
    ) -> tuple[list[int], bytearray]:
        if len(numbers) == numbers[-1] - first + 1:  # nothing is missing: most reports
            ticks = [self._arrivals[number] for number in numbers]
            steps = list(map(sub, ticks, (previous, *ticks)))
            if min(steps) >= 0 and max(steps) <= 0xFF:
                return [_SMALL] * len(steps), bytearray(steps)
        statuses: list[int] = []
        deltas = bytearray()
        for number in numbers:
            delta = self._arrivals[number] - previous
            if not -0x8000 <= delta <= 0x7FFF:
                break  # 8 s apart: the rest goes unreported
            statuses += [_NOT_RECEIVED] * (number - first - len(statuses))
            previous += delta
            if 0 <= delta <= 0xFF:
                statuses.append(_SMALL)
                deltas.append(delta)
            else:
                statuses.append(_LARGE)
                deltas += struct.pack("!h", delta)
        return statuses, deltas


def _vector(symbols: list[int]) -> int:
    word = 0xC000
    for place, status in enumerate(symbols):
        word |= status << (12 - 2 * place)
    return word
