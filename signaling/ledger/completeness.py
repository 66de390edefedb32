"""开齐, 开足 and 教学点覆盖率 of a scope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.directory.tables import OrgNodeRow, SchoolRow
from signaling.ledger.core.completeness import ClassVerdict, SubjectTally, verdicts
from signaling.ledger.rules_in_force import TEACHING_POINT
from signaling.ledger.tables import LedgerDayRow, LedgerDutyRow
from signaling.ledger.totals import Scope
from signaling.ledger.visibility import under
from signaling.ledger.wire import Completeness


async def completeness_of(session: AsyncSession, scope: Scope) -> Completeness:
    """Return how many classes have every required subject, and often enough; and the points."""
    tallies = _tallies(scope).subquery()
    lacking = func.sum(case((tallies.c.held == 0, 1), else_=0)).label("lacking")
    short = func.sum(case((tallies.c.held < tallies.c.owed, 1), else_=0)).label("short")
    classes = select(lacking, short).group_by(tallies.c.class_id).subquery()
    complete = func.sum(case((classes.c.lacking == 0, 1), else_=0))
    sufficient = func.sum(case((classes.c.short == 0, 1), else_=0))
    query = select(func.count(), complete, sufficient).select_from(classes)
    count, whole, enough = (await session.execute(query)).one()
    points, covered = await _points(session, scope)
    return Completeness(count, int(whole or 0), int(enough or 0), points, covered)


async def verdicts_of(
    session: AsyncSession, scope: Scope, class_ids: Sequence[str]
) -> Mapping[str, ClassVerdict]:
    """Return what is to be said of some classes for which subjects are required."""
    query = _tallies(scope, LedgerDutyRow.class_id.in_(class_ids))
    rows = (await session.execute(query)).all()
    return verdicts(
        SubjectTally(row.class_id, row.subject, int(row.owed), int(row.held)) for row in rows
    )


def _tallies(scope: Scope, *more: ColumnElement[bool]) -> Select[Any]:
    """Select what each class was owed of each subject, and what was held of it."""
    u, d = LedgerDutyRow, LedgerDayRow
    owed = (
        select(u.class_id, u.subject, func.sum(u.periods).label("owed"))
        .where(scope.duties(), *more)
        .group_by(u.class_id, u.subject)
        .subquery()
    )
    held = (
        select(d.class_id, d.subject, func.sum(d.held).label("held"))
        .where(scope.days())
        .group_by(d.class_id, d.subject)
        .subquery()
    )
    same = and_(held.c.class_id == owed.c.class_id, held.c.subject == owed.c.subject)
    return select(
        owed.c.class_id,
        owed.c.subject,
        owed.c.owed,
        func.coalesce(held.c.held, 0).label("held"),
    ).select_from(owed.outerjoin(held, same))


async def _points(session: AsyncSession, scope: Scope) -> tuple[int, int]:
    """Return the number of teaching points in use, and of those where anything was held."""
    conditions = [
        SchoolRow.kind == TEACHING_POINT,
        SchoolRow.active,
        under(OrgNodeRow.path, scope.paths),
    ]
    if scope.county_id is not None:
        conditions.append(SchoolRow.county_id == scope.county_id)
    if scope.node_path is not None:
        conditions.append(under(OrgNodeRow.path, {scope.node_path}))
    if scope.school_id is not None:
        conditions.append(SchoolRow.school_id == scope.school_id)
    points = (
        select(SchoolRow.school_id)
        .join(OrgNodeRow, OrgNodeRow.node_id == SchoolRow.school_id)
        .where(*conditions)
    )
    all_points = await session.scalar(select(func.count()).select_from(points.subquery()))
    row = LedgerDayRow
    covered = await session.scalar(
        select(func.count(distinct(row.school_id))).where(
            scope.days(), row.held > 0, row.school_id.in_(points)
        )
    )
    return all_points or 0, covered or 0
