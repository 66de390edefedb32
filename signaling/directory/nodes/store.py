"""Org nodes above schools, in the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from signaling.access.roles import Actor
from signaling.audit.log import Work
from signaling.base.errors import InUse, Invalid
from signaling.base.problem_codes import ProblemCode
from signaling.directory.branches import in_branches
from signaling.directory.entries.bulk import rows_by_id
from signaling.directory.entries.noun import Noun, Place, Unique
from signaling.directory.entries.store import EntryStore
from signaling.directory.nodes.rules import may_stand_below
from signaling.directory.nodes.wire import NodeEntry
from signaling.directory.tables import CountyRow, OrgNodeRow
from signaling.directory.tree import NewNode, add_nodes
from signaling.directory.wire import OrgLevel

_Above = aliased(OrgNodeRow)
_BELOW_NODE = Place(
    "parent_id",
    frozenset({OrgLevel.COUNTRY, OrgLevel.PROVINCE, OrgLevel.CITY}),
    ProblemCode.UNKNOWN_NODE,
)


def _lies_in(paths: Collection[str]) -> ColumnElement[bool]:
    return and_(OrgNodeRow.level != OrgLevel.SCHOOL, in_branches(OrgNodeRow.node_id, paths))


NODES = Noun(
    name="nodes",
    row=OrgNodeRow,
    key=OrgNodeRow.node_id,
    entry=NodeEntry,
    query=select(
        OrgNodeRow.node_id,
        OrgNodeRow.name,
        OrgNodeRow.code,
        OrgNodeRow.level,
        _Above.node_id,
        _Above.name,
        OrgNodeRow.path,
        OrgNodeRow.active,
        OrgNodeRow.version,
    ).outerjoin(_Above, _Above.node_id == OrgNodeRow.parent_id),
    order=(OrgNodeRow.path,),  # a node stands right before the nodes below
    searched=(OrgNodeRow.name, OrgNodeRow.code),
    usable=OrgNodeRow.active.is_(True),
    lies_in=_lies_in,
    home=OrgNodeRow.node_id,
    fields=("name", "code"),
    fixed=("parent_id", "level"),
    places=(_BELOW_NODE,),
    filters=MappingProxyType(
        {
            "level": lambda value: OrgNodeRow.level == value,
            "parent_id": lambda value: OrgNodeRow.parent_id == value,
        }
    ),
    unique=(Unique("name", ("parent_id",)), Unique("code", ("parent_id",))),
)


class NodeStore(EntryStore[NodeEntry]):
    """Provinces, cities and counties."""

    noun = NODES

    async def check(
        self, session: AsyncSession, values: Mapping[str, Any], entry_id: str | None
    ) -> None:
        """Raise Taken or Invalid where a node with these values cannot stand there."""
        if entry_id is None:
            parent = await session.get_one(OrgNodeRow, values["parent_id"])
            if not may_stand_below(values["level"], OrgLevel(parent.level)):
                raise Invalid("a node stands below a higher level", field="level")
        await super().check(session, values, entry_id)

    async def add(self, work: Work, entries: Mapping[str, Mapping[str, Any]]) -> None:
        """Create nodes, each after the one above, and for counties their rows."""
        work.session.add_all(
            CountyRow(county_id=node_id, name=one["name"])
            for node_id, one in entries.items()
            if one["level"] == OrgLevel.COUNTY
        )
        nodes = [
            NewNode(node_id, one["parent_id"], one["level"], one["name"], one["code"])
            for node_id, one in entries.items()
        ]
        await add_nodes(work.session, nodes)

    async def put(
        self, work: Work, rows: Mapping[str, Any], changes: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Write new values into rows, and the names of counties into their own rows."""
        counties = await rows_by_id(work.session, CountyRow, CountyRow.county_id, changes)
        await super().put(work, rows, changes)
        for county_id, county in counties.items():
            county.name = rows[county_id].name

    async def demand_idle(self, work: Work, row: Any, actor: Actor, now: datetime) -> None:
        """Raise InUse while nodes or schools below are in use; the country always is."""
        below = select(func.count()).where(OrgNodeRow.parent_id == row.node_id, OrgNodeRow.active)
        count = await work.session.scalar(below) or 0
        if count or row.parent_id is None:
            raise InUse(facts={"count": count})
