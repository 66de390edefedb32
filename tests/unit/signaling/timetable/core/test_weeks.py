"""Sets of weeks: how schools write them, and that what is written is read back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.timetable.core.codes import Parity
from signaling.timetable.core.weeks import (
    MAX_WEEKS,
    BadWeeks,
    WeekSet,
    WeeksProblem,
    format_weeks,
    parity_of,
    parse_weeks,
)

ODD = [1, 3, 5, 7, 9, 11, 13, 15, 17]
EVEN = [2, 4, 6, 8, 10, 12, 14, 16, 18]


@pytest.mark.parametrize(
    ("text", "weeks"),
    [
        ("1-16周", list(range(1, 17))),
        ("1-4,6-17周", [*range(1, 5), *range(6, 18)]),
        ("第1-4周、第6周", [1, 2, 3, 4, 6]),
        ("1—4,6~8周", [1, 2, 3, 4, 6, 7, 8]),
        ("单周", ODD),
        ("(双)", EVEN),
        ("双", EVEN),
        ("10周", [10]),
        ("3", [3]),
        ("1-8周(单)", [1, 3, 5, 7]),
        ("1-8单周", [1, 3, 5, 7]),
        ("1-8,10-13周(双)", [2, 4, 6, 8, 10, 12]),
        ("1-4周,5-8周(单)", [1, 2, 3, 4, 5, 7]),
        ("1-8单,9-12双", [1, 3, 5, 7, 10, 12]),
        ("1-8[双]周", [2, 4, 6, 8]),
        ("1-4", [1, 2, 3, 4]),
        (" 1 - 2 周 ", [1, 2]),
        ("每周", list(range(1, 19))),
    ],
)
def test_what_schools_write_is_read(text: str, weeks: list[int]) -> None:
    assert list(parse_weeks(text, 18)) == weeks


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", WeeksProblem.EMPTY),
        ("周", WeeksProblem.UNREADABLE),
        ("语文", WeeksProblem.UNREADABLE),
        ("4-1周", WeeksProblem.UNREADABLE),
        ("0-3周", WeeksProblem.UNREADABLE),
        ("1-4,周", WeeksProblem.UNREADABLE),
        ("1-4,", WeeksProblem.UNREADABLE),
        ("1-8(单", WeeksProblem.UNREADABLE),
        ("1-8单双", WeeksProblem.UNREADABLE),
        ("1-19周", WeeksProblem.BEYOND_TERM),
        ("999周", WeeksProblem.BEYOND_TERM),
        ("2周(单)", WeeksProblem.EMPTY),
        ("1," * 100, WeeksProblem.UNREADABLE),
    ],
)
def test_what_is_no_set_of_weeks_is_refused_with_the_reason(
    text: str, problem: WeeksProblem
) -> None:
    with pytest.raises(BadWeeks) as caught:
        parse_weeks(text, 18)
    assert caught.value.problem is problem


@pytest.mark.parametrize(
    ("weeks", "text"),
    [
        (range(1, 17), "1-16周"),
        ([*range(1, 5), *range(6, 18)], "1-4,6-17周"),
        (ODD, "单周"),
        (EVEN, "双周"),
        ([10], "10周"),
        ([3, 5, 7], "3-7周(单)"),
        ([2, 4], "2,4周"),
        ([], ""),
    ],
)
def test_a_set_is_written_as_schools_write_it(weeks: list[int], text: str) -> None:
    assert format_weeks(WeekSet.of(weeks), 18) == text


@st.composite
def terms_and_weeks(draw: st.DrawFn) -> tuple[int, WeekSet]:
    last = draw(st.integers(1, MAX_WEEKS))
    return last, WeekSet.of(draw(st.sets(st.integers(1, last), min_size=1)))


@settings(deadline=None)
@given(terms_and_weeks())
def test_every_set_that_is_written_is_read_back(drawn: tuple[int, WeekSet]) -> None:
    last, weeks = drawn
    assert parse_weeks(format_weeks(weeks, last), last) == weeks


@settings(deadline=None)
@given(st.text(alphabet="0123456789-,周单双()第、~ x", max_size=20), st.integers(1, MAX_WEEKS))
def test_any_text_is_a_set_of_the_term_or_is_refused(text: str, last: int) -> None:
    try:
        weeks = parse_weeks(text, last)
    except BadWeeks:
        return
    assert weeks
    assert set(weeks) <= set(range(1, last + 1))


@settings(deadline=None)
@given(st.sets(st.integers(1, MAX_WEEKS)), st.sets(st.integers(1, MAX_WEEKS)))
def test_week_sets_are_sets(one: set[int], other: set[int]) -> None:
    a, b = WeekSet.of(one), WeekSet.of(other)
    assert (set(a), len(a)) == (one, len(one))
    assert (set(a & b), set(a | b), set(a - b)) == (one & other, one | other, one - other)
    assert set(a.only(Parity.ODD)) == {week for week in one if parity_of(week) is Parity.ODD}
    assert a.only(Parity.ODD) | a.only(Parity.EVEN) == a
    assert all((week in a) == (week in one) for week in range(-1, MAX_WEEKS + 3))


def test_weeks_outside_of_any_term_are_refused() -> None:
    for weeks in ([0], [MAX_WEEKS + 1], [-1]):
        with pytest.raises(ValueError, match="outside"):
            WeekSet.of(weeks)
    for bits in (1, 1 << MAX_WEEKS + 1, -2):
        with pytest.raises(ValueError, match="outside"):
            WeekSet(bits)
