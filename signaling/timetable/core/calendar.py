"""Terms, teaching weeks, days off, and what a make-up day (调休上课日) teaches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from signaling.timetable.core.codes import DayKind, SkipReason

WEEK = timedelta(days=7)
DAY = timedelta(days=1)
DAYS_OF_WEEK = 7


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """One date that differs from the plain week.

    Attributes:
        on: the date.
        kind: what it is.
        name: the festival, or what a school calls the day.
        teaches: for a make-up day, the weekday (1…7) or the date whose lessons it teaches; nothing
            is taught where it is None.
    """

    on: date
    kind: DayKind
    name: str = ""
    teaches: int | date | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """学期: whole weeks, of which the first may begin late.

    Attributes:
        monday: the Monday of week 1.
        end: the day after the last Sunday.
    """

    starts_on: date
    weeks: int
    # Found once: an import asks for the week of 80,000 lessons.
    monday: date = field(init=False, repr=False, compare=False)
    end: date = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        monday = monday_of(self.starts_on)
        object.__setattr__(self, "monday", monday)
        object.__setattr__(self, "end", monday + self.weeks * WEEK)

    def __contains__(self, day: date) -> bool:
        return self.starts_on <= day < self.end

    def week_of(self, day: date) -> int | None:
        """Return the teaching week of a day, or None outside of the term."""
        return (day - self.monday) // WEEK + 1 if day in self else None

    def day_of(self, week: int, weekday: int) -> date:
        """Return the date of a weekday (1…7) in a teaching week."""
        return self.monday + (week - 1) * WEEK + (weekday - 1) * DAY

    def days(self) -> Iterator[date]:
        """Yield the days of the term."""
        day = self.starts_on
        while day < self.end:
            yield day
            day += DAY

    def overlaps(self, other: Term) -> bool:
        """Tell whether two terms have a day in common."""
        return self.starts_on < other.end and other.starts_on < self.end


def monday_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - (day.isoweekday() - 1) * DAY


def week_number(starts_on: date, day: date) -> int:
    """Return the teaching week of a day: (Monday of the day - Monday of the start) / 7 + 1."""
    return (monday_of(day) - monday_of(starts_on)) // WEEK + 1


@dataclass(frozen=True, slots=True)
class Taught:
    """The place in the timetable whose lessons a date teaches.

    Attributes:
        week: the teaching week, which decides 单 and 双.
        weekday: 1…7.
        source: the date whose lessons these are; the date itself on a plain day.
    """

    week: int
    weekday: int
    source: date


@dataclass(frozen=True, slots=True)
class Skipped:
    """The reason why a date teaches nothing, with the name of the day."""

    reason: SkipReason
    name: str = ""


class Calendar:
    """The days of one school: those of its county, with its own over them.

    A make-up day moves lessons and never doubles them. So a make-up day that names a date teaches
    that date's lessons only if the date is off, and the first such day has them.
    """

    def __init__(self, *layers: Iterable[SpecialDay]) -> None:
        """Put layers together; a later layer replaces single days of an earlier one."""
        self._days: dict[date, SpecialDay] = {}
        for layer in layers:
            self._days |= {day.on: day for day in layer}
        self._made_up: dict[date, date] = {}  # a day off → the make-up day that has its lessons
        for on, day in sorted(self._days.items()):
            teaches = day.teaches
            if day.kind is DayKind.MAKE_UP and isinstance(teaches, date) and self.is_off(teaches):
                self._made_up.setdefault(teaches, on)
        self._teaching: dict[tuple[Term, int], tuple[tuple[date, Taught], ...]] = {}

    @property
    def special(self) -> Mapping[date, SpecialDay]:
        """The days that differ from the plain week."""
        return self._days

    def is_off(self, day: date) -> bool:
        """Tell whether a date is a day off. A plain Sunday is none: nothing is planned on it."""
        special = self._days.get(day)
        return special is not None and special.kind is DayKind.OFF

    def taught_on(self, day: date, term: Term) -> Taught | Skipped:
        """Return what a date teaches."""
        week = term.week_of(day)
        if week is None:
            return Skipped(SkipReason.OUTSIDE_TERM)
        special = self._days.get(day)
        if special is None or special.kind is DayKind.PLAIN:
            return Taught(week, day.isoweekday(), day)
        if special.kind is DayKind.OFF:
            return Skipped(SkipReason.DAY_OFF, special.name)
        return self._made_up_on(special, week, term)

    def teaching(self, weekday: int, term: Term) -> tuple[tuple[date, Taught], ...]:
        """Return the days of a term that teach a weekday's lessons, and what each teaches.

        They are found once, for a county has thousands of plans on five weekdays.
        """
        found = self._teaching.get((term, weekday))
        if found is None:
            taught = ((day, self.taught_on(day, term)) for day in term.days())
            found = tuple(
                (day, one)
                for day, one in taught
                if isinstance(one, Taught) and one.weekday == weekday
            )
            self._teaching[term, weekday] = found
        return found

    def _made_up_on(self, special: SpecialDay, week: int, term: Term) -> Taught | Skipped:
        teaches, nothing = special.teaches, Skipped(SkipReason.MAKE_UP_DAY, special.name)
        if teaches is None:
            return nothing
        if isinstance(teaches, int):
            return Taught(week, teaches, special.on)
        source_week = term.week_of(teaches)
        if source_week is None or self._made_up.get(teaches) != special.on:
            return nothing
        return Taught(source_week, teaches.isoweekday(), teaches)
