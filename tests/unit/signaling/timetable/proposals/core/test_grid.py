"""The grid of a school: absolute times become slots and weeks, by its own days and bells."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from signaling.timetable.core.bells import BellBook, BellSchedule, Period
from signaling.timetable.core.bookings import Booking
from signaling.timetable.core.calendar import Calendar, SpecialDay, Term
from signaling.timetable.core.codes import DayKind
from signaling.timetable.core.expansion import Seat, Surroundings
from signaling.timetable.proposals.core.grid import Grid, base_loads, taken
from signaling.timetable.proposals.core.problem import (
    Resource,
    ResourceKind,
    TakenBy,
    WeekSlot,
)

ZONE = ZoneInfo("Asia/Shanghai")
TERM = Term(date(2026, 8, 31), 6)
HOLIDAYS = (
    SpecialDay(date(2026, 9, 25), DayKind.OFF, "中秋节"),
    SpecialDay(date(2026, 9, 20), DayKind.MAKE_UP, teaches=date(2026, 9, 25)),
)


def periods(first_hour: int, count: int) -> tuple[Period, ...]:
    """Lessons of forty minutes at full hours; the third is after a long break."""
    hours = [first_hour + number + (2 if number >= 2 else 0) for number in range(count)]
    return tuple(
        Period(number, time(hour), time(hour, 40)) for number, hour in enumerate(hours, start=1)
    )


SUMMER = BellSchedule("summer", periods(8, 4), valid_to=date(2026, 9, 30))
WINTER = BellSchedule("winter", periods(9, 3), valid_from=date(2026, 10, 1))


def grid(begins: date = TERM.starts_on, *schedules: BellSchedule) -> Grid:
    bells = BellBook(schedules or (SUMMER, WINTER))
    around = Surroundings(TERM, Calendar(HOLIDAYS), {}, bells, ZONE)
    return Grid(around, TERM, "centre", begins, (1, 2, 3, 4, 5))


def booking(day: date, starts: time, minutes: int = 40) -> Booking:
    begins = datetime.combine(day, starts, ZONE)
    ends = begins + timedelta(minutes=minutes)
    return Booking("x", day, begins, ends, teacher_id="wang", lead_school_id="other")


WANG = Resource(ResourceKind.TEACHER, "wang")


def test_a_slot_needs_its_period_in_summer_and_in_winter() -> None:
    assert {slot.period for slot in grid().slots} == {1, 2, 3}
    assert {slot.period for slot in grid(TERM.starts_on, SUMMER).slots} == {1, 2, 3, 4}
    october = grid(date(2026, 10, 5), WINTER)
    assert {slot.day for slot in october.slots} == {1, 2, 3, 4, 5}


def test_a_long_pause_parts_the_periods() -> None:
    assert grid().breaks(timedelta(minutes=60)) == (2,)
    assert grid().breaks(timedelta(hours=4)) == ()


def test_a_lesson_of_other_bells_takes_each_slot_that_it_overlaps() -> None:
    monday = date(2026, 9, 7)  # of week 2
    between = booking(monday, time(8, 30), 40)  # from the first period into the second
    assert set(grid().cells(between)) == {(WeekSlot(1, 1), 2), (WeekSlot(1, 2), 2)}
    pause = booking(monday, time(8, 40), 20)
    assert set(grid().cells(pause)) == set()


def test_the_same_hour_is_another_period_in_winter() -> None:
    assert set(grid().cells(booking(date(2026, 9, 7), time(9)))) == {(WeekSlot(1, 2), 2)}
    assert set(grid().cells(booking(date(2026, 10, 5), time(9)))) == {(WeekSlot(1, 1), 6)}


def test_a_make_up_day_takes_the_slots_of_the_day_that_it_teaches() -> None:
    sunday = date(2026, 9, 20)  # teaches Friday 9/25, of week 4
    assert set(grid().cells(booking(sunday, time(8)))) == {(WeekSlot(5, 1), 4)}
    assert set(grid().cells(booking(date(2026, 9, 25), time(8)))) == set()


def test_weeks_before_the_beginning_do_not_count() -> None:
    assert set(grid(date(2026, 9, 14)).cells(booking(date(2026, 9, 7), time(8)))) == set()


def test_weeks_of_one_slot_are_taken_together_and_only_for_whom_it_concerns() -> None:
    bookings = [booking(date(2026, 9, 7), time(8)), booking(date(2026, 9, 14), time(8))]
    (found,) = taken(grid(), bookings, {WANG})
    assert (found.resource, found.slot, found.by) == (WANG, WeekSlot(1, 1), TakenBy.LESSON)
    assert found.weeks == 1 << 2 | 1 << 3
    assert taken(grid(), bookings, {Resource(ResourceKind.TEACHER, "li")}) == ()


def test_loads_of_one_slot_add_up_by_week() -> None:
    both = [booking(date(2026, 9, 7), time(8)), booking(date(2026, 9, 7), time(8, 10), 10)]
    (found,) = base_loads(grid(), both, "relay", [3, 4])
    assert (found.slot, found.weeks, found.amount) == (WeekSlot(1, 1), 1 << 2, 7)
    assert base_loads(grid(), both, "relay", [0, 0]) == ()


def test_rooms_and_classes_of_a_lesson_are_taken_with_its_teacher() -> None:
    seat = Seat("room", "point", "class")
    day = date(2026, 9, 7)
    begins = datetime.combine(day, time(8), ZONE)
    lesson = Booking("x", day, begins, begins + timedelta(minutes=40), seats=(seat,))
    concerned = {Resource(ResourceKind.ROOM, "room"), Resource(ResourceKind.CLASS, "class"), WANG}
    assert {one.resource for one in taken(grid(), [lesson], concerned)} == concerned - {WANG}
