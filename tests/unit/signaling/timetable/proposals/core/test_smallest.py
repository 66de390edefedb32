"""The smallest sufficient part of a set."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from signaling.timetable.proposals.core.smallest import smallest


@given(
    st.lists(st.sets(st.integers(0, 30), min_size=1, max_size=5), min_size=1, max_size=4),
)
def test_what_is_left_is_enough_and_no_element_can_go(reasons: list[set[int]]) -> None:
    """Some parts are enough when they hold any one of the reasons."""

    def is_enough(some: Sequence[int]) -> bool:
        return any(reason <= set(some) for reason in reasons)

    found = smallest(range(31), is_enough)
    assert is_enough(found)
    assert not any(is_enough([one for one in found if one != left]) for left in found)


def test_earlier_elements_are_kept_before_later_ones() -> None:
    assert smallest("abcdef", lambda some: {"a", "b"} <= set(some) or "f" in some) == ["a", "b"]


def test_nothing_is_needed_where_nothing_is_enough_already() -> None:
    assert smallest("abc", lambda _: True) == []
