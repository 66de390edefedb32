"""The card of a film: its rows fit, stand in the middle, and follow each other."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from recorder.core.card_text import LINE_PIXELS, TITLE_PIXELS, card_rows
from recorder.core.film_layout import HEIGHT, WIDTH


def length(text: str, pixels: int) -> float:
    return sum(pixels if ord(one) > 0x7F else pixels / 2 for one in text)


def test_the_title_is_large_and_what_is_empty_takes_no_row() -> None:
    rows = card_rows(("浮力的秘密", "王老师", "", "\u200b", "物理 八年级"), length)
    assert [(row.text, row.pixels) for row in rows] == [
        ("浮力的秘密", TITLE_PIXELS),
        ("王老师", LINE_PIXELS),
        ("物理 八年级", LINE_PIXELS),
    ]


def test_a_long_title_breaks_at_spaces_and_else_between_characters() -> None:
    words = "the secrets of buoyancy and of the weight of water in a glass"
    rows = card_rows((words,), length)
    assert " ".join(row.text for row in rows) == words
    characters = "浮" * 40
    rows = card_rows((characters,), length)
    assert "".join(row.text for row in rows) == characters


def test_what_is_too_long_ends_with_an_ellipsis() -> None:
    rows = card_rows(("浮" * 300, "王" * 300), length)
    assert [row.text[-1] for row in rows] == ["浮", "浮", "…", "王", "…"]


def test_letters_that_are_wider_than_the_card_take_few_rows() -> None:
    rows = card_rows(("浮" * 300, "王" * 300), lambda text, _: len(text) * 5000.0)
    assert [row.text for row in rows] == ["浮", "浮", "…", "王", "…"]


def test_characters_without_a_letter_are_left_out() -> None:
    (row,) = card_rows((" 浮\u200b力\u202e的\x00 \u3000秘\ufe0f密\n\ufeff ",), length)
    assert row.text == "浮力的 秘密"


@given(st.lists(st.text(max_size=300), max_size=6))
@example([" ", "\u3000", "x" * 300])
def test_rows_never_leave_the_picture(texts: list[str]) -> None:
    rows = card_rows(texts, length)
    for row in rows:
        assert length(row.text, row.pixels) <= WIDTH
    for one, below in pairwise(rows):
        assert below.base - one.base >= below.pixels
    if len(texts) <= 4 and rows:
        assert rows[0].base >= rows[0].pixels
        assert rows[-1].base <= HEIGHT - 10
