"""Reading a workbook from bytes that nobody vouches for. Slow work: for worker processes only."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from signaling.files.workbooks import csv_text, package, xls_survey, xlsx_survey
from signaling.files.workbooks.compound import wrapped
from signaling.files.workbooks.refusals import Limits, WorkbookFault, WorkbookRefused
from signaling.files.workbooks.sheets import (
    Cell,
    Place,
    Range,
    Sheet,
    UnreadCell,
    Workbook,
    clipped,
)
from signaling.files.workbooks.sniffing import Kind, sniff
from signaling.files.workbooks.survey import SheetSurvey, Survey
from signaling.files.workbooks.values import Raw, normal

LIMITS = Limits()


def read_workbook(data: bytes, limits: Limits = LIMITS) -> Workbook:
    """Read the visible sheets of a workbook: .xlsx, .xls, or a CSV.

    Raises:
        WorkbookRefused: the file is none of these, dangerous, or larger than the limits.
    """
    if len(data) > limits.file_bytes:
        raise WorkbookRefused(WorkbookFault.TOO_LARGE, {"limit": limits.file_bytes})
    kind = sniff(data)
    if kind is Kind.CSV:
        rows = csv_text.rows_of(data, limits)
        sheets: tuple[Sheet, ...] = (Sheet(csv_text.SHEET_NAME, _trimmed(rows, ())),)
        unread: tuple[UnreadCell, ...] = ()
    else:
        survey, safe = _surveyed(kind, data, limits)
        sheets = _opened(safe, survey)
        unread = tuple(_told(survey))[: limits.unread]
    if not any(sheet.rows for sheet in sheets) and not unread:
        raise WorkbookRefused(WorkbookFault.EMPTY)
    return Workbook(sheets, unread)


def _surveyed(kind: Kind, data: bytes, limits: Limits) -> tuple[Survey, bytes]:
    """Survey a file; the second value is a file with nothing in it but what was surveyed."""
    if kind is Kind.XLSX:
        parts = package.unpacked(data, limits)
        return xlsx_survey.survey_of(parts, limits), package.packed(parts)
    stream = xls_survey.checked_stream(data)
    survey = xls_survey.survey_of(stream, limits)
    return survey, wrapped(xls_survey.STREAM, stream)


def _opened(data: bytes, survey: Survey) -> tuple[Sheet, ...]:
    visible = [(index, sheet) for index, sheet in enumerate(survey.sheets) if sheet.visible]
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
            return tuple(_sheet(workbook, index, sheet) for index, sheet in visible)
    except PasswordError:
        raise WorkbookRefused(WorkbookFault.ENCRYPTED) from None
    except CalamineError:
        raise WorkbookRefused(WorkbookFault.DAMAGED) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of Rust code; derives from BaseException
            raise
        raise WorkbookRefused(WorkbookFault.DAMAGED) from None


def _sheet(workbook: CalamineWorkbook, index: int, survey: SheetSurvey) -> Sheet:
    opened = workbook.get_sheet_by_index(index)
    rows = _trimmed(opened.to_python(skip_empty_area=False), survey.unread)
    width = len(rows[0]) if rows else 0
    ranges = (
        clipped(Range(Place(*first), Place(*last)), len(rows), width)
        for first, last in opened.merged_cell_ranges or ()
    )
    merged = tuple(one for one in ranges if one is not None)
    if sum(one.size for one in merged) > len(rows) * width:  # they overlap
        raise WorkbookRefused(WorkbookFault.DAMAGED, {"sheet": survey.name})
    return Sheet(survey.name, rows, merged)


def _trimmed(
    rows: Sequence[Sequence[Raw]], unread: Iterable[Place]
) -> tuple[tuple[Cell, ...], ...]:
    """Return rows of equal length in their one form, without empty ones at the end."""
    cells = [[normal(raw) for raw in row] for row in rows]
    for place in unread:
        if place.row < len(cells) and place.column < len(cells[place.row]):
            cells[place.row][place.column] = None
    used = [
        max((i + 1 for i, cell in enumerate(row) if cell is not None), default=0) for row in cells
    ]
    width = max(used, default=0)
    height = max((i + 1 for i, columns in enumerate(used) if columns), default=0)
    return tuple(tuple(row[:width]) + (None,) * (width - len(row)) for row in cells[:height])


def _told(survey: Survey) -> list[UnreadCell]:
    return [
        UnreadCell(sheet.name, place.address, code)
        for sheet in survey.sheets
        if sheet.visible
        for place, code in sorted(sheet.unread.items())
    ]
