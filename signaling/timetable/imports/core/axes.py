"""Axes of a grid: where its weekdays, periods and classes stand.

Schools lay grids out in every way: days above and periods beside, classes above and days beside,
periods below merged days and classes beside. Several tables may stand in one sheet. So each axis is
looked for by itself. A header counts for what lies below it, or to its right, up to the next one.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from signaling.files.workbooks.sheets import Sheet
from signaling.files.workbooks.values import text_of
from signaling.timetable.imports.core.slot_labels import is_period, weekday_of
from signaling.timetable.imports.core.wording import class_form, plain

_CLASS_IN_TITLE = re.compile(
    r"(?:小学|初中|高中)?[初高]?(?:\d{1,2}|[一二三四五六七八九十]{1,3})(?:年级|年)?[.(（\[-]?"
    r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})[)）\]]?班"
)
_NUMBERING = frozenset(("序号", "编号", "序", "no", "no."))
_DAY_PARTS = frozenset(("上午", "下午", "晚上", "中午", "早上", "晨间", "晚间"))

Texts = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Axis:
    """Header lines of one kind: rows above their cells, or columns to the left of them.

    Attributes:
        in_rows: whether the lines are rows.
        lines: their numbers, rising.
        starts: for each line, where its first label stands.
        titles: lines with one label for the whole width.
    """

    in_rows: bool
    lines: tuple[int, ...] = ()
    starts: dict[int, int] = field(default_factory=dict)
    titles: frozenset[int] = frozenset()

    def line_of(self, row: int, column: int) -> int | None:
        """Return the line that counts for a cell; None before the first one."""
        place = row if self.in_rows else column
        index = bisect_left(self.lines, place)
        return self.lines[index - 1] if index else None

    def label(self, texts: Texts, row: int, column: int) -> str:
        """Return the text that stands over a cell, or beside it."""
        line = self.line_of(row, column)
        if line is None:
            return ""
        return texts[line][column] if self.in_rows else texts[row][line]

    def is_beside(self, row: int, column: int) -> bool:
        """Tell whether a cell lies before the first label of its line: in a margin."""
        line = self.line_of(row, column)
        if line is None:
            return True
        return (column if self.in_rows else row) < self.starts.get(line, 0)

    def holds(self, row: int, column: int) -> bool:
        """Tell whether a cell is a part of one of the lines."""
        return (row if self.in_rows else column) in self.lines


@dataclass(frozen=True, slots=True)
class Axes:
    """The three axes of a grid. A grid of one class has none of classes but its title."""

    days: Axis
    periods: Axis
    classes: Axis | None


def texts_of(sheet: Sheet) -> tuple[tuple[str, ...], ...]:
    """Return the texts of all cells, merged ranges filled."""
    return tuple(tuple(map(text_of, row)) for row in sheet.spread())


def find_axes(texts: Texts) -> Axes | None:
    """Find the axes of a sheet; None where it has no weekdays or no periods."""
    titles = frozenset(row for row, cells in enumerate(texts) if _is_title(cells))
    days = _axis(texts, _is_day, frozenset())
    classes = _axis(texts, _is_class, titles)
    if days is None:
        return None
    taken = [axis for axis in (days, classes) if axis is not None]
    periods = _axis(texts, _is_period, titles, taken)
    if periods is None:
        return None
    if classes is None and titles:
        classes = Axis(True, tuple(sorted(titles)), titles=titles)
    return Axes(days, periods, classes)


def class_in(text: str) -> str:
    """Return the class that a title names, such as 三年级1班课程表; empty for none."""
    found = _CLASS_IN_TITLE.search(plain(text))
    return found[0] if found is not None and class_form(found[0]) is not None else ""


def is_day_part(text: str) -> bool:
    """Tell whether a text is 上午, 下午 or the like: a margin of its periods."""
    return plain(text) in _DAY_PARTS


def _is_day(text: str) -> bool:
    return weekday_of(text) is not None


def _is_class(text: str) -> bool:
    return class_form(text) is not None


def _is_period(text: str) -> bool:
    return is_period(text, bare=True)


def _is_title(cells: Sequence[str]) -> bool:
    """Tell whether a row says one thing in its whole width, and that is a class."""
    words = {cell for cell in cells if cell}
    return len(words) == 1 and bool(class_in(next(iter(words))))


def _axis(
    texts: Texts,
    is_label: Callable[[str], bool],
    without: frozenset[int],
    taken: Sequence[Axis] = (),
) -> Axis | None:
    """Find the lines with two or more different labels, as rows or as columns.

    Of both, those with more labels are the axis: a column of 序号 beside periods above is none.
    """
    known = {text: is_label(text) for row in texts for text in row}
    grid = [
        [bool(text) and known[text] and number not in without for text in row]
        for number, row in enumerate(texts)
    ]
    found = []
    for in_rows in (True, False):
        used = {line for axis in taken if axis.in_rows == in_rows for line in axis.lines}
        lines = {
            line: places
            for line, places in _lines(texts, grid, in_rows)
            if line not in used - without
        }
        count = sum(map(len, lines.values()))
        starts = {line: places[0] for line, places in lines.items()}
        found.append((count, Axis(in_rows, tuple(sorted(lines)), starts)))
    count, axis = max(found, key=lambda one: one[0])
    return axis if count else None


def _lines(
    texts: Texts, grid: Sequence[Sequence[bool]], in_rows: bool
) -> Iterator[tuple[int, list[int]]]:
    """Yield each line that has two or more different labels, with their places."""
    height, width = len(texts), len(texts[0]) if texts else 0
    for line in range(height if in_rows else width):
        across = range(width if in_rows else height)
        places = [at for at in across if (grid[line][at] if in_rows else grid[at][line])]
        words = {texts[line][at] if in_rows else texts[at][line] for at in places}
        if len(words) < 2:
            continue
        above = () if in_rows else (texts[row][line] for row in range(places[0]))
        if not any(plain(word) in _NUMBERING for word in above):
            yield line, places
