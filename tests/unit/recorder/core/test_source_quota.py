"""What one source may take of the disk, on a virtual clock."""

from __future__ import annotations

import pytest

from recorder.core.source_quota import BURST_S, QuotaRules, SourceQuota

RULES = QuotaRules(bps=8e6, modest_bps=0.8e6, most_bytes=100_000_000, most_tracks=3)


def bring(
    quota: SourceQuota, bps: float, now: float, seconds: float, *, short: bool = False
) -> int:
    """Records of 1,000 bytes at an even rate; returns the bytes that were kept."""
    count = round(bps * seconds / 8000)
    kept = sum(quota.take(1000, now + seconds * n / count, short=short) for n in range(count))
    return 1000 * kept


def test_a_lesson_at_its_usual_rate_is_kept_whole() -> None:
    quota = SourceQuota(RULES, 0.0)
    assert bring(quota, 7.5e6, 0.0, 60) == 56_250_000
    assert quota.refused == 0


def test_what_an_outage_kept_may_come_at_once() -> None:
    quota = SourceQuota(RULES, 0.0)
    assert bring(quota, 4e6, 0.0, 20) == 10_000_000
    assert bring(quota, 40e6, 25.0, 0.5) == 2_500_000


def test_a_flood_is_cut_and_stays_cut_while_it_lasts() -> None:
    quota = SourceQuota(RULES, 0.0)
    kept = bring(quota, 200e6, 0.0, 10)
    assert kept <= 1e6 * BURST_S * 1.1
    assert quota.cut
    assert bring(quota, 20e6, 10.0, 60) == 0


def test_who_calmed_down_is_kept_again_whole() -> None:
    quota = SourceQuota(RULES, 0.0)
    bring(quota, 200e6, 0.0, 10)
    bring(quota, 2e6, 10.0, 5)
    assert not quota.cut
    assert bring(quota, 2e6, 15.0, 20) == 5_000_000


def test_in_all_there_is_a_bound_for_good() -> None:
    quota = SourceQuota(RULES, 0.0)
    assert bring(quota, 7.5e6, 0.0, 200) == RULES.most_bytes
    assert bring(quota, 1e3, 1000.0, 100) == 0


def test_while_space_is_short_only_modest_sources_are_kept() -> None:
    modest, heavy = SourceQuota(RULES, 0.0), SourceQuota(RULES, 0.0)
    assert bring(modest, 0.7e6, 0.0, 60, short=True) == 5_250_000
    assert bring(heavy, 4e6, 0.0, 60, short=True) <= 1_000_000
    assert heavy.cut
    assert bring(heavy, 4e6, 60.0, 60, short=False) > 20_000_000  # there is space again


@pytest.mark.parametrize("jump", [-1e6, 1e6])
def test_a_clock_that_is_set_earns_a_burst_at_the_most(jump: float) -> None:
    quota = SourceQuota(RULES, 1e9)
    bring(quota, 200e6, 1e9, 1)
    assert bring(quota, 400e6, 1e9 + jump, 1) <= 1e6 * (BURST_S + 1)


def test_tracks_are_bounded() -> None:
    quota = SourceQuota(RULES, 0.0)
    assert [quota.take_track() for _ in range(5)] == [True, True, True, False, False]
    assert quota.cut
