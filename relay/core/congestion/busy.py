"""The link's rate, seen while packets queue.

Packets that waited leave the queue one after the other, at the rate of the link or of our share in
it. The average sent does not matter. So this rate tells a slow link from a burst (a key frame, a
probe) on a fast link. The average acknowledged rate cannot tell these apart.
"""

from __future__ import annotations

from collections import deque

from relay.core.congestion.sent import Told

_WAITED = 0.01  # s above the least delay: the packet met a queue
_WINDOW = 0.3  # s of arrivals
_MIN_SPAN = 0.025  # s; below, a link that delivers in batches would look infinitely fast
_MIN_PACKETS = 5
_MAX_PACKETS = 1024
_VALID = 0.5  # s after the queue was gone


class BusyRate:
    """Arrivals of the present or latest busy period."""

    __slots__ = ("_arrivals", "_bps", "_ended_at", "_octets")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the path."""
        self._arrivals: deque[tuple[float, int]] = deque()
        self._octets = 0
        self._bps = 0.0
        self._ended_at = 0.0

    def add_all(self, told: Told, base: float) -> None:
        """Take what a feedback packet told; its waits less `base` are the times in the queue."""
        if told.most - base < _WAITED:
            self._arrivals.clear()
            self._octets = 0
            return
        for arrived_at, size_bytes, wait in zip(told.arrived, told.sizes, told.waits, strict=True):
            self.add(arrived_at, size_bytes, wait - base)

    def add(self, arrived_at: float, size_bytes: int, waited: float) -> None:
        """Take a received packet that waited so long (s) in the queue."""
        arrivals = self._arrivals
        if waited < _WAITED:
            if arrivals:
                arrivals.clear()
                self._octets = 0
            return
        arrivals.append((arrived_at, size_bytes))
        self._octets += size_bytes
        while arrived_at - arrivals[0][0] > _WINDOW or len(arrivals) > _MAX_PACKETS:
            self._octets -= arrivals.popleft()[1]
        span = arrived_at - arrivals[0][0]
        if span >= _MIN_SPAN and len(arrivals) >= _MIN_PACKETS:
            self._bps = 8 * (self._octets - arrivals[0][1]) / span
            self._ended_at = arrived_at

    def bps(self, arrived_at: float) -> float | None:
        """The rate, if there was a queue shortly before the arrival time given."""
        if self._bps and arrived_at - self._ended_at <= _VALID:
            return self._bps
        return None
