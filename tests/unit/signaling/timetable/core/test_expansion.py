"""From plans to occurrences: never on a day off, none lost, none doubled."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.timetable.core.calendar import Calendar, SpecialDay, Term
from signaling.timetable.core.codes import DayKind, SkipReason
from signaling.timetable.core.expansion import (
    Expansion,
    FallenOut,
    OnDates,
    PlanShape,
    Seat,
    Surroundings,
    Weekly,
    expand,
)
from signaling.timetable.core.holidays import special_days
from signaling.timetable.core.slots import Bell
from signaling.timetable.core.weeks import WeekSet, parse_weeks
from signaling.timetable.holidays import shipped_years
from tests.unit.signaling.timetable.core.drawn import BELLS, ZONE, shapes, surroundings

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
AUTUMN = Term(date(2026, 8, 31), 20)
COUNTY = tuple(special_days(shipped_years()[2026]))
SEAT = Seat("room-hills", "hills")


def around(*own: SpecialDay) -> Surroundings:
    schools = {"hills": Calendar(COUNTY, own)}
    return Surroundings(AUTUMN, Calendar(COUNTY), schools, BELLS, ZONE)


def weekly(weekday: int, weeks: str, *seats: Seat) -> PlanShape:
    return PlanShape(Weekly(weekday, parse_weeks(weeks, 20)), Bell(1), "town", seats or (SEAT,))


def held(expansion: Expansion) -> dict[str, str]:
    """The dates on which a plan takes place, with the dates whose lessons they are."""
    return {str(one.slot.on)[5:]: str(one.source)[5:] for one in expansion.occurrences}


def test_tuesdays_of_autumn_2026_by_hand() -> None:
    found = expand(weekly(2, "3-8周"), around(), LONG_AGO)
    assert held(found) == {
        "09-15": "09-15",
        "09-20": "10-06",  # the Sunday teaches the Tuesday of the holiday
        "09-22": "09-22",
        "09-29": "09-29",
        "10-13": "10-13",
        "10-20": "10-20",
    }
    assert found.fallen == []


def test_fridays_and_thursdays_of_autumn_2026_that_fall_out_are_named() -> None:
    fridays = expand(weekly(5, "4-6周"), around(), LONG_AGO)
    assert held(fridays) == {"10-09": "10-09"}
    assert fridays.fallen == [
        FallenOut(date(2026, 9, 25), 4, SkipReason.DAY_OFF, "中秋节"),
        FallenOut(date(2026, 10, 2), 5, SkipReason.DAY_OFF, "国庆节"),
    ]
    sundays = expand(weekly(7, "3周"), around(), LONG_AGO)
    assert sundays.fallen == [FallenOut(date(2026, 9, 20), 3, SkipReason.MAKE_UP_DAY, "国庆节")]


def test_odd_and_even_weeks_follow_the_week_that_a_make_up_day_teaches() -> None:
    assert "09-20" in held(expand(weekly(2, "双周"), around(), LONG_AGO))  # week 6
    assert "09-20" not in held(expand(weekly(2, "单周"), around(), LONG_AGO))  # though in week 3


def test_a_make_up_day_set_to_a_weekday_teaches_that_day_of_its_own_week_once_more() -> None:
    own = SpecialDay(date(2026, 9, 20), DayKind.MAKE_UP, "国庆节", 2)
    surroundings_ = Surroundings(AUTUMN, Calendar(COUNTY, (own,)), {}, BELLS, ZONE)
    found = expand(weekly(2, "3-6周"), surroundings_, LONG_AGO)
    assert held(found) == {
        "09-15": "09-15",
        "09-20": "09-20",
        "09-22": "09-22",
        "09-29": "09-29",
    }
    assert found.fallen == [FallenOut(date(2026, 10, 6), 6, SkipReason.DAY_OFF, "国庆节")]


def test_a_point_with_a_day_off_of_its_own_is_left_out_of_that_lesson() -> None:
    sports = SpecialDay(date(2026, 9, 15), DayKind.OFF, "运动会")
    other = Seat("room-lake", "lake")
    both = expand(weekly(2, "3-4周", SEAT, other), around(sports), LONG_AGO)
    assert [one.seats for one in both.occurrences] == [(other,), (SEAT, other)]
    left_out = FallenOut(date(2026, 9, 15), 3, SkipReason.DAY_OFF, "运动会", SEAT.room_id)
    assert both.fallen == [left_out]
    alone = expand(weekly(2, "3周"), around(sports), LONG_AGO)
    assert alone.occurrences == []
    assert FallenOut(date(2026, 9, 15), 3, SkipReason.NO_ROOM) in alone.fallen


def test_what_began_before_the_plan_was_made_falls_out_as_past() -> None:
    now = datetime(2026, 9, 15, 1, 1, tzinfo=UTC)  # a minute after the bell
    found = expand(weekly(2, "3-4周"), around(), now)
    assert held(found) == {"09-22": "09-22"}
    assert found.fallen == [FallenOut(date(2026, 9, 15), 3, SkipReason.PAST)]


def test_single_dates_keep_off_days_off_and_holiday_lessons_seek_them() -> None:
    dates = (date(2026, 9, 24), date(2026, 9, 25), date(2027, 1, 18))
    single = expand(PlanShape(OnDates(dates), Bell(1), "town", ()), around(), LONG_AGO)
    assert held(single) == {"09-24": "09-24"}
    assert [one.reason for one in single.fallen] == [SkipReason.DAY_OFF, SkipReason.OUTSIDE_TERM]
    shape = PlanShape(OnDates(dates, in_holidays=True), Bell(1), "town", (SEAT,))
    assert len(expand(shape, around(), LONG_AGO).occurrences) == 3


def test_a_term_that_reaches_into_a_year_without_a_notice_is_planned_anyway() -> None:
    found = expand(weekly(5, "18周"), around(), LONG_AGO)
    assert held(found) == {"01-01": "01-01"}  # 2027 must be imported; the page says so


@st.composite
def plans(draw: st.DrawFn) -> tuple[PlanShape, Surroundings]:
    drawn = draw(surroundings())
    return draw(shapes(drawn)), drawn


@settings(deadline=None)
@given(plans())
def test_no_lesson_is_on_a_day_off(drawn: tuple[PlanShape, Surroundings]) -> None:
    shape, surroundings_ = drawn
    if isinstance(shape.when, OnDates) and shape.when.in_holidays:
        return
    for one in expand(shape, surroundings_, LONG_AGO).occurrences:
        assert one.slot.on in surroundings_.term
        schools = [shape.lead_school_id, *(seat.school_id for seat in one.seats)]
        assert not any(surroundings_.calendar(school).is_off(one.slot.on) for school in schools)


@settings(deadline=None)
@given(plans())
def test_every_planned_date_and_room_occurs_once_or_is_named(
    drawn: tuple[PlanShape, Surroundings],
) -> None:
    shape, surroundings_ = drawn
    found = expand(shape, surroundings_, LONG_AGO)
    sources = [one.source for one in found.occurrences]
    assert len(set(sources)) == len(sources)
    assert len({one.slot.on for one in found.occurrences}) == len(sources)
    gone = {one.source for one in found.fallen if one.room_id is None}
    assert not gone & set(sources)
    if isinstance(shape.when, Weekly):
        assert surroundings_.term is not None
        planned = {surroundings_.term.day_of(w, shape.when.weekday) for w in shape.when.weeks}
    else:
        planned = set(shape.when.dates)
    named = {*sources, *gone}
    extra = {source for source in named if _repeats_a_weekday(shape, surroundings_, source)}
    assert named == planned | extra
    for one in found.occurrences:  # each room sits in the lesson, or is named
        out = [f.room_id for f in found.fallen if f.source == one.source and f.room_id]
        assert Counter([*out, *(s.room_id for s in one.seats)]) == Counter(
            seat.room_id for seat in shape.seats
        )


def _repeats_a_weekday(shape: PlanShape, surroundings_: Surroundings, source: date) -> bool:
    """Whether it is a make-up day that teaches a weekday of its own week."""
    special = surroundings_.calendar(shape.lead_school_id).special.get(source)
    return special is not None and isinstance(special.teaches, int)


@settings(deadline=None)
@given(plans(), st.integers(0, 200))
def test_the_past_takes_only_what_began_before(
    drawn: tuple[PlanShape, Surroundings], days: int
) -> None:
    shape, surroundings_ = drawn
    assert surroundings_.term is not None
    start = datetime.combine(surroundings_.term.monday, datetime.min.time(), ZONE)
    now = start + timedelta(days=days, hours=10)
    everything = expand(shape, surroundings_, LONG_AGO).occurrences
    kept = expand(shape, surroundings_, now).occurrences
    assert kept == [one for one in everything if one.slot.starts_at >= now]


def test_weeks_of_a_plan_without_a_term_have_no_dates() -> None:
    nowhere = Surroundings(None, Calendar(), {}, BELLS, ZONE)
    shape = PlanShape(Weekly(1, WeekSet.of([1])), Bell(1), None, ())
    assert expand(shape, nowhere, LONG_AGO) == Expansion()
