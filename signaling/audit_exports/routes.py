"""Route: a workbook of the audit log."""

from __future__ import annotations

from dataclasses import dataclass

from signaling.access.actions import Action
from signaling.access.grants import branches_granted, demand_somewhere
from signaling.audit.actions import AuditAction
from signaling.audit.routes import MAX_DAYS
from signaling.audit_exports.kind import AUDIT_EXPORT
from signaling.audit_exports.wire import AuditExportWish
from signaling.base.calendar import days
from signaling.base.config import Config
from signaling.base.errors import Invalid
from signaling.jobs.routes import shown
from signaling.jobs.service import JobService
from signaling.jobs.wire import Job
from signaling.web.routes import Call, Route


@dataclass(frozen=True, slots=True)
class AuditExportHandlers:
    """Workbooks of the audit log."""

    jobs: JobService
    config: Config

    async def may_export(self, call: Call) -> None:
        """Raise Forbidden unless the caller reads the log of some branch."""
        demand_somewhere(call.actor, Action.READ_AUDIT)

    async def export(self, call: Call) -> Job:
        """Have a job make a workbook, whose file is in its result (`AuditExported`)."""
        wish: AuditExportWish = call.body
        length = (wish.last - wish.first).days
        if not 0 <= length < MAX_DAYS:
            raise Invalid(f"not before `first`, and at most {MAX_DAYS} days", field="last")
        try:
            days(wish.first, length + 1, self.config.zone)
        except OverflowError as error:
            raise Invalid(str(error), field="first") from None
        branches = branches_granted(call.actor, Action.READ_AUDIT)
        branch = next(iter(branches)) if len(branches) == 1 else ""
        record = await self.jobs.submit(call.actor, AUDIT_EXPORT, wish, branch=branch)
        return shown(record, call.actor)


ROUTES = (
    Route(
        "POST",
        "/api/audit/exports",
        AuditExportHandlers.export,
        "导出审计日志",
        Job,
        AuditExportWish,
        status=202,
        audited=AuditAction.JOB_SUBMIT,
        permit=AuditExportHandlers.may_export,
    ),
)
