"""Overrides of one occurrence commute as their module says."""

from datetime import UTC, date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.timetable.core.changes import (
    Held,
    Override,
    Rooms,
    overridden,
    replanned,
)
from signaling.timetable.core.codes import ChangedPart
from signaling.timetable.core.expansion import Seat
from signaling.timetable.core.slots import Slot

slots = st.builds(
    lambda day, hour: Slot(
        date(2026, 9, day),
        datetime(2026, 9, day, hour, tzinfo=UTC),
        datetime(2026, 9, day, hour, 40, tzinfo=UTC),
        hour,
    ),
    st.integers(1, 28),
    st.integers(1, 8),
)
teachers = st.sampled_from(["wang", "li", "zhao"])
seats = st.sampled_from([Seat("a", "hills"), Seat("b", "lake"), Seat("c", "lake")])
rooms = st.builds(
    Rooms,
    st.sampled_from([None, "lead", "other"]),
    st.lists(seats, max_size=2, unique=True).map(tuple),
)
lessons = st.builds(Held, slots, teachers, rooms)
overrides = st.builds(
    Override, st.none() | slots, st.none() | teachers, st.none() | rooms, st.booleans()
)


@settings(deadline=None)
@given(lessons, overrides, overrides)
def test_two_overrides_are_one(held: Held, first: Override, later: Override) -> None:
    both = first.then(later)
    assert overridden(overridden(held, first), later) == overridden(held, both)
    assert both.parts == first.parts | later.parts


@settings(deadline=None)
@given(lessons, overrides, overrides)
def test_overrides_of_different_parts_commute(held: Held, one: Override, other: Override) -> None:
    if one.parts & other.parts <= {ChangedPart.STOP}:
        assert overridden(overridden(held, one), other) == overridden(overridden(held, other), one)


@settings(deadline=None)
@given(lessons, overrides, overrides)
def test_of_two_that_set_one_part_the_later_wins(
    held: Held, first: Override, later: Override
) -> None:
    result = overridden(overridden(held, first), later)
    if ChangedPart.SLOT in later.parts:
        assert result.slot == later.slot
    if ChangedPart.TEACHER in later.parts:
        assert result.teacher_id == later.teacher_id
    if ChangedPart.ROOMS in later.parts:
        assert result.rooms == later.rooms


@settings(deadline=None)
@given(lessons, overrides)
def test_an_override_is_idempotent_and_a_stop_stays(held: Held, override: Override) -> None:
    once = overridden(held, override)
    assert overridden(once, override) == once
    stopped = overridden(held, Override(stop=True))
    assert overridden(stopped, override).stopped


@settings(deadline=None)
@given(lessons, overrides, lessons)
def test_a_change_of_the_plan_and_an_override_commute(
    held: Held, override: Override, planned: Held
) -> None:
    override_first = replanned(overridden(held, override), override.parts, planned)
    plan_first = overridden(replanned(held, frozenset(), planned), override)
    assert override_first == plan_first
