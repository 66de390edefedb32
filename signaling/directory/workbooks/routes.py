"""Routes: imports and exports of the directory."""

from __future__ import annotations

from dataclasses import dataclass

from signaling.audit.actions import AuditAction
from signaling.directory.workbooks.service import WorkbookService
from signaling.directory.workbooks.wire import DirectoryExport, DirectoryImport
from signaling.jobs.routes import shown
from signaling.jobs.wire import Job
from signaling.web.routes import Call, Route


@dataclass(frozen=True, slots=True)
class WorkbookHandlers:
    """Imports and exports."""

    service: WorkbookService

    async def may_submit(self, call: Call) -> None:
        """Raise Forbidden unless the caller manages some branch."""
        self.service.demand_may_submit(call.actor)

    async def start_import(self, call: Call) -> Job:
        """Read a workbook as a job; its result is a `DirectoryImported`."""
        return shown(await self.service.start_import(call.actor, call.body), call.actor)

    async def start_export(self, call: Call) -> Job:
        """Make a workbook as a job; its result is a `DirectoryExported`."""
        return shown(await self.service.start_export(call.actor, call.body), call.actor)


ROUTES = (
    Route(
        "POST",
        "/api/directory/imports",
        WorkbookHandlers.start_import,
        "从 Excel 导入基础数据:先试读,确认后写入",
        Job,
        DirectoryImport,
        status=202,
        audited=AuditAction.JOB_SUBMIT,
        permit=WorkbookHandlers.may_submit,
    ),
    Route(
        "POST",
        "/api/directory/exports",
        WorkbookHandlers.start_export,
        "导出基础数据或模板为 Excel",
        Job,
        DirectoryExport,
        status=202,
        audited=AuditAction.JOB_SUBMIT,
        permit=WorkbookHandlers.may_submit,
    ),
)
