"""作息时间: bell schedules of a county or a school, each for a span of dates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

MAX_PERIODS = 16  # of a day, with morning reading and evening study

_Asked = tuple[str | None, date, int, int]  # school, day, first period and their number


class BellsProblem(StrEnum):
    """Reasons why periods make no schedule."""

    EMPTY = "empty"
    ENDS_EARLY = "ends_early"  # a period ends before it begins
    OVERLAP = "overlap"  # a period begins before the one before it ends
    NOT_IN_ORDER = "not_in_order"  # the numbers do not rise


class BadBells(ValueError):
    """Periods that make no schedule; `index` is the place of the period at fault."""

    def __init__(self, problem: BellsProblem, index: int = 0) -> None:
        super().__init__(problem)
        self.problem = problem
        self.index = index


@dataclass(frozen=True, slots=True)
class Period:
    """节次: a numbered lesson of the day, in the local time of the county."""

    number: int
    starts: time
    ends: time
    name: str = ""


def check_periods(periods: Sequence[Period]) -> None:
    """Raise BadBells unless the periods follow one another without overlap."""
    if not periods:
        raise BadBells(BellsProblem.EMPTY)
    for index, period in enumerate(periods):
        if period.ends <= period.starts:
            raise BadBells(BellsProblem.ENDS_EARLY, index)
        if index and period.number <= periods[index - 1].number:
            raise BadBells(BellsProblem.NOT_IN_ORDER, index)
        if index and period.starts < periods[index - 1].ends:
            raise BadBells(BellsProblem.OVERLAP, index)


@dataclass(frozen=True, slots=True)
class BellSchedule:
    """One schedule, such as 夏季作息.

    Attributes:
        valid_from: the first day; None is open.
        valid_to: the last day; None is open.
        school_id: whose it is; None is the county's, for schools without their own.
    """

    schedule_id: str
    periods: tuple[Period, ...]
    valid_from: date | None = None
    valid_to: date | None = None
    school_id: str | None = None
    name: str = ""

    def is_valid_on(self, day: date) -> bool:
        """Tell whether the schedule holds on a day."""
        return (self.valid_from or date.min) <= day <= (self.valid_to or date.max)

    def overlaps(self, other: BellSchedule) -> bool:
        """Tell whether two schedules of one owner hold on the same day."""
        return (
            self.school_id == other.school_id
            and (self.valid_from or date.min) <= (other.valid_to or date.max)
            and (other.valid_from or date.min) <= (self.valid_to or date.max)
        )

    def times(self, first: int, count: int) -> tuple[time, time] | None:
        """Return when `count` periods from number `first` on begin and end.

        They must follow one another in the schedule; None where it lacks one.
        """
        numbers = [period.number for period in self.periods]
        if first not in numbers or count < 1:
            return None
        place = numbers.index(first)
        part = self.periods[place : place + count]
        return (part[0].starts, part[-1].ends) if len(part) == count else None


class BellBook:
    """All schedules of a county: which one holds for a school on a day."""

    def __init__(self, schedules: Iterable[BellSchedule]) -> None:
        self._of: dict[str | None, list[BellSchedule]] = {}
        self._times: dict[_Asked, tuple[time, time] | None] = {}
        for schedule in schedules:
            self._of.setdefault(schedule.school_id, []).append(schedule)

    def schedule(self, school_id: str | None, day: date) -> BellSchedule | None:
        """Return the school's own schedule of a day, or else the county's."""
        for owner in (school_id, None):
            for schedule in self._of.get(owner, ()):
                if schedule.is_valid_on(day):
                    return schedule
        return None

    def times(
        self, school_id: str | None, day: date, first: int, count: int
    ) -> tuple[time, time] | None:
        """Return when periods of a school begin and end on a day; None where there are none.

        They are found once, for a county has thousands of plans in the same periods.
        """
        asked = school_id if school_id in self._of else None, day, first, count
        if asked not in self._times:
            schedule = self.schedule(school_id, day)
            self._times[asked] = None if schedule is None else schedule.times(first, count)
        return self._times[asked]
