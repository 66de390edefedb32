"""Names in one form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.timetable.imports.core.wording import (
    class_form,
    dashed,
    grade_form,
    likeness,
    number_of,
    plain,
)


@pytest.mark.parametrize(
    "text",
    [
        "三年级1班",
        "三(1)班",
        "三（一）班",
        "三年级一班",
        "3.1班",
        "3年级(1)班",
        "301班",
        "三 1 班",
        "小学三1班",
    ],
)
def test_names_of_one_class_have_one_form(text: str) -> None:
    assert class_form(text) == "g3c1"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("初一(2)班", "g7c2"),
        ("七年级2班", "g7c2"),
        ("高三10班", "g12c10"),
        ("六年级十二班", "g6c12"),
    ],
)
def test_grades_of_junior_and_senior_schools_go_on(text: str, form: str) -> None:
    assert class_form(text) == form


@pytest.mark.parametrize("text", ["语文", "三年级", "1", "8-9节", "十三年级1班", "", "班", "张三"])
def test_what_is_no_class_has_no_form(text: str) -> None:
    assert class_form(text) is None


@pytest.mark.parametrize(
    ("text", "form"), [("三年级", "g3"), ("3", "g3"), ("初二", "g8"), ("三班", None)]
)
def test_grades(text: str, form: str | None) -> None:
    assert grade_form(text) == form


@given(st.integers(0, 99))
def test_numbers_in_digits(number: int) -> None:
    assert number_of(str(number)) == number


@pytest.mark.parametrize(
    ("word", "number"), [("十", 10), ("十二", 12), ("二十", 20), ("九十九", 99), ("百", None)]
)
def test_numbers_in_chinese(word: str, number: int | None) -> None:
    assert number_of(word) == number


def test_widths_and_spaces_do_not_count() -> None:
    assert plain(" Ａ 班（1） ") == "a班(1)"
    assert dashed("1～8至9") == "1-8-9"


@given(st.text(max_size=6), st.text(max_size=6))
def test_likeness_is_a_share(one: str, other: str) -> None:
    assert 0 <= likeness(one, other) == likeness(other, one) <= 1


def test_a_name_with_one_other_letter_is_alike() -> None:
    assert likeness("张小三", "张晓三") > 0.34 > likeness("张小三", "王五")
