"""The REST API's bodies about the textbook catalogue."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from signaling.base.text import Word
from signaling.files.workbooks.refusals import WorkbookFault

MAX_CHANGES = 300  # of one import that are told; the rest is counted
MAX_SECTIONS = 300  # of one book that are offered at once; words narrow them


class CatalogueStage(StrEnum):
    """学段: 小学 / 初中 / 高中."""

    PRIMARY = "primary"
    JUNIOR = "junior"
    SENIOR = "senior"


class CatalogueChangeKind(StrEnum):
    """What an import does to a chapter or a book."""

    NEW = "new"
    MOVED = "moved"  # to another place in its book
    GONE = "gone"  # no longer offered; resources that name it keep the name


class CatalogueFault(StrEnum):
    """Why a file is no catalogue."""

    NOT_JSON = "catalogue_not_json"
    NO_BOOKS = "catalogue_no_books"
    NO_COLUMNS = "catalogue_no_columns"  # the first row lacks 学段, 学科, 版本 or 册
    TOO_DEEP = "catalogue_too_deep"
    TOO_MANY = "catalogue_too_many"


class CatalogueChange(msgspec.Struct, frozen=True):
    """One difference between a file and the catalogue; without ``section`` the book itself."""

    kind: CatalogueChangeKind
    stage: CatalogueStage
    subject: str
    edition: str
    grade: str
    volume: str
    section: str


class CatalogueImport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An import of a county's catalogue: a dry run, or with ``apply`` the real thing."""

    county_id: Word
    file_id: Word
    apply: bool = False


class CatalogueImported(msgspec.Struct, frozen=True):
    """Outcome of an import: what it found, and with ``applied`` what it did.

    ``changes`` are the first of ``new`` + ``moved`` + ``gone``. ``skipped`` are entries of the
    file that belong to no stage. ``in_use``: chapters that are gone, and that published resources
    name; they keep the name.
    """

    applied: bool
    books: int = 0
    new: int = 0
    moved: int = 0
    gone: int = 0
    in_use: int = 0
    unchanged: int = 0
    skipped: int = 0
    changes: tuple[CatalogueChange, ...] = ()
    fault: CatalogueFault | None = None
    refused: WorkbookFault | None = None
    refused_facts: dict[str, str | int] = {}


class CatalogueChoices(msgspec.Struct, frozen=True):
    """What may be chosen on each level, given what was chosen above; other names may be typed.

    ``sections`` are the first of ``sections_total`` that hold the words asked for.
    """

    subjects: tuple[str, ...]
    editions: tuple[str, ...]
    grades: tuple[str, ...]
    volumes: tuple[str, ...]
    sections: tuple[str, ...]
    sections_total: int


class CatalogueSummary(msgspec.Struct, frozen=True):
    """How much a county's catalogue has."""

    county_id: str
    books: int
    chapters: int
    gone: int
