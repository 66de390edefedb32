"""Storyboards: where each small picture stands on its sheet, and the WebVTT file that says so."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

INTERVAL_S = 10.0  # s between two pictures
CELL_WIDTH, CELL_HEIGHT = 160, 90  # pixels
COLUMNS, ROWS = 10, 10
PER_SHEET = COLUMNS * ROWS
MAX_CELLS = 10_000  # some 28 hours; a longer recording has none beyond


def cell_count(duration_s: float) -> int:
    """Count the pictures of a recording."""
    return min(MAX_CELLS, max(0, math.ceil(duration_s / INTERVAL_S)))


def cell_span(cell: int, duration_s: float) -> tuple[float, float]:
    """Tell the time for which a picture stands."""
    return cell * INTERVAL_S, min(duration_s, (cell + 1) * INTERVAL_S)


def place(cell: int) -> tuple[int, int]:
    """Tell the pixels at the left and at the top of a picture on its sheet."""
    row, column = divmod(cell % PER_SHEET, COLUMNS)
    return column * CELL_WIDTH, row * CELL_HEIGHT


def cues(cells: Sequence[int], sheets: Mapping[int, str], duration_s: float) -> str:
    """Write the WebVTT file of the pictures that there are.

    Args:
        cells: their numbers, in order.
        sheets: the names of the sheets, by number.
        duration_s: of the recording.
    """
    lines = ["WEBVTT", ""]
    for cell in cells:
        start, end = cell_span(cell, duration_s)
        left, top = place(cell)
        box = f"{left},{top},{CELL_WIDTH},{CELL_HEIGHT}"
        lines.append(f"{_clock(start)} --> {_clock(end)}")
        lines += [f"{sheets[cell // PER_SHEET]}#xywh={box}", ""]
    return "\n".join(lines)


def _clock(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
