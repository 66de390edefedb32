"""Reading and writing people and places."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.roles import Role
from signaling.audit.log import Work
from signaling.base.database import Database
from signaling.base.ids import new_id
from signaling.directory.branches import in_branches
from signaling.directory.records import NO_PASSWORD, GrantRecord, PersonRecord, RoomRecord
from signaling.directory.tables import (
    ROOT_NODE,
    CountyRow,
    GrantRow,
    OrgNodeRow,
    PersonRow,
    RoomRow,
    SchoolRow,
)
from signaling.directory.tree import add_county, add_school
from signaling.directory.wire import CountyRef, OrgLevel

MAX_COUNTIES = 200  # told to one who signs in; a province has fewer


@dataclass(frozen=True, slots=True)
class SchoolRecord:
    """A school with its rooms."""

    school_id: str
    name: str
    kind: str
    rooms: tuple[RoomRecord, ...]


class PeopleStore:
    """People and what belongs to them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def person_by_login(self, login: str) -> PersonRecord | None:
        """An account, by its login."""
        return await self._person(PersonRow.login == login)

    async def person(self, person_id: str) -> PersonRecord | None:
        """An account, by its id."""
        return await self._person(PersonRow.person_id == person_id)

    async def add_person(
        self,
        work: Work,
        *,
        login: str,
        name: str,
        password_hash: str,
        roles: Iterable[Role],
        school_id: str | None = None,
        node_id: str | None = None,
        person_id: str | None = None,
        staff_no: str | None = None,
    ) -> str:
        """Create an account with roles in the branch where the person belongs; returns its id.

        Args:
            work: the action under way.
            login: unique.
            name: as pages show it.
            password_hash: of the password.
            roles: what the person is, in the branch of `node_id`.
            school_id: the school, if the person belongs to one.
            node_id: where the person belongs; the school, or without one the country if None.
            person_id: a new one if None.
            staff_no: 工号.
        """
        person_id = person_id or new_id()
        node_id = node_id or school_id or ROOT_NODE
        work.session.add(
            PersonRow(
                person_id=person_id,
                login=login,
                name=name,
                password_hash=password_hash,
                school_id=school_id,
                node_id=node_id,
                active=True,
                staff_no=staff_no,
                must_change_password=password_hash == NO_PASSWORD,
            )
        )
        await work.session.flush()
        work.session.add_all(
            GrantRow(grant_id=new_id(), person_id=person_id, role=role, node_id=node_id)
            for role in set(roles)
        )
        return person_id

    async def room(self, room_id: str) -> RoomRecord | None:
        """A room, by its id."""
        async with self._database.read() as session:
            row = (await session.execute(select_rooms().where(RoomRow.room_id == room_id))).first()
        return None if row is None else room_record(*row)

    async def schools(self, visible: ColumnElement[bool] | None = None) -> Sequence[SchoolRecord]:
        """Return the visible schools with their rooms, by name; all without a condition."""
        shown = true() if visible is None else visible
        async with self._database.read() as session:
            schools = await session.scalars(
                select(SchoolRow).where(shown).order_by(SchoolRow.name, SchoolRow.school_id)
            )
            found = schools.all()
            rows = (await session.execute(select_rooms().where(shown).order_by(RoomRow.name))).all()
        rooms: dict[str, list[RoomRecord]] = {}
        for row in rows:
            room = room_record(*row)
            rooms.setdefault(room.school_id, []).append(room)
        return tuple(
            SchoolRecord(
                school.school_id,
                school.name,
                school.kind,
                tuple(rooms.get(school.school_id, ())),
            )
            for school in found
        )

    async def counties(self, paths: Collection[str]) -> Sequence[CountyRef]:
        """Return the active counties that lie in any of the branches, or hold one of them."""
        if not paths:
            return ()
        above = (path.startswith(OrgNodeRow.path) for path in map(literal, sorted(paths)))
        query = (
            select(OrgNodeRow.node_id, OrgNodeRow.name)
            .where(
                OrgNodeRow.level == OrgLevel.COUNTY,
                OrgNodeRow.active,
                or_(in_branches(OrgNodeRow.node_id, paths), *above),
            )
            .order_by(OrgNodeRow.path)
            .limit(MAX_COUNTIES)
        )
        async with self._database.read() as session:
            return [CountyRef(*row) for row in (await session.execute(query)).all()]

    async def add_county(self, work: Work, county_id: str, name: str) -> None:
        """Create a county, directly below the country."""
        await add_county(work.session, county_id, name)

    async def add_school(
        self, work: Work, school_id: str, county_id: str, name: str, kind: str
    ) -> None:
        """Create a school."""
        await add_school(work.session, school_id, county_id, name, kind)

    async def add_room(self, work: Work, room_id: str, school_id: str, name: str) -> None:
        """Create a room."""
        work.session.add(RoomRow(room_id=room_id, school_id=school_id, name=name))
        await work.session.flush()

    async def is_empty(self) -> bool:
        """True if there is nobody and nothing yet."""
        async with self._database.read() as session:
            counties = await session.scalar(select(func.count()).select_from(CountyRow))
        return not counties and not await self.has_people()

    async def has_people(self) -> bool:
        """True if anybody has an account."""
        async with self._database.read() as session:
            return bool(await session.scalar(select(func.count()).select_from(PersonRow)))

    async def _person(self, condition: ColumnElement[bool]) -> PersonRecord | None:
        async with self._database.read() as session:
            return await _load_person(session, condition)


def select_rooms() -> Select[RoomRow, SchoolRow, str]:
    """Return the query for rooms, each with its school and the school's path (`room_record`)."""
    return (
        select(RoomRow, SchoolRow, OrgNodeRow.path)
        .join(SchoolRow, SchoolRow.school_id == RoomRow.school_id)
        .join(OrgNodeRow, OrgNodeRow.node_id == SchoolRow.school_id)
    )


def room_record(room: RoomRow, school: SchoolRow, path: str) -> RoomRecord:
    """A room's rows as a value."""
    active = room.active and school.active
    return RoomRecord(room.room_id, room.name, school.school_id, school.name, path, active)


async def _load_person(
    session: AsyncSession, condition: ColumnElement[bool]
) -> PersonRecord | None:
    row = (
        await session.execute(
            select(PersonRow, SchoolRow.name, OrgNodeRow.path, OrgNodeRow.level)
            .outerjoin(SchoolRow, SchoolRow.school_id == PersonRow.school_id)
            .join(OrgNodeRow, OrgNodeRow.node_id == PersonRow.node_id)
            .where(condition)
        )
    ).first()
    if row is None:
        return None
    person, school, path, level = row
    return PersonRecord(
        person_id=person.person_id,
        login=person.login,
        name=person.name,
        password_hash=person.password_hash,
        school_id=person.school_id,
        school=school,
        active=person.active,
        path=path,
        level=OrgLevel(level),
        grants=await _grants(session, person.person_id),
        must_change_password=person.must_change_password,
    )


async def _grants(session: AsyncSession, person_id: str) -> tuple[GrantRecord, ...]:
    query = (
        select(GrantRow.role, OrgNodeRow.path, GrantRow.until)
        .join(OrgNodeRow, OrgNodeRow.node_id == GrantRow.node_id)
        .where(GrantRow.person_id == person_id)
        .order_by(GrantRow.grant_id)
    )
    rows = (await session.execute(query)).all()
    return tuple(GrantRecord(Role(role), path, until) for role, path, until in rows)
