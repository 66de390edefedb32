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

from signaling.core.resources import LessonCreate
from signaling.county_file import CountyFile, Lesson, Person, School, Source
from signaling.db.audit_log import Actor, AuditLog, Work
from signaling.db.engine import Database
from signaling.db.lesson_store import LessonStore
from signaling.db.tables import (
    CountyRow,
    LessonRow,
    PersonRoleRow,
    PersonRow,
    RoomRow,
    SchoolRow,
    SessionRow,
)
from signaling.errors import Clash, Invalid
from signaling.ids import new_id
from signaling.passwords import Passwords

_PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105 - none that look alike
_PASSWORD_CHARS = 12  # 59 bits
_FIELDS = {
    "lead_teacher_id": "lead_teacher",
    "lead_room_id": "lead_room",
    "receive_room_ids": "receive_rooms",
    "ends_at": "minutes",
}


@dataclass(slots=True)
class Imported:
    """What came of it. `accounts` are the new ones without a password in the file, with theirs."""

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
            async with self._audit.work(actor, "import", name) as work:
                await self._lessons.lock_creation(work)
                await self._put_places(work.session)
                await self._put_people(work.session, hashes)
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
            await session.merge(CountyRow(county_id=county.id, name=county.name))
            await session.flush()
        if not self._file.schools:
            return
        if county is not None:
            county_id = county.id
        else:
            known = (await session.scalars(select(CountyRow.county_id))).all()
            if len(known) != 1:
                raise self._source.error("county", "缺少 [county]")
            county_id = known[0]
        for school in self._file.schools:
            await self._put_school(session, county_id, school)

    async def _put_school(self, session: AsyncSession, county_id: str, school: School) -> None:
        await session.merge(
            SchoolRow(
                school_id=school.id, county_id=county_id, name=school.name, kind=school.kind.value
            )
        )
        await session.flush()
        self._done.schools += 1
        for room in school.rooms:
            await session.merge(RoomRow(room_id=room.id, school_id=school.id, name=room.name))
            self._done.rooms += 1
        await session.flush()

    async def _put_people(self, session: AsyncSession, hashes: Mapping[str, str]) -> None:
        for index, person in enumerate(self._file.people):
            if person.school is not None and await session.get(SchoolRow, person.school) is None:
                raise self._source.error(f"people[{index}].school", f"没有学校 {person.school}")
            other = await session.scalar(
                select(PersonRow.login).where(
                    func.lower(PersonRow.login) == person.login.lower(),
                    PersonRow.login != person.login,
                )
            )
            if other is not None:
                raise self._source.error(
                    f"people[{index}].login", f"与已有账号 {other} 仅大小写不同"
                )
            await self._put_person(session, person, hashes.get(person.login))
            self._done.people += 1

    @staticmethod
    async def _put_person(session: AsyncSession, person: Person, password: str | None) -> None:
        row = await session.scalar(select(PersonRow).where(PersonRow.login == person.login))
        if row is None:
            if password is None:  # it was there a moment ago
                raise RuntimeError(f"account {person.login} went away during the import")
            row = PersonRow(person_id=new_id(), login=person.login, active=True)
            session.add(row)
        elif password is not None:  # whoever was signed in by the old one is no more
            await session.execute(delete(SessionRow).where(SessionRow.person_id == row.person_id))
        row.name, row.school_id = person.name, person.school
        row.password_hash = password or row.password_hash
        await session.flush()
        await session.execute(delete(PersonRoleRow).where(PersonRoleRow.person_id == row.person_id))
        session.add_all(PersonRoleRow(person_id=row.person_id, role=r) for r in set(person.roles))
        await session.flush()

    async def _put_lessons(self, work: Work) -> None:
        for index, lesson in enumerate(self._file.lessons):
            path = f"lessons[{index}]"
            try:
                await self._put_lesson(work, lesson)
            except (Invalid, Clash) as error:
                name, bracket, rest = (error.field or "").partition("[")
                at = f"{path}.{_FIELDS.get(name, name)}{bracket}{rest}"
                raise self._source.error(at, f"{error.title}: {error}") from None

    async def _put_lesson(self, work: Work, lesson: Lesson) -> None:
        session = work.session
        teacher = await session.scalar(
            select(PersonRow.person_id).where(PersonRow.login == lesson.lead_teacher)
        )
        if teacher is None:
            raise Invalid(f"没有账号 {lesson.lead_teacher}", field="lead_teacher_id")
        length = timedelta(minutes=lesson.minutes)
        if length > self._longest:
            raise Invalid(f"最长 {self._longest}", field="ends_at")
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
