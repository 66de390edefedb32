"""The stores over SQLite and over a real PostgreSQL: one behaviour, and migrations that fit."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Index, inspect, text, true
from sqlalchemy.exc import IntegrityError

from signaling.access.actions import Action
from signaling.access.lists import permitted
from signaling.access.roles import Actor, Role, held_in
from signaling.audit import log as audit_log
from signaling.audit.log import AuditLog
from signaling.base.columns import Base
from signaling.base.database import VERSION_TABLE, Database
from signaling.base.errors import Busy, Clash, Invalid
from signaling.base.migrate import is_current, migrate
from signaling.cells.tables import LessonLeaseRow
from signaling.classroom.parts.hands import HandRaise, HandsPiece
from signaling.classroom.parts.mute import MutePiece
from signaling.classroom.parts.notice import SavedNotices
from signaling.classroom.parts.part import SavedRoom
from signaling.classroom.parts.stage import StagePiece
from signaling.classroom.store import RoomStore
from signaling.directory.choices import Choices
from signaling.directory.store import PeopleStore
from signaling.directory.wire import PersonRef
from signaling.identity.accounts.changes import set_active
from signaling.identity.store import (
    DeviceOrigin,
    DeviceRecord,
    SessionRecord,
    SessionStore,
)
from signaling.lessons import creation
from signaling.lessons.pages import Span
from signaling.lessons.rules import LessonAction
from signaling.lessons.store import LessonChange, LessonStore
from signaling.lessons.visibility import PREDICATES, lessons_in
from signaling.lessons.wire import LessonState
from tests.integration.signaling.stores import AT, a_lesson, changed, created, work_in
from tests.support.services import ManualClock


def _is_declared(name: str | None, kind: str, _parents: object) -> bool:
    """Whether a name in the database is a table of ours: not one of FTS5."""
    return kind != "table" or not (name or "").startswith("search_tokens")


def _is_of(declared: object, dialect: str) -> bool:
    """Whether an object belongs into this engine's schema."""
    only = isinstance(declared, Index) and declared.dialect_options["postgresql"]["using"] == "gin"
    return not only or dialect == "postgresql"


async def test_the_migrated_schema_is_the_declared_one(database: Database) -> None:
    def differences(connection: Connection) -> tuple[list[object], set[str]]:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": VERSION_TABLE,
                "compare_type": True,
                "include_name": _is_declared,
                "include_object": lambda one, *_: _is_of(one, connection.dialect.name),
            },
        )
        return compare_metadata(context, Base.metadata), set(inspect(connection).get_table_names())

    async with database.engine.connect() as connection:
        found, tables = await connection.run_sync(differences)
    assert found == []
    assert {VERSION_TABLE, *Base.metadata.tables} <= tables
    assert LessonLeaseRow.__tablename__ in tables  # of cells, which nothing else loads yet


async def test_migrating_again_changes_nothing(database: Database) -> None:
    assert await is_current(database)
    await migrate(database)
    assert await is_current(database)


async def test_a_lesson_comes_back_as_it_was_written(lessons: LessonStore) -> None:
    lesson_id = await created(lessons, a_lesson(rooms=("b", "a"), lead_room="lead"))
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
    lesson_id = await created(lessons, a_lesson())
    live = LessonChange(LessonState.LIVE, held_from=AT)
    written = await asyncio.gather(
        *(changed(lessons, lesson_id, LessonState.SCHEDULED, live) for _ in range(5))
    )
    assert sorted(written) == [False] * 4 + [True]
    assert [lesson.lesson_id for lesson in await lessons.live()] == [lesson_id]
    ended = LessonChange(LessonState.ENDED, held_to=AT + timedelta(minutes=40))
    assert await changed(lessons, lesson_id, LessonState.LIVE, ended)
    lesson = await lessons.lesson(lesson_id)
    assert lesson is not None
    assert (lesson.held_from, lesson.held_to) == (AT, AT + timedelta(minutes=40))
    assert await lessons.open_by_code(lesson.join_code, AT) is None
    assert LessonAction.END not in await _codes(lessons)


async def _codes(lessons: LessonStore) -> set[str]:
    listed = await lessons.between(Span(AT, AT + timedelta(days=1), AT))
    return {lesson.join_code for lesson in listed}


async def test_clashes_name_what_is_taken(lessons: LessonStore) -> None:
    await created(lessons, a_lesson(rooms=("a",), lead_room="lead"))
    for wish, field in (
        (a_lesson(39), "lead_teacher_id"),
        (a_lesson(39, teacher="li", rooms=("b", "a")), "receive_room_ids[1]"),
        (a_lesson(-39, teacher="li", rooms=("lead",)), "receive_room_ids[0]"),
        (a_lesson(10, teacher="li", rooms=("b",), lead_room="a"), "lead_room_id"),
    ):
        with pytest.raises(Clash) as clash:
            await created(lessons, wish)
        assert clash.value.field == field
    await created(lessons, a_lesson(40))
    await created(lessons, a_lesson(0, teacher="li", rooms=("b",)))


async def test_of_lessons_created_at_once_only_one_gets_the_room(lessons: LessonStore) -> None:
    results = await asyncio.gather(
        *(created(lessons, a_lesson()) for _ in range(6)), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["Clash"] * 5 + ["str"]


async def test_a_cancelled_lesson_frees_its_hour(lessons: LessonStore) -> None:
    lesson_id = await created(lessons, a_lesson())
    change = LessonChange(LessonState.CANCELLED, cancel_reason="停电")
    await changed(lessons, lesson_id, LessonState.SCHEDULED, change)
    assert await created(lessons, a_lesson()) != lesson_id


async def test_join_codes_of_open_lessons_are_unique(
    lessons: LessonStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = iter(["11111111", "11111111", "22222222"])
    monkeypatch.setattr(creation, "new_join_code", lambda: next(codes))
    first = await created(lessons, a_lesson())
    await created(lessons, a_lesson(60))
    assert await _codes(lessons) == {"11111111", "22222222"}
    monkeypatch.setattr(creation, "new_join_code", lambda: "22222222")
    with pytest.raises(Busy):
        await created(lessons, a_lesson(120))
    # Once a lesson is over its code may come again.
    await changed(lessons, first, LessonState.SCHEDULED, LessonChange(LessonState.CANCELLED))
    monkeypatch.setattr(creation, "new_join_code", lambda: "11111111")
    await created(lessons, a_lesson(120))


async def test_unknown_people_and_rooms_are_named(lessons: LessonStore) -> None:
    for wish, field in (
        (a_lesson(teacher="nobody"), "lead_teacher_id"),
        (a_lesson(teacher="zhu"), "lead_teacher_id"),
        (a_lesson(rooms=("a", "z")), "receive_room_ids[1]"),
        (a_lesson(lead_room="z"), "lead_room_id"),
    ):
        with pytest.raises(Invalid) as invalid:
            await created(lessons, wish)
        assert invalid.value.field == field


async def test_a_lesson_over_midnight_is_on_both_days(lessons: LessonStore) -> None:
    midnight = AT + timedelta(minutes=20)
    over = await created(lessons, a_lesson())
    evening = await created(lessons, a_lesson(-60, rooms=()))

    async def on_day(offset: int, now: datetime) -> list[str]:
        start = midnight + timedelta(days=offset)
        found = await lessons.between(Span(start, start + timedelta(days=1), now))
        return [lesson.lesson_id for lesson in found]

    now = midnight - timedelta(minutes=30)
    assert await on_day(-1, now) == [evening, over]
    assert await on_day(0, now) == [over]
    assert await on_day(1, now) == []
    # What is still being held after midnight is on the new day, too, and on no later one.
    began = midnight - timedelta(minutes=60)
    live = LessonChange(LessonState.LIVE, held_from=began)
    assert await changed(lessons, evening, LessonState.SCHEDULED, live)
    assert await on_day(0, midnight + timedelta(minutes=1)) == [evening, over]
    assert await on_day(1, midnight + timedelta(minutes=1)) == []
    ended = LessonChange(LessonState.ENDED, held_to=midnight + timedelta(minutes=5))
    assert await changed(lessons, evening, LessonState.LIVE, ended)
    assert await on_day(0, midnight + timedelta(days=9)) == [evening, over]
    assert await on_day(1, midnight + timedelta(days=9)) == []


async def test_lists_hold_what_concerns_the_caller(lessons: LessonStore) -> None:
    mine = await created(lessons, a_lesson(rooms=("a",), lead_room="lead"))
    other = await created(lessons, a_lesson(60, teacher="li", rooms=()))

    async def listed(actor: Actor) -> list[str]:
        visible = permitted(actor, Action.READ_LESSON, PREDICATES, lessons_in)
        found, _ = await lessons.page(Span(AT, AT + timedelta(days=1), AT), visible, None)
        return [lesson.lesson_id for lesson in found]

    def actor(who: str, *roles: Role, school: str = "s2", room: str | None = None) -> Actor:
        held = frozenset() if room else held_in("/cn/c1/", roles)
        return Actor(who, "", frozenset(roles), school, room, grants=held)

    assert await listed(actor("chen", Role.RESEARCHER)) == [mine, other]
    assert await listed(actor("wang", Role.LEAD_TEACHER, school="s1")) == [mine]
    assert await listed(actor("wang", school="s1")) == []
    assert await listed(actor("a", Role.RECEIVE_ROOM, room="a")) == [mine]
    assert await listed(actor("b", Role.RECEIVE_ROOM, room="b")) == []
    assert await listed(actor("zhu", Role.ASSISTANT)) == [mine]
    assert await listed(actor("zhu")) == []
    found = await lessons.lessons([other, mine, "none"])
    assert {lesson_id: lesson.lesson_id for lesson_id, lesson in found.items()} == {
        mine: mine,
        other: other,
    }
    assert await lessons.lessons([]) == {}


def _saved(
    on_stage: tuple[str, ...] = (),
    hands: tuple[HandRaise, ...] = (),
    muted_all: bool = False,
) -> SavedRoom:
    return SavedRoom(
        (HandsPiece(hands), StagePiece(on_stage), MutePiece(muted_all), SavedNotices())
    )


async def test_room_state_is_kept_and_replaced(lessons: LessonStore, rooms: RoomStore) -> None:
    lesson_id = await created(lessons, a_lesson())
    assert await rooms.saved(lesson_id) == SavedRoom()
    for saved in (
        _saved(("room-a",), (HandRaise("room-b", AT),), True),
        _saved(on_stage=("room-a", "room-b")),
    ):
        await rooms.save(lesson_id, saved)
        assert await rooms.saved(lesson_id) == saved


async def test_people_and_their_sessions(database: Database, people: PeopleStore) -> None:
    person = await people.person_by_login("wang")
    assert person is not None
    assert person.actor(AT).roles == {Role.LEAD_TEACHER, Role.RESEARCHER}
    assert person.actor(AT).county == "/cn/c1/"
    assert person.school == "中心校"
    assert [p.person_id for p in await _lead_teachers(database)] == ["li", "wang"]
    assert {s.school_id: len(s.rooms) for s in await people.schools()} == {"s1": 1, "s2": 2}
    with pytest.raises(IntegrityError):
        async with work_in(database) as work:
            await people.add_person(work, login="wang", name="x", password_hash="x", roles=())
    logins = SessionStore(database)
    later = AT + timedelta(hours=1)
    async with work_in(database) as work:
        await logins.add_session(work, SessionRecord("h1", "wang", None, later), AT)
    assert await logins.session("h1") == SessionRecord("h1", "wang", None, later)
    await logins.drop_expired_sessions(AT + timedelta(hours=2))
    assert await logins.session("h1") is None
    async with work_in(database) as work:
        await logins.add_session(work, SessionRecord("h2", "wang", None, AT), AT)
        await logins.add_session(work, SessionRecord("h3", None, "a", AT), AT)
    assert await logins.good_sessions(("h2", "h3", "h4")) == {"h2", "h3"}
    await logins.drop_expired_sessions(AT, spare=("h2", "h3"))
    async with work_in(database) as work:
        await set_active(work, "wang", False)
    assert await logins.good_sessions(("h2", "h3")) == {"h3"}
    async with work_in(database) as work:
        await logins.shut_room_out(work, "a")
    assert await logins.good_sessions(("h2", "h3")) == frozenset()


async def test_a_device_token_is_its_rooms_until_it_is_dropped_or_unused(
    database: Database, people: PeopleStore
) -> None:
    logins = SessionStore(database)
    async with work_in(database) as work:
        await logins.add_device(work, "d1", "a", DeviceOrigin.ISSUED, AT)

    async def used(unused_since: datetime) -> DeviceRecord | None:
        async with work_in(database) as work:
            return await logins.use_device(work, "d1", AT, unused_since)

    assert await used(AT) == DeviceRecord("a", AT)
    async with work_in(database) as work:
        await logins.drop_device(work, "d1", "b")
    assert await used(AT) == DeviceRecord("a", AT)
    assert await used(AT + timedelta(days=1)) is None
    async with work_in(database) as work:
        await logins.drop_device(work, "d1", "a")
    assert await used(AT) is None


async def test_a_touched_login_keeps_its_device_token_young(
    database: Database, people: PeopleStore
) -> None:
    logins = SessionStore(database)
    record = SessionRecord("h1", None, "a", AT, "d1")
    async with work_in(database) as work:
        await logins.add_device(work, "d1", "a", DeviceOrigin.REMEMBERED, AT)
        await logins.add_session(work, record, AT)
    found = await logins.session("h1")
    assert found is not None
    assert found.is_touch_due(AT)
    later = AT + timedelta(days=20)
    await logins.touch(found, later)
    touched = await logins.session("h1")
    assert touched is not None
    assert not touched.is_touch_due(later)
    assert await logins.device("d1", later) == DeviceRecord("a", AT)


async def _lead_teachers(database: Database) -> tuple[PersonRef, ...]:
    return (await Choices(database).find("", true(), true(), AT)).lead_teachers


async def test_the_audit_log_is_newest_first(database: Database, people: PeopleStore) -> None:
    clock = ManualClock(AT)
    audit = AuditLog(database, clock)
    for minute in range(3):
        await audit.note(Actor("wang", "王老师", "::1"), "login", f"t{minute}", path="/cn/")
        clock.advance(minutes=1)
    assert [entry.target for entry in await audit.entries("login")] == ["t2", "t1", "t0"]
    assert await audit.entries("logout") == ()


async def test_rows_and_audit_row_are_written_together_or_not_at_all(
    database: Database, people: PeopleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = AuditLog(database)
    with pytest.raises(RuntimeError):
        async with audit.work(Actor("wang", "王老师"), "account_close", "li") as work:
            await set_active(work, "li", False)
            raise RuntimeError("before the end")
    monkeypatch.setattr(audit_log, "new_id", lambda: "taken")
    await audit.note(Actor("wang", "王老师"), "first", path="")
    with pytest.raises(IntegrityError):  # the audit row cannot be written
        async with audit.work(Actor("wang", "王老师"), "account_close", "li") as work:
            await set_active(work, "li", False)
    monkeypatch.undo()
    assert [person.person_id for person in await _lead_teachers(database)] == ["li", "wang"]
    assert not [entry for entry in await audit.entries() if entry.target == "li"]
    async with audit.work(Actor("wang", "王老师"), "account_close", "li") as work:
        await set_active(work, "li", False)
    assert [person.person_id for person in await _lead_teachers(database)] == ["wang"]
    assert len(await audit.entries("account_close")) == 1
    async with audit.work(Actor("wang", "王老师"), "nothing") as work:
        work.nothing_to_do()
    assert await audit.entries("nothing") == ()


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_logins_of_the_version_before_are_still_good(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'old.db'}"
    if engine == "postgresql":
        url = request.getfixturevalue("cluster").create("before_0004")
    database = Database(url)
    await migrate(database, "0003")
    at = "'2026-11-22 08:00:00'"
    async with database.write() as session:
        for statement in (
            "INSERT INTO counties VALUES ('c', '青山县')",
            "INSERT INTO schools VALUES ('s', 'c', '教学点', 'teaching_point')",
            "INSERT INTO rooms VALUES ('a', 's', '教室')",
            "INSERT INTO sessions (id_hash, room_id, created_at, expires_at) "
            f"VALUES ('h', 'a', {at}, '2030-01-01 00:00:00')",
            "INSERT INTO device_tokens (token_hash, room_id, origin, created_at) "
            f"VALUES ('d', 'a', 'remembered', {at})",
        ):
            await session.execute(text(statement))
    await migrate(database)
    logins = SessionStore(database)
    found = await logins.session("h")
    assert found is not None
    assert (found.room_id, found.device_hash, found.last_seen_at) == ("a", None, None)
    await logins.touch(found, AT)
    device = await logins.device("d", AT - timedelta(days=1))
    assert device is not None
    assert device.room_id == "a"
    await database.close()
