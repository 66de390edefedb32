"""Sums of the ledger for the charts and tables of a branch."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.database import Database
from signaling.base.errors import Invalid
from signaling.base.problem_codes import ProblemCode
from signaling.ledger.completeness import completeness_of, verdicts_of
from signaling.ledger.core.completeness import ClassVerdict
from signaling.ledger.core.days import monday_of, month_of
from signaling.ledger.core.measures import combined, figures
from signaling.ledger.plans import PlannedLessons
from signaling.ledger.tables import CorrectionRow, LedgerDayRow, LedgerDutyRow, LedgerMonthRow
from signaling.ledger.totals import Group, Scope, groups_of, total_of
from signaling.ledger.visibility import under
from signaling.ledger.wire import (
    HeatCell,
    HeatRow,
    LedgerGrouping,
    LedgerHeat,
    LedgerRow,
    LedgerTotals,
)

PAGE_GROUPS = 100
PAGE_POINTS = 50  # of the heat map: a term has 20 weeks of each
_PART = 200
_SUMMED = 300  # groups that are summed up here in 2 ms; of more the database makes the sum
_BY_TIME = frozenset({LedgerGrouping.DAY, LedgerGrouping.WEEK, LedgerGrouping.MONTH})
_NO_VERDICT = ClassVerdict()


@dataclass(slots=True)
class _Week:
    """One point's week while it is summed up."""

    owed: int = 0
    free_due: int = 0
    held: int = 0
    missed: int = 0


class Overview:
    """Sums of scopes."""

    def __init__(self, database: Database, plans: PlannedLessons) -> None:
        self._database = database
        self._plans = plans

    async def totals(self, scope: Scope, by: LedgerGrouping, after: str | None) -> LedgerTotals:
        """Return a page of groups and the sum over all of them.

        Raises:
            Invalid: `after` is the key of no group.
        """
        points = scope
        scope = replace(scope, giving=by is LedgerGrouping.SCHOOL)
        async with self._database.read() as session:
            completeness = await completeness_of(session, points)
            groups = await groups_of(session, scope, by)
            if len(groups) <= _SUMMED:
                total = combined(group.sums for group in groups.values())
            else:
                total = await total_of(session, scope)
            page, following = _page(list(groups.values()), by, after)
            verdicts: Mapping[str, ClassVerdict] = {}
            if by is LedgerGrouping.CLASS:
                verdicts = await verdicts_of(session, points, [group.key for group in page])
            weeks = await self._weeks(session, scope, by)
            frozen, corrections = await _reported(session, points)
        return LedgerTotals(
            first=scope.first,
            last=scope.last,
            by=by,
            total=figures(total, by_plan=scope.giving),
            completeness=completeness,
            rows=tuple(
                _row(group, scope, weeks.get(group.key), verdicts.get(group.key, _NO_VERDICT))
                for group in page
            ),
            frozen=frozen,
            corrections=corrections,
            next=following,
        )

    async def heat(self, scope: Scope, after: str | None) -> LedgerHeat:
        """Return points × weeks, a page of points by name. `after` is the last page's point."""
        async with self._database.read() as session:
            points, following = await _page_of_points(session, scope, after)
            cells = await _weeks_of(session, scope, [school_id for school_id, _ in points])
        weeks = sorted({week for by_week in cells.values() for week in by_week})
        rows = tuple(
            HeatRow(school_id, name, _cells(cells.get(school_id, {}))) for school_id, name in points
        )
        return LedgerHeat(tuple(weeks), rows, following)

    async def _weeks(
        self, session: AsyncSession, scope: Scope, by: LedgerGrouping
    ) -> Mapping[str, int | None]:
        """Return the teaching weeks of a county's weeks, by Monday."""
        if by is not LedgerGrouping.WEEK or scope.county_id is None:
            return {}
        days = await self._plans.teaching_days(
            session, scope.county_id, monday_of(scope.first), scope.last
        )
        return {monday_of(day).isoformat(): week for day, week in days.items()}


def _page(
    groups: list[Group], by: LedgerGrouping, after: str | None
) -> tuple[Sequence[Group], str | None]:
    def place(group: Group) -> tuple[str, str]:
        return ("", group.key) if by in _BY_TIME else (group.label, group.key)

    groups.sort(key=place)
    start = 0
    if after is not None:
        keys = [group.key for group in groups]
        if after not in keys:
            raise Invalid(code=ProblemCode.BAD_CURSOR, field="after")
        start = keys.index(after) + 1
    page = groups[start : start + PAGE_GROUPS]
    more = len(groups) > start + PAGE_GROUPS
    return page, page[-1].key if more else None


def _row(group: Group, scope: Scope, week: int | None, verdict: ClassVerdict) -> LedgerRow:
    return LedgerRow(
        key=group.key,
        label=group.label,
        parent=group.parent,
        week=week,
        figures=figures(group.sums, by_plan=scope.giving),
        lacking=verdict.lacking,
        short=verdict.short,
    )


async def _reported(session: AsyncSession, scope: Scope) -> tuple[tuple[str, ...], int]:
    """Return the reported months that a scope touches, and the number of their corrections."""
    if scope.county_id is None:
        return (), 0
    month, row = LedgerMonthRow, CorrectionRow
    query = select(month.month).where(
        month.county_id == scope.county_id,
        month.month.between(month_of(scope.first), month_of(scope.last)),
    )
    frozen = tuple(await session.scalars(query.order_by(month.month)))
    if not frozen:
        return (), 0
    count = select(func.count()).where(
        row.county_id == scope.county_id, row.month.in_(frozen), under(row.path, scope.paths)
    )
    return frozen, await session.scalar(count) or 0


async def _page_of_points(
    session: AsyncSession, scope: Scope, after: str | None
) -> tuple[Sequence[tuple[str, str]], str | None]:
    row = LedgerDayRow
    query = (
        select(row.school_id, func.max(row.school).label("name"))
        .where(scope.days())
        .group_by(row.school_id)
    )
    found = sorted(
        ((school_id, name) for school_id, name in (await session.execute(query)).all()),
        key=lambda point: (point[1], point[0]),
    )
    start = 0
    if after is not None:
        keys = [school_id for school_id, _ in found]
        if after not in keys:
            raise Invalid(code=ProblemCode.BAD_CURSOR, field="after")
        start = keys.index(after) + 1
    page = found[start : start + PAGE_POINTS]
    return page, page[-1][0] if len(found) > start + PAGE_POINTS else None


async def _weeks_of(
    session: AsyncSession, scope: Scope, school_ids: Sequence[str]
) -> dict[str, dict[date, _Week]]:
    cells: dict[str, dict[date, _Week]] = defaultdict(dict)
    d, u = LedgerDayRow, LedgerDutyRow
    missed = func.sum(d.excused + d.unexcused + d.awaiting).label("missed")
    days = (
        select(
            d.school_id,
            d.day,
            func.sum(d.held).label("held"),
            func.sum(d.free_due).label("free_due"),
            missed,
        )
        .where(scope.days(), d.school_id.in_(school_ids))
        .group_by(d.school_id, d.day)
    )
    async for row in _parts(session, days):
        week = cells[row.school_id].setdefault(monday_of(row.day), _Week())
        week.held += int(row.held)
        week.free_due += int(row.free_due)
        week.missed += int(row.missed)
    duties = (
        select(u.school_id, u.day, func.sum(u.periods).label("owed"))
        .where(scope.duties(), u.school_id.in_(school_ids))
        .group_by(u.school_id, u.day)
    )
    async for row in _parts(session, duties):
        week = cells[row.school_id].setdefault(monday_of(row.day), _Week())
        week.owed += int(row.owed)
    return cells


async def _parts(session: AsyncSession, query: Any) -> Any:
    found = await session.stream(query)
    async for part in found.partitions(_PART):
        for row in part:
            yield row
        await asyncio.sleep(0)  # media go between the parts


def _cells(by_week: Mapping[date, _Week]) -> tuple[HeatCell, ...]:
    return tuple(
        HeatCell(week, one.owed + one.free_due, one.held, one.missed)
        for week, one in sorted(by_week.items())
    )
