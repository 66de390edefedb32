"""Contents of a workbook: its sheets, cells and merged ranges, the same for every file format."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

Cell = str | float | int | date | time | datetime | bool | None
Rows = tuple[tuple[Cell, ...], ...]

_LETTERS = 26


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One cell, counted from zero."""

    row: int
    column: int

    @property
    def address(self) -> str:
        """The name that a spreadsheet program shows, such as C7."""
        return f"{column_name(self.column)}{self.row + 1}"


@dataclass(frozen=True, slots=True)
class Range:
    """A merged rectangle of cells; the last row and column belong to it."""

    first: Place
    last: Place

    @property
    def size(self) -> int:
        """Number of cells."""
        rows = self.last.row - self.first.row + 1
        return rows * (self.last.column - self.first.column + 1)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: rows of equal length, from A1 to the last cell that holds something."""

    name: str
    rows: Rows
    merged: tuple[Range, ...] = ()

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.rows[0]) if self.rows else 0

    def at(self, place: Place) -> Cell:
        """The value of a cell; None outside of the sheet."""
        if place.row < len(self.rows) and place.column < self.width:
            return self.rows[place.row][place.column]
        return None

    def spread(self) -> Rows:
        """Return the rows with each merged range filled by its first cell."""
        rows = [list(row) for row in self.rows]
        for merged in self.merged:
            value = self.at(merged.first)
            for row in rows[merged.first.row : merged.last.row + 1]:
                inside = row[merged.first.column : merged.last.column + 1]
                row[merged.first.column : merged.last.column + 1] = [value] * len(inside)
        return tuple(map(tuple, rows))


@dataclass(frozen=True, slots=True)
class UnreadCell:
    """A cell whose value cannot be known; the reader gives None for it."""

    sheet: str
    cell: str
    code: str


@dataclass(frozen=True, slots=True)
class Workbook:
    """Visible sheets in their order, and the cells that could not be read."""

    sheets: tuple[Sheet, ...]
    unread: tuple[UnreadCell, ...] = ()


def column_name(column: int) -> str:
    """Letters of a column counted from zero: 0 is A, 26 is AA."""
    name = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, _LETTERS)
        name = chr(ord("A") + letter) + name
    return name


def place_of(address: str) -> Place:
    """Read an address such as C7. Raises ValueError."""
    letters = address.rstrip("0123456789")
    digits = address[len(letters) :]
    if not digits or not letters.isascii() or not letters.isalpha():
        raise ValueError(f"no address of a cell: {address[:20]}")
    column = 0
    for letter in letters.upper():
        column = column * _LETTERS + ord(letter) - ord("A") + 1
    return Place(int(digits) - 1, column - 1)


def clipped(merged: Range, rows: int, columns: int) -> Range | None:
    """Return the part of a range that lies inside of a sheet of this size."""
    last = Place(min(merged.last.row, rows - 1), min(merged.last.column, columns - 1))
    if last.row < merged.first.row or last.column < merged.first.column:
        return None
    return Range(merged.first, last)
