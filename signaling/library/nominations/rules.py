"""School years, and for which of them a resource may be nominated."""

from __future__ import annotations

from datetime import date

FIRST_MONTH = 9  # a school year begins on 1 September


def school_year(day: date) -> int:
    """Return the school year of a day: that in which it began."""
    return day.year if day.month >= FIRST_MONTH else day.year - 1


def may_nominate_for(year: int, today: date) -> bool:
    """Return whether a nomination for a school year is sensible: this one, or one beside it."""
    return abs(year - school_year(today)) <= 1
