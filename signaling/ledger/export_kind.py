"""导出报表 as a job: its name, and what goes in and comes out."""

from __future__ import annotations

from datetime import date

import msgspec

from signaling.files.workbooks.languages import WorkbookLanguage
from signaling.jobs.kinds import JobKind, JobLimits
from signaling.ledger.wire import LedgerExport


class ExportOrder(msgspec.Struct, frozen=True):
    """The part of the ledger that is written into a workbook."""

    first: date
    last: date
    language: WorkbookLanguage
    county_id: str | None = None
    school_id: str | None = None
    class_id: str | None = None
    subject: str | None = None
    node_id: str | None = None


EXPORT = JobKind("ledger_export", ExportOrder, LedgerExport, JobLimits(cpu_s=300, wall_s=600))
