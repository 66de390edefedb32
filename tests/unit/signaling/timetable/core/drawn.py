"""Random terms, calendars, bells and plans for property tests."""

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from signaling.timetable.core.bells import BellBook, BellSchedule, Period
from signaling.timetable.core.calendar import Calendar, SpecialDay, Term
from signaling.timetable.core.codes import DayKind
from signaling.timetable.core.expansion import (
    OnDates,
    PlanShape,
    Seat,
    Surroundings,
    Weekly,
)
from signaling.timetable.core.slots import Bell
from signaling.timetable.core.weeks import WeekSet

ZONE = ZoneInfo("Asia/Shanghai")
SCHOOLS = ("town", "hills", "lake")
PERIODS = tuple(Period(number, time(8 + number, 0), time(8 + number, 40)) for number in range(1, 7))
BELLS = BellBook((BellSchedule("all", PERIODS),))


@st.composite
def special_days(draw: st.DrawFn, first: date, days: int) -> tuple[SpecialDay, ...]:
    offsets = draw(st.sets(st.integers(0, days - 1), max_size=16))
    found = []
    for offset in sorted(offsets):
        on = first + timedelta(days=offset)
        kind = draw(st.sampled_from(DayKind))
        teaches: int | date | None = None
        if kind is DayKind.MAKE_UP:
            other = st.integers(0, days - 1).map(lambda n: first + timedelta(days=n))
            near = st.sampled_from([first + timedelta(days=n) for n in sorted(offsets)])
            teaches = draw(st.one_of(st.none(), st.integers(1, 7), other, near, near))
        found.append(SpecialDay(on, kind, f"日{offset}", teaches))
    return tuple(found)


@st.composite
def surroundings(draw: st.DrawFn) -> Surroundings:
    start = draw(st.dates(date(2025, 1, 1), date(2030, 1, 1)))
    term = Term(start, draw(st.integers(1, 22)))
    first, days = term.monday - timedelta(days=7), term.weeks * 7 + 14
    county = draw(special_days(first, days))
    schools = {
        school: Calendar(county, draw(special_days(first, days)))
        for school in draw(st.sets(st.sampled_from(SCHOOLS)))
    }
    return Surroundings(term, Calendar(county), schools, BELLS, ZONE)


@st.composite
def shapes(draw: st.DrawFn, around: Surroundings) -> PlanShape:
    assert around.term is not None
    first, days = around.term.monday - timedelta(days=7), around.term.weeks * 7 + 14
    weeks = WeekSet.of(draw(st.sets(st.integers(1, around.term.weeks), min_size=1)))
    dates = st.sets(
        st.integers(0, days - 1).map(lambda n: first + timedelta(days=n)), min_size=1, max_size=9
    )
    when = draw(
        st.one_of(
            st.builds(Weekly, st.integers(1, 7), st.just(weeks)),
            st.builds(OnDates, dates.map(lambda d: tuple(sorted(d))), st.booleans()),
        )
    )
    seats = draw(st.lists(st.sampled_from(SCHOOLS), max_size=3, unique=True))
    return PlanShape(
        when,
        Bell(draw(st.integers(1, 8)), draw(st.integers(1, 2))),  # 7 and 8 are in no schedule
        draw(st.sampled_from((None, *SCHOOLS))),
        tuple(Seat(f"room-{school}", school) for school in seats),
    )
