"""The stores over SQLite and over a real PostgreSQL: one behaviour, and migrations that fit."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import IntegrityError

from signaling.core.lesson_state import LessonDeed
from signaling.core.messages import HandRaise
from signaling.core.permissions import Subject
from signaling.core.resources import ClassKind, LessonCreate, LessonState, Role
from signaling.core.room_state import Durable
from signaling.db import lesson_store as lesson_store_module
from signaling.db.engine import Database
from signaling.db.lesson_store import LessonChange, LessonStore
from signaling.db.migrate import VERSION_TABLE, migrate, newest
from signaling.db.people_store import AuditEntry, DeviceRecord, PeopleStore, SessionRecord
from signaling.db.tables import Base
from signaling.errors import Busy, Clash, Invalid
from tests.support.postgres import Postgres, postgres

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
_names = (f"db{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path / 'tongke.db'}"
    else:
        url = request.getfixturevalue("cluster").create(next(_names))
    made = Database(url)
    await migrate(made)
    yield made
    await made.close()


@pytest.fixture
async def people(database: Database) -> PeopleStore:
    store = PeopleStore(database)
    assert await store.is_empty()
    await store.add_county("c1", "青山县")
    await store.add_school("s1", "c1", "中心校", "center_school")
    await store.add_school("s2", "c1", "教学点", "teaching_point")
    for room_id, school_id in (("lead", "s1"), ("a", "s2"), ("b", "s2")):
        await store.add_room(room_id, school_id, f"教室{room_id}")
    for person_id, roles in (
        ("wang", (Role.LEAD_TEACHER, Role.RESEARCHER)),
        ("li", (Role.LEAD_TEACHER,)),
        ("zhu", (Role.ASSISTANT,)),
    ):
        await store.add_person(
            person_id=person_id,
            login=person_id,
            name=person_id,
            password_hash="x",
            roles=roles,
            school_id="s1" if person_id == "wang" else "s2",
        )
    return store


@pytest.fixture
def lessons(database: Database, people: PeopleStore) -> LessonStore:
    return LessonStore(database)


def _wish(
    minutes: int = 0,
    *,
    teacher: str = "wang",
    rooms: tuple[str, ...] = ("a",),
    lead_room: str | None = None,
) -> LessonCreate:
    start = AT + timedelta(minutes=minutes)
    return LessonCreate(
        "《小小的船》",
        ClassKind.DEDICATED,
        "语文",
        "一年级",
        start,
        start + timedelta(minutes=40),
        teacher,
        rooms,
        lead_room,
    )


async def test_the_migrated_schema_is_the_declared_one(database: Database) -> None:
    def differences(connection: Connection) -> tuple[list[object], set[str]]:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )
        return compare_metadata(context, Base.metadata), set(inspect(connection).get_table_names())

    async with database.engine.connect() as connection:
        found, tables = await connection.run_sync(differences)
    assert found == []
    assert {VERSION_TABLE, *Base.metadata.tables} <= tables


async def test_migrating_again_changes_nothing(database: Database) -> None:
    await migrate(database)
    assert newest() == "0002"


async def test_a_lesson_comes_back_as_it_was_written(lessons: LessonStore) -> None:
    lesson_id = await lessons.create(_wish(rooms=("b", "a"), lead_room="lead"))
    lesson = await lessons.lesson(lesson_id)
    assert lesson is not None
    assert (lesson.title, lesson.state) == ("《小小的船》", LessonState.SCHEDULED)
    assert (lesson.starts_at, lesson.starts_at.utcoffset()) == (AT, timedelta(0))
    assert [room.room_id for room in lesson.receive_rooms] == ["b", "a"]
    assert lesson.lead_room is not None
    assert lesson.lead_room.school == "中心校"
    assert lesson.parties.school_ids == {"s1", "s2"}
    found = await lessons.open_by_code(lesson.join_code, AT)
    assert found == lesson


async def test_transitions_are_written_once(lessons: LessonStore) -> None:
    lesson_id = await lessons.create(_wish())
    live = LessonChange(LessonState.LIVE, held_from=AT)
    written = await asyncio.gather(
        *(lessons.change(lesson_id, LessonState.SCHEDULED, live) for _ in range(5))
    )
    assert sorted(written) == [False] * 4 + [True]
    assert [lesson.lesson_id for lesson in await lessons.live()] == [lesson_id]
    ended = LessonChange(LessonState.ENDED, held_to=AT + timedelta(minutes=40))
    assert await lessons.change(lesson_id, LessonState.LIVE, ended)
    lesson = await lessons.lesson(lesson_id)
    assert lesson is not None
    assert (lesson.held_from, lesson.held_to) == (AT, AT + timedelta(minutes=40))
    assert await lessons.open_by_code(lesson.join_code, AT) is None
    assert LessonDeed.END not in await _codes(lessons)


async def _codes(lessons: LessonStore) -> set[str]:
    listed = await lessons.between(AT, AT + timedelta(days=1), None)
    return {lesson.join_code for lesson in listed}


async def test_clashes_name_what_is_taken(lessons: LessonStore) -> None:
    await lessons.create(_wish(rooms=("a",), lead_room="lead"))
    for wish, field in (
        (_wish(39), "lead_teacher_id"),
        (_wish(39, teacher="li", rooms=("b", "a")), "receive_room_ids[1]"),
        (_wish(-39, teacher="li", rooms=("lead",)), "receive_room_ids[0]"),
        (_wish(10, teacher="li", rooms=("b",), lead_room="a"), "lead_room_id"),
    ):
        with pytest.raises(Clash) as clash:
            await lessons.create(wish)
        assert clash.value.field == field
    await lessons.create(_wish(40))
    await lessons.create(_wish(0, teacher="li", rooms=("b",)))


async def test_of_lessons_created_at_once_only_one_gets_the_room(lessons: LessonStore) -> None:
    results = await asyncio.gather(
        *(lessons.create(_wish()) for _ in range(6)), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["Clash"] * 5 + ["str"]


async def test_a_cancelled_lesson_frees_its_hour(lessons: LessonStore) -> None:
    lesson_id = await lessons.create(_wish())
    change = LessonChange(LessonState.CANCELLED, cancel_reason="停电")
    await lessons.change(lesson_id, LessonState.SCHEDULED, change)
    assert await lessons.create(_wish()) != lesson_id


async def test_join_codes_of_open_lessons_are_unique(
    lessons: LessonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = iter(["11111111", "11111111", "22222222"])
    monkeypatch.setattr(lesson_store_module, "new_join_code", lambda: next(codes))
    first = await lessons.create(_wish())
    await lessons.create(_wish(60))
    assert await _codes(lessons) == {"11111111", "22222222"}
    monkeypatch.setattr(lesson_store_module, "new_join_code", lambda: "22222222")
    with pytest.raises(Busy):
        await lessons.create(_wish(120))
    # Once a lesson is over its code may come again.
    await lessons.change(first, LessonState.SCHEDULED, LessonChange(LessonState.CANCELLED))
    monkeypatch.setattr(lesson_store_module, "new_join_code", lambda: "11111111")
    await lessons.create(_wish(120))


async def test_unknown_people_and_rooms_are_named(lessons: LessonStore) -> None:
    for wish, field in (
        (_wish(teacher="nobody"), "lead_teacher_id"),
        (_wish(teacher="zhu"), "lead_teacher_id"),
        (_wish(rooms=("a", "z")), "receive_room_ids[1]"),
        (_wish(lead_room="z"), "lead_room_id"),
    ):
        with pytest.raises(Invalid) as invalid:
            await lessons.create(wish)
        assert invalid.value.field == field


async def test_lists_hold_what_concerns_the_caller(lessons: LessonStore) -> None:
    mine = await lessons.create(_wish(rooms=("a",), lead_room="lead"))
    other = await lessons.create(_wish(60, teacher="li", rooms=()))

    async def listed(subject: Subject | None) -> list[str]:
        found = await lessons.between(AT, AT + timedelta(days=1), subject)
        return [lesson.lesson_id for lesson in found]

    nobody: frozenset[Role] = frozenset()
    assert await listed(None) == [mine, other]
    assert await listed(Subject("wang", "", nobody, "s1")) == [mine]
    assert await listed(Subject("a", "", nobody, "s2", "a")) == [mine]
    assert await listed(Subject("b", "", nobody, "s2", "b")) == []
    assert await listed(Subject("zhu", "", frozenset({Role.ASSISTANT}), "s2")) == [mine]
    assert await listed(Subject("zhu", "", nobody, "s2")) == []
    found = await lessons.lessons([other, mine, "none"])
    assert {lesson_id: lesson.lesson_id for lesson_id, lesson in found.items()} == {
        mine: mine,
        other: other,
    }
    assert await lessons.lessons([]) == {}


async def test_room_state_is_kept_and_replaced(lessons: LessonStore) -> None:
    lesson_id = await lessons.create(_wish())
    assert await lessons.durable(lesson_id) == Durable()
    for kept in (
        Durable(("room-a",), (HandRaise("room-b", AT),), True),
        Durable((), (), False, ("room-a", "room-b")),
    ):
        await lessons.keep(lesson_id, kept)
        assert await lessons.durable(lesson_id) == kept


async def test_a_lesson_tells_which_of_its_rooms_attended(lessons: LessonStore) -> None:
    lesson_id = await lessons.create(_wish(rooms=("b", "a")))
    other = await lessons.create(_wish(60, teacher="li", rooms=()))
    await lessons.keep(lesson_id, Durable(attended=("lead", "room-a", "room-elsewhere")))
    found = await lessons.lessons([lesson_id, other])
    assert [room.room_id for room in found[lesson_id].attended_rooms] == ["a"]
    assert found[other].attended_rooms == ()


async def test_people_sessions_and_devices(people: PeopleStore) -> None:
    person = await people.person_by_login("wang")
    assert person is not None
    assert person.roles == {Role.LEAD_TEACHER, Role.RESEARCHER}
    assert person.school == "中心校"
    assert [p.person_id for p in await people.lead_teachers()] == ["li", "wang"]
    assert {s.school_id: len(s.rooms) for s in await people.schools()} == {"s1": 1, "s2": 2}
    with pytest.raises(IntegrityError):
        await people.add_person(login="wang", name="x", password_hash="x", roles=())
    await people.add_session(SessionRecord("h1", "wang", None, AT + timedelta(hours=1)), AT)
    assert (await people.session("h1")) == SessionRecord(
        "h1", "wang", None, AT + timedelta(hours=1)
    )
    await people.drop_expired_sessions(AT + timedelta(hours=2))
    assert await people.session("h1") is None
    await people.add_device("d1", "a", "issued", AT)
    assert await people.use_device("d1", AT, AT) == DeviceRecord("a", AT)
    await people.drop_device("d1", "b")
    assert await people.use_device("d1", AT, AT) == DeviceRecord("a", AT)
    unused_since = AT + timedelta(days=1)
    assert await people.use_device("d1", AT, unused_since) is None
    await people.drop_device("d1", "a")
    assert await people.use_device("d1", AT, AT) is None
    await people.add_session(SessionRecord("h2", "wang", None, AT), AT)
    await people.add_session(SessionRecord("h3", None, "a", AT), AT)
    assert await people.good_sessions(("h2", "h3", "h4")) == {"h2", "h3"}
    await people.drop_expired_sessions(AT, spare=("h2", "h3"))
    await people.set_active("wang", False)
    assert await people.good_sessions(("h2", "h3")) == {"h3"}
    await people.shut_room_out("a")
    assert await people.good_sessions(("h2", "h3")) == frozenset()


async def test_the_audit_log_is_newest_first(people: PeopleStore) -> None:
    for minute in range(3):
        at = AT + timedelta(minutes=minute)
        await people.audit(AuditEntry(at, "wang", "王老师", "login", f"t{minute}", "", "::1"))
    assert [entry.target for entry in await people.audited()] == ["t2", "t1", "t0"]
    assert await people.audited("logout") == ()
