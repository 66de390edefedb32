"""Requirements as the rules that count somewhere, and the classes that they bind."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.directory.tables import ClassRow, OrgNodeRow, PairingRow, SchoolRow
from signaling.ledger.core.duties import RequirementRule
from signaling.ledger.tables import RequirementRow

TEACHING_POINT = "teaching_point"  # `SchoolRow.kind` of 教学点


@dataclass(frozen=True, slots=True)
class BoundClass:
    """A class of a teaching point: requirements say what it is owed."""

    class_id: str
    name: str
    grade: str
    school_id: str
    school: str
    path: str


def nodes_above(path: str) -> tuple[str, ...]:
    """Return the ids of a path's nodes, the country first."""
    return tuple(part for part in path.split("/") if part)


async def rules_for(
    session: AsyncSession, county_paths: Mapping[str, str]
) -> dict[str, list[RequirementRule]]:
    """Return the rules that may count in counties.

    Args:
        session: to read with.
        county_paths: a path within each county, by county.
    """
    above = {county: nodes_above(path) for county, path in county_paths.items()}
    wanted = {node for nodes in above.values() for node in nodes}
    query = select(RequirementRow).where(RequirementRow.node_id.in_(wanted))
    rows = (await session.scalars(query)).all()
    return {
        county: [
            RequirementRule(
                row.requirement_id,
                nodes.index(row.node_id),
                row.grade,
                row.subject,
                row.periods,
                row.first,
                row.last,
            )
            for row in rows
            if row.node_id in nodes
        ]
        for county, nodes in above.items()
    }


async def bound_classes(session: AsyncSession, county_id: str, day: date) -> list[BoundClass]:
    """Return the classes in use of a county that are owed lessons on a day."""
    in_use = and_(SchoolRow.county_id == county_id, ClassRow.active, SchoolRow.active)
    return await _bound(session, day, in_use)


async def bound_among(
    session: AsyncSession, class_ids: Collection[str], day: date
) -> frozenset[str]:
    """Return those of some classes, in use or not, that belong to points on a day."""
    found = await _bound(session, day, ClassRow.class_id.in_(class_ids))
    return frozenset(one.class_id for one in found)


async def _bound(
    session: AsyncSession, day: date, *conditions: ColumnElement[bool]
) -> list[BoundClass]:
    """Return classes of teaching points, and of schools that a pairing makes points."""
    paired = select(PairingRow.point_school_id).where(
        PairingRow.active,
        PairingRow.valid_from <= day,
        or_(PairingRow.valid_to.is_(None), PairingRow.valid_to >= day),
    )
    query = (
        select(
            ClassRow.class_id,
            ClassRow.name,
            ClassRow.grade,
            SchoolRow.school_id,
            SchoolRow.name.label("school"),
            OrgNodeRow.path,
        )
        .join(SchoolRow, SchoolRow.school_id == ClassRow.school_id)
        .join(OrgNodeRow, OrgNodeRow.node_id == SchoolRow.school_id)
        .where(or_(SchoolRow.kind == TEACHING_POINT, SchoolRow.school_id.in_(paired)), *conditions)
        .order_by(ClassRow.class_id)
    )
    return [BoundClass(*row) for row in (await session.execute(query)).all()]
