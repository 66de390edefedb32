"""Writing .xlsx files row by row: lists for offices, and templates that they fill in."""

from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import zip_longest
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from signaling.files.workbooks.sheets import Cell, column_name
from signaling.files.workbooks.values import escaped

MAX_ROWS = 1_048_576  # of the format
_MAX_NAME_CHARS = 31  # of a sheet, Excel's bound
_NOT_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\", "_"))
_MAX_CELL_CHARS = 32_767
_LISTS = "lists"  # the hidden sheet from which the choices come
_CHOICE_ROWS = 5_000  # rows of a template that offer choices
_WIDTHS = (8, 48)  # of a column, in characters of the western width
_MEASURED_CHARS = 200
_STEP = 25  # rows written in one step
_NUMBER_FORMATS = {time: "h:mm", date: "yyyy-mm-dd", datetime: "yyyy-mm-dd h:mm"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        title: the words of the header.
        choices: values that a reader may choose from; anything else may be typed, too.
        note: help that the program shows at a cell of this column.
    """

    title: str
    choices: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet: a frozen header, and rows that may come one by one."""

    title: str
    columns: tuple[Column, ...]
    rows: Iterable[Sequence[Cell]] = field(default=())


def write_workbook(tables: Sequence[Table], made_at: datetime) -> bytes:
    """Make an .xlsx file; the rows pass through a temporary file, never all through memory."""
    with tempfile.TemporaryDirectory(prefix="tongke-xlsx-") as folder:
        path = Path(folder) / "made.xlsx"
        save_workbook(path, tables, made_at, Path(folder))
        return path.read_bytes()


def save_workbook(
    path: Path, tables: Sequence[Table], made_at: datetime, folder: Path | None = None
) -> None:
    """Write an .xlsx file to a path; see `saving`."""
    for _ in saving(path, tables, made_at, folder):
        pass


def saving(
    path: Path, tables: Sequence[Table], made_at: datetime, folder: Path | None = None
) -> Iterator[int]:
    """Write an .xlsx file step by step, so that a caller may do something else in between.

    Args:
        path: where it is written; whole after the last step.
        tables: the sheets.
        made_at: the time that the file names as its making.
        folder: place for temporary files; the system's without.

    Yields:
        The number of rows so far.
    """
    options: dict[str, object] = {"constant_memory": True}
    if folder is not None:
        options["tmpdir"] = str(folder)
    book = Workbook(str(path), options)
    book.set_properties({"created": made_at.replace(tzinfo=None)})
    writer = _Writer(book)
    for table in tables:
        yield from writer.table(table)
    writer.lists()
    yield writer.rows
    book.close()


class _Writer:
    """Sheets of one workbook, with the formats that they share."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._header = book.add_format(
            {"bold": True, "bg_color": "#DDE7F3", "border": 1, "text_wrap": True, "valign": "top"}
        )
        self._text = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        self._formats: dict[type, Format] = {
            kind: book.add_format({"num_format": text, "valign": "top", "align": "left"})
            for kind, text in _NUMBER_FORMATS.items()
        }
        self._names: set[str] = {_LISTS}
        self._lists: list[tuple[str, ...]] = []
        self.rows = 0

    def table(self, table: Table) -> Iterator[int]:
        """Write one sheet, a part of its rows in a step."""
        sheet = self._book.add_worksheet(self._name(table.title))
        sheet.freeze_panes(1, 0)
        widths = [_width(column.title) + 2 for column in table.columns]
        for index, column in enumerate(table.columns):
            sheet.write_string(0, index, escaped(column.title), self._header)
            self._offer(sheet, index, column)
        last = 0
        for last, row in enumerate(table.rows, start=1):
            if last % _STEP == 0:
                yield self.rows
            self.rows += 1
            for index, cell in enumerate(row):
                self._cell(sheet, last, index, cell)
                if index < len(widths):
                    widths[index] = max(widths[index], _cell_width(cell))
        low, high = _WIDTHS
        for index, width in enumerate(widths):
            sheet.set_column(index, index, min(max(width, low), high))
        if table.columns and last:
            sheet.autofilter(0, 0, last, len(table.columns) - 1)

    def lists(self) -> None:
        """Write the choices into a hidden sheet, row by row as constant memory demands."""
        if not self._lists:
            return
        sheet = self._book.add_worksheet(_LISTS)
        sheet.hide()
        for row, values in enumerate(zip_longest(*self._lists)):
            for index, value in enumerate(values):
                if value is not None:
                    sheet.write_string(row, index, escaped(value), self._text)

    def _name(self, title: str) -> str:
        """Return a name that Excel takes, and that no other sheet has."""
        base = title.translate(_NOT_IN_NAMES).strip("'")[:_MAX_NAME_CHARS] or "1"
        name, number = base, 1
        while name.lower() in self._names:
            number += 1
            name = f"{base[: _MAX_NAME_CHARS - 6]} ({number})"
        self._names.add(name.lower())
        return name

    def _offer(self, sheet: Worksheet, index: int, column: Column) -> None:
        """Let a reader choose, and show the help; neither forbids to type something else."""
        if not column.choices and not column.note:
            return
        options: dict[str, object] = {"validate": "any"}
        if column.choices:
            name = column_name(len(self._lists))
            source = f"={_LISTS}!${name}$1:${name}${len(column.choices)}"
            options = {"validate": "list", "source": source, "error_type": "warning"}
            self._lists.append(column.choices)
        if column.note:
            options["input_message"] = column.note[:255]  # Excel's bound
        sheet.data_validation(1, index, _CHOICE_ROWS, index, options)

    def _cell(self, sheet: Worksheet, row: int, column: int, cell: Cell) -> None:
        if cell is None:
            return
        if isinstance(cell, bool):
            sheet.write_boolean(row, column, cell)
        elif isinstance(cell, str):
            sheet.write_string(row, column, escaped(cell)[:_MAX_CELL_CHARS], self._text)
        elif isinstance(cell, (date, time)):
            sheet.write_datetime(row, column, cell, self._formats[type(cell)])
        else:
            sheet.write_number(row, column, cell)


def _cell_width(cell: Cell) -> int:
    if isinstance(cell, str):
        return _width(cell) + 1
    return 16 if isinstance(cell, datetime) else 11


def _width(text: str) -> int:
    """Width of the longest line; a Chinese character is as wide as two western ones."""
    lines = text[:_MEASURED_CHARS].split("\n")
    return max(sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in line) for line in lines)
