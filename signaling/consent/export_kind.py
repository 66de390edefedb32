"""导出授权同意 as a job: its name, and what goes in and comes out."""

from __future__ import annotations

import msgspec

from signaling.consent.wire import ConsentExported
from signaling.files.workbooks.languages import WorkbookLanguage
from signaling.jobs.kinds import JobKind, JobLimits


class ConsentExportOrder(msgspec.Struct, frozen=True):
    """The term whose classes are written into a workbook, as the service saw it."""

    term_id: str
    term: str
    county_id: str
    language: WorkbookLanguage


CONSENT_EXPORT = JobKind(
    "consent_export", ConsentExportOrder, ConsentExported, JobLimits(cpu_s=300, wall_s=600)
)
