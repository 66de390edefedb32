"""The export as a job."""

from __future__ import annotations

from signaling.audit_exports.wire import AuditExported, AuditExportWish
from signaling.jobs.kinds import JobKind, JobLimits

AUDIT_EXPORT = JobKind(
    "audit_export", AuditExportWish, AuditExported, JobLimits(cpu_s=300, wall_s=600)
)
