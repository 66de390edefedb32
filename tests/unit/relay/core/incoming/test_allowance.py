"""Token buckets on a virtual clock, and shares of what is not enough for all."""

from __future__ import annotations

import math

import pytest

from relay.core.incoming.allowance import BURST_S, Allowance, fair_share


def taken(bucket: Allowance, packets: int, size: int, now: float) -> int:
    return sum(bucket.take(size, now) for _ in range(packets))


def test_a_burst_passes_and_then_no_more_than_the_rate() -> None:
    bucket = Allowance(100, math.inf, 10.0)
    assert taken(bucket, 1000, 500, 10.0) == 100 * BURST_S
    assert taken(bucket, 1000, 500, 10.5) == 50
    assert bucket.refused == 1750
    assert bucket.short_of_octets == 0


def test_bytes_are_bounded_whatever_the_packets() -> None:
    bucket = Allowance(1000, 8000, 10.0)  # 1,000 bytes/s
    assert taken(bucket, 50, 100, 10.0) == 20
    assert taken(bucket, 50, 100, 11.0) == 10
    assert bucket.short_of_octets == bucket.refused == 70
    assert bucket.refused_octets == 7000


def test_what_fits_passes_beside_what_is_too_large() -> None:
    bucket = Allowance(1000, 8000, 10.0)
    assert bucket.take(1900, 10.0)
    assert not bucket.take(500, 10.0)
    assert bucket.take(100, 10.0)


def test_in_the_long_run_nothing_above_the_rate_passes() -> None:
    bucket = Allowance(100, math.inf, 0.0)
    seconds = 200
    passed = sum(taken(bucket, 4, 10, tick / 100) for tick in range(100 * seconds))
    assert passed <= 100 * (seconds + 2 * BURST_S)
    assert passed >= 100 * seconds


def test_time_that_goes_back_earns_nothing() -> None:
    """A packet that waited to be read arrived before what was read first."""
    bucket = Allowance(100, math.inf, 10.0)
    assert taken(bucket, 200, 10, 10.0) == 200
    assert not bucket.take(10, 9.0)
    assert not bucket.take(10, 10.0)
    assert taken(bucket, 10, 10, 10.0625) == 6


def test_what_is_given_back_may_be_taken_again() -> None:
    bucket = Allowance(1, math.inf, 0.0)
    for _ in range(100):
        assert bucket.take(10, 0.0)
        bucket.give_back(10)
    assert taken(bucket, 10, 10, 0.0) == 2


def test_it_knows_what_was_taken_however_it_is_narrowed() -> None:
    bucket = Allowance(100, 80_000, 0.0)
    passed = taken(bucket, 150, 10, 0.0)
    bucket.set_rate(10, 8000)
    assert taken(bucket, 100, 10, 0.0) == 20  # the burst of the new rate
    passed += 20 + taken(bucket, 100, 10, 3.0)
    assert bucket.taken == pytest.approx(passed)
    assert bucket.taken_octets == pytest.approx(10 * passed)
    bucket.set_rate(100, 80_000)
    assert taken(bucket, 100, 10, 4.0) == 100


@pytest.mark.parametrize(
    ("wanted", "total", "share"),
    [
        ([10, 20, 30], 100, 30),  # enough for all
        ([10, 20, 300], 100, 70),  # who wants little has it; the rest is one's
        ([10, 200, 300], 100, 45),
        ([50, 50, 50, 50], 100, 25),
        ([], 100, 100),
    ],
)
def test_a_fair_share(wanted: list[float], total: float, share: float) -> None:
    assert fair_share(wanted, total) == share
    assert sum(min(one, share) for one in wanted) <= total
