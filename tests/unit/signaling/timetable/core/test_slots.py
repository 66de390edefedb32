"""The time of a lesson: absolute from the bells, and refused by name."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from signaling.timetable.core.calendar import Calendar, SpecialDay, Term
from signaling.timetable.core.codes import DayKind
from signaling.timetable.core.slots import (
    Bell,
    ClockTimes,
    Place,
    SlotProblem,
    slot_on,
    slot_problem,
)
from tests.unit.signaling.timetable.core.drawn import BELLS, ZONE

TERM = Term(date(2026, 8, 31), 20)
OFF = date(2026, 9, 25)
CALENDAR = Calendar([SpecialDay(OFF, DayKind.OFF, "中秋节")])
NOW = datetime(2026, 9, 14, 4, tzinfo=UTC)
LONGEST = timedelta(hours=12)


def test_periods_become_absolute_times() -> None:
    slot = slot_on(date(2026, 9, 15), Bell(2, 2), bells=BELLS, school_id=None, zone=ZONE)
    assert slot is not None
    assert slot.starts_at == datetime(2026, 9, 15, 2, 0, tzinfo=UTC)
    assert slot.ends_at == datetime(2026, 9, 15, 3, 40, tzinfo=UTC)
    assert (slot.period, slot.period_count) == (2, 2)


def test_a_period_that_no_bell_rings_has_no_slot() -> None:
    assert slot_on(OFF, Bell(7), bells=BELLS, school_id=None, zone=ZONE) is None


@pytest.mark.parametrize(
    ("day", "place", "in_holidays", "problem"),
    [
        ("2026-09-15", Bell(1), False, None),
        ("2026-09-14", ClockTimes(time(11, 59), time(12, 40)), False, SlotProblem.PAST),
        ("2026-09-14", ClockTimes(time(12, 0), time(12, 40)), False, None),
        ("2026-09-25", Bell(1), False, SlotProblem.DAY_OFF),
        ("2026-09-25", Bell(1), True, None),
        ("2026-08-30", Bell(1), False, SlotProblem.OUTSIDE_TERM),
        ("2027-01-18", Bell(1), False, SlotProblem.OUTSIDE_TERM),
        ("2027-01-18", Bell(1), True, None),
        ("2026-09-01", Bell(1), True, SlotProblem.PAST),
        ("2026-09-15", ClockTimes(time(8, 0), time(20, 1)), False, SlotProblem.BAD_LENGTH),
        ("2026-09-15", ClockTimes(time(9, 0), time(8, 0)), True, SlotProblem.BAD_LENGTH),
        ("2026-09-15", ClockTimes(time(9, 0), time(9, 4)), False, SlotProblem.BAD_LENGTH),
    ],
)
def test_a_time_that_cannot_be_is_named(
    day: str, place: Place, in_holidays: bool, problem: SlotProblem | None
) -> None:
    slot = slot_on(date.fromisoformat(day), place, bells=BELLS, school_id=None, zone=ZONE)
    assert slot is not None
    found = slot_problem(
        slot, term=TERM, calendar=CALENDAR, now=NOW, longest=LONGEST, in_holidays=in_holidays
    )
    assert found is problem


def test_a_lesson_of_no_term_lies_outside_of_it() -> None:
    slot = slot_on(date(2026, 9, 15), Bell(1), bells=BELLS, school_id=None, zone=ZONE)
    assert slot is not None
    problem = slot_problem(slot, term=None, calendar=CALENDAR, now=NOW, longest=LONGEST)
    assert problem is SlotProblem.OUTSIDE_TERM
