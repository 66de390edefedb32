"""Schools in the database: each is a row of its own and a node of the org tree."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, select

from signaling.audit.log import Work
from signaling.directory.branches import in_branches
from signaling.directory.entries.bulk import rows_by_id
from signaling.directory.entries.lessons import LessonUser
from signaling.directory.entries.noun import IN_COUNTY, Noun, Unique
from signaling.directory.entries.store import EntryStore
from signaling.directory.schools.wire import SchoolEntry
from signaling.directory.tables import CountyRow, OrgNodeRow, SchoolRow
from signaling.directory.tree import NewNode, add_nodes
from signaling.directory.wire import OrgLevel


def _lies_in(paths: Collection[str]) -> ColumnElement[bool]:
    return in_branches(SchoolRow.school_id, paths)


SCHOOLS = Noun(
    name="schools",
    row=SchoolRow,
    key=SchoolRow.school_id,
    entry=SchoolEntry,
    query=select(
        SchoolRow.school_id,
        SchoolRow.name,
        SchoolRow.kind,
        SchoolRow.code,
        SchoolRow.uplink_mbps,
        SchoolRow.max_lessons,
        CountyRow.county_id,
        CountyRow.name,
        SchoolRow.active,
        SchoolRow.version,
    ).join(CountyRow, CountyRow.county_id == SchoolRow.county_id),
    order=(SchoolRow.name,),
    searched=(SchoolRow.name, SchoolRow.code),
    usable=SchoolRow.active.is_(True),
    lies_in=_lies_in,
    home=SchoolRow.school_id,
    fields=("name", "kind", "code", "uplink_mbps", "max_lessons"),
    fixed=("county_id",),
    places=(IN_COUNTY,),
    filters=MappingProxyType(
        {
            "county_id": lambda value: SchoolRow.county_id == value,
            "kind": lambda value: SchoolRow.kind == value,
        }
    ),
    unique=(Unique("name", ("county_id",)), Unique("code", ("county_id",))),
    lessons=LessonUser.SCHOOL,
)


class SchoolStore(EntryStore[SchoolEntry]):
    """Schools."""

    noun = SCHOOLS

    async def add(self, work: Work, entries: Mapping[str, Mapping[str, Any]]) -> None:
        """Create schools with their nodes."""
        await super().add(work, entries)
        nodes = [
            NewNode(school_id, one["county_id"], OrgLevel.SCHOOL, one["name"], one["code"])
            for school_id, one in entries.items()
        ]
        await add_nodes(work.session, nodes)

    async def put(
        self, work: Work, rows: Mapping[str, Any], changes: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Write new values into rows, and what nodes show into the nodes."""
        nodes = await rows_by_id(work.session, OrgNodeRow, OrgNodeRow.node_id, changes)
        await super().put(work, rows, changes)
        for school_id in changes:
            row, node = rows[school_id], nodes[school_id]
            node.name, node.code = row.name, row.code

    async def switched(self, work: Work, row: Any) -> None:
        """Let the node be in use as the school is."""
        node = await work.session.get_one(OrgNodeRow, row.school_id)
        node.active = row.active
