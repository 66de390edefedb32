"""Two counties, each with two schools, and who asks: for tests of the directory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from signaling.access.roles import ROOT_PATH, Actor, BranchRole, Role, held_in
from signaling.audit.log import AuditLog
from signaling.base.database import Database
from signaling.directory.desk import DirectoryDesk
from signaling.directory.rooms.wire import RoomCreate
from signaling.directory.schools.wire import SchoolCreate
from signaling.directory.subjects.wire import SubjectCreate
from signaling.directory.teachers.wire import TeacherCreate
from signaling.directory.tree import add_county
from signaling.directory.wire import SchoolKind
from signaling.identity.accounts.changes import end_sessions
from signaling.lessons.ahead import LessonBook
from signaling.lessons.store import LessonStore
from signaling.lessons.wire import ClassKind, LessonCreate
from tests.support.made_once import put_schema, sqlite_url

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


class FixedClock:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0


def admin_of(path: str, name: str = "管理员") -> Actor:
    """A county admin of the branch with this path."""
    grants = held_in(path, [Role.COUNTY_ADMIN])
    return Actor(f"admin {path}", name, frozenset({Role.COUNTY_ADMIN}), grants=grants)


def teacher_of(county: str) -> Actor:
    """A lead teacher of a county, whose role is held at a school."""
    path = f"{ROOT_PATH}{county}/"
    grants = frozenset({BranchRole(Role.LEAD_TEACHER, f"{path}x/")})
    return Actor("t", "教师", frozenset({Role.LEAD_TEACHER}), grants=grants, county=path)


ROOT = admin_of(ROOT_PATH)
ADMIN, OTHER = admin_of(f"{ROOT_PATH}c1/"), admin_of(f"{ROOT_PATH}c2/")
TEACHER, OTHER_TEACHER = teacher_of("c1"), teacher_of("c2")


@dataclass
class Counties:
    """The directory of counties c1 and c2."""

    database: Database
    audit: AuditLog
    desk: DirectoryDesk
    center: str  # a school of c1
    point: str  # another
    far: str  # a school of c2
    room: str  # at the point
    subject: str  # of c1
    teacher: str  # at the centre

    async def lesson(self, *, hours: float = 24, rooms: tuple[str, ...] = ()) -> str:
        """Schedule a lesson of the teacher for the room at the point; returns its id."""
        start = NOW + timedelta(hours=hours)
        wish = LessonCreate(
            title="《小小的船》",
            class_kind=ClassKind.DEDICATED,
            subject="语文",
            grade="一年级",
            starts_at=start,
            ends_at=start + timedelta(minutes=40),
            lead_teacher_id=self.teacher,
            receive_room_ids=rooms or (self.room,),
        )
        async with self.audit.work(ROOT, "test") as work:
            return await LessonStore(self.database).create(work, wish)


@asynccontextmanager
async def two_counties(database: Database) -> AsyncIterator[Counties]:
    """Fill an empty database."""
    audit = AuditLog(database, FixedClock())
    desk = DirectoryDesk(database, audit, FixedClock(), LessonBook(), end_sessions)
    async with database.write() as session:
        await add_county(session, "c1", "青山县")
        await add_county(session, "c2", "绿水县")
    schools = [
        await desk.schools.create(ROOT, SchoolCreate(name=name, kind=kind, county_id=county))
        for name, kind, county in (
            ("中心小学", SchoolKind.CENTER_SCHOOL, "c1"),
            ("山泉教学点", SchoolKind.TEACHING_POINT, "c1"),
            ("绿水小学", SchoolKind.SCHOOL, "c2"),
        )
    ]
    center, point, far = (school.school_id for school in schools)
    room = await desk.rooms.create(ADMIN, RoomCreate(name="一年级教室", school_id=point))
    subject = await desk.subjects.create(ADMIN, SubjectCreate(name="语文", county_id="c1"))
    teacher = await desk.teachers.create(
        ADMIN, TeacherCreate(name="王老师", school_id=center, staff_no="A001")
    )
    yield Counties(
        database,
        audit,
        desk,
        center,
        point,
        far,
        room.room_id,
        subject.subject_id,
        teacher.person_id,
    )


@asynccontextmanager
async def sqlite_counties(folder: Path) -> AsyncIterator[Counties]:
    """Two counties in an SQLite file of their own."""
    file = folder / "tongke.db"
    await put_schema(file)
    database = Database(sqlite_url(file))
    async with two_counties(database) as counties:
        yield counties
    await database.close()
