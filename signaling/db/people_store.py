"""Reading and writing people, places, sessions, device tokens and the audit log."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.core.resources import Role
from signaling.db.engine import Database
from signaling.db.tables import (
    AuditRow,
    CountyRow,
    DeviceTokenRow,
    PersonRoleRow,
    PersonRow,
    RoomRow,
    SchoolRow,
    SessionRow,
)
from signaling.ids import new_id
from signaling.records import PersonRecord, RoomRecord

MAX_SESSIONS = 32  # per person or room; the oldest goes
MAX_DEVICES = 16  # device tokens per room; the oldest goes
_CHUNK = 500  # ids in one query


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A session: exactly one of person and room is set."""

    id_hash: str
    person_id: str | None
    room_id: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """A device token: whose terminal's, and since when."""

    room_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SchoolRecord:
    """A school with its rooms."""

    school_id: str
    name: str
    kind: str
    rooms: tuple[RoomRecord, ...]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit log."""

    at: datetime
    actor_id: str | None
    actor_name: str
    action: str
    target: str
    detail: str = ""
    remote: str = ""


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
        async with self._database.write() as session:
            session.add(
                PersonRow(
                    person_id=person_id,
                    login=login,
                    name=name,
                    password_hash=password_hash,
                    school_id=school_id,
                    active=True,
                )
            )
            await session.flush()
            session.add_all(PersonRoleRow(person_id=person_id, role=role) for role in set(roles))
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

    async def add_county(self, county_id: str, name: str) -> None:
        """Create a county."""
        async with self._database.write() as session:
            session.add(CountyRow(county_id=county_id, name=name))

    async def add_school(self, school_id: str, county_id: str, name: str, kind: str) -> None:
        """Create a school."""
        async with self._database.write() as session:
            session.add(SchoolRow(school_id=school_id, county_id=county_id, name=name, kind=kind))

    async def add_room(self, room_id: str, school_id: str, name: str) -> None:
        """Create a room."""
        async with self._database.write() as session:
            session.add(RoomRow(room_id=room_id, school_id=school_id, name=name))

    async def is_empty(self) -> bool:
        """Whether there is nobody and nothing yet."""
        async with self._database.read() as session:
            people = await session.scalar(select(func.count()).select_from(PersonRow))
            counties = await session.scalar(select(func.count()).select_from(CountyRow))
        return not people and not counties

    async def _person(self, condition: ColumnElement[bool]) -> PersonRecord | None:
        async with self._database.read() as session:
            return await _load_person(session, condition)

    # --- sessions --------------------------------------------------------------------------------

    async def add_session(self, record: SessionRecord, now: datetime) -> None:
        """Keep a new session, within the bound per person or room."""
        owner = (
            SessionRow.person_id == record.person_id
            if record.person_id is not None
            else SessionRow.room_id == record.room_id
        )
        async with self._database.write() as session:
            surplus = (
                select(SessionRow.id_hash)
                .where(owner)
                .order_by(SessionRow.created_at.desc())
                .offset(MAX_SESSIONS - 1)
            )
            old = (await session.scalars(surplus)).all()
            if old:
                await session.execute(delete(SessionRow).where(SessionRow.id_hash.in_(old)))
            session.add(
                SessionRow(
                    id_hash=record.id_hash,
                    person_id=record.person_id,
                    room_id=record.room_id,
                    created_at=now,
                    expires_at=record.expires_at,
                )
            )

    async def session(self, id_hash: str) -> SessionRecord | None:
        """A session, by the hash of its id."""
        async with self._database.read() as session:
            row = await session.get(SessionRow, id_hash)
        if row is None:
            return None
        return SessionRecord(row.id_hash, row.person_id, row.room_id, row.expires_at)

    async def drop_session(self, id_hash: str) -> None:
        """End a session."""
        async with self._database.write() as session:
            await session.execute(delete(SessionRow).where(SessionRow.id_hash == id_hash))

    async def good_sessions(self, id_hashes: Collection[str]) -> frozenset[str]:
        """Which of these sessions were not ended; those of closed accounts were."""
        wanted, good = list(id_hashes), set[str]()
        async with self._database.read() as session:
            for start in range(0, len(wanted), _CHUNK):
                good.update(
                    await session.scalars(
                        select(SessionRow.id_hash)
                        .outerjoin(PersonRow, PersonRow.person_id == SessionRow.person_id)
                        .where(
                            SessionRow.id_hash.in_(wanted[start : start + _CHUNK]),
                            or_(SessionRow.room_id.is_not(None), PersonRow.active),
                        )
                    )
                )
        return frozenset(good)

    async def drop_expired_sessions(self, now: datetime, spare: Collection[str] = ()) -> None:
        """Forget sessions past their time, but for some."""
        async with self._database.write() as session:
            expired = set(
                await session.scalars(
                    select(SessionRow.id_hash).where(SessionRow.expires_at <= now)
                )
            )
            doomed = list(expired.difference(spare))
            for start in range(0, len(doomed), _CHUNK):
                chunk = doomed[start : start + _CHUNK]
                await session.execute(delete(SessionRow).where(SessionRow.id_hash.in_(chunk)))

    # --- device tokens ---------------------------------------------------------------------------

    async def add_device(
        self,
        token_hash: str,
        room_id: str,
        origin: str,
        now: datetime,
        *,
        replaces: str | None = None,
    ) -> None:
        """Keep a device token's hash, within the bound per room.

        One that `replaces` another leaves that one good until itself is used: the answer that
        brings it to the terminal may be lost.
        """
        async with self._database.write() as session:
            surplus = (
                select(DeviceTokenRow.token_hash)
                .where(DeviceTokenRow.room_id == room_id)
                .order_by(
                    func.coalesce(DeviceTokenRow.last_used_at, DeviceTokenRow.created_at).desc()
                )
                .offset(MAX_DEVICES - 1)
            )
            old = (await session.scalars(surplus)).all()
            if old:
                await session.execute(
                    delete(DeviceTokenRow).where(DeviceTokenRow.token_hash.in_(old))
                )
            if replaces is not None:  # an earlier answer that was lost
                await session.execute(
                    delete(DeviceTokenRow).where(DeviceTokenRow.replaces == replaces)
                )
            session.add(
                DeviceTokenRow(
                    token_hash=token_hash,
                    room_id=room_id,
                    origin=origin,
                    created_at=now,
                    replaces=replaces,
                )
            )

    async def use_device(
        self, token_hash: str, now: datetime, unused_since: datetime
    ) -> DeviceRecord | None:
        """A device token, noting that it was used; None for one that nobody used for so long."""
        async with self._database.write() as session:
            row = await session.get(DeviceTokenRow, token_hash)
            if row is None or (row.last_used_at or row.created_at) < unused_since:
                return None
            if row.replaces is not None:
                await session.execute(
                    delete(DeviceTokenRow).where(DeviceTokenRow.token_hash == row.replaces)
                )
            row.replaces, row.last_used_at = None, now
            return DeviceRecord(row.room_id, row.created_at)

    async def drop_device(self, token_hash: str, room_id: str) -> None:
        """Forget a device token of a room, and the one that was to take its place."""
        mine = or_(DeviceTokenRow.token_hash == token_hash, DeviceTokenRow.replaces == token_hash)
        async with self._database.write() as session:
            await session.execute(
                delete(DeviceTokenRow).where(mine, DeviceTokenRow.room_id == room_id)
            )

    async def drop_unused_devices(self, unused_since: datetime) -> None:
        """Forget device tokens that nobody used for so long."""
        used = func.coalesce(DeviceTokenRow.last_used_at, DeviceTokenRow.created_at)
        async with self._database.write() as session:
            await session.execute(delete(DeviceTokenRow).where(used < unused_since))

    async def shut_room_out(self, room_id: str) -> None:
        """Forget every device token and session of a room's terminals."""
        async with self._database.write() as session:
            for row in (DeviceTokenRow, SessionRow):
                await session.execute(delete(row).where(row.room_id == room_id))

    async def set_password(self, person_id: str, password_hash: str) -> None:
        """Set a new password; every session of the account ends."""
        await self._change_account(person_id, password_hash=password_hash)

    async def set_active(self, person_id: str, active: bool) -> None:
        """Close or reopen an account; every session of it ends."""
        await self._change_account(person_id, active=active)

    async def _change_account(self, person_id: str, **values: object) -> None:
        async with self._database.write() as session:
            await session.execute(
                update(PersonRow).where(PersonRow.person_id == person_id).values(**values)
            )
            await session.execute(delete(SessionRow).where(SessionRow.person_id == person_id))

    # --- audit -----------------------------------------------------------------------------------

    async def audit(self, entry: AuditEntry) -> None:
        """Write one line."""
        async with self._database.write() as session:
            session.add(
                AuditRow(
                    audit_id=new_id(),
                    at=entry.at,
                    actor_id=entry.actor_id,
                    actor_name=entry.actor_name[:200],
                    action=entry.action,
                    target=entry.target[:200],
                    detail=entry.detail,
                    remote=entry.remote[:200],
                )
            )

    async def audited(self, action: str | None = None) -> Sequence[AuditEntry]:
        """The newest 1000 lines, newest first."""
        query = select(AuditRow).order_by(AuditRow.at.desc()).limit(1000)
        if action is not None:
            query = query.where(AuditRow.action == action)
        async with self._database.read() as session:
            rows = (await session.scalars(query)).all()
        return tuple(
            AuditEntry(r.at, r.actor_id, r.actor_name, r.action, r.target, r.detail, r.remote)
            for r in rows
        )


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
