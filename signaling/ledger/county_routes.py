"""Routes: what a county requires, and what it reported."""

from __future__ import annotations

from dataclasses import dataclass

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere, may_somewhere
from signaling.audit.actions import AuditAction
from signaling.base.cursors import cursor_of
from signaling.base.errors import Invalid
from signaling.ledger import county_wire as r
from signaling.ledger.evidence import correction_shown
from signaling.ledger.months import Months
from signaling.ledger.questions import AFTER, COUNTY, demanded_county, month, place
from signaling.ledger.requirement_versions import RequirementVersions
from signaling.ledger.requirements import Requirements
from signaling.web.routes import Call, Query, Route

_REQUIREMENT = "/api/ledger/requirements/{requirement_id}"


@dataclass(frozen=True, slots=True)
class CountyHandlers:
    """Requirements and months."""

    requirements: Requirements
    versions: RequirementVersions
    months: Months

    async def list_requirements(self, call: Call) -> r.RequirementList:
        """The requirements that count in the caller's branches."""
        found, following = await self.requirements.page(
            call.actor,
            call.query.get("q", ""),
            call.query.get("after"),
            call.query.get("node"),
        )
        may_edit = may_somewhere(call.actor, Action.EDIT_REQUIREMENTS)
        return r.RequirementList(tuple(found), may_edit, following)

    async def may_edit(self, call: Call) -> None:
        """Raise Forbidden unless the caller may edit somebody's requirements."""
        demand_somewhere(call.actor, Action.EDIT_REQUIREMENTS)

    async def create_requirement(self, call: Call) -> r.Requirement:
        """Require periods of a subject in a grade."""
        return await self.requirements.create(call.actor, call.body)

    async def make_version(self, call: Call) -> r.RequirementVersionMade:
        """Require other periods from a day on."""
        return await self.versions.make(call.actor, call.body)

    async def change_requirement(self, call: Call) -> r.Requirement:
        """Require another number of periods, or on other days."""
        return await self.requirements.change(call.actor, call.path("requirement_id"), call.body)

    async def remove_requirement(self, call: Call) -> None:
        """Take a requirement back."""
        try:
            version = int(call.query.get("version", ""))
        except ValueError:
            raise Invalid("expected the version that was read", field="version") from None
        await self.requirements.remove(call.actor, call.path("requirement_id"), version)

    async def list_months(self, call: Call) -> r.MonthList:
        """The months of a county that have lessons."""
        return r.MonthList(tuple(await self.months.listed(call.actor, demanded_county(call))))

    async def month_report(self, call: Call) -> r.MonthReport:
        """The report of a month: as it was reported, or as it is by now."""
        return await self.months.report(call.actor, demanded_county(call), month(call))

    async def month_corrections(self, call: Call) -> r.LedgerCorrectionList:
        """List what changed after the month was reported."""
        rows, following = await self.months.corrections(
            call.actor, demanded_county(call), month(call), place(call)
        )
        found = tuple(correction_shown(row) for row in rows)
        return r.LedgerCorrectionList(found, None if following is None else cursor_of(following))

    async def may_freeze(self, call: Call) -> None:
        """Raise Forbidden unless the caller may freeze some county's month."""
        demand_somewhere(call.actor, Action.FREEZE_MONTH)

    async def freeze_month(self, call: Call) -> r.MonthReport:
        """上报: freeze a month."""
        wish: r.FreezeMonth = call.body
        return await self.months.freeze(
            call.actor, wish.county_id, month(call), unexplained=wish.unexplained
        )


ROUTES = (
    Route(
        "GET",
        "/api/ledger/requirements",
        CountyHandlers.list_requirements,
        "开课要求",
        r.RequirementList,
        query=(
            Query("q", "text to find in grade, subject or area"),
            Query("node", "the id of a node: its requirements, and those above it"),
            AFTER,
        ),
    ),
    Route(
        "POST",
        "/api/ledger/requirements/versions",
        CountyHandlers.make_version,
        "从某日起的新版开课要求",
        r.RequirementVersionMade,
        r.RequirementVersion,
        status=201,
        audited=AuditAction.REQUIREMENT_VERSION,
        permit=CountyHandlers.may_edit,
    ),
    Route(
        "POST",
        "/api/ledger/requirements",
        CountyHandlers.create_requirement,
        "新增开课要求",
        r.Requirement,
        r.RequirementCreate,
        status=201,
        audited=AuditAction.REQUIREMENT_CREATE,
        permit=CountyHandlers.may_edit,
    ),
    Route(
        "PUT",
        _REQUIREMENT,
        CountyHandlers.change_requirement,
        "修改开课要求",
        r.Requirement,
        r.RequirementChange,
        audited=AuditAction.REQUIREMENT_CHANGE,
        permit=CountyHandlers.may_edit,
    ),
    Route(
        "DELETE",
        _REQUIREMENT,
        CountyHandlers.remove_requirement,
        "删除开课要求",
        status=204,
        query=(Query("version", "the version that was read"),),
        audited=AuditAction.REQUIREMENT_REMOVE,
        permit=CountyHandlers.may_edit,
    ),
    Route(
        "GET",
        "/api/ledger/months",
        CountyHandlers.list_months,
        "各月台账",
        r.MonthList,
        query=(COUNTY,),
    ),
    Route(
        "GET",
        "/api/ledger/months/{month}",
        CountyHandlers.month_report,
        "月报",
        r.MonthReport,
        query=(COUNTY,),
    ),
    Route(
        "GET",
        "/api/ledger/months/{month}/corrections",
        CountyHandlers.month_corrections,
        "更正",
        r.LedgerCorrectionList,
        query=(COUNTY, AFTER),
    ),
    Route(
        "POST",
        "/api/ledger/months/{month}/freeze",
        CountyHandlers.freeze_month,
        "上报",
        r.MonthReport,
        r.FreezeMonth,
        audited=AuditAction.MONTH_FREEZE,
        permit=CountyHandlers.may_freeze,
    ),
)
