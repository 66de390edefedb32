"""The time of one lesson, and the reasons why a lesson cannot be at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from signaling.timetable.core.bells import BellBook
from signaling.timetable.core.calendar import Calendar, Term

SHORTEST = timedelta(minutes=5)  # below it somebody mistyped


class SlotProblem(StrEnum):
    """Reasons why a lesson cannot be at a time."""

    NO_PERIOD = "no_period"  # the bell schedule of that day lacks the period
    BAD_LENGTH = "bad_length"
    OUTSIDE_TERM = "outside_term"
    DAY_OFF = "day_off"
    PAST = "past"


@dataclass(frozen=True, slots=True)
class Slot:
    """The time of one lesson.

    Attributes:
        on: the date in the county's time zone.
        starts_at: absolute, UTC.
        ends_at: absolute, UTC.
        period: number of the first period; None for a lesson that follows no bell.
        period_count: periods that it takes.
    """

    on: date
    starts_at: datetime
    ends_at: datetime
    period: int | None = None
    period_count: int = 1


@dataclass(frozen=True, slots=True)
class Bell:
    """A lesson's place in the day: periods of a bell schedule."""

    period: int
    period_count: int = 1


@dataclass(frozen=True, slots=True)
class ClockTimes:
    """A lesson's place in the day: local times, for what follows no bell."""

    starts: time
    ends: time


Place = Bell | ClockTimes


def slot_on(
    day: date, place: Place, *, bells: BellBook, school_id: str | None, zone: tzinfo
) -> Slot | None:
    """Return the slot of a place in the day; None where the day's schedule lacks the period."""
    if isinstance(place, ClockTimes):
        times: tuple[time, time] | None = (place.starts, place.ends)
        period, count = None, 1
    else:
        period, count = place.period, place.period_count
        times = bells.times(school_id, day, period, count)
    if times is None:
        return None
    starts_at, ends_at = (datetime.combine(day, moment, zone).astimezone(UTC) for moment in times)
    return Slot(day, starts_at, ends_at, period, count)


def slot_problem(
    slot: Slot,
    *,
    term: Term | None,
    calendar: Calendar,
    now: datetime,
    longest: timedelta,
    in_holidays: bool = False,
) -> SlotProblem | None:
    """Return why a lesson cannot be at a time, or None.

    Args:
        slot: the time.
        term: the term of the lesson; None if it belongs to none.
        calendar: the days of the lead room's school.
        now: the present.
        longest: the longest lesson of the settings.
        in_holidays: whether it is a lesson of 假期排课, which may lie on days off and outside
            of the term.
    """
    if not SHORTEST <= slot.ends_at - slot.starts_at <= longest:
        return SlotProblem.BAD_LENGTH
    if not in_holidays:
        if term is None or slot.on not in term:
            return SlotProblem.OUTSIDE_TERM
        if calendar.is_off(slot.on):
            return SlotProblem.DAY_OFF
    return SlotProblem.PAST if slot.starts_at < now else None
