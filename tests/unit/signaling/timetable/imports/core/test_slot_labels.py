"""Labels of days and periods."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.timetable.imports.core.slot_labels import is_period, period_of, weekday_of


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("星期一", 1),
        ("周五", 5),
        ("礼拜天", 7),
        ("星期日", 7),
        ("周 3", 3),
        ("星期三\n(10月8日)", 3),
        ("Monday", 1),
        ("Fri.", 5),
        ("周次", None),
        ("1-16周", None),
        ("语文", None),
        ("一", None),
    ],
)
def test_weekdays(text: str, day: int | None) -> None:
    assert weekday_of(text) == day


def test_a_column_of_weekdays_may_have_bare_ones() -> None:
    assert [weekday_of(text, bare=True) for text in ("一", "3", "日", "8", "")] == [
        1,
        3,
        7,
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("text", "first", "count"),
    [
        ("第1节", 1, 1),
        ("第一节", 1, 1),
        ("3", 3, 1),
        ("第十一节", 11, 1),
        ("8-9节", 8, 2),
        ("第1节-第2节", 1, 2),
        ("1、2节", 1, 2),
        ("3至5节", 3, 3),
        ("0102", 1, 2),
        ("102", 1, 2),  # a spreadsheet took 0102 for a number
        ("010203节", 1, 3),
        ("第2节 9:10-9:50", 2, 1),
        ("1,3节", None, 1),
        ("0103", None, 1),
        ("99", None, 1),
        ("早读", None, 1),
    ],
)
def test_periods(text: str, first: int | None, count: int) -> None:
    label = period_of(text)
    assert (label.first, label.count) == (first, count)


def test_times_and_parts_of_the_day() -> None:
    assert period_of("8:20-9:00").starts == time(8, 20)
    assert period_of("8点20分").starts == time(8, 20)
    assert period_of("25:00").starts is None
    label = period_of("下午第1节")
    assert (label.part, label.first) == ("下午", 1)


@pytest.mark.parametrize(
    ("text", "alone", "beside"),
    [
        ("第1节", True, True),
        ("1", False, True),
        ("0102", True, True),
        ("8:20", True, True),
        ("语文", False, False),
        ("8:20语文", False, False),
        ("体育 8-9节", False, False),
    ],
)
def test_a_number_is_a_period_beside_a_grid_only(text: str, alone: bool, beside: bool) -> None:
    assert is_period(text) is alone
    assert is_period(text, bare=True) is beside


@given(st.text(max_size=20))
def test_any_text_has_a_label(text: str) -> None:
    label = period_of(text)
    assert label.text == text
    assert label.first is None or 1 <= label.first <= label.first + label.count - 1 <= 16
