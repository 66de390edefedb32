"""Years of the State Council's holiday notice: their check, and what make-up days teach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum

from signaling.timetable.core.calendar import SpecialDay
from signaling.timetable.core.codes import DayKind
from signaling.timetable.core.holiday_file import HolidayDay, HolidayYear

_FRIDAY = 5


class YearProblem(StrEnum):
    """Reasons why a file is no year of days off."""

    EMPTY = "empty"
    DAY_TWICE = "day_twice"
    DAY_OUTSIDE = "day_outside"


class BadYear(ValueError):
    """A file that is no year of days off; `index` is the place of the day at fault."""

    def __init__(self, problem: YearProblem, index: int = 0) -> None:
        super().__init__(problem)
        self.problem = problem
        self.index = index


def checked_year(year: HolidayYear) -> HolidayYear:
    """Return a year whose days are one per date and lie in or next to the year.

    A notice may name the last days of the year before. Raises BadYear.
    """
    if not year.days:
        raise BadYear(YearProblem.EMPTY)
    seen: set[date] = set()
    for index, day in enumerate(year.days):
        if day.date in seen:
            raise BadYear(YearProblem.DAY_TWICE, index)
        before = day.date.year == year.year - 1 and day.date.month == 12
        if day.date.year != year.year and not before:
            raise BadYear(YearProblem.DAY_OUTSIDE, index)
        seen.add(day.date)
    return year


def special_days(year: HolidayYear) -> Iterator[SpecialDay]:
    """Yield the year's days for a calendar; each make-up day teaches its default."""
    taught = default_pairs(year.days)
    for day in year.days:
        if day.is_off_day:
            yield SpecialDay(day.date, DayKind.OFF, day.name)
        else:
            yield SpecialDay(day.date, DayKind.MAKE_UP, day.name, taught.get(day.date))


def default_pairs(days: Iterable[HolidayDay]) -> dict[date, date]:
    """Pair each make-up day with the day off whose lessons it teaches, unless a county says else.

    The notice does not name the pairs. A festival's n make-up days give back its last n days off
    between Monday and Friday, in order: the days before them are the festival's own by law.
    """
    off: defaultdict[str, list[date]] = defaultdict(list)
    work: defaultdict[str, list[date]] = defaultdict(list)
    for day in sorted(days, key=lambda one: one.date):
        if not day.is_off_day:
            work[day.name].append(day.date)
        elif day.date.isoweekday() <= _FRIDAY:
            off[day.name].append(day.date)
    pairs: dict[date, date] = {}
    for name, made_up in work.items():
        given_back = off[name][-len(made_up) :]
        pairs |= zip(made_up, given_back, strict=False)
    return pairs
