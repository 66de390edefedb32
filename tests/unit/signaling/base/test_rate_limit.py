"""Limits of failures and of requests."""

import pytest

from signaling.base.rate_limit import BucketRule, Buckets, FailureLimiter, LimiterRule, TokenBucket


def test_a_limiter_counts_by_key_and_forgives_after_the_window() -> None:
    limiter = FailureLimiter(LimiterRule(3, 60))
    for _ in range(3):
        assert limiter.retry_after("a", 10) is None
        limiter.note_failure("a", 10)
    assert limiter.retry_after("a", 30) == 40
    assert limiter.retry_after("b", 30) is None
    assert limiter.retry_after("a", 70) is None
    limiter.note_failure("a", 70)
    assert limiter.retry_after("a", 70) is None


def test_a_limiter_is_bounded_and_remembers_the_busiest() -> None:
    limiter = FailureLimiter(LimiterRule(3, 60, capacity=10))
    for index in range(1000):
        limiter.note_failure("guesser", index / 1000)
        limiter.note_failure(f"other {index}", index / 1000)
    assert len(limiter) == 10
    assert limiter.retry_after("guesser", 1) is not None


def test_a_bucket_allows_a_burst_and_then_the_rate() -> None:
    bucket = TokenBucket(rate=10, burst=5, now=0)
    assert [bucket.take(0) for _ in range(6)] == [True] * 5 + [False]
    assert bucket.take(0.1)
    assert not bucket.take(0.1)
    assert sum(bucket.take(100) for _ in range(20)) == 5


def test_a_bucket_says_how_long_to_wait() -> None:
    buckets = Buckets(BucketRule(rate=0.5, burst=3))
    assert [buckets.take("a", 10.0) for _ in range(3)] == [None, None, None]
    assert buckets.take("a", 10.0) == pytest.approx(2.0)
    assert buckets.take("a", 11.0) == pytest.approx(1.0)
    assert buckets.take("b", 11.0) is None
    assert buckets.take("a", 12.0) is None


def test_buckets_are_few_whoever_comes() -> None:
    buckets = Buckets(BucketRule(rate=1, burst=1, capacity=10))
    for number in range(1000):
        buckets.take(str(number), 0.0)
        buckets.take("busy", 0.0)
    assert len(buckets) == 10
    assert buckets.take("busy", 0.0) is not None
