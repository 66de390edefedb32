"""One track's packets, put back into the order in which they were sent."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from recorder.core.rtp import RtpPacket, Unwrapper

MAX_WAIT_S = 2.0  # s; the relay gives up on repairs long before this
MAX_PACKETS = 2048  # 2 s of a 10 Mbit/s source
START_WAIT_S = 0.1  # s until the lowest packet so far is believed to be the first …
START_PACKETS = 32  # … or so many packets
MAX_MISORDER = 2048  # packets; a sender that is further back after a pause started over
# Late packets in a row until the sequence number before them is taken for a lie. That is 10 s of
# sound. A link that delivers late after a repair has new packets in between.
MAX_LATE_ROW = 512


class TrackPacket(msgspec.Struct, frozen=True, gc=False):
    """A packet on its way through a track's pipeline.

    Attributes:
        timestamp: extended RTP timestamp.
        arrival: Unix seconds.
        lost_before: the packets right before this one are missing for good.
    """

    timestamp: int
    arrival: float
    marker: bool
    payload: bytes
    lost_before: bool


class _Held(msgspec.Struct, frozen=True, gc=False):
    packet: RtpPacket
    timestamp: int
    arrival: float


class ReorderBuffer:
    """Holds packets back until their predecessors are there, or will not come any more.

    Attributes:
        late: packets that came twice, or after their place was given up.
    """

    def __init__(self) -> None:
        self._sequence = Unwrapper(16)
        self._held: dict[int, _Held] = {}
        self._next: int | None = None
        self._restarted = False
        self._last_arrival = 0.0
        self._late_row = 0
        self.late = 0

    def push(self, packet: RtpPacket, timestamp: int, arrival: float) -> Iterator[TrackPacket]:
        """Take one packet in arrival order; yield those that are in order now.

        Args:
            packet: as parsed.
            timestamp: its extended RTP timestamp.
            arrival: Unix seconds.
        """
        sequence = self._sequence.near(packet.sequence)
        if self._next is not None and sequence < self._next:
            paused = arrival - self._last_arrival > 1.0
            self._late_row += 1
            lied = self._late_row > MAX_LATE_ROW
            if not (lied or (paused and self._next - sequence > MAX_MISORDER)):
                self.late += 1
                return
            yield from self._start_over()
            sequence = packet.sequence
        self._last_arrival = arrival
        self._late_row = 0
        if sequence in self._held:
            self.late += 1
            return
        last = self._sequence.last
        if last is None or sequence > last:
            self._sequence.extend(packet.sequence)
        self._held[sequence] = _Held(packet, timestamp, arrival)
        lost_before = False
        if self._next is None:
            if not self._may_start(arrival):
                return
            lost_before, self._restarted = self._restarted, False
        yield from self._in_order(lost_before)
        while self._held and self._must_skip(arrival):
            yield from self._skip()

    def flush(self) -> Iterator[TrackPacket]:
        """Yield all held packets, holes and all."""
        while self._held:
            yield from self._skip()

    def _may_start(self, now: float) -> bool:
        first = next(iter(self._held.values()))
        if now - first.arrival < START_WAIT_S and len(self._held) < START_PACKETS:
            return False
        self._next = min(self._held)
        return True

    def _in_order(self, lost_before: bool = False) -> Iterator[TrackPacket]:
        while self._next is not None and (held := self._held.pop(self._next, None)) is not None:
            self._next += 1
            packet = held.packet
            yield TrackPacket(
                held.timestamp, held.arrival, packet.marker, packet.payload, lost_before
            )
            lost_before = False

    def _must_skip(self, now: float) -> bool:
        # A dict keeps insertion order, so its first value has waited longest.
        oldest = next(iter(self._held.values()))
        return len(self._held) > MAX_PACKETS or now - oldest.arrival > MAX_WAIT_S

    def _skip(self) -> Iterator[TrackPacket]:
        lowest = min(self._held)
        lost = self._restarted or (self._next is not None and lowest != self._next)
        self._restarted = False
        self._next = lowest
        yield from self._in_order(lost)

    def _start_over(self) -> Iterator[TrackPacket]:
        yield from self.flush()
        self._next = None
        self._restarted = True
        self._sequence = Unwrapper(16)
