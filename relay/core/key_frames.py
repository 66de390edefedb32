"""When to ask a publisher for a key frame: at once, but not again and again."""

from __future__ import annotations

from relay.core.counters import Counters

# Between two requests for one layer. A key frame costs several times a plain one: many viewers
# joining together must share one. Doubles while unanswered.
THROTTLE = 0.3  # s
MAX_INTERVAL = 2.4  # s


class KeyFrameRequests:
    """Coalesces the wishes of all takers of one layer into few picture loss indications."""

    __slots__ = ("_counters", "_interval", "_sent_at", "wanted")

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._interval = THROTTLE
        self._sent_at = float("-inf")
        self.wanted = False

    def want(self, now: float) -> bool:
        """Someone needs a key frame; True if a request is to be sent now (else later, by `due`)."""
        self.wanted = True
        if self.due(now):
            return True
        self._counters.key_frame_requests_coalesced += 1
        return False

    def due(self, now: float) -> bool:
        """Whether to send a request now; notes that it was sent."""
        if not self.wanted or now - self._sent_at < self._interval:
            return False
        if now - self._sent_at < 2 * MAX_INTERVAL:
            self._interval = min(2 * self._interval, MAX_INTERVAL)
        self._sent_at = now
        self._counters.key_frame_requests_sent += 1
        return True

    def satisfied(self) -> None:
        """A key frame began."""
        self.wanted = False
        self._interval = THROTTLE
