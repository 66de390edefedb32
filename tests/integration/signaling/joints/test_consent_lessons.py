"""The gate over real lessons: whose consent is asked for, and what a withdrawal reaches."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from signaling.access.roles import Role
from signaling.consent.events import ConsentWithdrawn
from signaling.consent.rules import StageTime
from signaling.consent.wire import ConsentScope, ConsentWithdraw, SourcePart, WithdrawalReason
from signaling.directory.tables import ClassRow
from signaling.lessons.tables import LessonRoomRow, LessonRow
from signaling.lessons.wire import ClassKind, DeliveryMode, LessonCreate
from tests.integration.signaling.stores import on_both_stores
from tests.support.consents import recorded
from tests.support.services import ManualClock
from tests.support.two_counties import OURS, Place, World, two_counties

LEAD, POINT = OURS.school(1), OURS.school(2)
CAMERA, PAGES = "lead.camera", "lead.courseware"
ROOM = f"room-{POINT.room}"
SOURCES = (CAMERA, PAGES, f"{ROOM}.camera")

pytestmark = on_both_stores


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def world(tmp_path: Path, clock: ManualClock, store: dict[str, str]) -> AsyncIterator[World]:
    async with two_counties(tmp_path, clock, **store) as made:
        yield made


@dataclass
class Held:
    """A lesson that is being recorded."""

    lesson_id: str
    recording_id: str


async def held(world: World) -> Held:
    """A lesson of the first school for the room of the second."""
    services = world.services
    teacher = await world.actor(LEAD.teacher)
    now = services.clock.now()
    wish = LessonCreate(
        title="山村的早晨",
        class_kind=ClassKind.DEDICATED,
        subject="语文",
        grade="一年级",
        starts_at=now,
        ends_at=now + timedelta(minutes=40),
        lead_teacher_id=LEAD.teacher,
        receive_room_ids=(POINT.room,),
    )
    lesson = await services.lessons.create(teacher, wish)
    started = await services.lessons.start(teacher, lesson.lesson_id)
    assert started.recording_id is not None
    await services.drafts.settled()
    return Held(lesson.lesson_id, started.recording_id)


async def lacks(
    world: World, lesson: Held, scope: ConsentScope = ConsentScope.COUNTY
) -> dict[str, tuple[str, str]]:
    """Return the sources that are missing, each with its part and the reason."""
    found = await world.services.consent_gate.missing(lesson.recording_id, SOURCES, scope)
    return {one.source_id: (one.part, one.lack) for one in found}


async def _set(world: World, statement: Any) -> None:
    async with world.services.database.write() as session:
        await session.execute(statement)


async def _second_class(world: World, place: Place) -> None:
    async with world.services.database.write() as session:
        session.add(
            ClassRow(
                class_id=f"{place.school}-two", school_id=place.school, name="2班", grade="一年级"
            )
        )


async def test_a_room_and_the_lead_class_need_consent_and_courseware_does_not(
    world: World,
) -> None:
    lesson = await held(world)
    assert await lacks(world, lesson) == {
        CAMERA: ("picture", "none"),
        f"{ROOM}.camera": ("whole", "none"),
    }
    await recorded(world, POINT)
    assert await lacks(world, lesson) == {CAMERA: ("picture", "none")}
    await recorded(world, LEAD)
    assert await lacks(world, lesson) == {}
    gate = world.services.consent_gate
    (first, second) = await gate.missing(lesson.recording_id, SOURCES)
    assert {first.allowed, second.allowed} == {ConsentScope.COUNTY}
    assert second.place == f"{POINT.school} {POINT.room}"
    assert [one.class_id for one in second.classes] == [f"{POINT.school}-class"]
    until = await gate.until(lesson.recording_id, SOURCES, ConsentScope.COUNTY)
    assert until == world.services.clock.now().date() + timedelta(days=800)
    assert await gate.until(lesson.recording_id, SOURCES, ConsentScope.PUBLIC) is None


async def test_where_no_class_is_named_all_of_the_school_are_asked(world: World) -> None:
    lesson = await held(world)
    await recorded(world, POINT)
    await recorded(world, LEAD)
    for place in (LEAD, POINT):
        await _second_class(world, place)
    assert set(await lacks(world, lesson)) == {CAMERA, f"{ROOM}.camera"}
    await _set(world, update(LessonRow).values(lead_class_id=f"{LEAD.school}-class"))
    await _set(world, update(LessonRoomRow).values(class_id=f"{POINT.school}-class"))
    assert await lacks(world, lesson) == {}
    await _set(world, update(LessonRow).values(lead_class_id=f"{LEAD.school}-two"))
    assert set(await lacks(world, lesson)) == {CAMERA}
    await _set(world, update(LessonRow).values(delivery_mode=DeliveryMode.LEAD_WITHOUT_PUPILS))
    assert await lacks(world, lesson) == {}


async def test_of_what_nobody_knows_nothing_may_be_shown(world: World) -> None:
    lesson = await held(world)
    gate = world.services.consent_gate
    for recording_id, sources in (
        ("none-such", [CAMERA]),
        (lesson.recording_id, ["room-stranger.camera"]),
        (lesson.recording_id, ["hdmi"]),
    ):
        (found,) = await gate.missing(recording_id, sources, ConsentScope.PRIVATE)
        assert (found.lack, found.part, found.allowed) == (
            "unknown_class",
            SourcePart.WHOLE,
            None,
        )
    await _set(world, update(ClassRow).values(active=False))
    assert set((await lacks(world, lesson)).values()) == {
        ("picture", "unknown_class"),
        ("whole", "unknown_class"),
    }


async def test_a_withdrawal_names_its_lessons_and_takes_the_room_out(
    world: World, clock: ManualClock
) -> None:
    told: list[ConsentWithdrawn] = []

    async def hear(event: ConsentWithdrawn) -> None:
        told.append(event)

    services = world.services
    services.events.subscribe(ConsentWithdrawn, hear)
    lesson = await held(world)
    consent = await recorded(world, POINT)
    await recorded(world, LEAD)
    admin = await world.actor(OURS.person(Role.COUNTY_ADMIN))
    effect = await services.consents.reader.effect(admin, consent.consent_id)
    assert (effect.recorded, [one.title for one in effect.lessons]) == (1, ["山村的早晨"])
    wish = ConsentWithdraw(1, clock.now().date(), WithdrawalReason.GUARDIAN)
    await services.consents.desk.withdraw(admin, consent.consent_id, wish)
    (event,) = told
    gate, now = services.consent_gate, clock.now()
    assert await gate.lessons(event, "", 10) == [lesson.lesson_id]
    assert await gate.lessons(event, lesson.lesson_id, 10) == []
    ((place, ended),) = await gate.ended_since(now, None, 10)
    assert ended == event  # for a listener that was not there
    assert await gate.ended_since(now, place, 10) == []
    assert await gate.ended_since(now + timedelta(seconds=1), None, 10) == []
    assert await lacks(world, lesson, ConsentScope.PRIVATE) == {
        f"{ROOM}.camera": ("whole", "withdrawn")
    }


async def test_a_hidden_room_spills_into_the_teachers_microphone_while_on_stage(
    world: World,
) -> None:
    lesson = await held(world)
    await recorded(world, LEAD)
    stage = (StageTime(ROOM, 12.0, 40.0), StageTime("room-other", 50.0, 60.0))
    gate = world.services.consent_gate
    (spill,) = await gate.spilled(lesson.recording_id, SOURCES, stage)
    assert (spill.participant_id, spill.start_s, spill.end_s) == (ROOM, 12.0, 40.0)
    assert spill.place == f"{POINT.school} {POINT.room}"
    await recorded(world, POINT)
    assert await gate.spilled(lesson.recording_id, SOURCES, stage, ConsentScope.COUNTY) == ()
    assert await gate.spilled("none-such", SOURCES, ()) == ()
