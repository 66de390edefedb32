"""Kinds of jobs of imports: the dry run, applying, and the workbooks to be filled in."""

from __future__ import annotations

import msgspec

from signaling.jobs.kinds import JobKind, JobLimits
from signaling.timetable.imports.wire import ImportResult, TimetableWorkbook

_LIMITS = JobLimits(memory_mb=2048, cpu_s=300, wall_s=600)


class ReadTask(msgspec.Struct, frozen=True):
    """A dry run of an import in one version."""

    import_id: str
    version: int


class ApplyTask(msgspec.Struct, frozen=True):
    """Agreement to apply: the import in one version, and what is borne or left out."""

    import_id: str
    version: int
    skip_unread: bool
    waiver: str | None


class WorkbookOrder(msgspec.Struct, frozen=True):
    """A workbook of a county: the long table of a term, or the template without one."""

    county_id: str
    term_id: str | None = None


READ_IMPORT = JobKind("timetable_import_read", ReadTask, ImportResult, _LIMITS)
APPLY_IMPORT = JobKind("timetable_import_apply", ApplyTask, ImportResult, _LIMITS)
MAKE_WORKBOOK = JobKind("timetable_workbook", WorkbookOrder, TimetableWorkbook, _LIMITS)
