"""Bell schedules: periods in order, and the one that holds for a school on a day."""

from datetime import date, time

import pytest

from signaling.timetable.core.bells import (
    BadBells,
    BellBook,
    BellSchedule,
    BellsProblem,
    Period,
    check_periods,
)


def period(number: int, starts: str, ends: str) -> Period:
    return Period(number, time.fromisoformat(starts), time.fromisoformat(ends))


DAY = (period(1, "08:20", "09:00"), period(2, "09:10", "09:50"), period(3, "10:20", "11:00"))


@pytest.mark.parametrize(
    ("periods", "problem", "index"),
    [
        ((), BellsProblem.EMPTY, 0),
        ((*DAY, period(4, "11:40", "11:00")), BellsProblem.ENDS_EARLY, 3),
        ((*DAY, period(4, "11:10", "11:10")), BellsProblem.ENDS_EARLY, 3),
        ((*DAY, period(3, "11:10", "11:50")), BellsProblem.NOT_IN_ORDER, 3),
        ((DAY[0], period(2, "08:59", "09:40")), BellsProblem.OVERLAP, 1),
    ],
)
def test_periods_that_make_no_schedule_are_named(
    periods: tuple[Period, ...], problem: BellsProblem, index: int
) -> None:
    with pytest.raises(BadBells) as caught:
        check_periods(periods)
    assert (caught.value.problem, caught.value.index) == (problem, index)


def test_periods_may_touch() -> None:
    check_periods((*DAY, period(4, "11:00", "11:40")))


def test_lessons_of_several_periods_last_to_the_end_of_the_last() -> None:
    schedule = BellSchedule("s", DAY)
    assert schedule.times(2, 1) == (time(9, 10), time(9, 50))
    assert schedule.times(2, 2) == (time(9, 10), time(11, 0))
    assert schedule.times(3, 2) is None
    assert schedule.times(4, 1) is None
    assert schedule.times(1, 0) is None


SUMMER = BellSchedule("summer", DAY, date(2026, 5, 1), date(2026, 9, 30))
WINTER = BellSchedule("winter", DAY[:2], date(2026, 10, 1), None)
OWN = BellSchedule("own", DAY[:1], date(2026, 9, 1), date(2026, 9, 15), school_id="hills")


@pytest.mark.parametrize(
    ("school_id", "day", "found"),
    [
        ("town", date(2026, 9, 30), "summer"),
        ("town", date(2026, 10, 1), "winter"),
        ("town", date(2026, 4, 30), None),
        ("hills", date(2026, 9, 15), "own"),
        ("hills", date(2026, 9, 16), "summer"),
        (None, date(2026, 9, 10), "summer"),
    ],
)
def test_a_school_follows_its_own_bells_and_else_those_of_the_county(
    school_id: str | None, day: date, found: str | None
) -> None:
    book = BellBook((SUMMER, WINTER, OWN))
    schedule = book.schedule(school_id, day)
    assert (schedule and schedule.schedule_id) == found
    assert (book.times(school_id, day, 1, 1) is None) == (found is None)


def test_two_schedules_of_one_owner_overlap_by_their_dates() -> None:
    assert not SUMMER.overlaps(WINTER)
    assert not SUMMER.overlaps(OWN)
    assert SUMMER.overlaps(BellSchedule("x", DAY, date(2026, 9, 30), None))
    assert WINTER.overlaps(BellSchedule("x", DAY))
