"""The one form of text for search."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.library.search.core.text import fold, is_han


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("《浮力》(第2课时)", "浮力 第2课时"),
        ("ＡＢＣ　ｄ", "abc d"),
        ("STRASSE straße", "strasse strasse"),
        ("  ", ""),
        ("a--b", "a b"),
        ("①", "1"),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text).text == folded


@given(st.text(max_size=40))
def test_each_character_knows_its_place(text: str) -> None:
    folded = fold(text)
    assert len(folded.text) == len(folded.places)
    assert list(folded.places) == sorted(folded.places)
    assert not folded.text.startswith(" ")
    assert not folded.text.endswith(" ")
    assert "  " not in folded.text


@given(st.text(max_size=40) | st.text("浮力aß１ ,", max_size=40))
def test_signs_around_a_text_change_only_its_places(text: str) -> None:
    alone, framed = fold(text), fold(f"《{text}》")
    assert alone.text == framed.text
    assert [place + 1 for place in alone.places] == list(framed.places)


def test_a_find_is_shown_in_the_original_text() -> None:
    text = "《Ｆｕ 浮力》"
    folded = fold(text)
    start = folded.text.index("浮力")
    first, end = folded.span(start, start + 2)
    assert text[first:end] == "浮力"


def test_chinese_characters() -> None:
    assert is_han("浮")
    assert is_han("\u3007")
    assert is_han("\U00030000")
    assert not is_han("a")
    assert not is_han("あ")
