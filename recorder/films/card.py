"""The text of a film's card, as pixels.

Only the process that makes a film imports this module: its font and its texts come from elsewhere.
Pillow's libraries are loaded with it, before that process gives up other files.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from recorder.core.card_text import LINE_PIXELS, TITLE_PIXELS, card_rows
from recorder.core.film_layout import HEIGHT, WIDTH

Coverage = NDArray[np.uint8]  # of each pixel, 0…255


class FontFailed(Exception):
    """The font cannot be read, or its letters cannot be drawn."""


def card_coverage(texts: Sequence[str], path: Path, index: int) -> Coverage:
    """Draw the texts; returns how much of each pixel they cover. Raises FontFailed."""
    card = Image.new("L", (WIDTH, HEIGHT))
    try:
        _draw(ImageDraw.Draw(card), texts, path, index)
    except (OSError, MemoryError, Image.DecompressionBombError) as error:
        # What FreeType says of damaged tables, and Pillow of letters that are immense.
        raise FontFailed(f"{path.name}: {error}") from error
    return np.asarray(card, np.uint8)


def _draw(pen: ImageDraw.ImageDraw, texts: Sequence[str], path: Path, index: int) -> None:
    # The basic layout is the same on each machine: the other one takes a library of the system.
    fonts = {
        pixels: ImageFont.truetype(path, pixels, index, layout_engine=ImageFont.Layout.BASIC)
        for pixels in (TITLE_PIXELS, LINE_PIXELS)
    }
    for row in card_rows(texts, lambda text, pixels: fonts[pixels].getlength(text)):
        place = (WIDTH / 2, row.base)
        pen.text(place, row.text, fill=255, font=fonts[row.pixels], anchor="ms")
