"""Bounded counting of what somebody does too often. Times are monotonic seconds."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LimiterRule:
    """At most `max_failures` in `window_s` seconds for a key; `capacity` keys are remembered.

    Whoever reaches the bound waits `window_s`, and twice as long each further time, up to
    `longest_s` (None: always as long).
    """

    max_failures: int
    window_s: float
    longest_s: float | None = None
    capacity: int = 10_000


_MAX_STRIKES = 16  # doublings; far past every `longest_s`


@dataclass(slots=True)
class _Record:
    """A key: its failures since `started`, and how often the bound was reached."""

    started: float
    failures: int = 0
    strikes: int = 0
    locked_until: float = 0.0


class FailureLimiter:
    """Counts failures by key in fixed windows; success costs nothing.

    At capacity the key that was touched longest ago is forgotten, so memory stays bounded. A
    guesser from one address does not profit: his own key is the one touched last.
    """

    def __init__(self, rule: LimiterRule) -> None:
        self._rule = rule
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def __len__(self) -> int:
        return len(self._records)

    def retry_after(self, key: str, now: float) -> float | None:
        """Seconds until the key may try again, or None if it may now."""
        record = self._records.get(key)
        left = 0.0 if record is None else record.locked_until - now
        return left if left > 0 else None

    def note_failure(self, key: str, now: float) -> None:
        """Count one failure."""
        record = self._records.pop(key, None) or _Record(now)
        self._records[key] = record
        while len(self._records) > self._rule.capacity:
            self._records.popitem(last=False)
        self._age(record, now)
        record.failures += 1
        if record.failures >= self._rule.max_failures:
            record.locked_until = record.started = now + self._wait_s(record.strikes)
            record.strikes = min(record.strikes + 1, _MAX_STRIKES)
            record.failures = 0

    def forget(self, key: str) -> None:
        """Start anew with a key that succeeded."""
        self._records.pop(key, None)

    def _age(self, record: _Record, now: float) -> None:
        """Forget failures of a past window, and strikes after a quiet time."""
        if now - record.started >= self._rule.window_s:
            quiet_s = now - max(record.started, record.locked_until)
            if quiet_s >= (self._rule.longest_s or 0.0):
                record.strikes = 0
            record.started, record.failures = now, 0

    def _wait_s(self, strikes: int) -> float:
        rule = self._rule
        return min(rule.longest_s or rule.window_s, rule.window_s * 2.0**strikes)


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
