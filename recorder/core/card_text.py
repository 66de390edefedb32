"""Text of a film's card: which characters stand in which row, and how large they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from recorder.core.film_layout import HEIGHT, WIDTH

TITLE_PIXELS, LINE_PIXELS = 64, 36  # heights of the letters
_TITLE_ROWS, _LINE_ROWS = 3, 2  # the most that one text takes
_ROOM = WIDTH - 2 * 120  # pixels of a row
_LEADING = 1.5  # height of a row, in heights of its letters
_GAP = 20  # pixels between two texts
_MORE = "…"

Advance = Callable[[str, int], float]  # pixels of a character, in letters of a height


class Row(msgspec.Struct, frozen=True):
    """One row of text: its begin, and the line on which its letters stand, in pixels."""

    text: str
    pixels: int
    left: int
    base: int


def card_rows(texts: Sequence[str], advance: Advance) -> tuple[Row, ...]:
    """Arrange texts in the middle of the card, each in rows of its own; the first is the title."""
    blocks = []
    for number, text in enumerate(one for one in texts if one.strip()):
        pixels, most = (LINE_PIXELS, _LINE_ROWS) if number else (TITLE_PIXELS, _TITLE_ROWS)
        blocks.append((pixels, _wrapped(" ".join(text.split()), pixels, most, advance)))
    height = sum(round(pixels * _LEADING) * len(rows) for pixels, rows in blocks)
    top = (HEIGHT - height - _GAP * max(0, len(blocks) - 1)) // 2
    placed = []
    for pixels, rows in blocks:
        for text in rows:
            left = round((WIDTH - _width(text, pixels, advance)) / 2)
            placed.append(Row(text, pixels, left, top + round(pixels * 1.15)))
            top += round(pixels * _LEADING)
        top += _GAP
    return tuple(placed)


def _wrapped(text: str, pixels: int, most: int, advance: Advance) -> list[str]:
    """Break a text into rows: at spaces, or between any two characters of a long word."""
    rows: list[str] = []
    rest = text
    while rest and len(rows) < most:
        count = _fitting(rest, pixels, _ROOM, advance)
        if count == len(rest):
            return [*rows, rest]
        if len(rows) == most - 1:
            room = _ROOM - advance(_MORE, pixels)
            return [*rows, rest[: _fitting(rest, pixels, room, advance)].rstrip() + _MORE]
        space = rest.rfind(" ", 0, count + 1)
        cut = space if space > 0 else max(1, count)
        rows.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return rows


def _fitting(text: str, pixels: int, room: float, advance: Advance) -> int:
    """Return how many characters fit."""
    for count, character in enumerate(text):
        room -= advance(character, pixels)
        if room < 0:
            return count
    return len(text)


def _width(text: str, pixels: int, advance: Advance) -> float:
    return sum(advance(one, pixels) for one in text)
