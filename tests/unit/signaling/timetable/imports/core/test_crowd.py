"""A crowd finds what a look at every other lesson finds, for far less."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from signaling.timetable.core.bookings import Booking, Limits
from signaling.timetable.core.clashes import find_clashes
from signaling.timetable.core.codes import ClashLevel, ClashRule
from signaling.timetable.core.expansion import Seat
from signaling.timetable.imports.core.crowd import Crowd

DAY = date(2026, 9, 1)
START = datetime(2026, 9, 1, tzinfo=UTC)
ids = st.sampled_from(("a", "b", "c"))


@st.composite
def bookings(draw: st.DrawFn) -> list[Booking]:
    found = []
    for number in range(draw(st.integers(1, 8))):
        # Minutes of two days, and lessons that may go on over midnight.
        begin = START + timedelta(minutes=draw(st.integers(0, 96)) * 30)
        rooms = draw(st.sets(ids, max_size=2))
        lead = draw(st.none() | ids)
        found.append(
            Booking(
                lesson_id=f"l{number}",
                on=begin.date(),
                starts_at=begin,
                ends_at=begin + timedelta(minutes=draw(st.sampled_from((30, 45, 600)))),
                teacher_id=draw(st.none() | ids),
                lead_room_id=None if lead is None else f"lead-{lead}",
                lead_school_id=lead,
                lead_class_id=draw(st.none() | ids),
                seats=tuple(Seat(f"room-{room}", room) for room in sorted(rooms)),
                periods=(1,),
            )
        )
    return found


limits = st.builds(
    Limits,
    uplink_kbps=st.dictionaries(ids, st.sampled_from((1_000, 4_000, 10_000))),
    max_lessons=st.dictionaries(ids, st.integers(1, 2)),
    relay_kbps=st.sampled_from((None, 5_000, 100_000)),
    max_consecutive=st.sampled_from((1, 3)),
)


@given(bookings(), limits)
def test_a_crowd_finds_what_a_look_at_all_finds(lessons: list[Booking], bounds: Limits) -> None:
    crowd = Crowd(lessons, bounds)
    for wish in lessons:
        every = find_clashes(wish, _near(wish, lessons), bounds)
        assert crowd.clashes(wish) == every
        if any(one.level is ClashLevel.HARD for one in every):
            assert wish.lesson_id in crowd.suspects


def _near(wish: Booking, lessons: list[Booking]) -> list[Booking]:
    """Lessons of the day, and all that overlap: what `find_clashes` asks for."""
    return [one for one in lessons if one.on == wish.on or one.overlaps(wish)]


def test_lessons_apart_are_no_suspects() -> None:
    def lesson(number: int, teacher: str) -> Booking:
        begin = START + timedelta(hours=number)
        return Booking(f"l{number}", DAY, begin, begin + timedelta(hours=1), teacher_id=teacher)

    assert Crowd([lesson(1, "a"), lesson(2, "a"), lesson(2, "b")], Limits()).suspects == frozenset()


def test_lessons_in_a_row_break_a_soft_rule_without_being_suspects() -> None:
    first = Booking("a", START.date(), START, START + timedelta(minutes=40), "t", periods=(1,))
    begin = first.ends_at + timedelta(minutes=10)
    second = Booking("b", START.date(), begin, begin + timedelta(minutes=40), "t", periods=(2,))
    crowd = Crowd([first, second], Limits(max_consecutive=1))
    assert crowd.suspects == frozenset()
    assert [one.rule for one in crowd.clashes(second)] == [ClashRule.CONSECUTIVE]
