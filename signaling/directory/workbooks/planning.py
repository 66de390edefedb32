"""Comparison of a sheet with the entries that are there: what would be added and changed.

Pure work on values that were read before. An entry that the sheet does not name stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from signaling.directory.workbooks.cells import (
    BadCell,
    Names,
    References,
    default_of,
    value_of,
)
from signaling.directory.workbooks.forms import ID_TITLE, Refers, SheetColumn, SheetForm
from signaling.directory.workbooks.wire import ImportIssue, ImportIssueCode
from signaling.files.workbooks.sheets import Cell, Place, Sheet, Workbook
from signaling.files.workbooks.values import text_of

Values = dict[str, Any]

_HEADER_ROWS = 10  # in which the header is looked for
_EMPTY = (None, ())
_LOGIN = ("login",)  # upper and lower case are one account


@dataclass(frozen=True, slots=True)
class Known:
    """Facts that are known beside the sheet.

    Attributes:
        present: the entries that are there, by id.
        references: what names in cells mean.
        fixed: the fields that are set at creation only.
        home: the id of the node for which the sheet is.
        completed: brings values into their one form.
        new_id: makes an id.
    """

    present: Mapping[str, Values]
    references: References
    fixed: frozenset[str]
    home: str
    completed: Callable[[Values], Values]
    new_id: Callable[[], str]


@dataclass(slots=True)
class Plan:
    """Effect that an import would have. `places` tells where each entry that it touches stands."""

    rows: int = 0
    added: dict[str, Values] = field(default_factory=dict)
    changed: dict[str, Values] = field(default_factory=dict)
    unchanged: int = 0
    issues: list[ImportIssue] = field(default_factory=list)
    places: dict[str, Row] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Header:
    """The row of titles: where the column of each field stands."""

    row: int
    columns: Mapping[str, int]
    id_column: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the sheet, to tell what is wrong with it."""

    sheet: str
    number: int
    cells: Sequence[Cell]
    header: Header

    def issue(self, name: str | None, code: ImportIssueCode) -> ImportIssue:
        """Return an issue with the cell of a field; of the first cell where it has none."""
        column = self.header.id_column if name is None else self.header.columns.get(name)
        cell = None if column is None else self.cells[column]
        place = Place(self.number, column or 0)
        return ImportIssue(self.sheet, place.address, self.number + 1, code, text_of(cell)[:80])


class Planner:
    """Goes through a sheet row by row."""

    def __init__(self, form: SheetForm, known: Known) -> None:
        self._form = form
        self._known = known
        self._by_key: dict[tuple[object, ...], str] = {}
        self.plan = Plan()
        for entry_id, values in known.present.items():
            self._index(entry_id, values)

    def rows(self, workbook: Workbook) -> Iterator[Row]:
        """Yield the filled rows of the sheet that has the header."""
        found = self._find(workbook)
        if found is None:
            name = workbook.sheets[0].name if workbook.sheets else ""
            code = ImportIssueCode.COLUMN_MISSING
            missing = ImportIssue(name, Place(0, 0).address, 1, code, self._form.columns[0].title)
            self.plan.issues.append(missing)
            return
        sheet, header = found
        unread = {one.cell: one.code for one in workbook.unread if one.sheet == sheet.name}
        for number, cells in enumerate(sheet.spread()[header.row + 1 :], start=header.row + 1):
            row = Row(sheet.name, number, cells, header)
            broken = self._unread(row, unread)
            if broken or any(cells[column] is not None for column in header.columns.values()):
                self.plan.rows += 1
                self.plan.issues += broken
                if not broken:
                    yield row

    def take(self, row: Row) -> None:
        """Plan what one row asks for."""
        try:
            entry_id = self._own_id(row)
            wished = self._read(row)
        except _Faulty as fault:
            self.plan.issues += fault.issues
            return
        entry_id = entry_id or self._find_entry(wished)
        if entry_id is not None and entry_id in self.plan.places:
            self.plan.issues.append(row.issue(None, ImportIssueCode.ROW_TWICE))
        elif entry_id is None:
            self._add(row, wished)
        else:
            self._change(row, entry_id, wished)

    # --- the sheet -------------------------------------------------------------------------------

    def _find(self, workbook: Workbook) -> tuple[Sheet, Header] | None:
        """Return the sheet and row with the most of the titles; one at least is a field's."""
        best: tuple[int, Sheet, Header] | None = None
        for sheet in workbook.sheets:
            for number, cells in enumerate(sheet.rows[:_HEADER_ROWS]):
                titles = {text_of(cell).strip(): index for index, cell in enumerate(cells)}
                columns = {
                    column.name: titles[column.title]
                    for column in self._form.columns
                    if column.title in titles
                }
                if columns and (best is None or len(columns) > best[0]):
                    best = len(columns), sheet, Header(number, columns, titles.get(ID_TITLE))
        return None if best is None else best[1:]

    @staticmethod
    def _unread(row: Row, unread: Mapping[str, str]) -> list[ImportIssue]:
        issues = []
        for name, column in row.header.columns.items():
            code = unread.get(Place(row.number, column).address)
            if code is not None:
                issues.append(row.issue(name, ImportIssueCode(code)))
        return issues

    def _own_id(self, row: Row) -> str | None:
        column = row.header.id_column
        text = "" if column is None else text_of(row.cells[column]).strip()
        if text and text not in self._known.present:
            raise _Faulty([row.issue(None, ImportIssueCode.UNKNOWN_ID)])
        return text or None

    def _read(self, row: Row) -> Values:
        values: Values = {}
        issues = []
        for column in self._form.columns:
            if column.name not in row.header.columns:
                continue
            cell = row.cells[row.header.columns[column.name]]
            try:
                values[column.name] = value_of(self._form, column, cell, self._known.references)
            except BadCell as bad:
                issues.append(row.issue(column.name, bad.code))
        if issues:
            raise _Faulty(issues)
        if self._form.home is not None:
            values[self._form.home] = self._known.home
        return values

    # --- the entries -----------------------------------------------------------------------------

    def _index(self, entry_id: str, values: Values) -> None:
        for key in self._form.keys:
            named = _key(key, values)
            if named is not None:
                self._by_key[named] = entry_id

    def _find_entry(self, wished: Values) -> str | None:
        for key in self._form.keys:
            named = _key(key, wished)
            if named is not None:
                return self._by_key.get(named)
        return None

    def _add(self, row: Row, wished: Values) -> None:
        values = {}
        for name in self._names():
            value = wished.get(name)
            if value in _EMPTY:
                value = default_of(self._form, name)
            if value is msgspec.NODEFAULT:
                self.plan.issues.append(self._needed(row, name))
                return
            values[name] = value
        values = self._known.completed(values)
        if self._refers_to_closed(row, values, {}):
            return
        entry_id = self._known.new_id()
        self.plan.added[entry_id] = values
        self.plan.places[entry_id] = row
        self._index(entry_id, values)
        for _, names in self._referring(Refers.NODE):
            # A node may stand below one that an earlier row adds.
            names.add(entry_id, values["name"], values["code"])

    def _change(self, row: Row, entry_id: str, wished: Values) -> None:
        present = self._known.present[entry_id]
        values = dict(present)
        for name, value in wished.items():
            if value == present[name] or (value is None and name in self._known.fixed):
                continue
            if name in self._known.fixed:
                self.plan.issues.append(row.issue(name, ImportIssueCode.CANNOT_MOVE))
                return
            wanted = default_of(self._form, name) if value in _EMPTY else value
            if wanted is msgspec.NODEFAULT:
                self.plan.issues.append(self._needed(row, name))
                return
            values[name] = wanted
        values = self._known.completed(values)
        if self._refers_to_closed(row, values, present):
            return
        self.plan.places[entry_id] = row
        changes = {name: value for name, value in values.items() if value != present[name]}
        if changes:
            self.plan.changed[entry_id] = changes
        else:
            self.plan.unchanged += 1

    def _refers_to_closed(self, row: Row, values: Values, present: Values) -> bool:
        """Note each field that newly names something that is out of use."""
        issues = [
            row.issue(column.name, names.unknown)
            for column, names in self._referring(*Refers)
            if values[column.name] != present.get(column.name)
            and not names.closed.isdisjoint(_ids(values[column.name]))
        ]
        self.plan.issues += issues
        return bool(issues)

    def _referring(self, *kinds: Refers) -> Iterator[tuple[SheetColumn, Names]]:
        for column in self._form.columns:
            if column.refers is not None and column.refers in kinds:
                yield column, self._known.references[column.refers]

    def _names(self) -> Iterator[str]:
        yield from (column.name for column in self._form.columns)
        if self._form.home is not None:
            yield self._form.home

    def _needed(self, row: Row, name: str) -> ImportIssue:
        if name in row.header.columns:
            return row.issue(name, ImportIssueCode.CELL_EMPTY)
        issue = row.issue(None, ImportIssueCode.COLUMN_MISSING)
        return msgspec.structs.replace(issue, text=self._form.column(name).title)


class _Faulty(Exception):
    """A row that cannot be taken."""

    def __init__(self, issues: list[ImportIssue]) -> None:
        super().__init__(issues)
        self.issues = issues


def _key(names: tuple[str, ...], values: Values) -> tuple[object, ...] | None:
    """Return the values by which an entry is known; None where one is missing."""
    found: list[Any] = [values.get(name) for name in names]
    if any(value is None for value in found):
        return None
    return (names, *(one.lower() if names == _LOGIN else one for one in found))


def _ids(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)
