"""What happened in a lesson, as rows: written when it happens, kept through crashes, never lost."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from signaling.access.roles import Actor, Role
from signaling.base.database import Database
from signaling.classroom.channel import Channel
from signaling.classroom.parts.headcount import SetHeadcount
from signaling.classroom.wire import Hello
from signaling.command import seed
from signaling.lessons.events import LessonFactsKept
from signaling.lessons.fact_records import FactBatch, LessonFactSheet, Spell
from signaling.lessons.facts import FactStore, fact_sheets
from signaling.lessons.members import member_of
from signaling.lessons.store import LessonStore
from signaling.lessons.tables import FactMarkRow
from signaling.lessons.wire import Headcount, HeadcountChange
from signaling.links.rules import Seen
from signaling.links.samples import LinkReading
from signaling.links.tables import LinkSampleRow
from signaling.links.wire import LinkState
from signaling.wiring import Services
from tests.integration.signaling.stores import AT, a_lesson, created
from tests.support.services import ManualClock, join, lead_teacher, new_lesson, running_services

ROOM = seed.RECEIVE_ROOMS[0]
WELL = LinkReading(LinkState.GOOD, seen=Seen.HIGH, hears=True)


async def _sheet(database: Database, lesson_id: str) -> LessonFactSheet:
    async with database.read() as session:
        return (await fact_sheets(session, [lesson_id]))[lesson_id]


async def enter(services: Services, lesson_id: str, room_id: str = ROOM) -> Channel:
    """A receive room's channel, without a socket."""
    actor = Actor(room_id, "教室", frozenset({Role.RECEIVE_ROOM}), "s", room_id)
    _, seat = await services.lessons.seat(actor, lesson_id)
    room = await services.hub.enter(lesson_id)
    channel = Channel(seat, services.clock.monotonic())
    room.attach(channel, member_of(seat, None), Hello())
    return channel


async def test_facts_are_brought_up_to_date_by_writing_them_again(
    database: Database, lessons: LessonStore
) -> None:
    store, lesson_id = FactStore(database), await created(lessons, a_lesson(rooms=("b", "a")))
    other = await created(lessons, a_lesson(60, teacher="li", rooms=("a",)))
    entered = HeadcountChange(AT, "room-a", "教室", None, 12)
    corrected = HeadcountChange(AT, "lead", "王老师", 12, 11)
    going_on = Spell("room-a", AT, None, AT)
    for batch in (
        FactBatch((going_on,), (Headcount("room-a", 12, (entered,)),), {"room-a": 3.0}),
        FactBatch((), (Headcount("room-a", 11, (entered, corrected)),), {"room-a": 23.0}),
        FactBatch((Spell("room-a", AT, None, AT + timedelta(seconds=20)),)),
    ):
        await store.write(lesson_id, batch)
        await store.write(lesson_id, batch)
    found = await lessons.lessons([lesson_id, other])
    assert [room.room_id for room in found[lesson_id].attended_rooms] == ["a"]
    assert found[other].attended_rooms == ()
    kept = await store.kept(lesson_id)  # a crash lies between
    assert (kept.attended, kept.seen_s) == ({"room-a"}, {"room-a": 23.0})
    assert kept.headcounts == (Headcount("room-a", 11, (entered, corrected)),)
    crashed_at = AT + timedelta(seconds=20)
    (spell,) = (await _sheet(database, lesson_id)).spells
    assert spell == Spell("room-a", AT, crashed_at, crashed_at)
    await store.conclude(lesson_id, FactBatch(), AT, timedelta(hours=1))
    (spell,) = (await _sheet(database, lesson_id)).spells
    assert spell.joined_at == AT + timedelta(hours=1)
    async with database.read() as session:
        assert (await session.scalars(select(FactMarkRow.lesson_id))).all() == [lesson_id]


async def test_a_lesson_leaves_who_was_there_how_many_and_what_they_saw(tmp_path: Path) -> None:
    clock, kept = ManualClock(), []
    async with running_services(tmp_path, clock) as services:

        async def note(event: LessonFactsKept) -> None:
            kept.append(event.lesson_id)

        services.events.subscribe(LessonFactsKept, note)
        teacher, lesson_id = await lead_teacher(services), await new_lesson(services)
        channel = await enter(services, lesson_id)
        room = services.hub.room(lesson_id)
        assert room is not None
        room.command(channel, SetHeadcount(1, 14))
        clock.advance(minutes=5)  # waits for the lesson
        await services.lessons.start(teacher, lesson_id)
        began = clock.now()
        clock.advance(minutes=10)
        services.fact_keeper.readings(lesson_id, [(f"room-{ROOM}", WELL)])
        clock.advance(seconds=2)
        services.fact_keeper.readings(lesson_id, [(f"room-{ROOM}", WELL)])
        room.detach(channel)
        left = clock.now()
        clock.advance(minutes=10)
        record = await services.lessons.end(teacher, lesson_id)
        sheet = await _sheet(services.database, lesson_id)
        assert sheet.spells == (Spell(f"room-{ROOM}", began, left, left),)
        assert [count.pupils for count in sheet.headcounts] == [14]
        assert sheet.seen_s == {f"room-{ROOM}": 2.0}
        assert [one.room_id for one in record.attended_rooms] == [ROOM]
        assert kept == [lesson_id]
        async with services.database.write() as session:  # 90 days later
            await session.execute(delete(LinkSampleRow))
        assert await _sheet(services.database, lesson_id) == sheet


async def test_times_of_a_lesson_stay_together_though_the_clock_was_set(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running_services(tmp_path, clock) as services:
        teacher, lesson_id = await lead_teacher(services), await new_lesson(services)
        await services.lessons.start(teacher, lesson_id)
        await enter(services, lesson_id)
        clock.advance(minutes=10)
        clock.set(hours=3)
        clock.advance(minutes=30)
        record = await services.lessons.end(teacher, lesson_id)
        (spell,) = (await _sheet(services.database, lesson_id)).spells
    assert (spell.joined_at, spell.left_at) == (record.held_from, record.held_to)


async def test_a_crash_costs_one_interval_at_most(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running_services(tmp_path, clock) as services:
        teacher, lesson_id = await lead_teacher(services), await new_lesson(services)
        await services.lessons.start(teacher, lesson_id)
        await enter(services, lesson_id)
        clock.advance(minutes=10)
        services.fact_keeper.readings(lesson_id, [(f"room-{ROOM}", WELL)])
        clock.advance(seconds=1)
        services.fact_keeper.readings(lesson_id, [(f"room-{ROOM}", WELL)])
        await services.fact_keeper.beat()
        beaten = clock.now()
        await services.fact_keeper._write(lesson_id)
        clock.advance(seconds=19)
        kept = await FactStore(services.database).kept(lesson_id)  # as the next process does
        assert kept.seen_s == {f"room-{ROOM}": 1.0}
        (spell,) = (await _sheet(services.database, lesson_id)).spells
        assert spell.left_at == beaten


async def test_the_database_may_fail_and_no_fact_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_services(tmp_path) as services:
        teacher, lesson_id = await lead_teacher(services), await new_lesson(services)
        await services.lessons.start(teacher, lesson_id)
        await join(services, lesson_id)
        conclude = services.fact_store.conclude

        async def fail(*_: object) -> None:
            raise OSError("the disk is full")

        monkeypatch.setattr(services.fact_store, "conclude", fail)
        await services.lessons.end(teacher, lesson_id)
        assert services.hub.rooms == ()
        monkeypatch.setattr(services.fact_store, "conclude", conclude)
        await services.fact_keeper._write(lesson_id)
        sheet = await _sheet(services.database, lesson_id)
        assert [spell.participant_id for spell in sheet.spells] == ["lead"]
