"""Reason for which a workbook is refused: a code with facts, for which pages have the words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class WorkbookFault(StrEnum):
    """The reasons, as programs name them."""

    EMPTY = "workbook_empty"
    UNKNOWN_FORMAT = "workbook_unknown_format"  # a picture, a PDF, .ods, .xlsb
    HTML = "workbook_html"  # a web page under the name of a workbook
    OLD_EXCEL = "workbook_old_excel"  # Excel 95 and before
    XML_2003 = "workbook_xml_2003"  # "XML Spreadsheet 2003"
    MACROS = "workbook_macros"
    ENCRYPTED = "workbook_encrypted"
    DAMAGED = "workbook_damaged"
    ZIP_BOMB = "workbook_zip_bomb"
    ENCODING = "workbook_encoding"  # text that is neither UTF-8 nor GB 18030
    TOO_LARGE = "workbook_too_large"  # the file itself
    TOO_MUCH_TEXT = "workbook_too_much_text"
    TOO_MANY_COLUMNS = "workbook_too_many_columns"
    TOO_MANY_ROWS = "workbook_too_many_rows"
    TOO_MANY_CELLS = "workbook_too_many_cells"
    TOO_MANY_MERGED = "workbook_too_many_merged"
    TOO_MANY_SHEETS = "workbook_too_many_sheets"


class CellFault(StrEnum):
    """Reason for which one cell has no value; the others of its workbook are read."""

    FORMULA_NOT_COMPUTED = "formula_not_computed"
    FORMULA_ERROR = "formula_error"  # #REF!, #DIV/0!
    TEXT_TOO_LONG = "cell_text_too_long"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a workbook that a county's offices never reach."""

    file_bytes: int = 20_000_000
    columns: int = 256  # of one sheet; also the width of an .xls
    rows: int = 20_000  # of one sheet
    cells: int = 1_000_000  # of all sheets, empty ones inside of them included
    sheets: int = 64
    merged: int = 10_000  # ranges of one sheet
    text_chars: int = 10_000_000  # of all cells together
    cell_chars: int = 32_767  # Excel's own bound
    # A package (.xlsx) before it is unpacked.
    entries: int = 2_000
    unpacked_bytes: int = 64_000_000
    ratio: int = 250  # unpacked to packed; tables of equal cells reach 100
    unread: int = 1_000  # cells told; the rest is counted nowhere, for the file is useless


class WorkbookRefused(Exception):
    """A workbook that is not read.

    Attributes:
        code: the reason.
        facts: values that the words of a page may name: `sheet`, `cell`, `limit`, `found`.
    """

    def __init__(self, code: WorkbookFault, facts: Mapping[str, str | int] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.facts = dict(facts or {})
