"""Routes: 开课台账, for its readers and for those who explain what was missed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.base.cursors import Place, cursor_of
from signaling.jobs.routes import shown as job_shown
from signaling.jobs.service import JobService
from signaling.jobs.wire import Job
from signaling.ledger import decision_wire as d
from signaling.ledger import today_wire as t
from signaling.ledger import wire as r
from signaling.ledger.amending import Amending
from signaling.ledger.board import Board
from signaling.ledger.deciding import Deciding
from signaling.ledger.evidence import Evidence
from signaling.ledger.export_kind import EXPORT, ExportOrder
from signaling.ledger.overview import Overview
from signaling.ledger.questions import (
    AFTER,
    COUNTY,
    PARTS,
    SPAN,
    Questions,
    asked_month,
    choice,
    day,
    demand_days,
    place,
    words,
)
from signaling.ledger.tables import LedgerUnitRow
from signaling.ledger.units import UnitFilter, UnitReader, shown
from signaling.web.routes import Call, Query, Route

_PART = 25  # units shown in one step of the loop


class MissedList(StrEnum):
    """Lists of missed units: 待说明, 待确认 (a reason waits for the county), 已确认, or all."""

    AWAITING = "awaiting"
    GIVEN = "given"
    CONFIRMED = "confirmed"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class LedgerHandlers:
    """The ledger as pages ask for it."""

    overview: Overview
    units: UnitReader
    evidence: Evidence
    amending: Amending
    deciding: Deciding
    board: Board
    jobs: JobService
    questions: Questions

    async def areas(self, call: Call) -> r.LedgerAreaList:
        """The counties, and the areas above them, of which the caller sees some ledger."""
        demand_somewhere(call.actor, Action.READ_LEDGER)
        return await self.questions.areas.listed(call.actor, call.query.get("q", ""))

    async def totals(self, call: Call) -> r.LedgerTotals:
        """Sums by county, school, point, class, subject, day, week or month."""
        by = choice(call, "by", r.LedgerGrouping) or r.LedgerGrouping.POINT
        scope = await self.questions.scope(call)
        return await self.overview.totals(scope, by, call.query.get("after"))

    async def heat(self, call: Call) -> r.LedgerHeat:
        """Points × weeks."""
        return await self.overview.heat(await self.questions.scope(call), call.query.get("after"))

    async def list_units(self, call: Call) -> r.LedgerUnitList:
        """The units that the caller may see, the newest first."""
        wanted = await self.questions.units(call)
        return await self._listed(call, wanted, Action.READ_LEDGER_UNIT)

    async def missed(self, call: Call) -> r.MissedUnitList:
        """Missed units that the caller may explain: the own ones, or those of the branch."""
        which = choice(call, "cause", MissedList) or MissedList.AWAITING
        wanted = _missed(which, call)
        rows, following = await self.units.page(
            call.actor, wanted, place(call), Action.EXPLAIN_MISSED
        )
        said = await self.units.said(rows)
        listed = await _list(rows, call.actor, following)
        found = tuple(
            r.MissedUnit(unit, said.get((unit.lesson_id, unit.room_id))) for unit in listed.units
        )
        return r.MissedUnitList(found, listed.next)

    async def may_confirm(self, call: Call) -> None:
        """Raise Forbidden unless the caller confirms the reasons of some county."""
        demand_somewhere(call.actor, Action.CONFIRM_MISSED)

    async def confirm_some(self, call: Call) -> d.ReasonsDecided:
        """Confirm the reasons of some units, each for itself."""
        return await self.deciding.confirm(call.actor, call.body.units)

    async def return_some(self, call: Call) -> d.ReasonsDecided:
        """退回: give the reasons of some units back, each for itself."""
        return await self.deciding.give_back(call.actor, call.body.units, call.body.note)

    async def get_unit(self, call: Call) -> r.LedgerEvidence:
        """One unit with its evidence."""
        return await self.evidence.of(call.actor, *_key(call))

    async def explain(self, call: Call) -> r.LedgerUnit:
        """Say why a unit was missed."""
        row = await self.amending.explain(call.actor, *_key(call), call.body)
        return shown(row, call.actor)

    async def confirm(self, call: Call) -> r.LedgerUnit:
        """Confirm the reason that was given, or set another one; for the county."""
        row = await self.amending.confirm(call.actor, *_key(call), call.body)
        return shown(row, call.actor)

    async def count(self, call: Call) -> r.LedgerUnit:
        """Enter or correct 到课人数 of a lesson that is over."""
        row = await self.amending.count(call.actor, *_key(call), call.body)
        return shown(row, call.actor)

    async def today(self, call: Call) -> t.TodayBoard:
        """今日看板: what needs somebody first."""
        return await self.board.today(call.actor, day(call, "day"), call.query.get("after"))

    async def may_export(self, call: Call) -> None:
        """Raise Forbidden unless the caller sees some ledger."""
        demand_somewhere(call.actor, Action.READ_LEDGER)

    async def export(self, call: Call) -> Job:
        """导出报表: a job makes a workbook, whose file is in its result (`LedgerExport`)."""
        demand_days(call.body.first, call.body.last)
        wish: r.ExportWish = call.body
        await self.questions.areas.path(call.actor, wish.node)
        order = ExportOrder(
            wish.first,
            wish.last,
            wish.language,
            county_id=wish.county,
            school_id=wish.point,
            class_id=wish.class_,
            subject=wish.subject,
            node_id=wish.node,
        )
        record = await self.jobs.submit(call.actor, EXPORT, order, branch=call.actor.county)
        return job_shown(record, call.actor)

    async def _listed(self, call: Call, wanted: UnitFilter, action: Action) -> r.LedgerUnitList:
        rows, following = await self.units.page(call.actor, wanted, place(call), action)
        return await _list(rows, call.actor, following)


async def _list(
    rows: Sequence[LedgerUnitRow], actor: Actor, following: Place | None
) -> r.LedgerUnitList:
    units: list[r.LedgerUnit] = []
    for first in range(0, len(rows), _PART):
        await asyncio.sleep(0)  # media go between the parts of a page
        units += [shown(row, actor) for row in rows[first : first + _PART]]
    return r.LedgerUnitList(tuple(units), None if following is None else cursor_of(following))


_GIVEN = (r.MissedCause.EXCUSED, r.MissedCause.UNEXCUSED)
_CAUSES = {
    MissedList.AWAITING: ((r.MissedCause.AWAITING,), None),
    MissedList.GIVEN: (_GIVEN, False),
    MissedList.CONFIRMED: (_GIVEN, True),
    MissedList.ALL: (tuple(r.MissedCause), None),
}


def _missed(which: MissedList, call: Call) -> UnitFilter:
    first, last = asked_month(call)
    causes, confirmed = _CAUSES[which]
    return UnitFilter(
        first,
        last,
        county_id=call.query.get("county"),
        school_id=call.query.get("point"),
        outcomes=(r.UnitOutcome.MISSED,),
        causes=causes,
        confirmed=confirmed,
        words=words(call),
    )


def _key(call: Call) -> tuple[str, str]:
    return call.path("lesson_id"), call.path("room_id")


_UNIT = "/api/ledger/units/{lesson_id}/{room_id}"

ROUTES = (
    Route(
        "GET",
        "/api/ledger/areas",
        LedgerHandlers.areas,
        "可查看台账的区域",
        r.LedgerAreaList,
        query=(Query("q", "text to find in the name"),),
    ),
    Route(
        "GET",
        "/api/ledger/totals",
        LedgerHandlers.totals,
        "开课统计",
        r.LedgerTotals,
        query=(Query("by", f"one of {', '.join(r.LedgerGrouping)}"), *SPAN, *PARTS, AFTER),
    ),
    Route(
        "GET",
        "/api/ledger/heat",
        LedgerHandlers.heat,
        "教学点每周开课情况",
        r.LedgerHeat,
        query=(*SPAN, *PARTS, AFTER),
    ),
    Route(
        "GET",
        "/api/ledger/units",
        LedgerHandlers.list_units,
        "台账明细",
        r.LedgerUnitList,
        query=(
            *SPAN,
            *PARTS,
            Query("outcome", f"one of {', '.join(r.UnitOutcome)}"),
            AFTER,
        ),
    ),
    Route(
        "GET",
        "/api/ledger/missed",
        LedgerHandlers.missed,
        "缺课与原因",
        r.MissedUnitList,
        query=(
            Query("cause", f"one of {', '.join(MissedList)}"),
            Query("month", "YYYY-MM; all months without"),
            COUNTY,
            Query("point", "the id of a teaching point"),
            Query("q", "words of school, class, subject, teacher or title"),
            AFTER,
        ),
    ),
    Route(
        "POST",
        "/api/ledger/missed/confirm",
        LedgerHandlers.confirm_some,
        "批量确认缺课原因",
        d.ReasonsDecided,
        d.ConfirmReasons,
        audited=AuditAction.MISSED_CONFIRM,
        permit=LedgerHandlers.may_confirm,
    ),
    Route(
        "POST",
        "/api/ledger/missed/return",
        LedgerHandlers.return_some,
        "批量退回缺课原因",
        d.ReasonsDecided,
        d.ReturnReasons,
        audited=AuditAction.MISSED_RETURN,
        permit=LedgerHandlers.may_confirm,
    ),
    Route("GET", _UNIT, LedgerHandlers.get_unit, "一节课的依据", r.LedgerEvidence),
    Route(
        "POST",
        f"{_UNIT}/reason",
        LedgerHandlers.explain,
        "说明缺课原因",
        r.LedgerUnit,
        d.GiveReason,
        audited=AuditAction.MISSED_EXPLAIN,
    ),
    Route(
        "POST",
        f"{_UNIT}/confirm",
        LedgerHandlers.confirm,
        "确认缺课原因",
        r.LedgerUnit,
        d.ConfirmReason,
        audited=AuditAction.MISSED_CONFIRM,
    ),
    Route(
        "POST",
        f"{_UNIT}/headcount",
        LedgerHandlers.count,
        "补填到课人数",
        r.LedgerUnit,
        d.AmendHeadcount,
        audited=AuditAction.HEADCOUNT_AMEND,
    ),
    Route(
        "POST",
        "/api/ledger/exports",
        LedgerHandlers.export,
        "导出报表",
        Job,
        r.ExportWish,
        status=202,
        audited=AuditAction.JOB_SUBMIT,
        permit=LedgerHandlers.may_export,
    ),
    Route(
        "GET",
        "/api/ledger/today",
        LedgerHandlers.today,
        "今日看板",
        t.TodayBoard,
        query=(Query("day", "YYYY-MM-DD; today without"), AFTER),
    ),
)
