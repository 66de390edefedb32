"""Output for people in the terminal: a status line, tables with Chinese headings."""

from __future__ import annotations

import sys
import time
import unicodedata
from collections.abc import Sequence

LINE_INTERVAL_S = 5.0  # without a terminal a status line is printed this often


def display_width(text: str) -> int:
    """Columns that a text takes; wide characters take two (UAX #11)."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def pad(text: str, width: int) -> str:
    """Fill up to a width in columns."""
    return text + " " * max(0, width - display_width(text))


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A plain table, columns as wide as they must be."""
    lines = [header, *rows]
    widths = [max(display_width(line[i]) for line in lines) for i in range(len(header))]
    drawn = ["  ".join(pad(cell, widths[i]) for i, cell in enumerate(line)) for line in lines]
    drawn.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join(line.rstrip() for line in drawn)


class StatusLine:
    """One line that is rewritten on a terminal, else a line now and then."""

    def __init__(self) -> None:
        self._terminal = sys.stdout.isatty()
        self._shown = 0
        self._printed_at = float("-inf")

    def show(self, text: str) -> None:
        """Replace the status."""
        if self._terminal:
            print("\r" + pad(text, self._shown), end="", flush=True)
            self._shown = display_width(text)
        elif time.monotonic() - self._printed_at >= LINE_INTERVAL_S:
            self._printed_at = time.monotonic()
            print(text, flush=True)

    def note(self, text: str) -> None:
        """Print a line that stays."""
        if self._terminal and self._shown:
            print("\r" + " " * self._shown + "\r", end="")
            self._shown = 0
        print(text, flush=True)
