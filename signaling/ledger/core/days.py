"""Days, weeks and months, as the ledger names them."""

from __future__ import annotations

from datetime import date, timedelta


def month_of(day: date) -> str:
    """Return the month of a day, as the ledger names it."""
    return f"{day:%Y-%m}"


def monday_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.isoweekday() - 1)


def days_of_month(month: str) -> tuple[date, date]:
    """Return the first and the last day of a month. Raises ValueError."""
    first = date.fromisoformat(f"{month}-01")
    following = (first + timedelta(days=31)).replace(day=1)
    return first, following - timedelta(days=1)
