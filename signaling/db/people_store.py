"""Reading and writing people and places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.core.resources import Role
from signaling.db.audit_log import Work
from signaling.db.engine import Database
from signaling.db.tables import (
    CountyRow,
    PersonRoleRow,
    PersonRow,
    RoomRow,
    SchoolRow,
    SessionRow,
)
from signaling.ids import new_id
from signaling.records import PersonRecord, RoomRecord


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

    # --- people and places -----------------------------------------------------------------------

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
        person_id: str | None = None,
    ) -> str:
        """Create an account; returns its id."""
        person_id = person_id or new_id()
        work.session.add(
            PersonRow(
                person_id=person_id,
                login=login,
                name=name,
                password_hash=password_hash,
                school_id=school_id,
                active=True,
            )
        )
        await work.session.flush()
        work.session.add_all(PersonRoleRow(person_id=person_id, role=role) for role in set(roles))
        return person_id

    async def room(self, room_id: str) -> RoomRecord | None:
        """A room, by its id."""
        async with self._database.read() as session:
            row = (
                await session.execute(
                    select(RoomRow, SchoolRow)
                    .join(SchoolRow, SchoolRow.school_id == RoomRow.school_id)
                    .where(RoomRow.room_id == room_id)
                )
            ).first()
        return None if row is None else room_record(row[0], row[1])

    async def schools(self) -> Sequence[SchoolRecord]:
        """All schools with their rooms, by name."""
        async with self._database.read() as session:
            schools = (await session.scalars(select(SchoolRow).order_by(SchoolRow.name))).all()
            rooms = (await session.scalars(select(RoomRow).order_by(RoomRow.name))).all()
        return tuple(
            SchoolRecord(
                school.school_id,
                school.name,
                school.kind,
                tuple(room_record(r, school) for r in rooms if r.school_id == school.school_id),
            )
            for school in schools
        )

    async def lead_teachers(self) -> Sequence[PersonRecord]:
        """Everybody who may lead a lesson, by name."""
        async with self._database.read() as session:
            ids = (
                await session.scalars(
                    select(PersonRow.person_id)
                    .join(PersonRoleRow, PersonRoleRow.person_id == PersonRow.person_id)
                    .where(PersonRoleRow.role == Role.LEAD_TEACHER, PersonRow.active)
                    .order_by(PersonRow.name)
                )
            ).all()
            people = [await _load_person(session, PersonRow.person_id == i) for i in ids]
        return tuple(person for person in people if person is not None)

    async def add_county(self, work: Work, county_id: str, name: str) -> None:
        """Create a county."""
        work.session.add(CountyRow(county_id=county_id, name=name))
        await work.session.flush()

    async def add_school(
        self, work: Work, school_id: str, county_id: str, name: str, kind: str
    ) -> None:
        """Create a school."""
        work.session.add(SchoolRow(school_id=school_id, county_id=county_id, name=name, kind=kind))
        await work.session.flush()

    async def add_room(self, work: Work, room_id: str, school_id: str, name: str) -> None:
        """Create a room."""
        work.session.add(RoomRow(room_id=room_id, school_id=school_id, name=name))
        await work.session.flush()

    async def is_empty(self) -> bool:
        """Whether there is nobody and nothing yet."""
        async with self._database.read() as session:
            counties = await session.scalar(select(func.count()).select_from(CountyRow))
        return not counties and not await self.has_people()

    async def has_people(self) -> bool:
        """Whether anybody has an account."""
        async with self._database.read() as session:
            return bool(await session.scalar(select(func.count()).select_from(PersonRow)))

    async def _person(self, condition: ColumnElement[bool]) -> PersonRecord | None:
        async with self._database.read() as session:
            return await _load_person(session, condition)

    # --- accounts ---------------------------------------------------------------------------------

    async def set_password(self, work: Work, person_id: str, password_hash: str) -> None:
        """Set a new password; every session of the account ends."""
        await self._change_account(work, person_id, password_hash=password_hash)

    async def set_active(self, work: Work, person_id: str, active: bool) -> None:
        """Close or reopen an account; every session of it ends."""
        await self._change_account(work, person_id, active=active)

    async def _change_account(self, work: Work, person_id: str, **values: object) -> None:
        await work.session.execute(
            update(PersonRow).where(PersonRow.person_id == person_id).values(**values)
        )
        await work.session.execute(delete(SessionRow).where(SessionRow.person_id == person_id))


def room_record(room: RoomRow, school: SchoolRow) -> RoomRecord:
    """A room's rows as a value."""
    return RoomRecord(room.room_id, room.name, school.school_id, school.name)


async def _load_person(
    session: AsyncSession, condition: ColumnElement[bool]
) -> PersonRecord | None:
    row = (
        await session.execute(
            select(PersonRow, SchoolRow)
            .outerjoin(SchoolRow, SchoolRow.school_id == PersonRow.school_id)
            .where(condition)
        )
    ).first()
    if row is None:
        return None
    person, school = row
    roles = await session.scalars(
        select(PersonRoleRow.role).where(PersonRoleRow.person_id == person.person_id)
    )
    return PersonRecord(
        person_id=person.person_id,
        login=person.login,
        name=person.name,
        password_hash=person.password_hash,
        school_id=person.school_id,
        school=None if school is None else school.name,
        active=person.active,
        roles=frozenset(Role(role) for role in roles),
    )
