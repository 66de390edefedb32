"""From a workbook to drafts: each sheet is a long table or a grid."""

from __future__ import annotations

from collections.abc import Mapping

from signaling.files.workbooks.sheets import Workbook
from signaling.timetable.imports.core.answers import Answers
from signaling.timetable.imports.core.cell_text import Vocabulary
from signaling.timetable.imports.core.columns import Field
from signaling.timetable.imports.core.drafts import Finding, Reading, Source
from signaling.timetable.imports.core.grid import read_grid
from signaling.timetable.imports.core.table import find_header, read_table
from signaling.timetable.imports.wire import ImportReason, ImportTopic


def read_drafts(
    workbook: Workbook,
    vocabulary: Vocabulary,
    answers: Answers,
    last_week: int,
    has_school: bool,
) -> Reading:
    """Read all sheets.

    Args:
        workbook: the file.
        vocabulary: the county's names.
        answers: what operators said of headers.
        last_week: the number of weeks of the term.
        has_school: whether somebody said whose grids these are.
    """
    reading = Reading()
    headers = fields_of_headers(answers)
    for cell in workbook.unread:
        reading.findings.append(Finding(Source(cell.sheet, cell.cell), ImportReason(cell.code)))
    for sheet in workbook.sheets:
        header = find_header(sheet, headers)
        if header is not None:
            reading.add(read_table(sheet, header, headers, last_week))
            continue
        grid = read_grid(sheet, vocabulary, last_week)
        if grid.drafts and not has_school:
            source = Source(sheet.name, grid.drafts[0].source.cell)
            grid = Reading(findings=[Finding(source, ImportReason.NO_SCHOOL)])
        reading.add(grid)
    return reading


def fields_of_headers(answers: Answers) -> Mapping[str, str | None]:
    """Return the fields that somebody named, by the plain header; None for no field."""
    return {
        key.text: targets[0] if targets else None
        for key, targets in answers.items()
        if key.topic is ImportTopic.COLUMN and (not targets or targets[0] in set(Field))
    }
