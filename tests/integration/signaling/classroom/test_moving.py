"""A cell that is drained: what is written before a lesson leaves, and if nobody takes it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from signaling.base.errors import CellAway
from signaling.classroom import moving
from signaling.classroom import wire as m
from signaling.classroom.channel import Channel
from signaling.classroom.moving import Drain, LessonMover
from signaling.classroom.parts.mute import MuteAll, MutePiece
from signaling.classroom.tenure import EveryLesson
from signaling.lessons.records import LessonRecord
from signaling.wiring import Services
from tests.support.services import join, lead_teacher, new_lesson, running_services


class OtherCells:
    """Cells to which a lesson can be handed, as a test says."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.roomy = True
        self.answering = True
        self.taken: list[dict[str, Any]] = []

    def have_room(self, record: LessonRecord) -> bool:
        return self.roomy

    async def take(self, record: LessonRecord) -> None:
        if not self.answering:
            raise CellAway("no answer")
        lesson_id = record.lesson_id
        saved = await self.services.classroom.rooms.saved(lesson_id)
        kept = await self.services.fact_store.kept(lesson_id)
        self.taken.append(
            {"lesson": lesson_id, "saved": saved, "kept": kept, "here": self.hub_has(lesson_id)}
        )

    def hub_has(self, lesson_id: str) -> bool:
        return self.services.hub.room(lesson_id) is not None


@pytest.fixture
async def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Services]:
    monkeypatch.setattr(moving, "LINGER_S", 0.01)
    monkeypatch.setattr(moving, "AGAIN_S", 0.01)
    monkeypatch.setattr(moving, "LOOK_S", 0.01)
    async with running_services(tmp_path) as made:
        yield made


@pytest.fixture
def others(services: Services) -> OtherCells:
    return OtherCells(services)


@pytest.fixture
def mover(services: Services, others: OtherCells) -> LessonMover:
    return LessonMover(services.hub, services.lesson_store, EveryLesson(), others, services.clock)


async def started(services: Services) -> tuple[str, Channel]:
    """A live lesson, and the lead teacher's channel."""
    lesson_id = await new_lesson(services)
    channel = await join(services, lesson_id)
    await services.lessons.start(await lead_teacher(services), lesson_id)
    return lesson_id, channel


def mute(services: Services, lesson_id: str, channel: Channel) -> bool:
    """The lead teacher mutes all; tells whether the room has done it."""
    room = services.hub.room(lesson_id)
    assert room is not None
    room.command(channel, MuteAll(1, True))
    return any(
        isinstance(part.shown, MutePiece) and part.shown.muted_all for part in room.state.parts
    )


async def test_all_is_written_and_left_before_another_cell_is_asked(
    services: Services,
    others: OtherCells,
    mover: LessonMover,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left: list[str] = []

    async def abandon(room_id: str) -> None:
        left.append(room_id)

    monkeypatch.setattr(services.recorder, "abandon", abandon, raising=False)
    lesson_id, channel = await started(services)
    assert mute(services, lesson_id, channel)
    (record,) = await mover.here()
    assert await mover.move(record)
    (taken,) = others.taken
    assert taken["lesson"] == lesson_id
    assert "true" in repr(taken["saved"]).lower()
    assert taken["here"] is False
    assert left == [lesson_id]
    assert channel.bye is m.ByeReason.MOVED
    await mover.settle()
    assert services.hub.room(lesson_id) is None


async def test_a_lesson_for_which_nobody_has_room_goes_on(
    services: Services, others: OtherCells, mover: LessonMover
) -> None:
    others.roomy = False
    lesson_id, channel = await started(services)
    (record,) = await mover.here()
    assert not await mover.move(record)
    assert channel.bye is None
    assert mute(services, lesson_id, channel)


async def test_a_lesson_that_nobody_takes_after_all_is_back_in_a_new_room(
    services: Services, others: OtherCells, mover: LessonMover
) -> None:
    others.answering = False
    lesson_id, channel = await started(services)
    before = services.hub.room(lesson_id)
    (record,) = await mover.here()
    assert not await mover.move(record)
    assert channel.bye is m.ByeReason.SHUTDOWN  # its page comes back into the new room
    after = services.hub.room(lesson_id)
    assert after is not None
    assert after is not before
    assert after.state.is_live
    await mover.settle()
    assert mute(services, lesson_id, await join(services, lesson_id))


async def test_a_lesson_whose_state_cannot_be_written_stays(
    services: Services,
    others: OtherCells,
    mover: LessonMover,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lesson_id, channel = await started(services)

    async def away(*_arguments: Any) -> None:
        raise OSError("no database")

    monkeypatch.setattr(services.classroom.rooms, "save", away)
    assert mute(services, lesson_id, channel)
    (record,) = await mover.here()
    assert not await mover.move(record)
    assert others.taken == []
    assert channel.bye is None
    room = services.hub.room(lesson_id)
    assert room is not None
    assert not room.is_held


async def test_a_room_that_waits_is_given_back_without_asking_anybody(
    services: Services, others: OtherCells, mover: LessonMover
) -> None:
    lesson_id = await new_lesson(services)
    channel = await join(services, lesson_id)
    drain = Drain(mover, services.hub)
    drain.begin()
    assert await drain.wait(30.0)
    await drain.end()
    assert others.taken == []
    assert channel.bye is m.ByeReason.MOVED
    assert services.hub.room(lesson_id) is None
