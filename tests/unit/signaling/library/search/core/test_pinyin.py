"""Pinyin of characters, and what typed letters may stand for."""

import pytest

from signaling.library.search.core.pinyin import SYLLABLES, completions, cuts, initials, readings


def test_readings_follow_the_word_and_keep_the_others() -> None:
    chong, qing = readings("重庆")
    assert chong[0] == "chong"
    assert "zhong" in chong
    assert qing == ("qing",)


def test_a_surname_is_found_by_its_own_reading() -> None:
    assert "shan" in readings("单老师")[0]


def test_what_is_not_chinese_has_no_reading() -> None:
    assert readings("a浮1") == ((), ("fu",), ())
    assert readings("") == ()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("fuli", ("fu", "li")),
        ("ful", ("fu", "l")),
        ("xian", ("xian",)),
        ("xian", ("xi", "an")),
        ("lvse", ("lv", "se")),
        ("zhongguo", ("zhong", "guo")),
    ],
)
def test_letters_are_cut_into_syllables(typed: str, expected: tuple[str, ...]) -> None:
    assert expected in cuts(typed)


@pytest.mark.parametrize("typed", ["", "v", "fl", "浮", "x1", "a" * 25])
def test_what_is_no_pinyin_is_not_cut(typed: str) -> None:
    assert cuts(typed) == ()


def test_cuts_are_bounded() -> None:
    assert len(cuts("angangangangangangangang")) <= 16


def test_a_beginning_is_completed() -> None:
    assert completions("zhua") == ("zhua", "zhuai", "zhuan", "zhuang")
    assert set(completions("")) == SYLLABLES


def test_initials_are_told_once() -> None:
    assert initials(("chan", "chang", "shan")) == ("c", "s")
