"""The facts of a monthly report, from the daily sums of the month."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.ledger.completeness import completeness_of
from signaling.ledger.core.report import ReportFacts, ReportRow
from signaling.ledger.county_wire import ReasonCount
from signaling.ledger.tables import LedgerUnitRow
from signaling.ledger.totals import Group, Scope, groups_of, total_of
from signaling.ledger.visibility import under
from signaling.ledger.wire import LedgerGrouping, UnitOrigin
from signaling.lessons.reasons import MissedReason


async def report_facts(session: AsyncSession, scope: Scope) -> ReportFacts:
    """Return what the report of a county's month says by now."""
    return ReportFacts(
        total=await total_of(session, scope),
        completeness=await completeness_of(session, scope),
        points=_rows(await groups_of(session, scope, LedgerGrouping.POINT)),
        subjects=_rows(await groups_of(session, scope, LedgerGrouping.SUBJECT)),
        reasons=await _reasons(session, scope),
    )


def _rows(groups: dict[str, Group]) -> tuple[ReportRow, ...]:
    ordered: Iterable[Group] = sorted(groups.values(), key=lambda one: (one.label, one.key))
    return tuple(ReportRow(one.key, one.label, one.parent, one.sums) for one in ordered)


async def _reasons(session: AsyncSession, scope: Scope) -> tuple[ReasonCount, ...]:
    """Return how many units each reason cost, the most frequent first."""
    row, units = LedgerUnitRow, func.count()
    query = (
        select(row.reason, units)
        .where(
            row.county_id == scope.county_id,
            row.day >= scope.first,
            row.day <= scope.last,
            row.cause.is_not(None),
            row.origin != UnitOrigin.HOLIDAY,
            under(row.path, scope.paths),
        )
        .group_by(row.reason)
        .order_by(units.desc(), row.reason)
    )
    return tuple(
        ReasonCount(None if reason is None else MissedReason(reason), count)
        for reason, count in (await session.execute(query)).all()
    )
