"""Branches of the org tree as conditions on rows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from signaling.access.roles import ROOT_PATH
from signaling.audit.log import Work
from signaling.directory.tables import OrgNodeRow, RoomRow
from signaling.directory.wire import OrgLevel

MAX_PATHS = 100  # of the regions of one cell: each beat tells them

NodeColumn = InstrumentedAttribute[Any]


def nodes_in(paths: Collection[str]) -> Select[str]:
    """Return the query for the ids of the nodes in any of the branches with these paths."""
    return select(OrgNodeRow.node_id).where(
        or_(*(OrgNodeRow.path.startswith(path, autoescape=True) for path in sorted(paths)))
    )


async def paths_named(session: AsyncSession, names: Collection[str]) -> tuple[str, ...]:
    """Return the paths of the nodes with these ids or codes, or division codes that begin so.

    Nodes below others of them are left out. A school's code is no division code.
    """
    begins = or_(*(OrgNodeRow.code.startswith(name, autoescape=True) for name in sorted(names)))
    query = select(OrgNodeRow.path).where(
        or_(
            OrgNodeRow.node_id.in_(names),
            OrgNodeRow.code.in_(names),
            and_(OrgNodeRow.level != OrgLevel.SCHOOL, begins),
        )
    )
    found: list[str] = []
    for path in (await session.scalars(query.order_by(OrgNodeRow.path))).all():
        if not found or not path.startswith(found[-1]):
            found.append(path)
    return tuple(found[:MAX_PATHS])


def in_branches(column: NodeColumn, paths: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that a column with ids of nodes, schools or counties names one in them.

    Args:
        column: ids of org nodes; a school's and a county's id is that of its node.
        paths: of the branches; at least one.
    """
    if ROOT_PATH in paths:
        return true()
    return column.in_(nodes_in(paths))


def rooms_in(paths: Collection[str]) -> Select[str]:
    """Return the query for the ids of the rooms in any of the branches."""
    return select(RoomRow.room_id).where(RoomRow.school_id.in_(nodes_in(paths)))


async def concerns_node(work: Work, node_id: str, name: str = "") -> None:
    """Say that an action concerns an org node, and the name of its target: the node if without."""
    query = select(OrgNodeRow.path, OrgNodeRow.name).where(OrgNodeRow.node_id == node_id)
    found = (await work.session.execute(query)).first()
    if found is not None:
        work.concerns(found.path, name or found.name)
