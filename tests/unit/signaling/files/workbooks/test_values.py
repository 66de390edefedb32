"""Values of cells in one form."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.files.workbooks.sheets import Cell
from signaling.files.workbooks.values import Raw, clean_text, escaped, normal, text_of, unescaped


@pytest.mark.parametrize(
    ("raw", "cell"),
    [
        ("", None),
        ("  \u3000 ", None),
        ("\u200b语文\x00 ", "语文"),
        ("a\r\nb\rc", "a\nb\nc"),
        (3.0, 3),
        (True, True),
        (time(8, 19, 59, 998_000), time(8, 20)),
        (time(8, 20, 0, 2_000), time(8, 20)),
        (timedelta(hours=8, minutes=20), time(8, 20)),
        (time(23, 59, 59, 999_000), time(23, 59)),
        (timedelta(hours=25, minutes=5), "25:05"),
        (timedelta(days=1), "24:00"),
        (datetime(2026, 9, 1, 8, 19, 59, 998_000), datetime(2026, 9, 1, 8, 20)),
        (datetime(2026, 8, 31, 23, 59, 59, 998_000), date(2026, 9, 1)),
    ],
)
def test_normal(raw: Raw, cell: Cell) -> None:
    assert normal(raw) == cell
    assert type(normal(raw)) is type(cell)


@given(st.text(st.sampled_from("'=+-@\t\ra"), max_size=5))
def test_escaping_is_undone_exactly(text: str) -> None:
    assert unescaped(escaped(text)) == clean_text(text)
    assert not escaped(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        (time(8, 5), "8:05"),
        (date(2026, 9, 1), "2026-09-01"),
        (datetime(2026, 9, 1, 8, 5), "2026-09-01 08:05"),
        (102, "102"),
    ],
)
def test_text_of(cell: Cell, text: str) -> None:
    assert text_of(cell) == text
