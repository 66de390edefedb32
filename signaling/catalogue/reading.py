"""Reading a file as a catalogue: JSON of the national platform's shape, or a workbook.

JSON is a tree of `hierarchies[].children[]` with `tag_name`, as the platform's tag file has it:
教材 → 学段 → 学科 → 版本 → 年级 → 册, and below a 册 its chapters. Books without a grade (高中)
have their 册 below 版本. A workbook has the columns 学段, 学科, 版本, 年级, 册, 章节, perhaps 课.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from signaling.catalogue.rules import (
    MAX_BOOKS,
    MAX_CHAPTERS,
    MAX_CHAPTERS_OF_BOOK,
    Book,
    clean_name,
    is_grade,
    section_of,
    stage_of,
)
from signaling.catalogue.wire import CatalogueFault
from signaling.files.workbooks.reading import read_workbook

MAX_BYTES = 20_000_000
MAX_DEPTH = 12  # of the tree, from its root to a chapter
_COLUMNS = ("学段", "学科", "版本", "年级", "册", "章节", "课")
_NEEDED = ("学段", "学科", "版本", "册")
_ALSO = {"册次": "册", "章": "章节", "节": "课", "单元": "章节", "教材版本": "版本"}


class CatalogueRefused(Exception):
    """A file that is no catalogue."""

    def __init__(self, fault: CatalogueFault) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(slots=True)
class CatalogueFile:
    """What a file has: the sections of each book in order, and how many entries were skipped."""

    books: dict[Book, list[str]] = field(default_factory=dict)
    skipped: int = 0
    chapters: int = 0

    def add(self, book: Book, section: str = "") -> None:
        """Take a book, or a chapter of it. Raises CatalogueRefused beyond the bounds."""
        sections = self.books.setdefault(book, [])
        if section:
            sections.append(section)
            self.chapters += 1
        if (
            len(self.books) > MAX_BOOKS
            or len(sections) > MAX_CHAPTERS_OF_BOOK
            or self.chapters > MAX_CHAPTERS
        ):
            raise CatalogueRefused(CatalogueFault.TOO_MANY)


def read_catalogue(data: bytes) -> CatalogueFile:
    """Read a file. Slow work: for worker processes and commands only.

    Raises:
        CatalogueRefused: it is no catalogue, or one beyond the bounds.
        WorkbookRefused: it is a workbook that cannot be read.
    """
    text = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if len(data) > MAX_BYTES:
        raise CatalogueRefused(CatalogueFault.TOO_MANY)
    file = _of_json(text) if text[:1] in {b"{", b"["} else _of_workbook(data)
    if not file.books:
        raise CatalogueRefused(CatalogueFault.NO_BOOKS)
    return file


# --- JSON ----------------------------------------------------------------------------------------


class _Tag(msgspec.Struct):
    tag_name: str = ""
    hierarchies: list[_Group] | None = None


class _Group(msgspec.Struct):
    children: list[_Tag] = []


def _of_json(data: bytes) -> CatalogueFile:
    try:
        decoded = msgspec.json.decode(data, type=_Tag | list[_Tag])
    except RecursionError:
        raise CatalogueRefused(CatalogueFault.TOO_DEEP) from None
    except msgspec.MsgspecError:
        raise CatalogueRefused(CatalogueFault.NOT_JSON) from None
    roots = decoded if isinstance(decoded, list) else [decoded]
    file = CatalogueFile()
    for root in roots:
        _walk(file, root, (), 0)
    return file


def _children(tag: _Tag) -> Iterator[_Tag]:
    for group in tag.hierarchies or ():
        yield from group.children


def _walk(file: CatalogueFile, tag: _Tag, above: tuple[str, ...], depth: int) -> None:
    """Go down a tree; `above` are the names from the stage on."""
    if depth > MAX_DEPTH:
        raise CatalogueRefused(CatalogueFault.TOO_DEEP)
    name = clean_name(tag.tag_name)
    here = above
    if above or stage_of(name) is not None:
        here = (*above, name)
    below = list(_children(tag))
    book, chapters = _book_of(here)
    if book is not None:
        file.add(book, section_of(chapters))
    elif not below:
        file.skipped += 1
    for child in below:
        _walk(file, child, here, depth + 1)


def _book_of(names: Sequence[str]) -> tuple[Book | None, Sequence[str]]:
    """Return the book that a path names, and the names below it."""
    if len(names) < 4 or not all(names):
        return None, ()
    stage = stage_of(names[0])
    graded = is_grade(names[3])
    needed = 5 if graded else 4
    if stage is None or len(names) < needed:
        return None, ()
    grade = names[3] if graded else ""
    return Book(stage, names[1], names[2], grade, names[needed - 1]), names[needed:]


# --- a workbook ----------------------------------------------------------------------------------


def _of_workbook(data: bytes) -> CatalogueFile:
    file, found = CatalogueFile(), False
    for sheet in read_workbook(data).sheets:
        rows = sheet.spread()
        places = _places(rows[0]) if rows else {}
        if any(name not in places for name in _NEEDED):
            continue
        found = True
        for row in rows[1:]:
            _take(file, {name: _text(row[place]) for name, place in places.items()})
    if not found:
        raise CatalogueRefused(CatalogueFault.NO_COLUMNS)
    return file


def _places(header: Sequence[Any]) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, cell in enumerate(header):
        name = _text(cell)
        name = _ALSO.get(name, name)
        if name in _COLUMNS:
            places.setdefault(name, place)
    return places


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    number = isinstance(cell, float) and cell.is_integer()
    return clean_name(str(int(cell) if number else cell))


def _take(file: CatalogueFile, row: dict[str, str]) -> None:
    if not any(row.values()):
        return
    stage = stage_of(row["学段"])
    if stage is None or not all(row[name] for name in _NEEDED):
        file.skipped += 1
        return
    book = Book(stage, row["学科"], row["版本"], row.get("年级", ""), row["册"])
    file.add(book, section_of((row.get("章节", ""), row.get("课", ""))))
