"""导出 of coverage and use as a job: its name, and what goes in and comes out."""

from __future__ import annotations

from datetime import date

import msgspec

from signaling.files.workbooks.languages import WorkbookLanguage
from signaling.jobs.kinds import JobKind, JobLimits
from signaling.library.figures.wire import FiguresExported, FiguresKind


class FiguresOrder(msgspec.Struct, frozen=True):
    """The table that is written into a workbook, with its year or its days."""

    kind: FiguresKind
    language: WorkbookLanguage
    school_year: int
    first: date
    last: date


FIGURES_EXPORT = JobKind(
    "resource_figures", FiguresOrder, FiguresExported, JobLimits(cpu_s=120, wall_s=600)
)
