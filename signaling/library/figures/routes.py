"""Routes: 一师一优课 coverage, and use."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere
from signaling.audit.actions import AuditAction
from signaling.audit.log import own_branch
from signaling.base.errors import Invalid
from signaling.jobs.routes import shown as job_shown
from signaling.jobs.service import JobService
from signaling.jobs.wire import Job
from signaling.library.figures import wire as w
from signaling.library.figures.export_kind import FIGURES_EXPORT, FiguresOrder
from signaling.library.figures.service import YEARS, Figures
from signaling.library.nominations.rules import school_year
from signaling.library.paging import choice_of
from signaling.web.routes import Call, Query, Route

_FOUR_DIGITS = re.compile("[0-9]{4}")


@dataclass(frozen=True, slots=True)
class FiguresHandlers:
    """Coverage and use, for those who oversee schools."""

    figures: Figures
    jobs: JobService

    async def may_read(self, call: Call) -> None:
        """Raise Forbidden where the caller reads the figures of no branch."""
        demand_somewhere(call.actor, Action.READ_RESOURCE_FIGURES)

    async def coverage(self, call: Call) -> w.Coverage:
        """Coverage of a school year, by school."""
        return await self.figures.coverage(call.actor, _year(call))

    async def teachers(self, call: Call) -> w.SchoolTeachers:
        """The teachers of one school, with their nominated lessons."""
        return await self.figures.teachers(call.actor, call.path("school_id"), _year(call))

    async def use(self, call: Call) -> w.UseTable:
        """Use between two days."""
        by = choice_of(call, "by", w.UseGrouping) or w.UseGrouping.SCHOOL
        return await self.figures.use(
            call.actor,
            (_day(call, "first"), _day(call, "last")),
            by,
            school_id=call.query.get("school") or None,
            teacher_id=call.query.get("teacher") or None,
        )

    async def export(self, call: Call) -> Job:
        """Have a job make a workbook, whose file is in its result (`FiguresExported`)."""
        wish: w.FiguresExportWish = call.body
        first, last = self.figures.span(wish.first, wish.last)
        year = wish.school_year
        order = FiguresOrder(
            wish.kind,
            wish.language,
            school_year(self.figures.today()) if year is None else year,
            first,
            last,
        )
        branch = own_branch(call.actor)
        return job_shown(
            await self.jobs.submit(call.actor, FIGURES_EXPORT, order, branch=branch), call.actor
        )


def _year(call: Call) -> int | None:
    asked = call.query.get("year")
    if not asked:
        return None
    if not _FOUR_DIGITS.fullmatch(asked) or int(asked) not in YEARS:
        raise Invalid("a year", field="year")
    return int(asked)


def _day(call: Call, name: str) -> date | None:
    asked = call.query.get(name)
    if not asked:
        return None
    try:
        return date.fromisoformat(asked)
    except ValueError:
        raise Invalid("a day, as 2026-09-01", field=name) from None


_YEAR = Query("year", "the school year, by the year in which it begins; this one without")

ROUTES = (
    Route(
        "GET",
        "/api/coverage",
        FiguresHandlers.coverage,
        "一师一优课覆盖",
        w.Coverage,
        query=(_YEAR,),
    ),
    Route(
        "GET",
        "/api/coverage/schools/{school_id}",
        FiguresHandlers.teachers,
        "一所学校的优课",
        w.SchoolTeachers,
        query=(_YEAR,),
    ),
    Route(
        "GET",
        "/api/resource-uses",
        FiguresHandlers.use,
        "资源使用",
        w.UseTable,
        query=(
            Query("first", "the first day; 30 days before the last without"),
            Query("last", "the last day; today without"),
            Query("by", "school (the default), teacher or resource"),
            Query("school", "the id of a school: its resources alone"),
            Query("teacher", "the id of a teacher: his or her resources alone"),
        ),
    ),
    Route(
        "POST",
        "/api/resource-figures/exports",
        FiguresHandlers.export,
        "导出覆盖或使用",
        Job,
        w.FiguresExportWish,
        status=202,
        permit=FiguresHandlers.may_read,
        audited=AuditAction.JOB_SUBMIT,
    ),
)
