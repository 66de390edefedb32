"""Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01).

`ArrivalLog` notes when each packet of a publishing session came in and writes the feedback that its
sender needs for its bandwidth estimate; `parse` reads the same from viewers.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import accumulate

from relay.core.wire.rtcp import RtcpError
from relay.core.wire.serial import extend

_HEADER = struct.Struct("!HHI")
_CHUNK = struct.Struct("!H")
_LARGE = struct.Struct("!h")
TICKS_PER_SECOND = 4000  # receive deltas are in 250 µs (§3.1.5)
_TICKS_PER_REFERENCE = 256  # reference time is in 64 ms
_NOT_RECEIVED, _SMALL, _LARGE_DELTA = 0, 1, 2
_MAX_STATUSES = 1024  # in one feedback packet, written or read; ≈ 1 s of a very busy sender
_MAX_PENDING = 2048  # arrivals kept between two feedback packets
# The vectors of packets that all came soon after each other: most there are.
_SEVEN_SMALL, _SEVEN = 0xD555, [_SMALL] * 7
_FOURTEEN_SMALL, _FOURTEEN = 0xBFFF, [_SMALL] * 14
_RUN_WORTH_A_CHUNK = 14  # a one-bit vector already holds 14


class Feedback:
    """The contents of a feedback packet.

    Most feedback is a run: consecutive numbers, and nothing lost. A run is cheaper to read. Its
    pairs are made only when `arrivals` is asked for.

    Attributes:
        count: the sender's feedback packet counter.
        first: the first number of a run.
        run: the arrivals alone, if this is one; else empty.
    """

    __slots__ = ("_arrivals", "count", "first", "run")

    def __init__(
        self,
        count: int,
        arrivals: Sequence[tuple[int, float | None]] = (),
        *,
        first: int = 0,
        run: Sequence[float] = (),
    ) -> None:
        """Give either `arrivals`, or `first` and `run`, which does not cross the wrap."""
        self.count = count
        self.first = first
        self.run = run
        self._arrivals = arrivals

    @property
    def arrivals(self) -> Sequence[tuple[int, float | None]]:
        """(16-bit number, arrival in seconds on the receiver's clock, or None if not received)."""
        if self.run and not self._arrivals:
            self._arrivals = tuple(enumerate(self.run, self.first))
        return self._arrivals


class ArrivalLog:
    """Arrival times of one transport, waiting to be reported."""

    __slots__ = ("_count", "_highest", "_next", "_pending")

    def __init__(self) -> None:
        self._pending: dict[int, int] = {}
        self._highest = -1
        self._next = -1  # the first sequence number not reported yet
        self._count = 0

    def add(self, sequence_number: int, now: float) -> None:
        """Note a packet. Beyond the bound, arrivals go unreported rather than memory growing."""
        if self._highest < 0:
            number = sequence_number + 0x10000
            self._highest = self._next = number
        else:
            number = extend(sequence_number, self._highest, 16)
            self._highest = max(self._highest, number)
        if len(self._pending) < _MAX_PENDING:
            self._pending[number] = int(now * TICKS_PER_SECOND)

    def feedback(self) -> list[bytes]:
        """Bodies for `rtcp_writer.transport_feedback`: reports of all that came since last time."""
        bodies = []
        numbers = sorted(self._pending)
        start = 0
        while start < len(numbers):
            base = min(self._next, numbers[start])
            if numbers[start] - base >= _MAX_STATUSES:
                base = numbers[start]
            body, start = self._body(numbers, start, base)
            bodies.append(body)
        self._pending.clear()
        return bodies

    def _body(self, numbers: list[int], start: int, base: int) -> tuple[bytes, int]:
        first_tick = self._pending[numbers[start]]
        reference = first_tick // _TICKS_PER_REFERENCE
        previous = reference * _TICKS_PER_REFERENCE
        statuses: list[int] = []
        deltas = bytearray()
        index = start
        # Late packets (below `_next`) are reported in runs of their own, without gaps. The packets
        # between them were reported before, and must not count as lost now.
        late = base < self._next
        while index < len(numbers) and numbers[index] - base < _MAX_STATUSES:
            if late and numbers[index] != base + len(statuses):
                break
            delta = self._pending[numbers[index]] - previous
            if not -0x8000 <= delta <= 0x7FFF:
                break
            statuses.extend([_NOT_RECEIVED] * (numbers[index] - base - len(statuses)))
            if 0 <= delta <= 0xFF:
                statuses.append(_SMALL)
                deltas.append(delta)
            else:
                statuses.append(_LARGE_DELTA)
                deltas += _LARGE.pack(delta)
            previous += delta
            index += 1
        self._next = max(self._next, base + len(statuses))
        count = self._count
        self._count = (count + 1) & 0xFF
        head = _HEADER.pack(base & 0xFFFF, len(statuses), (reference & 0xFFFFFF) << 8 | count)
        return head + _chunks(statuses) + bytes(deltas), index


def _chunks(statuses: list[int]) -> bytes:
    """Packet chunks (§3.1.3 and §3.1.4): run lengths where they pay, else vectors."""
    out = bytearray()
    at = 0
    while at < len(statuses):
        symbol = statuses[at]
        run = 1
        while at + run < len(statuses) and statuses[at + run] == symbol:
            run += 1
        if run >= _RUN_WORTH_A_CHUNK or at + run == len(statuses):
            out += _CHUNK.pack(symbol << 13 | run)
            at += run
            continue
        part = statuses[at : at + 14]
        if _LARGE_DELTA in part:
            part = part[:7]
            word = sum(status << (12 - 2 * place) for place, status in enumerate(part))
            out += _CHUNK.pack(0xC000 | word)
        else:
            word = sum(status << (13 - place) for place, status in enumerate(part))
            out += _CHUNK.pack(0x8000 | word)
        at += len(part)
    return bytes(out)


def parse(body: bytes) -> Feedback:
    """Read a feedback body.

    Raises:
        RtcpError: truncated, or more statuses than any sender of ours can have caused.
    """
    try:
        base, count, word = _HEADER.unpack_from(body)
        if count > _MAX_STATUSES:
            raise RtcpError("too many packet statuses")
        statuses, at = _read_chunks(body, count)
        reference = word >> 8
        if reference & 0x800000:
            reference -= 0x1000000
        ticks = reference * _TICKS_PER_REFERENCE
        if 0 < statuses.count(_SMALL) == count and base + count <= 0x10000:
            deltas = body[at + 1 : at + count]
            summed = accumulate(deltas, initial=ticks + body[at])
            run = [tick / TICKS_PER_SECOND for tick in summed]
            if len(run) < count:
                raise RtcpError("truncated transport feedback")
            return Feedback(word & 0xFF, first=base, run=run)
        arrivals: list[tuple[int, float | None]] = []
        for offset, status in enumerate(statuses):
            arrival = None
            if status == _SMALL:
                ticks += body[at]
                at += 1
                arrival = ticks / TICKS_PER_SECOND
            elif status == _LARGE_DELTA:
                ticks += _LARGE.unpack_from(body, at)[0]
                at += 2
                arrival = ticks / TICKS_PER_SECOND
            arrivals.append(((base + offset) & 0xFFFF, arrival))
    except (struct.error, IndexError):
        raise RtcpError("truncated transport feedback") from None
    return Feedback(word & 0xFF, tuple(arrivals))


def _read_chunks(body: bytes, count: int) -> tuple[list[int], int]:
    statuses: list[int] = []
    at = _HEADER.size
    while len(statuses) < count:
        (chunk,) = _CHUNK.unpack_from(body, at)
        at += 2
        if not chunk & 0x8000:
            statuses += [chunk >> 13 & 3] * min(chunk & 0x1FFF, count - len(statuses))
            if not chunk & 0x1FFF:
                raise RtcpError("run of length 0")
        elif chunk == _SEVEN_SMALL:
            statuses += _SEVEN
        elif chunk == _FOURTEEN_SMALL:
            statuses += _FOURTEEN
        elif chunk & 0x4000:
            statuses += [chunk >> shift & 3 for shift in range(12, -1, -2)]
        else:
            statuses += [chunk >> shift & 1 for shift in range(13, -1, -1)]
    return statuses[:count], at
