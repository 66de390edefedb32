"""Text of a film's card: which characters stand in which row, and how large they are."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Sequence

import msgspec

from recorder.core.film_layout import HEIGHT, WIDTH

TITLE_PIXELS, LINE_PIXELS = 64, 36  # heights of the letters
_TITLE_ROWS, _LINE_ROWS = 3, 2  # the most that one text takes
_ROOM = WIDTH - 2 * 120  # pixels of a row
_LEADING = 1.5  # height of a row, in heights of its letters
_GAP = 20  # pixels between two texts
_MORE = "…"
_UNSEEN = ("Cc", "Cf")  # Unicode's categories of characters that control, or have no width
_VARIANTS = range(0xFE00, 0xFE10)  # Unicode's variation selectors, as emoji have them

Length = Callable[[str, int], float]  # pixels of a text, in letters of a height


class Row(msgspec.Struct, frozen=True):
    """One row of text, and the line on which its letters stand, in pixels."""

    text: str
    pixels: int
    base: int


def card_rows(texts: Sequence[str], length: Length) -> tuple[Row, ...]:
    """Arrange texts in the middle of the card, each in rows of its own; the first is the title."""
    blocks = []
    for number, text in enumerate(filter(None, map(_cleaned, texts))):
        pixels, most = (LINE_PIXELS, _LINE_ROWS) if number else (TITLE_PIXELS, _TITLE_ROWS)
        blocks.append((pixels, _wrapped(text, pixels, most, length)))
    height = sum(round(pixels * _LEADING) * len(rows) for pixels, rows in blocks)
    top = (HEIGHT - height - _GAP * max(0, len(blocks) - 1)) // 2
    placed = []
    for pixels, rows in blocks:
        for text in rows:
            placed.append(Row(text, pixels, top + round(pixels * 1.15)))
            top += round(pixels * _LEADING)
        top += _GAP
    return tuple(placed)


def _cleaned(text: str) -> str:
    """Leave out what no font has a letter for: it would be drawn as an empty box."""
    return "".join(
        one
        for one in " ".join(text.split())
        if unicodedata.category(one) not in _UNSEEN and ord(one) not in _VARIANTS
    ).strip()


def _wrapped(text: str, pixels: int, most: int, length: Length) -> list[str]:
    """Break a text into rows: at spaces, or between any two characters of a long word."""
    rows: list[str] = []
    rest = text
    while rest and len(rows) < most:
        count = _fitting(rest, pixels, _ROOM, length)
        if count == len(rest):
            return [*rows, rest]
        if len(rows) == most - 1:
            room = _ROOM - length(_MORE, pixels)
            return [*rows, rest[: _fitting(rest, pixels, room, length)].rstrip() + _MORE]
        space = rest.rfind(" ", 0, count + 1)
        cut = space if space > 0 else max(1, count)
        rows.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return rows


def _fitting(text: str, pixels: int, room: float, length: Length) -> int:
    """Return how many characters fit."""
    counts = range(1, len(text) + 1)
    return bisect_right(counts, room, key=lambda count: length(text[:count], pixels))
