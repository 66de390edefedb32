"""Values of cells: a text becomes the value of a field, and a value a cell again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec

from signaling.base.text import BadText, cleaned
from signaling.directory.workbooks.forms import Refers, SheetColumn, SheetForm
from signaling.directory.workbooks.wire import ImportIssueCode
from signaling.files.workbooks.sheets import Cell
from signaling.files.workbooks.values import text_of

_PARTS = re.compile(r"[、,,;;/\s]+")  # between the names of subjects
_DAY = re.compile(r"^(\d{4})[./年-](\d{1,2})[./月-](\d{1,2})日?$")
_JOIN = "、"


class BadCell(Exception):
    """A cell that cannot be taken over; `code` says why."""

    def __init__(self, code: ImportIssueCode) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Names:
    """Things of one kind by their names, and back."""

    unknown: ImportIssueCode
    names: dict[str, str] = field(default_factory=dict)  # by id
    closed: set[str] = field(default_factory=set)  # out of use: not for new entries
    _ids: dict[str, list[str]] = field(default_factory=dict)

    def add(self, entry_id: str, name: str, *others: str | None) -> None:
        """Take in a thing with its name, and maybe other names such as a code."""
        self.names[entry_id] = name
        for one in {name, *others}:
            if one is not None:
                self._ids.setdefault(one, []).append(entry_id)

    def id_of(self, name: str) -> str:
        """Return the id of what has a name. Raises BadCell."""
        found = self._ids.get(name, ())
        if len(found) > 1:
            raise BadCell(ImportIssueCode.AMBIGUOUS)
        if not found:
            raise BadCell(self.unknown)
        return found[0]


References = Mapping[Refers, Names]


def value_of(form: SheetForm, column: SheetColumn, cell: Cell, references: References) -> Any:
    """Return the value that a cell gives to its field; None for an empty cell. Raises BadCell."""
    text = text_of(cell).strip()
    if not text:
        return () if column.refers is Refers.SUBJECTS else None
    if column.refers is Refers.SUBJECTS:
        names = (part for part in _PARTS.split(text) if part)
        return tuple(sorted({references[column.refers].id_of(name) for name in names}))
    if column.refers is not None:
        return references[column.refers].id_of(text)
    if column.words:
        if text not in column.words:
            raise BadCell(ImportIssueCode.BAD_VALUE)
        return column.words[text]
    return _converted(_reader(form.create, column.name), text)


def cell_of(column: SheetColumn, value: Any, references: References) -> Cell:
    """Return a value as the cell from which `value_of` makes it again."""
    if column.refers is Refers.SUBJECTS:
        names = references[column.refers].names
        return _JOIN.join(name for one, name in names.items() if one in value)
    if column.refers is not None:
        return None if value is None else references[column.refers].names.get(value)
    if column.words:
        return next(word for word, one in column.words.items() if one == value)
    cell: Cell = value
    return cell


def default_of(form: SheetForm, name: str) -> Any:
    """Return the value of a field that nobody set; `msgspec.NODEFAULT` where one is needed."""
    return _field(form.create, name).default


@cache
def _field(create: type[msgspec.Struct], name: str) -> msgspec.structs.FieldInfo:
    return next(one for one in msgspec.structs.fields(create) if one.name == name)


@cache
def _reader(create: type[msgspec.Struct], name: str) -> type[msgspec.Struct]:
    """Return a struct with this one field, so that a cell is checked as a body is."""
    return msgspec.defstruct("CellValue", [("value", _field(create, name).type)], frozen=True)


def _converted(reader: type[msgspec.Struct], text: str) -> Any:
    try:
        read: Any = cleaned(msgspec.convert({"value": text}, reader, strict=False))
    except msgspec.ValidationError:
        day = _DAY.match(text)
        if day is None or text == _iso(day):
            raise BadCell(ImportIssueCode.BAD_VALUE) from None
        return _converted(reader, _iso(day))
    except BadText:
        raise BadCell(ImportIssueCode.TEXT_NOT_CLEAN) from None
    return read.value


def _iso(day: re.Match[str]) -> str:
    return f"{day[1]}-{day[2]:0>2}-{day[3]:0>2}"
