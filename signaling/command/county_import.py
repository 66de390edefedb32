"""Takes a county file over into the database: all of it or nothing, and twice like once.

Schools and rooms are known by their ids, people by their logins, lessons by teacher, time and
title. What the file does not name stays as it is; nothing is ever deleted.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog, Work
from signaling.base.database import Database
from signaling.base.errors import Clash, Invalid
from signaling.base.ids import new_id
from signaling.command.county_file import CountyFile, Lesson, Person, School, Source
from signaling.command.words import Word, problem_words
from signaling.directory.branches import concerns_node
from signaling.directory.tables import (
    ROOT_NODE,
    CountyRow,
    GrantRow,
    PersonRow,
    RoomRow,
    SchoolRow,
)
from signaling.directory.tree import add_county, add_school, rename_node
from signaling.identity.accounts.changes import end_sessions
from signaling.identity.passwords import Passwords
from signaling.lessons.store import LessonStore
from signaling.lessons.tables import LessonRow
from signaling.lessons.wire import LessonCreate

_PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105 - none that look alike
HOUR = timedelta(hours=1)
_PASSWORD_CHARS = 12  # 59 bits
_FIELDS = {
    "lead_teacher_id": "lead_teacher",
    "lead_room_id": "lead_room",
    "receive_room_ids": "receive_rooms",
}


@dataclass(slots=True)
class Imported:
    """Outcome of an import. `accounts` are new ones without a password in the file, with theirs."""

    schools: int = 0
    rooms: int = 0
    people: int = 0
    lessons: int = 0
    lessons_known: int = 0
    accounts: list[tuple[str, str, str]] = field(default_factory=list)


class _OnlyChecked(Exception):
    """Leaves the transaction without a trace."""


class CountyImport:
    """One import."""

    def __init__(
        self,
        database: Database,
        audit: AuditLog,
        passwords: Passwords,
        file: CountyFile,
        source: Source,
        *,
        max_lesson_hours: int,
    ) -> None:
        self._database = database
        self._audit = audit
        self._lessons = LessonStore(database)
        self._passwords = passwords
        self._file = file
        self._source = source
        self._longest = timedelta(hours=max_lesson_hours)
        self._done = Imported()

    async def run(self, actor: Actor, name: str, *, check_only: bool = False) -> Imported:
        """Do it, or with `check_only` all but keep it. `name` is the file's, for the audit log.

        Raises:
            CountyFileError: something does not fit; nothing was written.
        """
        hashes = await self._hash_passwords()  # before the transaction: it takes its time
        try:
            async with self._audit.work(actor, AuditAction.IMPORT, name) as work:
                await self._lessons.lock_creation(work)
                await self._put_places(work.session)
                await self._put_people(work, hashes)
                await concerns_node(work, await _only_county(work.session), name)
                await self._put_lessons(work)
                if check_only:
                    raise _OnlyChecked
        except _OnlyChecked:
            self._done.accounts.clear()
        return self._done

    async def _hash_passwords(self) -> dict[str, str]:
        async with self._database.read() as session:
            known = set(await session.scalars(select(PersonRow.login)))
        hashes = {}
        for person in self._file.people:
            password = person.password
            if password is None:
                if person.login in known:
                    continue
                password = "".join(
                    secrets.choice(_PASSWORD_LETTERS) for _ in range(_PASSWORD_CHARS)
                )
                self._done.accounts.append((person.login, person.name, password))
            hashes[person.login] = await self._passwords.hash(password)
        return hashes

    async def _put_places(self, session: AsyncSession) -> None:
        county = self._file.county
        if county is not None:
            row = await session.get(CountyRow, county.id)
            if row is None:
                await add_county(session, county.id, county.name)
            else:
                row.name = county.name
                await rename_node(session, county.id, county.name)
        if not self._file.schools:
            return
        if county is not None:
            county_id = county.id
        else:
            known = (await session.scalars(select(CountyRow.county_id))).all()
            if len(known) != 1:
                raise self._source.error("county", Word.NO_COUNTY())
            county_id = known[0]
        for school in self._file.schools:
            await self._put_school(session, county_id, school)

    async def _put_school(self, session: AsyncSession, county_id: str, school: School) -> None:
        row = await session.get(SchoolRow, school.id)
        if row is None:
            await add_school(session, school.id, county_id, school.name, school.kind.value)
        elif row.county_id != county_id:
            raise self._source.error("schools", Word.OTHER_COUNTY(school=school.id))
        else:
            row.name, row.kind = school.name, school.kind.value
            await rename_node(session, school.id, school.name)
        self._done.schools += 1
        for room in school.rooms:
            await session.merge(RoomRow(room_id=room.id, school_id=school.id, name=room.name))
            self._done.rooms += 1
        await session.flush()

    async def _put_people(self, work: Work, hashes: Mapping[str, str]) -> None:
        session = work.session
        for index, person in enumerate(self._file.people):
            path, school = f"people[{index}]", person.school
            if school is not None and await session.get(SchoolRow, school) is None:
                raise self._source.error(f"{path}.school", Word.NO_SCHOOL(school=school))
            other = await session.scalar(
                select(PersonRow.login).where(
                    func.lower(PersonRow.login) == person.login.lower(),
                    PersonRow.login != person.login,
                )
            )
            if other is not None:
                raise self._source.error(f"{path}.login", Word.CASE_ONLY(other=other))
            await self._put_person(work, person, hashes.get(person.login))
            self._done.people += 1

    @staticmethod
    async def _put_person(work: Work, person: Person, password: str | None) -> None:
        session = work.session
        # Asked before there is a new row: a query writes what is half filled in.
        node_id = person.school or await _only_county(session)
        row = await session.scalar(select(PersonRow).where(PersonRow.login == person.login))
        if row is None:
            if password is None:  # it was there a moment ago
                raise RuntimeError(f"account {person.login} went away during the import")
            first = person.password is None  # one made here is printed, so others know it
            row = PersonRow(
                person_id=new_id(), login=person.login, active=True, must_change_password=first
            )
            session.add(row)
        elif password is not None:  # whoever was signed in by the old one is no more
            await end_sessions(work, row.person_id)
        row.name, row.school_id = person.name, person.school
        row.node_id = node_id
        row.password_hash = password or row.password_hash
        await session.flush()
        await session.execute(delete(GrantRow).where(GrantRow.person_id == row.person_id))
        session.add_all(
            GrantRow(grant_id=new_id(), person_id=row.person_id, role=role, node_id=row.node_id)
            for role in set(person.roles)
        )
        await session.flush()

    async def _put_lessons(self, work: Work) -> None:
        for index, lesson in enumerate(self._file.lessons):
            path = f"lessons[{index}]"
            try:
                await self._put_lesson(work, lesson, path)
            except (Invalid, Clash) as error:
                name, bracket, rest = (error.field or "").partition("[")
                at = f"{path}.{_FIELDS.get(name, name)}{bracket}{rest}"
                raise self._source.error(at, problem_words(error)) from None

    async def _put_lesson(self, work: Work, lesson: Lesson, path: str) -> None:
        session = work.session
        teacher = await session.scalar(
            select(PersonRow.person_id).where(PersonRow.login == lesson.lead_teacher)
        )
        if teacher is None:
            raise self._source.error(
                f"{path}.lead_teacher", Word.NO_ACCOUNT(login=lesson.lead_teacher)
            )
        length = timedelta(minutes=lesson.minutes)
        if length > self._longest:
            raise self._source.error(
                f"{path}.minutes", Word.TOO_LONG_LESSON(hours=self._longest // HOUR)
            )
        starts_at = lesson.starts_at.astimezone(UTC)
        known = await session.scalar(
            select(LessonRow.lesson_id).where(
                LessonRow.lead_teacher_id == teacher,
                LessonRow.starts_at == starts_at,
                LessonRow.title == lesson.title,
            )
        )
        if known is not None:
            self._done.lessons_known += 1
            return
        wish = LessonCreate(
            title=lesson.title,
            class_kind=lesson.class_kind,
            subject=lesson.subject,
            grade=lesson.grade,
            starts_at=starts_at,
            ends_at=starts_at + length,
            lead_teacher_id=teacher,
            receive_room_ids=lesson.receive_rooms,
            lead_room_id=lesson.lead_room,
        )
        await self._lessons.create(work, wish)
        self._done.lessons += 1


async def _only_county(session: AsyncSession) -> str:
    """Return the node of a person without a school: the county, or with several the country."""
    known = (await session.scalars(select(CountyRow.county_id).limit(2))).all()
    return known[0] if len(known) == 1 else ROOT_NODE
