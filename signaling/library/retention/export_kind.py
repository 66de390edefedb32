"""导出将删除清单 as a job: its name, and what goes in and comes out."""

from __future__ import annotations

from signaling.jobs.kinds import JobKind, JobLimits
from signaling.library.retention.wire import DeletionExportWish, DeletionsExported

DELETION_EXPORT = JobKind(
    "deletion_export",
    DeletionExportWish,
    DeletionsExported,
    JobLimits(cpu_s=300, wall_s=600),
)
