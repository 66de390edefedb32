"""Orphans are looked for apart from the beats; one that cannot be had keeps no other waiting."""

import asyncio
from collections.abc import Collection, Sequence
from types import SimpleNamespace
from typing import cast

import pytest

from signaling.base.errors import CellAway, SignalingError, WrongLessonState
from signaling.base.fences import LeaseLost
from signaling.classroom.hub import RoomHub
from signaling.classroom.taking_up import MOST_CALMS, LessonTaker, OrphanWatch, undisturbed
from signaling.classroom.tenure import EveryLesson
from signaling.lessons.records import LessonRecord
from signaling.lessons.store import LessonStore

NEVER_S = 3600.0


class FakeHub:
    """A hub that opens rooms, but for those that `fails` names."""

    def __init__(self, **fails: SignalingError) -> None:
        self.fails = fails
        self.opened: list[str] = []
        self.followed: list[str] = []
        self.given_back: list[str] = []

    async def enter(self, lesson_id: str) -> None:
        if lesson_id in self.fails:
            raise self.fails[lesson_id]
        self.opened.append(lesson_id)

    async def follow(self, record: LessonRecord) -> None:
        self.followed.append(record.lesson_id)

    def give_back_unopened(self, lesson_id: str) -> None:
        self.given_back.append(lesson_id)


class FakeTenure(EveryLesson):
    """A tenure that can take all lessons but `refused`, and has those that it took."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.taken: list[str] = []

    def has(self, lesson_id: str) -> bool:
        return lesson_id in self.taken

    async def take(self, lesson_id: str) -> None:
        if lesson_id in self.refused:
            raise CellAway("another cell has it")
        self.taken.append(lesson_id)


class FakeLessons:
    """Live lessons."""

    def __init__(self, *lesson_ids: str) -> None:
        self.lesson_ids = lesson_ids

    async def live_ids(self) -> Sequence[str]:
        return self.lesson_ids

    async def lessons(self, lesson_ids: Collection[str]) -> dict[str, LessonRecord]:
        return {one: _record(one) for one in lesson_ids}

    async def lesson(self, lesson_id: str) -> LessonRecord | None:
        return _record(lesson_id)


class AllMine:
    """Shares of the only cell."""

    async def orphans(self, lesson_ids: Sequence[str]) -> Sequence[str]:
        return lesson_ids

    async def mine(self, lessons: Sequence[LessonRecord]) -> Sequence[str]:
        return [one.lesson_id for one in lessons]


def _record(lesson_id: str) -> LessonRecord:
    return cast("LessonRecord", SimpleNamespace(lesson_id=lesson_id))


def _taker(tenure: FakeTenure, hub: FakeHub, *lesson_ids: str) -> LessonTaker:
    lessons = cast("LessonStore", FakeLessons(*lesson_ids))
    return LessonTaker(tenure, cast("RoomHub", hub), lessons)


async def test_a_lesson_is_taken_then_opened_then_followed() -> None:
    tenure, hub = FakeTenure(), FakeHub()
    await _taker(tenure, hub).take("x")
    assert (tenure.taken, hub.opened, hub.followed, hub.given_back) == (["x"], ["x"], ["x"], [])


async def test_a_lesson_that_ended_meanwhile_is_given_back() -> None:
    """Nobody else would: its lease would be renewed for as long as the process runs."""
    hub = FakeHub(x=WrongLessonState("over"))
    with pytest.raises(WrongLessonState):
        await _taker(FakeTenure(), hub).take("x")
    assert hub.given_back == ["x"]


async def test_a_lesson_that_is_not_to_be_had_opens_no_room() -> None:
    hub = FakeHub()
    with pytest.raises(CellAway):
        await _taker(FakeTenure("x"), hub).take("x")
    assert (hub.opened, hub.given_back) == ([], [])


@pytest.mark.parametrize("error", [WrongLessonState("over"), LeaseLost("lost again")])
async def test_an_orphan_that_cannot_be_had_keeps_no_other_waiting(error: SignalingError) -> None:
    tenure, hub = FakeTenure("a"), FakeHub(b=error)
    await _taker(tenure, hub, "a", "b", "c").take_orphans(AllMine())
    assert hub.opened == ["c"]


async def test_lessons_that_are_here_are_no_orphans() -> None:
    tenure, hub = FakeTenure(), FakeHub()
    tenure.taken.append("a")
    await _taker(tenure, hub, "a", "b").take_orphans(AllMine())
    assert hub.opened == ["b"]


class Looks:
    """Looks that a test counts, holds up, or lets fail."""

    def __init__(self) -> None:
        self.count = 0
        self.under_way = 0
        self.most_at_once = 0
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.failure: Exception | None = None

    async def look(self) -> None:
        self.count += 1
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            await self.may_end.wait()
            if self.failure is not None:
                raise self.failure
        finally:
            self.under_way -= 1


async def _turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def _calm() -> None:
    """The process is never starved."""


@pytest.mark.parametrize("late_s", [(), (0.5,), (0.5, 3.0)])
async def test_a_starved_process_waits_until_it_is_calm(late_s: Sequence[float]) -> None:
    now, slept = 0.0, 0
    lateness = iter((*late_s, 0.0))

    async def sleep(seconds: float) -> None:
        nonlocal now, slept
        now += seconds + next(lateness)
        slept += 1

    await undisturbed(lambda: now, sleep)
    assert slept == len(late_s) + 1


async def test_a_process_that_is_always_starved_looks_all_the_same() -> None:
    now, slept = 0.0, 0

    async def sleep(seconds: float) -> None:
        nonlocal now, slept
        now += seconds + 1.0
        slept += 1

    await undisturbed(lambda: now, sleep)
    assert slept == MOST_CALMS


async def test_news_bring_a_look_at_once_and_looks_do_not_overlap() -> None:
    looks = Looks()
    watch = OrphanWatch(looks.look, quiet_s=0.0, every_s=NEVER_S, calm=_calm)
    watch.start()
    await _turns()
    assert looks.count == 1
    looks.may_end.clear()
    watch.wake()
    await _turns()
    assert looks.count == 2
    watch.wake()  # in the middle of a look, which may have passed what is new
    watch.wake()
    await _turns()
    assert looks.count == 2
    looks.may_end.set()
    await _turns()
    assert (looks.count, looks.most_at_once) == (3, 1)
    await watch.stop()


async def test_a_look_that_fails_is_followed_by_others() -> None:
    looks = Looks()
    looks.failure = OSError("the database is away")
    watch = OrphanWatch(looks.look, quiet_s=0.0, every_s=NEVER_S, calm=_calm)
    watch.start()
    await _turns()
    watch.wake()
    await _turns()
    assert looks.count == 2
    await watch.stop()


async def test_nothing_is_looked_for_before_the_others_had_time_to_tell_of_themselves() -> None:
    looks = Looks()
    watch = OrphanWatch(looks.look, quiet_s=NEVER_S, every_s=NEVER_S)
    watch.start()
    watch.wake()
    await _turns()
    assert looks.count == 0
    await watch.stop()


async def test_a_watch_that_never_began_stops() -> None:
    await OrphanWatch(Looks().look, quiet_s=NEVER_S, every_s=NEVER_S).stop()
