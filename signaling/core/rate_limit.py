"""Bounded counting of what somebody does too often. Times are monotonic seconds."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LimiterRule:
    """At most `max_failures` in `window_s` seconds for a key; `capacity` keys are remembered."""

    max_failures: int
    window_s: float
    capacity: int = 10_000


class FailureLimiter:
    """Counts failures by key in fixed windows; success costs nothing.

    At capacity the key touched longest ago is forgotten: memory stays bounded, and a guesser from
    one address does not profit, since his own key is the one touched last.
    """

    def __init__(self, rule: LimiterRule) -> None:
        self._rule = rule
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._windows)

    def retry_after(self, key: str, now: float) -> float | None:
        """Seconds until the key may try again, or None if it may now."""
        started, count = self._windows.get(key, (now, 0))
        left = started + self._rule.window_s - now
        return left if count >= self._rule.max_failures and left > 0 else None

    def note_failure(self, key: str, now: float) -> None:
        """Count one failure."""
        started, count = self._windows.pop(key, (now, 0))
        if now - started >= self._rule.window_s:
            started, count = now, 0
        self._windows[key] = (started, count + 1)
        while len(self._windows) > self._rule.capacity:
            self._windows.popitem(last=False)


class TokenBucket:
    """At most `burst` at once and `rate` a second in the long run."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._level = burst
        self._at = now

    def take(self, now: float) -> bool:
        """Take one; False when none is left."""
        self._level = min(self._burst, self._level + (now - self._at) * self._rate)
        self._at = now
        if self._level < 1:
            return False
        self._level -= 1
        return True

    @property
    def wait(self) -> float:
        """Seconds from the last `take` until there is one again."""
        return max(0.0, (1 - self._level) / self._rate)


@dataclass(frozen=True, slots=True)
class BucketRule:
    """At most `burst` at once and `rate` a second for a key; `capacity` keys are remembered."""

    rate: float
    burst: float
    capacity: int = 10_000


class Buckets:
    """A token bucket for each key. At capacity the key used longest ago is forgotten."""

    def __init__(self, rule: BucketRule) -> None:
        self._rule = rule
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, now: float) -> float | None:
        """Take one for a key; None if it may go on, else the seconds until it may."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(self._rule.rate, self._rule.burst, now)
        self._buckets.move_to_end(key)
        while len(self._buckets) > self._rule.capacity:
            self._buckets.popitem(last=False)
        return None if bucket.take(now) else bucket.wait
