"""Reading and writing roles in branches."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from signaling.access.roles import Role
from signaling.audit.log import Work
from signaling.base.database import Database
from signaling.base.ids import new_id
from signaling.base.search import mentions
from signaling.directory.branches import in_branches
from signaling.directory.grants.wire import GrantNode, HeldGrant, PersonGrants
from signaling.directory.tables import GrantRow, OrgNodeRow, PersonRow
from signaling.directory.wire import OrgLevel

_Above = aliased(OrgNodeRow, name="above")
_Giver = aliased(PersonRow, name="giver")
_NODE = (OrgNodeRow.node_id, OrgNodeRow.name, OrgNodeRow.level, _Above.name)


@dataclass(frozen=True, slots=True)
class GrantSearch:
    """Search of a reader for people and the roles they hold.

    Attributes:
        words: all of them must occur in the name, the login or the staff number.
        role: people who hold it in the reader's branches.
        node: people who belong to this node or below, by its path.
        limit: people of a page.
        after: the login of the last person of the page before.
    """

    words: str = ""
    role: Role | None = None
    node: str | None = None
    limit: int = 50
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """A person who gets or loses a role."""

    person_id: str
    name: str
    active: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A role of a person, with the path of its node."""

    grant_id: str
    person_id: str
    role: Role
    node_id: str
    path: str
    until: datetime | None
    person: str


class GrantStore:
    """The roles of people."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- reading ---------------------------------------------------------------------------------

    async def page(
        self, branches: Collection[str], search: GrantSearch
    ) -> tuple[tuple[PersonGrants, ...], str | None]:
        """Return a page of people by login, and the place of the next page.

        Those are found who belong to the branches or hold a role in them. Only those roles are
        shown that are held in the branches.
        """
        query = _people().where(concerns(branches), *_conditions(branches, search))
        query = query.order_by(PersonRow.login).limit(search.limit + 1)
        async with self._database.read() as session:
            rows = (await session.execute(query)).all()
            people = await _with_grants(session, rows[: search.limit], branches)
        return people, people[-1].login if len(rows) > search.limit else None

    async def shown(self, person_id: str, branches: Collection[str]) -> PersonGrants | None:
        """Return one person as a page shows it."""
        query = _people().where(concerns(branches), PersonRow.person_id == person_id)
        async with self._database.read() as session:
            people = await _with_grants(session, (await session.execute(query)).all(), branches)
        return people[0] if people else None

    async def person(self, person_id: str, branches: Collection[str]) -> Subject | None:
        """Return a person who belongs to the branches or holds a role in them."""
        query = select(PersonRow).where(PersonRow.person_id == person_id, concerns(branches))
        async with self._database.read() as session:
            row = await session.scalar(query)
        return None if row is None else Subject(row.person_id, row.name, row.active)

    async def node(self, node_id: str, branches: Collection[str]) -> str | None:
        """Return the path of a node in the branches."""
        query = select(OrgNodeRow.path).where(
            OrgNodeRow.node_id == node_id, in_branches(OrgNodeRow.node_id, branches)
        )
        async with self._database.read() as session:
            return await session.scalar(query)

    async def node_name(self, work: Work, node_id: str) -> str:
        """Return the name of a node, for the audit log."""
        query = select(OrgNodeRow.name).where(OrgNodeRow.node_id == node_id)
        return (await work.session.execute(query)).scalar_one_or_none() or node_id

    async def nodes(
        self, branches: Collection[str], words: str, limit: int
    ) -> tuple[tuple[GrantNode, ...], bool]:
        """Return active nodes in the branches, the upper ones first, and whether there are more."""
        query = (
            select(*_NODE)
            .outerjoin(_Above, _Above.node_id == OrgNodeRow.parent_id)
            .where(
                OrgNodeRow.active,
                in_branches(OrgNodeRow.node_id, branches),
                *mentions(words, (OrgNodeRow.name,)),
            )
            .order_by(_DEPTH, OrgNodeRow.path)
            .limit(limit + 1)
        )
        async with self._database.read() as session:
            rows = (await session.execute(query)).all()
        return tuple(node_of(row) for row in rows[:limit]), len(rows) > limit

    async def held(self, grant_id: str) -> Held | None:
        """Return a role that somebody holds."""
        async with self._database.read() as session:
            row = (await session.execute(_held().where(GrantRow.grant_id == grant_id))).first()
        return None if row is None else _record(*row)

    async def ended(self, now: datetime, limit: int) -> Sequence[Held]:
        """Return roles whose time is over."""
        query = _held().where(GrantRow.until <= now).order_by(GrantRow.until).limit(limit)
        async with self._database.read() as session:
            return [_record(*row) for row in (await session.execute(query)).all()]

    # --- writing ---------------------------------------------------------------------------------

    async def of_person(self, work: Work, person_id: str) -> Sequence[Held]:
        """Return all roles of a person, wherever they are held."""
        rows = await work.session.execute(_held().where(GrantRow.person_id == person_id))
        return [_record(*row) for row in rows.all()]

    async def put(
        self,
        work: Work,
        person_id: str,
        wish: tuple[Role, str, datetime | None],
        giver: str,
        now: datetime,
    ) -> str:
        """Give a role at a node, or set the end of one that is held; returns its id."""
        role, node_id, until = wish
        row = await work.session.scalar(
            select(GrantRow).where(
                GrantRow.person_id == person_id,
                GrantRow.role == role,
                GrantRow.node_id == node_id,
            )
        )
        if row is None:
            row = GrantRow(grant_id=new_id(), person_id=person_id, role=role, node_id=node_id)
            work.session.add(row)
        row.until, row.granted_by, row.granted_at = until, giver, now
        await work.session.flush()
        return row.grant_id

    async def remove(self, work: Work, grant_id: str) -> bool:
        """Take a role back; False if it is gone already."""
        gone = await work.session.scalars(
            delete(GrantRow).where(GrantRow.grant_id == grant_id).returning(GrantRow.grant_id)
        )
        return gone.first() is not None

    async def remove_ended(self, work: Work, grant_id: str, now: datetime) -> bool:
        """Remove a role if its time is over; False if it was removed or prolonged meanwhile."""
        gone = await work.session.scalars(
            delete(GrantRow)
            .where(GrantRow.grant_id == grant_id, GrantRow.until <= now)
            .returning(GrantRow.grant_id)
        )
        return gone.first() is not None


_DEPTH = OrgNodeRow.level == OrgLevel.SCHOOL  # schools last


def concerns(branches: Collection[str]) -> ColumnElement[bool]:
    """Return the condition on people who belong to the branches or hold a role in them."""
    holds = exists().where(
        GrantRow.person_id == PersonRow.person_id, in_branches(GrantRow.node_id, branches)
    )
    return or_(in_branches(PersonRow.node_id, branches), holds)


def node_of(row: Sequence[Any]) -> GrantNode:
    """Return a node of its columns: id, name, level, and the name of the node above."""
    node_id, name, level, above = row
    return GrantNode(node_id, name, OrgLevel(level), above)


def _conditions(branches: Collection[str], search: GrantSearch) -> list[ColumnElement[bool]]:
    searched = (PersonRow.name, PersonRow.login, PersonRow.staff_no)
    conditions = list(mentions(search.words, searched))
    if search.role is not None:
        conditions.append(
            exists().where(
                GrantRow.person_id == PersonRow.person_id,
                GrantRow.role == search.role,
                in_branches(GrantRow.node_id, branches),
            )
        )
    if search.node is not None:
        conditions.append(in_branches(PersonRow.node_id, [search.node]))
    if search.after is not None:
        conditions.append(PersonRow.login > search.after)
    return conditions


def _people() -> Select[PersonRow, str, str, str, str]:
    return (
        select(PersonRow, *_NODE)
        .join(OrgNodeRow, OrgNodeRow.node_id == PersonRow.node_id)
        .outerjoin(_Above, _Above.node_id == OrgNodeRow.parent_id)
    )


async def _with_grants(
    session: AsyncSession, rows: Sequence[Any], branches: Collection[str]
) -> tuple[PersonGrants, ...]:
    held = await _grants_of(session, [row[0].person_id for row in rows], branches)
    return tuple(
        PersonGrants(
            person.person_id,
            person.name,
            person.login,
            node_of(node),
            person.active,
            tuple(held.get(person.person_id, ())),
        )
        for person, *node in rows
    )


async def _grants_of(
    session: AsyncSession, person_ids: Sequence[str], branches: Collection[str]
) -> dict[str, list[HeldGrant]]:
    query = (
        select(GrantRow, _Giver.name, *_NODE)
        .join(OrgNodeRow, OrgNodeRow.node_id == GrantRow.node_id)
        .outerjoin(_Above, _Above.node_id == OrgNodeRow.parent_id)
        .outerjoin(_Giver, _Giver.person_id == GrantRow.granted_by)
        .where(GrantRow.person_id.in_(person_ids), in_branches(GrantRow.node_id, branches))
        .order_by(OrgNodeRow.path, GrantRow.role)
    )
    rows: Sequence[Any] = (await session.execute(query)).all()
    found: dict[str, list[HeldGrant]] = {}
    for grant, giver, *node in rows:
        held = HeldGrant(
            grant.grant_id,
            Role(grant.role),
            node_of(node),
            grant.until,
            giver,
            grant.granted_at,
        )
        found.setdefault(grant.person_id, []).append(held)
    return found


def _held() -> Select[GrantRow, str, str]:
    return (
        select(GrantRow, OrgNodeRow.path, PersonRow.name)
        .join(OrgNodeRow, OrgNodeRow.node_id == GrantRow.node_id)
        .join(PersonRow, PersonRow.person_id == GrantRow.person_id)
    )


def _record(row: GrantRow, path: str, person: str) -> Held:
    return Held(row.grant_id, row.person_id, Role(row.role), row.node_id, path, row.until, person)
