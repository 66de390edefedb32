"""Bodies of imports and exports of the directory."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from signaling.base.text import Word
from signaling.files.workbooks.refusals import WorkbookFault

MAX_ISSUES = 500  # told of one file; the rest is counted


class DirectoryNoun(StrEnum):
    """区域 / 学校 / 教室 / 班级 / 学科 / 结对关系 / 教师."""

    NODES = "nodes"
    SCHOOLS = "schools"
    ROOMS = "rooms"
    CLASSES = "classes"
    SUBJECTS = "subjects"
    PAIRINGS = "pairings"
    TEACHERS = "teachers"


class ImportIssueCode(StrEnum):
    """Reason for which a cell or its row cannot be taken over."""

    COLUMN_MISSING = "column_missing"  # no header has its title
    CELL_EMPTY = "cell_empty"  # the value is needed
    BAD_VALUE = "bad_value"
    TEXT_NOT_CLEAN = "text_not_clean"  # too long, or with characters that nobody sees
    UNKNOWN_ID = "unknown_id"  # 编号 of nothing in this county
    UNKNOWN_NODE = "unknown_node"
    UNKNOWN_SCHOOL = "unknown_school"
    UNKNOWN_SUBJECT = "unknown_subject"
    AMBIGUOUS = "ambiguous"  # several have this name
    CANNOT_MOVE = "cannot_move"  # set at creation, and another now
    ROW_TWICE = "row_twice"  # an earlier row is the same entry
    TAKEN = "taken"  # another entry has it
    BAD_LEVEL = "bad_level"  # no node of this level may stand there
    LOGIN_MISSING = "login_missing"
    ENDS_BEFORE_START = "ends_before_start"
    SAME_SCHOOL = "same_school"
    NOT_A_CENTER = "not_a_center"
    PAIRING_OVERLAPS = "pairing_overlaps"
    TEXTBOOK_DIFFERS = "textbook_differs"
    FORMULA_NOT_COMPUTED = "formula_not_computed"
    FORMULA_ERROR = "formula_error"
    CELL_TEXT_TOO_LONG = "cell_text_too_long"


class DirectoryImport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An import of a workbook: a dry run, or with ``apply`` the real thing.

    ``node_id`` is the county; a school for its rooms, classes and teachers; any node for nodes.
    """

    noun: DirectoryNoun
    node_id: Word
    file_id: Word
    apply: bool = False


class ImportIssue(msgspec.Struct, frozen=True):
    """A cell that stands in the way; ``row`` counts from 1 as the sheet shows it."""

    sheet: str
    cell: str
    row: int
    code: ImportIssueCode
    text: str = ""


class DirectoryImported(msgspec.Struct, frozen=True):
    """Outcome of an import: what it found, and with ``applied`` what it did.

    With any issue nothing is written. ``issues`` are the first of ``issues_total``. ``refused``
    names why the file is no workbook that can be read; ``refused_facts`` go into the words.
    """

    noun: DirectoryNoun
    applied: bool
    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    issues: tuple[ImportIssue, ...] = ()
    issues_total: int = 0
    refused: WorkbookFault | None = None
    refused_facts: dict[str, str | int] = {}


class DirectoryExport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An export of all entries of a noun; with ``template`` of the columns alone."""

    noun: DirectoryNoun
    node_id: Word
    template: bool = False


class DirectoryExported(msgspec.Struct, frozen=True):
    """A workbook that was made, to be downloaded from /api/files/{file_id}/content."""

    file_id: str
    name: str
    rows: int
