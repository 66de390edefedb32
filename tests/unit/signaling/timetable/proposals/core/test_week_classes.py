"""Classes of weeks."""

from hypothesis import given
from hypothesis import strategies as st

from signaling.timetable.proposals.core.week_classes import week_classes

ODD, EVEN = 0b1010, 0b10100
week_sets = st.lists(st.integers(0, 2**20 - 1), max_size=8)


def test_odd_and_even_weeks_are_two_classes() -> None:
    assert week_classes([ODD | EVEN, ODD, EVEN]) == (ODD, EVEN)


@given(week_sets)
def test_each_week_is_in_one_class_that_no_set_splits(sets: list[int]) -> None:
    classes = week_classes(sets)
    for one in sets:
        inside = [part for part in classes if part & one]
        assert sum(inside) == one  # whole classes, which are apart, so that bits add up


@given(week_sets)
def test_weeks_that_no_set_tells_apart_are_together(sets: list[int]) -> None:
    kinds = {tuple(one >> week & 1 for one in sets) for week in range(20)} - {(0,) * len(sets)}
    assert len(week_classes(sets)) == len(kinds)
