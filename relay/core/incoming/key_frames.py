"""Requests for key frames: sent at once, but not again and again."""

from __future__ import annotations

from relay.core.counters import Counters

# s between two requests for one layer; doubles while unanswered. A key frame costs several times a
# plain one, so many viewers who join together must share one.
MIN_INTERVAL_S = 0.3
MAX_INTERVAL_S = 2.4  # s; the doubling ends here


class KeyFrameRequests:
    """Coalesces the wishes of all takers of one layer into few picture loss indications."""

    __slots__ = ("_counters", "_interval", "_sent_at", "wanted")

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._interval = MIN_INTERVAL_S
        self._sent_at = float("-inf")
        self.wanted = False

    def want(self, now: float) -> bool:
        """Note that someone needs a key frame; True: send a request now, else when `due`."""
        self.wanted = True
        if self.due(now):
            return True
        self._counters.key_frame_requests_coalesced += 1
        return False

    def due(self, now: float) -> bool:
        """True if to send a request now; notes that it was sent."""
        if not self.wanted or now - self._sent_at < self._interval:
            return False
        if now - self._sent_at < 2 * MAX_INTERVAL_S:
            self._interval = min(2 * self._interval, MAX_INTERVAL_S)
        self._sent_at = now
        self._counters.key_frame_requests_sent += 1
        return True

    def satisfied(self) -> None:
        """A key frame began."""
        self.wanted = False
        self._interval = MIN_INTERVAL_S
