"""Routes: imports of timetables, their template, and the export that can be imported again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere
from signaling.audit.actions import AuditAction
from signaling.jobs.routes import shown
from signaling.jobs.wire import Job
from signaling.timetable.imports import wire as w
from signaling.timetable.imports.records import Part
from signaling.timetable.imports.service import Imports
from signaling.timetable.imports.workbooks import TimetableWorkbooks
from signaling.web.routes import Call, Query, Route

_Line = TypeVar("_Line", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class ImportHandlers:
    """导入课表 and 导出."""

    imports: Imports
    workbooks: TimetableWorkbooks

    async def may_manage(self, call: Call) -> None:
        """Raise Forbidden unless the caller plans for some county."""
        demand_somewhere(call.actor, Action.MANAGE_TIMETABLE)

    async def list_imports(self, call: Call) -> w.TimetableImportList:
        """The imports of a county, newest first."""
        query = call.query
        return await self.imports.listed(
            call.actor, query.get("county") or None, query.get("after") or None
        )

    async def create_import(self, call: Call) -> w.TimetableImport:
        """导入课表."""
        return await self.imports.create(call.actor, call.body)

    async def get_import(self, call: Call) -> w.TimetableImport:
        """One import."""
        return await self.imports.get(call.actor, _id(call))

    async def change_import(self, call: Call) -> w.TimetableImport:
        """Answers and options."""
        return await self.imports.change(call.actor, _id(call), call.body)

    async def apply_import(self, call: Call) -> w.TimetableImport:
        """采用."""
        return await self.imports.apply(call.actor, _id(call), call.body)

    async def findings(self, call: Call) -> w.ImportFindings:
        """Cells that were not read."""
        return w.ImportFindings(*await self._lines(call, Part.FINDINGS, w.ImportFindingLine))

    async def questions(self, call: Call) -> w.ImportQuestions:
        """Open texts."""
        return w.ImportQuestions(*await self._lines(call, Part.QUESTIONS, w.ImportQuestionLine))

    async def matches(self, call: Call) -> w.ImportMatches:
        """Texts and what they were taken for."""
        return w.ImportMatches(*await self._lines(call, Part.MATCHES, w.ImportMatchLine))

    async def changes(self, call: Call) -> w.ImportChanges:
        """Plans that applying touches."""
        return w.ImportChanges(*await self._lines(call, Part.CHANGES, w.ImportChangeLine))

    async def clashes(self, call: Call) -> w.ImportClashes:
        """Clashes by cell."""
        return w.ImportClashes(*await self._lines(call, Part.CLASHES, w.ImportClashLine))

    async def make_workbook(self, call: Call) -> Job:
        """Have a job make a workbook, whose file is in its result (`TimetableWorkbook`)."""
        return shown(await self.workbooks.order(call.actor, call.body), call.actor)

    async def _lines(
        self, call: Call, part: Part, kind: type[_Line]
    ) -> tuple[tuple[_Line, ...], str | None]:
        after = call.query.get("after") or None
        bodies, following = await self.imports.lines(call.actor, _id(call), part, after)
        return tuple(msgspec.json.decode(body, type=kind) for body in bodies), following


def _id(call: Call) -> str:
    return call.path("import_id")


_AFTER = Query("after", "the `next` of the page before")
_ONE = "/api/timetable/imports/{import_id}"


def _part(name: str, handler: object, summary: str, answer: type) -> Route[ImportHandlers]:
    return Route(
        "GET",
        f"{_ONE}/{name}",
        handler,  # type: ignore[arg-type]
        summary,
        answer,
        query=(_AFTER,),
        permit=ImportHandlers.may_manage,
    )


ROUTES: Sequence[Route[ImportHandlers]] = (
    Route(
        "GET",
        "/api/timetable/imports",
        ImportHandlers.list_imports,
        "课表导入",
        w.TimetableImportList,
        query=(Query("county", "the county; the caller's own without"), _AFTER),
    ),
    Route(
        "POST",
        "/api/timetable/imports",
        ImportHandlers.create_import,
        "导入课表",
        w.TimetableImport,
        w.ImportCreate,
        status=201,
        audited=AuditAction.TIMETABLE_IMPORT_CREATE,
        permit=ImportHandlers.may_manage,
    ),
    Route(
        "GET",
        _ONE,
        ImportHandlers.get_import,
        "一次课表导入",
        w.TimetableImport,
        permit=ImportHandlers.may_manage,
    ),
    Route(
        "PUT",
        _ONE,
        ImportHandlers.change_import,
        "对应名称并重新试读",
        w.TimetableImport,
        w.ImportChange,
        audited=AuditAction.TIMETABLE_IMPORT_CHANGE,
        permit=ImportHandlers.may_manage,
    ),
    Route(
        "POST",
        f"{_ONE}/apply",
        ImportHandlers.apply_import,
        "采用导入的课表",
        w.TimetableImport,
        w.ImportApply,
        audited=AuditAction.TIMETABLE_IMPORT_AGREE,
        permit=ImportHandlers.may_manage,
    ),
    _part("findings", ImportHandlers.findings, "未能读取的单元格", w.ImportFindings),
    _part("questions", ImportHandlers.questions, "待对应的名称", w.ImportQuestions),
    _part("matches", ImportHandlers.matches, "已对应的名称", w.ImportMatches),
    _part("changes", ImportHandlers.changes, "将发生的变化", w.ImportChanges),
    _part("clashes", ImportHandlers.clashes, "时间冲突", w.ImportClashes),
    Route(
        "POST",
        "/api/timetable/workbooks",
        ImportHandlers.make_workbook,
        "课表模板, 导出课表",
        Job,
        w.WorkbookWish,
        status=202,
        audited=AuditAction.JOB_SUBMIT,
        permit=ImportHandlers.may_manage,
    ),
)
