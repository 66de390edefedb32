"""The seam to live lessons: an answer in time, or the plain word that there is none."""

import asyncio
from collections.abc import Collection

import pytest

from signaling.base.errors import LiveStateUnknown
from signaling.classroom import api
from signaling.classroom.api import InTime, LiveLesson

ROOM = LiveLesson("l1", True, ("lead", "room-a"))


class Rooms:
    """Live lessons that answer when they are let."""

    def __init__(self, *, prompt: bool = True) -> None:
        self.may_answer = asyncio.Event()
        if prompt:
            self.may_answer.set()
        self.failure: Exception | None = None
        self.done: list[object] = []

    async def _answer(self, call: object) -> None:
        await self.may_answer.wait()
        if self.failure is not None:
            raise self.failure
        self.done.append(call)

    async def rooms(self) -> tuple[LiveLesson, ...]:
        await self._answer("rooms")
        return (ROOM,)

    async def follow(self, lesson_id: str) -> None:
        await self._answer(lesson_id)

    async def logins_in_use(self) -> frozenset[str]:
        await self._answer("in use")
        return frozenset({"h1"})

    async def end_logins(self, hashes: Collection[str]) -> None:
        await self._answer(tuple(hashes))


async def test_a_prompt_answer_is_passed_on() -> None:
    rooms = Rooms()
    lessons = InTime(rooms)
    assert await lessons.rooms() == (ROOM,)
    assert await lessons.logins_in_use() == {"h1"}
    await lessons.follow("l1")
    await lessons.end_logins(("h1",))
    assert rooms.done == ["rooms", "in use", "l1", ("h1",)]


async def test_a_late_answer_is_unknown_and_what_was_asked_is_still_done() -> None:
    rooms = Rooms(prompt=False)
    lessons = InTime(rooms, answer_s=0.01)
    for call in (
        lessons.rooms(),
        lessons.logins_in_use(),
        lessons.follow("l1"),
        lessons.end_logins(("h1",)),
    ):
        with pytest.raises(LiveStateUnknown):
            await call
    assert rooms.done == []
    rooms.may_answer.set()
    assert await lessons.rooms() == (ROOM,)
    assert rooms.done == ["rooms", "in use", "l1", ("h1",), "rooms"]


async def test_a_caller_who_gives_up_cuts_nothing_off() -> None:
    rooms = Rooms(prompt=False)
    lessons = InTime(rooms)
    asking = asyncio.create_task(lessons.follow("l1"))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    rooms.may_answer.set()
    await lessons.rooms()
    assert rooms.done == ["l1", "rooms"]


async def test_a_failure_comes_through_and_a_late_one_is_only_noted() -> None:
    rooms = Rooms()
    rooms.failure = OSError("gone")
    with pytest.raises(OSError, match="gone"):
        await InTime(rooms).rooms()
    rooms.may_answer.clear()
    lessons = InTime(rooms, answer_s=0.01)
    with pytest.raises(LiveStateUnknown):
        await lessons.rooms()
    rooms.may_answer.set()
    with pytest.raises(OSError, match="gone"):
        await lessons.rooms()


async def test_who_never_answers_is_not_asked_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "MAX_UNDER_WAY", 3)
    rooms = Rooms(prompt=False)
    lessons = InTime(rooms, answer_s=0.01)
    for number in range(5):
        with pytest.raises(LiveStateUnknown):
            await lessons.follow(f"l{number}")
    rooms.may_answer.set()
    await asyncio.sleep(0.01)
    await lessons.follow("again")
    assert rooms.done == ["l0", "l1", "l2", "again"]
