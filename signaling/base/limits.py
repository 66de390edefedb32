"""Limits of guessing, by name, behind a seam: of this process alone, or of all together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from signaling.base.clock import Clock
from signaling.base.errors import TooManyRequests
from signaling.base.rate_limit import BucketRule, Buckets, FailureLimiter, LimiterRule


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound of failures. Its name is the same in all processes, and no other limit has it."""

    name: str
    rule: LimiterRule


@dataclass(frozen=True, slots=True)
class Allowance:
    """A bound of tries, failed or not. Its name is as a limit's."""

    name: str
    rule: BucketRule


# Limits with their keys. The first belongs to just this account and origin.
Counted = Sequence[tuple[Limit, str]]


class Outcome(StrEnum):
    """The outcome of a try, as far as it is known."""

    OPEN = "open"  # it has not been judged yet, or leaves nothing to count
    FAILED = "failed"  # all its limits count one more
    SUCCEEDED = "succeeded"  # the first limit forgets its failures


class LimitStore(Protocol):
    """Counts failures."""

    async def settle(self, counted: Counted, outcome: Outcome) -> float | None:
        """Count an outcome, unless a limit is reached; all in one step.

        Returns:
            None, or the seconds to wait. Then nothing was counted, and nothing may be answered: of
            many tries at once, no more are answered than one after the other would be.
        """

    async def take(self, allowance: Allowance, key: str) -> float | None:
        """Take one try; None if it may go on, else the seconds until it may."""


class OwnLimits:
    """Counts in the memory of this process. No step waits for anything."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._limiters: dict[Limit, FailureLimiter] = {}
        self._buckets: dict[Allowance, Buckets] = {}

    async def settle(self, counted: Counted, outcome: Outcome) -> float | None:
        """See `LimitStore`."""
        now = self._clock.monotonic()
        limiters = [(self._limiter(limit), key) for limit, key in counted]
        waits = [limiter.retry_after(key, now) for limiter, key in limiters]
        longest = max((wait for wait in waits if wait is not None), default=None)
        if longest is not None:
            return longest
        if outcome is Outcome.FAILED:
            for limiter, key in limiters:
                limiter.note_failure(key, now)
        elif outcome is Outcome.SUCCEEDED:
            limiter, key = limiters[0]
            limiter.forget(key)
        return None

    async def take(self, allowance: Allowance, key: str) -> float | None:
        """See `LimitStore`."""
        buckets = self._buckets.get(allowance)
        if buckets is None:
            buckets = self._buckets[allowance] = Buckets(allowance.rule)
        return buckets.take(key, self._clock.monotonic())

    def _limiter(self, limit: Limit) -> FailureLimiter:
        limiter = self._limiters.get(limit)
        if limiter is None:
            limiter = self._limiters[limit] = FailureLimiter(limit.rule)
        return limiter


async def demand(store: LimitStore, counted: Counted, outcome: Outcome = Outcome.OPEN) -> None:
    """Count an outcome. Raises TooManyRequests while a limit says to wait."""
    wait = await store.settle(counted, outcome)
    if wait is not None:
        raise TooManyRequests(wait)
