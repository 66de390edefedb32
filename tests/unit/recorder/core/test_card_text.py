"""The card of a film: its rows fit, stand in the middle, and follow each other."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from recorder.core.card_text import LINE_PIXELS, TITLE_PIXELS, card_rows
from recorder.core.film_layout import HEIGHT, WIDTH


def advance(character: str, pixels: int) -> float:
    return pixels if ord(character) > 0x7F else pixels / 2


def test_the_title_is_large_and_what_is_empty_takes_no_row() -> None:
    rows = card_rows(("浮力的秘密", "王老师", "", "物理 八年级"), advance)
    assert [(row.text, row.pixels) for row in rows] == [
        ("浮力的秘密", TITLE_PIXELS),
        ("王老师", LINE_PIXELS),
        ("物理 八年级", LINE_PIXELS),
    ]
    assert rows[0].left == (WIDTH - 5 * TITLE_PIXELS) // 2


def test_a_long_title_breaks_at_spaces_and_else_between_characters() -> None:
    words = "the secrets of buoyancy and of the weight of water in a glass"
    rows = card_rows((words,), advance)
    assert " ".join(row.text for row in rows) == words
    characters = "浮" * 40
    rows = card_rows((characters,), advance)
    assert "".join(row.text for row in rows) == characters


def test_what_is_too_long_ends_with_an_ellipsis() -> None:
    rows = card_rows(("浮" * 300, "王" * 300), advance)
    assert [row.text[-1] for row in rows] == ["浮", "浮", "…", "王", "…"]


@given(st.lists(st.text(max_size=300), max_size=6))
@example([" ", "\u3000", "x" * 300])
def test_rows_never_leave_the_picture(texts: list[str]) -> None:
    rows = card_rows(texts, advance)
    for row in rows:
        assert row.left >= 0
        assert row.left + sum(advance(one, row.pixels) for one in row.text) <= WIDTH
    for one, below in pairwise(rows):
        assert below.base - one.base >= below.pixels
    if len(texts) <= 4 and rows:
        assert rows[0].base >= rows[0].pixels
        assert rows[-1].base <= HEIGHT - 10
