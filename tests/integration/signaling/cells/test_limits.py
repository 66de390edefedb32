"""Limits of guessing over a real Redis: one count for all processes, and a bound without it."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from signaling.base.limits import Allowance, Limit, LimitStore, Outcome, OwnLimits
from signaling.base.rate_limit import BucketRule, LimiterRule
from signaling.cells.limits import AWAY_S, SharedLimits
from signaling.cells.redis_link import RedisLink
from tests.integration.signaling.cells.conftest import PATIENT
from tests.support.redis_server import RedisServer
from tests.support.services import ManualClock

OPEN, FAILED, SUCCEEDED = Outcome.OPEN, Outcome.FAILED, Outcome.SUCCEEDED
ACCOUNTS = Limit("accounts", LimiterRule(max_failures=3, window_s=300, longest_s=3600))
ADDRESSES = Limit("addresses", LimiterRule(max_failures=7, window_s=900))
ASKS = Allowance("asks", BucketRule(rate=0.1, burst=4))
# The clock of Redis goes on meanwhile; windows are far longer.
NEAR_S = 60.0
# Lets the time of all records go on, as seen from their fields.
TURN = """
for _, key in ipairs(redis.call('KEYS', 'tongke:limit:*')) do
  for _, field in ipairs({'started', 'locked', 'at'}) do
    local value = tonumber(redis.call('HGET', key, field) or '0')
    if value > 0 then
      redis.call('HSET', key, field, string.format('%.0f', value - tonumber(ARGV[1])))
    end
  end
end
"""

Make = Callable[[], Awaitable[SharedLimits]]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def two(
    redis: RedisServer, clock: ManualClock
) -> AsyncIterator[tuple[SharedLimits, SharedLimits]]:
    """The limits of two processes."""
    made = tuple(SharedLimits(RedisLink(redis.url, PATIENT.beat_s), clock) for _ in range(2))
    yield made
    for one in made:
        await one.close()


async def _failures(store: LimitStore, account: str, count: int) -> list[bool]:
    """Whether each of some failures had to wait instead."""
    counted = ((ACCOUNTS, account), (ADDRESSES, "here"))
    return [await store.settle(counted, FAILED) is not None for _ in range(count)]


async def test_two_processes_have_one_count(two: tuple[SharedLimits, SharedLimits]) -> None:
    a, b = two
    assert await _failures(a, "wang", 2) == [False, False]
    assert await _failures(b, "wang", 2) == [False, True]
    wait = await a.settle(((ACCOUNTS, "wang"),), OPEN)
    assert wait is not None
    assert 240 < wait <= 300
    assert await a.settle(((ACCOUNTS, "li"),), OPEN) is None


async def test_success_in_one_process_is_known_in_the_other(
    two: tuple[SharedLimits, SharedLimits],
) -> None:
    a, b = two
    await _failures(a, "wang", 2)
    assert await b.settle(((ACCOUNTS, "wang"), (ADDRESSES, "here")), SUCCEEDED) is None
    assert await _failures(a, "wang", 3) == [False, False, False]
    assert await _failures(b, "wang", 1) == [True]
    # Nobody learns while the limit is reached that a guess was right.
    assert await b.settle(((ACCOUNTS, "wang"),), SUCCEEDED) is not None
    assert await a.settle(((ACCOUNTS, "wang"),), OPEN) is not None


async def test_of_many_tries_at_once_no_more_are_answered(
    two: tuple[SharedLimits, SharedLimits],
) -> None:
    counted = ((ACCOUNTS, "wang"),)
    tries = (two[number % 2].settle(counted, FAILED) for number in range(30))
    waits = await asyncio.gather(*tries)
    assert sum(wait is None for wait in waits) == ACCOUNTS.rule.max_failures


async def test_an_allowance_is_one_for_both(two: tuple[SharedLimits, SharedLimits]) -> None:
    waits = [await two[number % 2].take(ASKS, "here") for number in range(6)]
    assert waits[:4] == [None] * 4
    assert all(wait is not None and 5 < wait <= 10 for wait in waits[4:])
    assert await two[0].take(ASKS, "elsewhere") is None


async def test_redis_counts_as_a_process_counts(
    two: tuple[SharedLimits, SharedLimits], clock: ManualClock, link: RedisLink
) -> None:
    model = OwnLimits(clock)
    draw = random.Random(14)
    for step in range(400):
        store = draw.choice(two)
        counted = ((ACCOUNTS, draw.choice("ab")), (ADDRESSES, draw.choice("xy")))
        outcome = draw.choices((OPEN, FAILED, SUCCEEDED), (1, 8, 1))[0]
        expected = await model.settle(counted, outcome)
        found = await store.settle(counted, outcome)
        assert (found is None) is (expected is None), step
        assert abs((found or 0) - (expected or 0)) < NEAR_S, step
        if draw.random() < 0.2:
            # Never so near to the end of a window that a second would matter.
            seconds = draw.choice((100.5, 301.5, 1000.5, 4000.5))
            clock.advance(seconds=seconds)
            await link.run(TURN, [], [int(seconds * 1000)])


async def test_redis_keeps_no_more_than_a_bound_and_nothing_for_ever(
    two: tuple[SharedLimits, SharedLimits], link: RedisLink
) -> None:
    small = Limit("small", LimiterRule(max_failures=3, window_s=300, capacity=20))
    for number in range(100):
        await two[0].settle(((small, str(number)),), FAILED)
    keys = await link.run("return redis.call('KEYS', 'tongke:limit*')", [], [])
    assert len(keys) == 21
    assert not any(key.endswith(":99") for key in keys)  # who it was cannot be read
    for key in keys:
        left = await link.run("return redis.call('PTTL', KEYS[1])", [key], [])
        assert 0 < left <= 300_000
    for _ in range(2):
        await two[1].settle(((small, "99"),), FAILED)  # the newest ones were kept
    assert await two[1].settle(((small, "99"),), OPEN) is not None


async def test_without_redis_each_process_counts_by_itself(
    two: tuple[SharedLimits, SharedLimits], redis: RedisServer, clock: ManualClock
) -> None:
    a, b = two
    await _failures(a, "wang", 2)
    redis.kill()
    try:
        with capture_logs() as logs:
            assert await _failures(a, "wang", 2) == [False, True]  # its own failures are known
            assert await _failures(b, "wang", 4) == [False, False, False, True]
            assert await a.settle(((ACCOUNTS, "li"),), OPEN) is None  # nobody else is kept out
            clock.advance(seconds=AWAY_S)
            await a.settle(((ACCOUNTS, "li"),), OPEN)
            assert await a.take(ASKS, "here") is None
        told = [one["event"] for one in logs]
        assert told == ["limits_of_this_process_only"] * 2  # once a process
    finally:
        redis.start()
    assert await a.settle(((ACCOUNTS, "wang"),), OPEN) is not None  # not asked again yet
    clock.advance(seconds=AWAY_S)
    assert await a.settle(((ACCOUNTS, "wang"),), OPEN) is None  # Redis counts anew


async def test_a_frozen_redis_is_not_asked_by_every_login(
    redis: RedisServer, clock: ManualClock
) -> None:
    store = SharedLimits(RedisLink(redis.url, 0.05), clock)
    redis.freeze()
    try:
        await store.settle(((ACCOUNTS, "wang"),), OPEN)
        with capture_logs() as logs:
            for _ in range(100):
                await store.settle(((ACCOUNTS, "wang"),), OPEN)
        assert not store._link._running or len(store._link._running) == 1
        assert not logs
    finally:
        redis.thaw()
    await store.close()
