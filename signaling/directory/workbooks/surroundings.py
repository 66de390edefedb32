"""Facts that an import or export needs beside its sheet, read from the database."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.directory.branches import in_branches, nodes_in
from signaling.directory.entries.bulk import rows_by_id
from signaling.directory.entries.noun import Noun
from signaling.directory.entries.store import EntryStore
from signaling.directory.records import county_path
from signaling.directory.tables import OrgNodeRow, PersonRow, SchoolRow, SubjectRow
from signaling.directory.wire import OrgLevel
from signaling.directory.workbooks.cells import Names, References
from signaling.directory.workbooks.forms import Refers
from signaling.directory.workbooks.wire import DirectoryNoun, ImportIssueCode

Stamp = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Home:
    """The org node of an import or export."""

    node_id: str
    name: str
    path: str
    level: OrgLevel


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The entries of a noun in one branch, and what their cells may name.

    Attributes:
        present: the entries by id, in the order of lists.
        idle: the ids of those that are disabled.
        references: what names mean.
        kinds: of the schools.
        others: what people beside the entries have, by field; logins in lower case.
        stamp: changes with every change of the entries.
    """

    present: Mapping[str, dict[str, Any]]
    idle: Set[str]
    references: References
    kinds: Mapping[str, str]
    others: Mapping[str, Set[str]]
    stamp: Stamp


async def home_of(session: AsyncSession, path: str) -> Home | None:
    """Return the node with a path."""
    columns = (OrgNodeRow.node_id, OrgNodeRow.name, OrgNodeRow.path, OrgNodeRow.level)
    row = (await session.execute(select(*columns).where(OrgNodeRow.path == path))).first()
    return None if row is None else Home(row[0], row[1], row[2], OrgLevel(row[3]))


async def read_surroundings(
    session: AsyncSession, noun: DirectoryNoun, store: EntryStore[Any], home: Home
) -> Surroundings:
    """Read what an import of a noun into a branch has to know."""
    rows = await _rows(session, store.noun, home.path)
    key = store.noun.key.key
    values = await store.present(session, rows)
    present = {getattr(row, key): one for row, one in zip(rows, values, strict=True)}
    schools, kinds = await _schools(session, home.path)
    return Surroundings(
        present=present,
        idle={getattr(row, key) for row in rows if not row.active},
        references={
            Refers.SCHOOL: schools,
            Refers.SUBJECTS: await _subjects(session, home),
            Refers.NODE: await _nodes(session, home.path),
        },
        kinds=kinds,
        others=await _people(session, home, present) if noun is DirectoryNoun.TEACHERS else {},
        stamp=await read_stamp(session, store.noun, home.path),
    )


async def read_stamp(session: AsyncSession, noun: Noun[Any], path: str) -> Stamp:
    """Return how many entries there are, and the sum of their versions."""
    table: Any = noun.row
    query = noun.query.where(noun.lies_in([path])).with_only_columns(
        func.count(noun.key), func.coalesce(func.sum(table.version), 0), maintain_column_froms=True
    )
    count, versions = (await session.execute(query)).one()
    return count, versions


async def _rows(session: AsyncSession, noun: Noun[Any], path: str) -> list[Any]:
    """Return all rows of a noun in a branch, in the order of lists."""
    query = noun.query.where(noun.lies_in([path])).order_by(*noun.columns)
    ids = list(await session.scalars(query.with_only_columns(noun.key, maintain_column_froms=True)))
    found = await rows_by_id(session, noun.row, noun.key, ids)
    return [found[one] for one in ids if one in found]


async def _schools(session: AsyncSession, path: str) -> tuple[Names, dict[str, str]]:
    names, kinds = Names(ImportIssueCode.UNKNOWN_SCHOOL), {}
    query = select(SchoolRow).where(in_branches(SchoolRow.school_id, [path]))
    for school in await session.scalars(query.order_by(SchoolRow.name)):
        names.add(school.school_id, school.name, school.code)
        kinds[school.school_id] = school.kind
        if not school.active:
            names.closed.add(school.school_id)
    return names, kinds


async def _subjects(session: AsyncSession, home: Home) -> Names:
    names = Names(ImportIssueCode.UNKNOWN_SUBJECT)
    counties = nodes_in([county_path(home.path, home.level) or home.path])
    query = (
        select(SubjectRow.subject_id, SubjectRow.name, SubjectRow.active)
        .where(SubjectRow.county_id.in_(counties))
        .order_by(SubjectRow.position, SubjectRow.name)
    )
    for subject_id, name, active in (await session.execute(query)).all():
        names.add(subject_id, name)
        if not active:
            names.closed.add(subject_id)
    return names


async def _nodes(session: AsyncSession, path: str) -> Names:
    names = Names(ImportIssueCode.UNKNOWN_NODE)
    query = select(OrgNodeRow.node_id, OrgNodeRow.name, OrgNodeRow.code, OrgNodeRow.active).where(
        OrgNodeRow.level != OrgLevel.SCHOOL, in_branches(OrgNodeRow.node_id, [path])
    )
    for node_id, name, code, active in (await session.execute(query)).all():
        names.add(node_id, name, code)
        if not active:
            names.closed.add(node_id)
    return names


async def _people(
    session: AsyncSession, home: Home, present: Mapping[str, Any]
) -> dict[str, Set[str]]:
    """Return the logins of all others, and the staff numbers of those in the county."""
    county = nodes_in([county_path(home.path, home.level) or home.path])
    near = select(PersonRow.person_id, PersonRow.staff_no).where(
        PersonRow.staff_no.is_not(None), PersonRow.node_id.in_(county)
    )
    everybody = select(PersonRow.person_id, func.lower(PersonRow.login))
    return {
        "login": {
            login
            for person_id, login in (await session.execute(everybody)).all()
            if person_id not in present
        },
        "staff_no": {
            staff_no
            for person_id, staff_no in (await session.execute(near)).all()
            if person_id not in present and staff_no is not None
        },
    }
