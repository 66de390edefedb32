"""The text of a film's card, as pixels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from recorder.core.card_text import card_rows
from recorder.core.film_layout import HEIGHT, WIDTH
from recorder.films.letters import Coverage, Letters


def card_coverage(texts: Sequence[str], path: Path, index: int) -> Coverage:
    """Draw the texts; returns how much of each pixel they cover. Raises LettersFailed."""
    letters = Letters(path, index)
    rows = card_rows(texts, lambda character, pixels: letters.letter(character, pixels).advance)
    covered = np.zeros((HEIGHT, WIDTH), np.uint8)
    for row in rows:
        pen = float(row.left)
        for character in row.text:
            one = letters.letter(character, row.pixels)
            _put(covered, one.coverage, round(pen) + one.left, row.base - one.top)
            pen += one.advance
    return covered


def _put(covered: Coverage, letter: Coverage, left: int, top: int) -> None:
    """Put a letter; what would lie outside of the picture is left out."""
    first_row, first_column = max(0, -top), max(0, -left)
    inside = letter[first_row : HEIGHT - top, first_column : WIDTH - left]
    if inside.size == 0:
        return
    rows = slice(top + first_row, top + first_row + inside.shape[0])
    columns = slice(left + first_column, left + first_column + inside.shape[1])
    np.maximum(covered[rows, columns], inside, out=covered[rows, columns])
