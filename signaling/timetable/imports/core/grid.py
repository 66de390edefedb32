"""Grids: days, periods and classes around cells that hold a lesson each, or two of 单 and 双."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from signaling.files.workbooks.sheets import Place, Range, Sheet
from signaling.timetable.imports.core.axes import (
    Axes,
    class_in,
    find_axes,
    is_day_part,
    texts_of,
)
from signaling.timetable.imports.core.cell_text import (
    CellLesson,
    UnreadableCell,
    Vocabulary,
    WordKind,
    is_blank,
    read_cell,
)
from signaling.timetable.imports.core.drafts import Draft, Finding, Reading, Source
from signaling.timetable.imports.core.slot_labels import PeriodLabel, period_of, weekday_of
from signaling.timetable.imports.core.wording import class_form
from signaling.timetable.imports.wire import ImportReason

_MORNING = frozenset(("", "上午", "早上"))  # the numbers of the day begin here


def read_grid(sheet: Sheet, vocabulary: Vocabulary, last_week: int, school: str = "") -> Reading:
    """Read the lessons of a grid.

    Args:
        sheet: the sheet.
        vocabulary: the county's names.
        last_week: the number of weeks of the term.
        school: the school whose grid it is.
    """
    texts = texts_of(sheet)
    axes = find_axes(texts)
    if axes is None:
        reading = Reading()
        if any(any(row) for row in texts):
            reading.findings.append(Finding(Source(sheet.name, "A1"), ImportReason.NO_LAYOUT))
        return reading
    grid = _Grid(sheet, axes, vocabulary=vocabulary, last_week=last_week, school=school)
    return grid.read()


@dataclass(frozen=True, slots=True)
class _Field:
    """One cell of the grid: places that are read together, and how many periods they take."""

    place: Place
    text: str
    rows: range
    columns: range


class _Grid:
    """One sheet under way."""

    def __init__(
        self, sheet: Sheet, axes: Axes, *, vocabulary: Vocabulary, last_week: int, school: str
    ) -> None:
        self._sheet = sheet
        self._texts = texts_of(sheet)
        self._axes = axes
        self._vocabulary = vocabulary
        self._last_week = last_week
        self._school = school
        self._reading = Reading()
        self._merged = _owners(sheet.merged)
        is_teacher = vocabulary.kind_of(sheet.name) is WordKind.TEACHER
        self._teacher = sheet.name if is_teacher else ""
        self._doubled = self._numbers_of_two_parts()

    def read(self) -> Reading:
        """Read every cell of the body."""
        for cell in self._fields():
            if not is_blank(cell.text):
                self._read_field(cell)
        return self._reading

    # --- cells -----------------------------------------------------------------------------------

    def _fields(self) -> Iterator[_Field]:
        """Yield the cells of the body, each merged range and each group of rows once."""
        for rows in self._row_groups():
            if self._is_note(rows):
                continue
            for column in range(len(self._texts[0])):
                yield from self._field(rows, column)

    def _field(self, rows: range, column: int) -> Iterator[_Field]:
        """Yield the cell, unless it was read as a part of a merged range before it.

        A range goes over periods. Over days or classes, it is one lesson of each.
        """
        place = Place(rows[0], column)
        columns = range(column, column + 1)
        merged = self._merged.get(place)
        if not self._is_body(place):
            return
        if merged is not None and self._axes.periods.in_rows:
            if merged.first.column < column:
                return
            columns = range(column, merged.last.column + 1)
        elif merged is not None:
            if merged.first.row < rows[0]:
                return
            rows = range(rows[0], max(rows[-1], merged.last.row) + 1)
        words = dict.fromkeys(self._texts[row][column] for row in rows)
        yield _Field(place, "\n".join(filter(None, words)), rows, columns)

    def _row_groups(self) -> Iterator[range]:
        """Yield rows that belong to one period: its label is merged, or stands in the first.

        Subject and teacher often stand in two rows of one period.
        """
        periods = self._axes.periods
        rows = range(len(self._texts))
        if periods.in_rows:
            yield from (range(row, row + 1) for row in rows)
            return
        row = 0
        while row < len(rows):
            last = row
            column = periods.lines[0]
            merged = self._merged.get(Place(row, column))
            if merged is not None:
                last = max(last, merged.last.row)
            elif self._texts[row][column] and not self._is_header_row(row):
                while last + 1 < len(rows) and self._continues(last + 1, column):
                    last += 1
            yield range(row, last + 1)
            row = last + 1

    def _continues(self, row: int, column: int) -> bool:
        """Tell whether a row goes on with the period above it."""
        return (
            not self._texts[row][column]
            and any(self._texts[row])
            and not self._is_header_row(row)
            and not self._is_note(range(row, row + 1))
        )

    def _is_header_row(self, row: int) -> bool:
        axes = (self._axes.days, self._axes.periods, self._axes.classes)
        return any(axis is not None and axis.in_rows and row in axis.lines for axis in axes)

    def _is_note(self, rows: range) -> bool:
        """Tell whether rows say one thing in their whole width: a title, a break, a note."""
        words = {text for row in rows for text in self._texts[row] if not is_blank(text)}
        return len(words) == 1 and not self._is_header_row(rows[0])

    def _is_body(self, place: Place) -> bool:
        """Tell whether a cell is none of a header or a margin."""
        row, column = place.row, place.column
        axes = (self._axes.days, self._axes.periods, self._axes.classes)
        for axis in axes:
            if axis is None:
                continue
            if axis.holds(row, column) or axis.is_beside(row, column):
                return False
        return not is_day_part(self._texts[row][column])

    # --- lessons ---------------------------------------------------------------------------------

    def _read_field(self, cell: _Field) -> None:
        row, column = cell.place.row, cell.place.column
        source = Source(self._sheet.name, cell.place.address)
        weekday = weekday_of(self._axes.days.label(self._texts, row, column))
        if weekday is None:
            self._find(source, ImportReason.NO_DAY, cell.text)
            return
        try:
            period = self._period(cell)
            lessons = read_cell(cell.text, self._vocabulary, self._last_week)
            name = self._class(cell.place)
            drafts = [self._draft(source, weekday, period, one, name) for one in lessons]
        except UnreadableCell as error:
            self._find(source, error.reason, cell.text)
            return
        self._reading.drafts += drafts

    def _find(self, source: Source, reason: ImportReason, text: str) -> None:
        self._reading.findings.append(Finding(source, reason, text))

    def _draft(
        self, source: Source, weekday: int, period: PeriodLabel | None, one: CellLesson, name: str
    ) -> Draft:
        """Make the draft of one lesson. Raises UnreadableCell."""
        period = one.period or period
        if period is None:
            raise UnreadableCell(ImportReason.NO_PERIOD)
        if name and one.class_name and class_form(name) != class_form(one.class_name):
            raise UnreadableCell(ImportReason.TOO_MANY_WORDS)
        class_name = name or one.class_name
        if not class_name:
            raise UnreadableCell(ImportReason.NO_CLASS)
        return Draft(
            source=source,
            weekday=weekday,
            period=period,
            subject=one.subject,
            teacher=one.teacher or self._teacher,
            weeks=one.weeks,
            school=self._school,
            room=one.room,
            class_name=class_name,
            seats=None,
        )

    def _class(self, place: Place) -> str:
        """Return the class of a cell: of its header, of the title above, or of the sheet."""
        axis = self._axes.classes
        if axis is None:
            return class_in(self._sheet.name)
        line = axis.line_of(place.row, place.column)
        label = axis.label(self._texts, place.row, place.column)
        if line in axis.titles and not label:
            label = next(filter(None, self._texts[line or 0]), "")
        return class_in(label) if line in axis.titles else label

    def _period(self, cell: _Field) -> PeriodLabel | None:
        """Return the period of a cell; of several where the cell goes over them."""
        periods = self._axes.periods
        labels: list[PeriodLabel] = []
        for row in cell.rows:
            for column in cell.columns:
                text = periods.label(self._texts, row, column)
                if text and text not in (label.text for label in labels):
                    labels.append(self._label(text, row))
        if not labels:
            return None
        if len(labels) == 1:
            return labels[0]
        return _joined(labels)

    def _label(self, text: str, row: int) -> PeriodLabel:
        """Read a label. A number that stands for two periods of the day names none."""
        label = period_of(text)
        part = label.part or self._part(row)
        if label.first in self._doubled and part not in _MORNING:
            return replace(label, text=f"{part}{text}", first=None, part=part)
        return label

    def _part(self, row: int) -> str:
        """Return 上午 or 下午, as the margin says."""
        column = self._axes.periods.lines[0]
        margin = self._texts[row][:column] if not self._axes.periods.in_rows else ()
        return next((text for text in reversed(margin) if is_day_part(text)), "")

    def _numbers_of_two_parts(self) -> frozenset[int]:
        """Return the numbers that stand in 上午 and again in 下午."""
        if self._axes.periods.in_rows:
            return frozenset()
        parts: dict[int, set[str]] = {}
        for row in range(len(self._texts)):
            label = period_of(self._texts[row][self._axes.periods.lines[0]])
            if label.first is not None and not self._is_header_row(row):
                parts.setdefault(label.first, set()).add(label.part or self._part(row))
        return frozenset(number for number, found in parts.items() if len(found) > 1)


def _joined(labels: Sequence[PeriodLabel]) -> PeriodLabel:
    """Return one label for periods that follow one another. Raises UnreadableCell."""
    first, last = labels[0], labels[-1]
    count = sum(label.count for label in labels)
    numbers = {label.first for label in labels}
    follow = all(a.first is not None and b.first == a.first + a.count for a, b in pairwise(labels))
    if not follow and numbers != {None}:
        raise UnreadableCell(ImportReason.BAD_PERIOD)
    return replace(first, text=f"{first.text}-{last.text}", count=count)


def _owners(merged: Sequence[Range]) -> dict[Place, Range]:
    """Return the range of each cell that lies in one."""
    return {
        Place(row, column): one
        for one in merged
        for row in range(one.first.row, one.last.row + 1)
        for column in range(one.first.column, one.last.column + 1)
    }
