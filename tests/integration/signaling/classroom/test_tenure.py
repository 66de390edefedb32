"""The hub takes a lesson before its room opens, and gives it back after the last write, once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from structlog.testing import capture_logs

from recorder.api import LessonLost, Recorder
from signaling.classroom.hub import IDLE_ROOM_S, RoomHub
from signaling.classroom.parts.part import RoomLimits
from signaling.classroom.tenure import EveryLesson
from signaling.lessons.records import LessonRecord
from signaling.lessons.store import LessonChange
from signaling.lessons.wire import LessonState
from signaling.wiring import Services
from tests.integration.signaling.stores import changed
from tests.support.services import ManualClock, new_lesson, running_services
from tests.support.waiting import until


class HeldTenure(EveryLesson):
    """A tenure that notes what is asked of it; giving back waits while `may_give_back` is clear."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.may_give_back = asyncio.Event()
        self.may_give_back.set()
        self.failure: Exception | None = None

    async def take(self, lesson_id: str) -> None:
        self.notes.append("take")

    async def give_back(self, lesson_id: str) -> None:
        self.notes.append("give back")
        await self.may_give_back.wait()
        self.notes.append("given back")
        if self.failure is not None:
            raise self.failure


class SlowRecorder:
    """A recorder whose beginnings wait, and that has lost each recording by its end."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.may_begin = asyncio.Event()
        self.notes: list[str] = []

    async def begin(self, *_: Any) -> str:
        self.begun.set()
        await self.may_begin.wait()
        return "recording"

    async def abandon(self, _: str) -> None:
        self.notes.append("abandon")
        await self.may_begin.wait()

    async def end(self, lesson_id: str) -> None:
        self.notes.append("end")
        raise LessonLost(lesson_id)


@dataclass
class Scene:
    """A hub over the real stores of `services`, with a tenure that a test watches."""

    services: Services
    hub: RoomHub
    tenure: HeldTenure
    clock: ManualClock
    lesson_id: str

    async def live(self) -> LessonRecord:
        """Let the lesson be live in the database."""
        change = LessonChange(LessonState.LIVE, held_from=self.clock.now())
        store = self.services.lesson_store
        assert await changed(store, self.lesson_id, LessonState.SCHEDULED, change)
        record = await store.lesson(self.lesson_id)
        assert record is not None
        return record

    def leave_idle(self) -> None:
        """Let the open room be idle for so long that it closes."""
        self.clock.advance(seconds=IDLE_ROOM_S + 1)
        self.hub.tick()
        assert self.hub.room(self.lesson_id) is None


@asynccontextmanager
async def _scene(tmp_path: Path, recorder: SlowRecorder | None = None) -> AsyncIterator[Scene]:
    clock = ManualClock()
    async with running_services(tmp_path, clock) as services:
        tenure = HeldTenure()
        hub = RoomHub(
            relay=services.relay,
            recorder=services.recorder if recorder is None else cast("Recorder", recorder),
            lessons=services.lesson_store,
            store=services.classroom.rooms,
            sessions=services.media_sessions,
            links=services.link_history,
            facts=services.fact_keeper,
            clock=clock,
            limits=RoomLimits(4),
            tenure=tenure,
        )
        yield Scene(services, hub, tenure, clock, await new_lesson(services))


async def test_a_lesson_is_taken_with_its_room_and_given_back_with_it(tmp_path: Path) -> None:
    async with _scene(tmp_path) as scene:
        await scene.hub.enter(scene.lesson_id)
        await scene.hub.enter(scene.lesson_id)
        assert scene.tenure.notes == ["take"]
        scene.leave_idle()
        await until(lambda: scene.tenure.notes == ["take", "give back", "given back"])


async def test_who_enters_while_the_lesson_is_given_back_takes_it_anew(tmp_path: Path) -> None:
    async with _scene(tmp_path) as scene:
        await scene.hub.enter(scene.lesson_id)
        scene.tenure.may_give_back.clear()
        scene.leave_idle()
        await until(lambda: "give back" in scene.tenure.notes)
        entering = asyncio.create_task(scene.hub.enter(scene.lesson_id))
        for _ in range(10):
            await asyncio.sleep(0)
        assert scene.hub.room(scene.lesson_id) is None
        scene.tenure.may_give_back.set()
        room = await entering
        assert scene.hub.room(scene.lesson_id) is room
        assert scene.tenure.notes == ["take", "give back", "given back", "take"]


async def test_who_enters_before_the_last_write_keeps_the_lesson(tmp_path: Path) -> None:
    async with _scene(tmp_path) as scene:
        await scene.hub.enter(scene.lesson_id)
        scene.hub.saver.note(scene.lesson_id)
        scene.leave_idle()
        await scene.hub.enter(scene.lesson_id)
        await scene.hub.saver.save_noted(scene.lesson_id)
        await until(lambda: not scene.hub._leaving)
        assert "give back" not in scene.tenure.notes


async def test_a_lesson_that_got_no_room_is_given_back_unless_it_has_one_by_now(
    tmp_path: Path,
) -> None:
    async with _scene(tmp_path) as scene:
        scene.hub.give_back_unopened(scene.lesson_id)
        await until(lambda: scene.tenure.notes == ["give back", "given back"])
        await scene.hub.enter(scene.lesson_id)
        scene.hub.give_back_unopened(scene.lesson_id)
        await until(lambda: not scene.hub._leaving)
        assert scene.tenure.notes == ["give back", "given back", "take"]


async def test_a_lesson_that_is_lost_while_it_is_given_up_is_not_moved(tmp_path: Path) -> None:
    recorder = SlowRecorder()
    async with _scene(tmp_path, recorder) as scene:
        room = await scene.hub.enter(scene.lesson_id)
        giving_up = asyncio.create_task(scene.hub.give_up(scene.lesson_id))
        await until(lambda: recorder.notes == ["abandon"])
        losing = asyncio.create_task(scene.hub.lose(scene.lesson_id))
        await until(lambda: scene.hub.room(scene.lesson_id) is None)
        recorder.may_begin.set()
        assert await giving_up is None
        await losing
        assert scene.hub.room(scene.lesson_id) is None
        assert not room.channels


async def test_a_lesson_that_is_lost_while_its_recording_begins_disturbs_nobody(
    tmp_path: Path,
) -> None:
    recorder = SlowRecorder()
    async with _scene(tmp_path, recorder) as scene:
        record = await scene.live()
        starting = asyncio.create_task(scene.hub.follow(record))
        await recorder.begun.wait()
        losing = asyncio.create_task(scene.hub.lose(scene.lesson_id))
        await until(lambda: recorder.notes == ["abandon"])
        recorder.may_begin.set()
        with capture_logs():
            await starting  # the recorder's refusal is logged, and nobody's request fails by it
        await losing
        assert scene.hub.room(scene.lesson_id) is None


async def test_a_lesson_that_cannot_be_given_back_does_not_break_the_stop(tmp_path: Path) -> None:
    async with _scene(tmp_path) as scene:
        await scene.hub.enter(scene.lesson_id)
        scene.tenure.failure = RuntimeError("nobody answers")
        with capture_logs() as logs:
            await scene.hub.stop()
        assert [one["event"] for one in logs] == ["lesson_not_given_back"]
