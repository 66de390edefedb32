"""The stores over SQLite and over a real PostgreSQL: one behaviour, and migrations that fit."""

import asyncio
from datetime import datetime, timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import IntegrityError

from signaling.core.lesson_state import LessonDeed
from signaling.core.messages import HandRaise
from signaling.core.permissions import Subject
from signaling.core.resources import LessonState, Role
from signaling.core.room_state import Durable
from signaling.db import lesson_store as lesson_store_module
from signaling.db.engine import Database
from signaling.db.lesson_store import LessonChange, LessonStore, Span
from signaling.db.migrate import VERSION_TABLE, migrate, newest
from signaling.db.people_store import AuditEntry, DeviceRecord, PeopleStore, SessionRecord
from signaling.db.tables import Base
from signaling.errors import Busy, Clash, Invalid
from tests.integration.signaling.stores import AT, a_lesson


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
    assert newest() == "0003"


async def test_a_lesson_comes_back_as_it_was_written(lessons: LessonStore) -> None:
    lesson_id = await lessons.create(a_lesson(rooms=("b", "a"), lead_room="lead"))
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
    lesson_id = await lessons.create(a_lesson())
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
    listed = await lessons.between(Span(AT, AT + timedelta(days=1), AT), None)
    return {lesson.join_code for lesson in listed}


async def test_clashes_name_what_is_taken(lessons: LessonStore) -> None:
    await lessons.create(a_lesson(rooms=("a",), lead_room="lead"))
    for wish, field in (
        (a_lesson(39), "lead_teacher_id"),
        (a_lesson(39, teacher="li", rooms=("b", "a")), "receive_room_ids[1]"),
        (a_lesson(-39, teacher="li", rooms=("lead",)), "receive_room_ids[0]"),
        (a_lesson(10, teacher="li", rooms=("b",), lead_room="a"), "lead_room_id"),
    ):
        with pytest.raises(Clash) as clash:
            await lessons.create(wish)
        assert clash.value.field == field
    await lessons.create(a_lesson(40))
    await lessons.create(a_lesson(0, teacher="li", rooms=("b",)))


async def test_of_lessons_created_at_once_only_one_gets_the_room(lessons: LessonStore) -> None:
    results = await asyncio.gather(
        *(lessons.create(a_lesson()) for _ in range(6)), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["Clash"] * 5 + ["str"]


async def test_a_cancelled_lesson_frees_its_hour(lessons: LessonStore) -> None:
    lesson_id = await lessons.create(a_lesson())
    change = LessonChange(LessonState.CANCELLED, cancel_reason="停电")
    await lessons.change(lesson_id, LessonState.SCHEDULED, change)
    assert await lessons.create(a_lesson()) != lesson_id


async def test_join_codes_of_open_lessons_are_unique(
    lessons: LessonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = iter(["11111111", "11111111", "22222222"])
    monkeypatch.setattr(lesson_store_module, "new_join_code", lambda: next(codes))
    first = await lessons.create(a_lesson())
    await lessons.create(a_lesson(60))
    assert await _codes(lessons) == {"11111111", "22222222"}
    monkeypatch.setattr(lesson_store_module, "new_join_code", lambda: "22222222")
    with pytest.raises(Busy):
        await lessons.create(a_lesson(120))
    # Once a lesson is over its code may come again.
    await lessons.change(first, LessonState.SCHEDULED, LessonChange(LessonState.CANCELLED))
    monkeypatch.setattr(lesson_store_module, "new_join_code", lambda: "11111111")
    await lessons.create(a_lesson(120))


async def test_unknown_people_and_rooms_are_named(lessons: LessonStore) -> None:
    for wish, field in (
        (a_lesson(teacher="nobody"), "lead_teacher_id"),
        (a_lesson(teacher="zhu"), "lead_teacher_id"),
        (a_lesson(rooms=("a", "z")), "receive_room_ids[1]"),
        (a_lesson(lead_room="z"), "lead_room_id"),
    ):
        with pytest.raises(Invalid) as invalid:
            await lessons.create(wish)
        assert invalid.value.field == field


async def test_a_lesson_over_midnight_is_on_both_days(lessons: LessonStore) -> None:
    midnight = AT + timedelta(minutes=20)
    over = await lessons.create(a_lesson())
    evening = await lessons.create(a_lesson(-60, rooms=()))

    async def on_day(offset: int, now: datetime) -> list[str]:
        start = midnight + timedelta(days=offset)
        found = await lessons.between(Span(start, start + timedelta(days=1), now), None)
        return [lesson.lesson_id for lesson in found]

    now = midnight - timedelta(minutes=30)
    assert await on_day(-1, now) == [evening, over]
    assert await on_day(0, now) == [over]
    assert await on_day(1, now) == []
    # What is still being held after midnight is on the new day, too, and on no later one.
    began = midnight - timedelta(minutes=60)
    live = LessonChange(LessonState.LIVE, held_from=began)
    assert await lessons.change(evening, LessonState.SCHEDULED, live)
    assert await on_day(0, midnight + timedelta(minutes=1)) == [evening, over]
    assert await on_day(1, midnight + timedelta(minutes=1)) == []
    ended = LessonChange(LessonState.ENDED, held_to=midnight + timedelta(minutes=5))
    assert await lessons.change(evening, LessonState.LIVE, ended)
    assert await on_day(0, midnight + timedelta(days=9)) == [evening, over]
    assert await on_day(1, midnight + timedelta(days=9)) == []


async def test_lists_hold_what_concerns_the_caller(lessons: LessonStore) -> None:
    mine = await lessons.create(a_lesson(rooms=("a",), lead_room="lead"))
    other = await lessons.create(a_lesson(60, teacher="li", rooms=()))

    async def listed(subject: Subject | None) -> list[str]:
        found = await lessons.between(Span(AT, AT + timedelta(days=1), AT), subject)
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
    lesson_id = await lessons.create(a_lesson())
    assert await lessons.durable(lesson_id) == Durable()
    for kept in (
        Durable(("room-a",), (HandRaise("room-b", AT),), True),
        Durable((), (), False, ("room-a", "room-b")),
    ):
        await lessons.keep(lesson_id, kept)
        assert await lessons.durable(lesson_id) == kept


async def test_a_lesson_tells_which_of_its_rooms_attended(lessons: LessonStore) -> None:
    lesson_id = await lessons.create(a_lesson(rooms=("b", "a")))
    other = await lessons.create(a_lesson(60, teacher="li", rooms=()))
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
