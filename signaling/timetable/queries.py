"""Query parameters of the timetable's routes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

from signaling.base.calendar import parse_day
from signaling.base.errors import Invalid

MAX_NUMBER = 10_000  # above it a number is a slip; a year has four digits


def number(query: Mapping[str, str], name: str, default: int | None = None) -> int | None:
    """Return a whole number. Raises Invalid."""
    text = query.get(name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and int(text[:6]) <= MAX_NUMBER):
        raise Invalid("expected a whole number", field=name)
    return int(text)


def day(query: Mapping[str, str], name: str) -> date | None:
    """Return a date. Raises Invalid."""
    text = query.get(name)
    if not text:
        return None
    try:
        return parse_day(text)
    except ValueError as error:
        raise Invalid(str(error), field=name) from None


def moment(query: Mapping[str, str], name: str) -> datetime | None:
    """Return a moment, RFC 3339 with offset. Raises Invalid."""
    text = query.get(name)
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            raise ValueError("the time has no time zone")
        return found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid(str(error), field=name) from None
