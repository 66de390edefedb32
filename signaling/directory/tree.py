"""Writing the org tree: a county or a school is a row of its own and a node of the tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.directory.tables import ROOT_NODE, CountyRow, OrgNodeRow, SchoolRow
from signaling.directory.wire import OrgLevel


@dataclass(frozen=True, slots=True)
class NewNode:
    """A node that is to be created."""

    node_id: str
    parent_id: str
    level: OrgLevel
    name: str
    code: str | None = None


async def add_county(
    session: AsyncSession, county_id: str, name: str, parent_id: str = ROOT_NODE
) -> None:
    """Create a county below a node."""
    session.add(CountyRow(county_id=county_id, name=name))
    await add_nodes(session, [NewNode(county_id, parent_id, OrgLevel.COUNTY, name)])


async def add_school(
    session: AsyncSession, school_id: str, county_id: str, name: str, kind: str
) -> None:
    """Create a school of a county."""
    session.add(SchoolRow(school_id=school_id, county_id=county_id, name=name, kind=kind))
    await add_nodes(session, [NewNode(school_id, county_id, OrgLevel.SCHOOL, name)])


async def add_nodes(session: AsyncSession, nodes: Sequence[NewNode]) -> None:
    """Create nodes of the tree, each below one that is there or comes before."""
    parents = {node.parent_id for node in nodes}
    query = select(OrgNodeRow.node_id, OrgNodeRow.path).where(OrgNodeRow.node_id.in_(parents))
    paths = {row.node_id: row.path for row in (await session.execute(query)).all()}
    for node in nodes:
        if node.parent_id not in paths:
            raise LookupError(f"no node {node.parent_id}")
        paths[node.node_id] = f"{paths[node.parent_id]}{node.node_id}/"
    session.add_all(
        OrgNodeRow(
            node_id=node.node_id,
            parent_id=node.parent_id,
            level=node.level,
            name=node.name,
            code=node.code,
            path=paths[node.node_id],
        )
        for node in nodes
    )
    await session.flush()


async def rename_node(session: AsyncSession, node_id: str, name: str) -> None:
    """Give a node the name of its county or school."""
    node = await session.get_one(OrgNodeRow, node_id)
    node.name = name
    await session.flush()
