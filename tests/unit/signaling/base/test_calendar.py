"""Days and weeks of the county."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from signaling.base.calendar import days, parse_day, parse_week


def test_a_day_is_the_countys_day() -> None:
    start, end = days(parse_day("2026-11-22"), 1, ZoneInfo("Asia/Shanghai"))
    assert start == datetime(2026, 11, 21, 16, tzinfo=UTC)
    assert end == datetime(2026, 11, 22, 16, tzinfo=UTC)


def test_a_week_begins_on_monday_also_around_new_year() -> None:
    assert parse_week("2026-W47") == date(2026, 11, 16)
    assert parse_week("2026-W53") == date(2026, 12, 28)
    for bad in ("2026-W54", "2026-47", "2026-W1", "W47"):
        with pytest.raises(ValueError):
            parse_week(bad)
    for bad in ("2026-02-30", "20261122", "", "2026-11-22T00:00"):
        with pytest.raises(ValueError):
            parse_day(bad)
