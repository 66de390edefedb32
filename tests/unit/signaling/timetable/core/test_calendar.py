"""Teaching weeks, days off, and what make-up days teach: autumn 2026 by hand, others at random."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.timetable.core.calendar import (
    Calendar,
    Skipped,
    SpecialDay,
    Taught,
    Term,
    monday_of,
)
from signaling.timetable.core.codes import DayKind, Parity, SkipReason
from signaling.timetable.core.holidays import special_days
from signaling.timetable.core.weeks import parity_of
from signaling.timetable.holidays import shipped_years

AUTUMN = Term(date(2026, 8, 31), 20)
COUNTY = tuple(special_days(shipped_years()[2026]))


@pytest.mark.parametrize(
    ("day", "taught"),
    [
        ("2026-08-31", (1, 1, "2026-08-31")),
        ("2026-09-06", (1, 7, "2026-09-06")),
        ("2026-09-18", (3, 5, "2026-09-18")),
        ("2026-09-20", (6, 2, "2026-10-06")),  # a Sunday teaches Tuesday of week 6 (双)
        ("2026-09-21", (4, 1, "2026-09-21")),
        ("2026-09-28", (5, 1, "2026-09-28")),
        ("2026-10-08", (6, 4, "2026-10-08")),
        ("2026-10-10", (6, 3, "2026-10-07")),  # a Saturday teaches Wednesday of week 6
        ("2026-10-12", (7, 1, "2026-10-12")),
        ("2027-01-17", (20, 7, "2027-01-17")),
    ],
)
def test_autumn_2026_by_hand(day: str, taught: tuple[int, int, str]) -> None:
    week, weekday, source = taught
    found = Calendar(COUNTY).taught_on(date.fromisoformat(day), AUTUMN)
    assert found == Taught(week, weekday, date.fromisoformat(source))


@pytest.mark.parametrize(
    ("day", "skipped"),
    [
        ("2026-08-30", Skipped(SkipReason.OUTSIDE_TERM)),
        ("2027-01-18", Skipped(SkipReason.OUTSIDE_TERM)),
        ("2026-09-25", Skipped(SkipReason.DAY_OFF, "中秋节")),
        ("2026-10-07", Skipped(SkipReason.DAY_OFF, "国庆节")),
    ],
)
def test_days_of_autumn_2026_that_teach_nothing(day: str, skipped: Skipped) -> None:
    assert Calendar(COUNTY).taught_on(date.fromisoformat(day), AUTUMN) == skipped


def test_the_parity_is_that_of_the_teaching_week() -> None:
    assert date(2026, 9, 1).isocalendar().week == 36
    assert AUTUMN.week_of(date(2026, 9, 1)) == 1
    assert parity_of(1) is Parity.ODD


def test_a_term_that_begins_within_a_week_counts_that_week() -> None:
    term = Term(date(2026, 9, 1), 2)  # a Tuesday
    assert [term.week_of(day) for day in (date(2026, 8, 31), date(2026, 9, 1))] == [None, 1]
    assert term.week_of(date(2026, 9, 7)) == 2
    assert term.end == date(2026, 9, 14)
    assert len(list(term.days())) == 13


def test_a_school_may_set_a_day_otherwise_than_its_county() -> None:
    tuesday, sunday, off = date(2026, 9, 15), date(2026, 9, 20), date(2026, 9, 25)
    school = Calendar(
        COUNTY,
        (
            SpecialDay(tuesday, DayKind.OFF, "运动会"),
            SpecialDay(sunday, DayKind.MAKE_UP, "国庆节", 2),
            SpecialDay(off, DayKind.PLAIN),
        ),
    )
    assert school.taught_on(tuesday, AUTUMN) == Skipped(SkipReason.DAY_OFF, "运动会")
    assert school.taught_on(sunday, AUTUMN) == Taught(3, 2, sunday)  # Tuesday of its own week
    assert school.taught_on(off, AUTUMN) == Taught(4, 5, off)


def test_a_make_up_day_moves_lessons_and_never_doubles_them() -> None:
    friday, off = date(2026, 9, 18), date(2026, 9, 25)
    days = [
        SpecialDay(date(2026, 9, 19), DayKind.MAKE_UP, "a", off),
        SpecialDay(date(2026, 9, 20), DayKind.MAKE_UP, "b", off),
        SpecialDay(date(2026, 9, 26), DayKind.MAKE_UP, "c", friday),
        SpecialDay(date(2026, 10, 10), DayKind.MAKE_UP, "d"),
        SpecialDay(off, DayKind.OFF, "中秋节"),
    ]
    calendar = Calendar(days)
    assert calendar.taught_on(date(2026, 9, 19), AUTUMN) == Taught(4, 5, off)
    for day, name in (
        (date(2026, 9, 20), "b"),
        (date(2026, 9, 26), "c"),
        (date(2026, 10, 10), "d"),
    ):
        assert calendar.taught_on(day, AUTUMN) == Skipped(SkipReason.MAKE_UP_DAY, name)


def test_terms_overlap_by_their_days() -> None:
    spring = Term(date(2027, 2, 22), 20)
    assert not AUTUMN.overlaps(spring)
    assert AUTUMN.overlaps(Term(date(2027, 1, 17), 1))
    assert not AUTUMN.overlaps(Term(date(2027, 1, 18), 1))


@settings(deadline=None)
@given(st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.integers(1, 30), st.integers(0, 300))
def test_week_and_weekday_name_the_date(start: date, weeks: int, offset: int) -> None:
    term = Term(start, weeks)
    day = start + timedelta(days=offset)
    week = term.week_of(day)
    assert (week is None) == (day >= term.end)
    if week is not None:
        assert 1 <= week <= weeks
        assert term.day_of(week, day.isoweekday()) == day
        assert monday_of(day) == term.day_of(week, 1)
