"""A lesson's life in the services: what clocks, failures and long lists do to it."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from signaling.access.roles import Actor, Role
from signaling.audit.log import SYSTEM
from signaling.base.errors import (
    Clash,
    Forbidden,
    Invalid,
    NotFound,
)
from signaling.classroom import wire as m
from signaling.classroom.parts.recording import RecordingState
from signaling.command import seed
from signaling.lessons import store as lesson_store
from signaling.lessons.store import LessonChange
from signaling.lessons.wire import ClassKind, LessonCreate, LessonState
from signaling.wiring import Services
from tests.support.services import ManualClock, join, lead_teacher, new_lesson, running_services


async def _held(
    services: Services, clock: ManualClock, set_by_h: float
) -> tuple[datetime, datetime]:
    """A lesson of 40 minutes during which somebody sets the machine's clock."""
    teacher = await lead_teacher(services)
    lesson_id = await new_lesson(services)
    await services.lessons.start(teacher, lesson_id)
    clock.advance(minutes=10)
    clock.set(hours=set_by_h)
    clock.advance(minutes=30)
    record = await services.lessons.end(teacher, lesson_id)
    assert record.held_from is not None and record.held_to is not None
    return record.held_from, record.held_to


@pytest.mark.parametrize("set_by_h", [3.0, -3.0])
async def test_a_lesson_lasts_as_long_as_it_did_though_the_clock_was_set(
    tmp_path: Path, set_by_h: float
) -> None:
    clock = ManualClock()
    async with running_services(tmp_path, clock) as services:
        held_from, held_to = await _held(services, clock, set_by_h)
    assert held_to - held_from == timedelta(minutes=40)
    assert held_to == clock.now()  # the clock is right now


async def test_a_lesson_begins_when_it_starts_and_not_when_somebody_tried(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running_services(tmp_path, clock) as services:
        teacher, lesson_id = await lead_teacher(services), await new_lesson(services, hours=1)
        room = seed.RECEIVE_ROOMS[0]
        stranger = Actor(room, "", frozenset({Role.RECEIVE_ROOM}), "s2", room)
        with pytest.raises(Forbidden):
            await services.lessons.start(stranger, lesson_id)
        for number in range(3):
            with pytest.raises(NotFound):
                await services.lessons.start(teacher, f"none{number}")
        clock.advance(minutes=60)
        started = await services.lessons.start(teacher, lesson_id)
        assert started.held_from == clock.now()
        assert len(services.lessons.held_times) == 1
        await services.lessons.end(teacher, lesson_id)
        assert len(services.lessons.held_times) == 0


async def test_a_forgotten_lesson_ends_by_itself_but_not_while_somebody_is_there(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    async with running_services(tmp_path, clock) as services:
        lesson_id = await new_lesson(services)
        await services.lessons.start(await lead_teacher(services), lesson_id)
        channel = await join(services, lesson_id)

        async def state() -> LessonState:
            await services.classroom.lesson_watch.end_forgotten()
            return (await services.lessons.get(await lead_teacher(services), lesson_id)).state

        clock.advance(hours=3)
        assert await state() is LessonState.LIVE
        room = services.hub.room(lesson_id)
        assert room is not None
        room.detach(channel)
        assert await state() is LessonState.LIVE
        clock.advance(seconds=services.config.auto_end_empty_s + 1)
        assert await state() is LessonState.ENDED
        assert services.hub.rooms == ()
        assert [e.actor_name for e in await services.audit.entries("lesson_end")] == ["系统"]


async def test_a_failure_between_database_and_room_is_made_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    not_recording: list[str] = []
    async with running_services(tmp_path) as services:
        end_recording = services.recorder.end

        async def noted_end(room_id: str) -> None:
            not_recording.append(room_id)
            await end_recording(room_id)

        monkeypatch.setattr(services.recorder, "end", noted_end)
        teacher, now = await lead_teacher(services), services.clock.now()
        lesson_id = await new_lesson(services)
        channel = await join(services, lesson_id)
        room = services.hub.room(lesson_id)
        assert room is not None

        async def change(expected: LessonState, changed: LessonChange) -> None:
            async with services.audit.work(SYSTEM, "test") as work:
                await services.lesson_store.change(work, lesson_id, expected, changed)

        # The row was written, and then something failed before the room was told.
        await change(LessonState.SCHEDULED, LessonChange(LessonState.LIVE, held_from=now))
        assert not room.state.is_live
        await services.lessons.start(teacher, lesson_id)  # the teacher clicks again
        assert room.state.is_live
        assert room.state.recording.shown.recording is RecordingState.RECORDING
        await change(LessonState.LIVE, LessonChange(LessonState.ENDED, held_to=now))
        await services.classroom.lesson_watch.reconcile()  # nobody clicks again
        assert channel.bye is m.ByeReason.LESSON_OVER
        assert services.hub.rooms == ()
        assert not_recording == [lesson_id]


async def test_a_list_longer_than_an_answer_is_paged_and_nothing_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lesson_store, "PAGE_LESSONS", 3)
    async with running_services(tmp_path) as services:
        start = services.clock.now()
        wanted = []
        for number in range(7):  # pairs that begin at the same time
            wish = LessonCreate(
                f"课{number}",
                ClassKind.DEDICATED,
                "数学",
                "一年级",
                start + timedelta(hours=number // 2),
                start + timedelta(hours=number // 2, minutes=40),
                seed.LEAD_TEACHER if number % 2 else await _another_teacher(services),
                (),
            )
            async with services.audit.work(SYSTEM, "lesson_create") as work:
                wanted.append(await services.lesson_store.create(work, wish))
        person = await services.people.person_by_login("xianguan")
        assert person is not None
        admin = person.actor(services.clock.now())
        end = start + timedelta(days=1)
        seen: list[str] = []
        cursor, pages = None, 0
        while pages == 0 or cursor is not None:
            page, cursor = await services.lessons.listed(admin, start, end, cursor)
            seen += [record.lesson_id for record in page]
            pages += 1
        assert (len(seen), set(seen), pages) == (7, set(wanted), 3)
        for bad in ("", "x", "1", "1.", "9" * 30 + ".a", "-1.a"):
            with pytest.raises(Invalid):
                await services.lessons.listed(admin, start, end, bad)


async def _another_teacher(services: Services) -> str:
    person = await services.people.person_by_login("liu")
    if person is not None:
        return person.person_id
    async with services.audit.work(SYSTEM, "person_create") as work:
        return await services.people.add_person(
            work,
            login="liu",
            name="刘老师",
            password_hash="",
            roles=(Role.LEAD_TEACHER,),
            node_id=seed.COUNTY[0],
        )


async def test_a_clash_is_found_in_whatever_part_a_room_has(tmp_path: Path) -> None:
    async with running_services(tmp_path) as services:
        await new_lesson(services)
        with pytest.raises(Clash):
            await new_lesson(services, hours=0.5)
        await new_lesson(services, hours=1)
