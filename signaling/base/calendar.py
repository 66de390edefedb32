"""Days and teaching weeks of the county's time zone, as intervals of instants."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_WEEK = re.compile(r"^([0-9]{4})-W([0-9]{2})$")  # ISO 8601 week
_DAY = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")


def parse_day(text: str) -> date:
    """``2026-11-22``. Raises ValueError."""
    if not _DAY.match(text):
        raise ValueError("expected YYYY-MM-DD")
    return date.fromisoformat(text)


def parse_week(text: str) -> date:
    """The Monday of ``2026-W47``. Raises ValueError."""
    match = _WEEK.match(text)
    if match is None:
        raise ValueError("expected YYYY-Www")
    return date.fromisocalendar(int(match[1]), int(match[2]), 1)


def days(first: date, count: int, zone: tzinfo) -> tuple[datetime, datetime]:
    """The half-open interval of `count` days from `first`, in UTC."""
    start = datetime.combine(first, time(), zone)
    end = datetime.combine(first + timedelta(days=count), time(), zone)
    return start.astimezone(UTC), end.astimezone(UTC)
