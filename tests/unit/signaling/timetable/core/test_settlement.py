"""What becomes of the lessons of a plan that changed: ids stay, nothing comes twice."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.timetable.core.calendar import Term
from signaling.timetable.core.expansion import Occurrence
from signaling.timetable.core.settlement import Present, settle
from signaling.timetable.core.slots import Slot

TERM = Term(date(2026, 8, 31), 20)
MONDAY = TERM.monday


def occurrence(offset: int) -> Occurrence:
    on = MONDAY + timedelta(days=offset)
    start = datetime(on.year, on.month, on.day, 1, tzinfo=UTC)
    return Occurrence(on, Slot(on, start, start + timedelta(minutes=40), 1), ())


def present(offset: int, *, movable: bool = True) -> Present:
    return Present(f"l{offset}", MONDAY + timedelta(days=offset), movable)


def test_a_lesson_stays_on_its_date_and_else_in_its_week() -> None:
    found = settle([present(0), present(7)], [occurrence(0), occurrence(9)], TERM)
    assert [(lesson, one.source) for lesson, one in found.follow] == [
        ("l0", MONDAY),
        ("l7", MONDAY + timedelta(days=9)),
    ]
    assert (found.create, found.withdraw) == ([], [])


def test_what_cannot_be_moved_keeps_its_place_and_nothing_takes_it() -> None:
    held = present(0, movable=False)
    found = settle([held], [occurrence(2), occurrence(8)], TERM)
    assert (found.follow, found.withdraw) == ([], [])
    assert found.create == [occurrence(8)]


def test_places_without_a_lesson_and_lessons_without_a_place() -> None:
    found = settle([present(0), present(1)], [occurrence(0), occurrence(14)], TERM)
    assert found.create == [occurrence(14)]
    assert found.withdraw == ["l1"]


def test_outside_of_terms_the_week_is_the_calendar_week() -> None:
    found = settle([present(0)], [occurrence(3)], None)
    assert [lesson for lesson, _ in found.follow] == ["l0"]


offsets = st.sets(st.integers(0, 140), max_size=12)


@settings(deadline=None)
@given(offsets, st.sets(st.integers(0, 140), max_size=6), offsets)
def test_each_lesson_and_each_place_is_dealt_with_once(
    movable: set[int], fixed: set[int], places: set[int]
) -> None:
    lessons = [present(n) for n in movable - fixed] + [present(n, movable=False) for n in fixed]
    found = settle(lessons, [occurrence(n) for n in places], TERM)
    followed = [lesson for lesson, _ in found.follow]
    assert sorted([*followed, *found.withdraw]) == sorted(f"l{n}" for n in movable - fixed)
    taken = [one.source for _, one in found.follow] + [one.source for one in found.create]
    assert len(set(taken)) == len(taken)
    assert set(taken) <= {MONDAY + timedelta(days=n) for n in places}
    kept_by_fixed = len(places) - len(taken)
    assert 0 <= kept_by_fixed <= len(fixed)


@settings(deadline=None)
@given(offsets)
def test_a_plan_that_did_not_change_changes_nothing(places: set[int]) -> None:
    found = settle([present(n) for n in places], [occurrence(n) for n in places], TERM)
    assert (found.create, found.withdraw) == ([], [])
    assert all(lesson == f"l{(one.source - MONDAY).days}" for lesson, one in found.follow)
