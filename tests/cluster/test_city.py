"""Three cells on machines of their own, behind nginx: placement, forwarding, and what may fail.

Leases last longer than those of the product, for a busy machine. `test_true_times.py` has the true
times.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from signaling.command.seed import RECEIVE_ROOMS
from tests.support.cluster import PATIENT, City, Node, cluster, until
from tests.support.hosts import LinkUnavailable
from tests.support.lesson_archive import LessonArchive, lesson_archive
from tests.support.server import Client, ProblemError
from tests.support.steady import steady_lesson

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOM = RECEIVE_ROOMS[0]
LOST_S = 2.0  # issue 14: what a recording may lose besides the outage
TAUGHT_S = 4.0  # before and after a failure


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    """The cluster of all tests here."""
    try:
        async with cluster(tmp_path_factory.mktemp("city")) as city:
            yield city
    except LinkUnavailable as error:
        pytest.skip(str(error))


@pytest_asyncio.fixture(loop_scope="module")
async def city(running: City) -> AsyncIterator[City]:
    """The cluster, whole again after each test."""
    try:
        yield running
    finally:
        await running.heal()


async def _taught(city: City) -> tuple[Client, dict[str, Any]]:
    teacher = await city.sign_in("wang")
    return teacher, await teacher.live_lesson(rooms=[ROOM])


async def _ended(teacher: Client, lesson: dict[str, Any]) -> None:
    await teacher.call("POST", f"/api/lessons/{lesson['lesson_id']}/end")


def _asked(cell: Node, path: str) -> list[int]:
    """The statuses with which a cell has answered requests of a route."""
    return [one["status"] for one in cell.told("http", path=path)]


def _whole(archive: LessonArchive, outage_s: float) -> None:
    """Assert that a recording has one hole, which is no longer than the outage makes it."""
    assert archive.decode_errors == 0
    assert archive.repeated == 0
    assert archive.readable >= 0.99
    assert len(archive.holes) <= 1
    assert archive.hole_s <= outage_s + LOST_S
    assert archive.marked_s == pytest.approx(archive.hole_s, abs=LOST_S)
    assert archive.last_s - archive.first_s >= 2 * (TAUGHT_S - LOST_S)


async def test_lessons_are_placed_by_load(city: City) -> None:
    teacher = await city.sign_in("wang")
    sizes = (RECEIVE_ROOMS, [ROOM], [ROOM], [ROOM])
    lessons = [await teacher.live_lesson(rooms=rooms) for rooms in sizes]
    large, *small = [(await city.lease(one["lesson_id"])).cell_id for one in lessons]
    assert len({large, *small[:2]}) == len(city.cells)
    # The cell with the large lesson gets no small one before the others are as full.
    assert small[2] in small[:2]
    for lesson in lessons:
        await _ended(teacher, lesson)


async def test_requests_reach_the_cell_of_their_lesson_and_media_go_to_it(city: City) -> None:
    teacher, lesson = await _taught(city)
    cell = await city.cell_of(lesson["lesson_id"])
    before = {one: _asked(one, "/whip/{lesson_id}/{source_id}") for one in city.cells}
    async with steady_lesson(city.url, lesson, ROOM) as people:
        await people.back()
        viewer = people.rooms[0].viewer
        assert viewer is not None
        assert cell.host is not None
        [remote] = {one.host for one in viewer.answer.candidates}
        assert remote == cell.host.media_address
    for path, status in (
        ("/whip/{lesson_id}/{source_id}", 201),
        ("/whep/{lesson_id}", 201),
        ("/ws/lessons/{lesson_id}", 101),
        ("/api/lessons/{lesson_id}/media-access", 200),
    ):
        await until(lambda path=path, status=status: _has(cell, path, status), lambda: cell.log)
    for other in city.cells:
        if other is not cell:
            assert _asked(other, "/whip/{lesson_id}/{source_id}") == before[other]
    await _ended(teacher, lesson)


async def _has(cell: Node, path: str, status: int) -> bool:
    return status in _asked(cell, path)


async def test_a_cell_is_killed_and_its_lesson_goes_on_in_another(
    city: City, tmp_path: Path
) -> None:
    teacher, lesson = await _taught(city)
    lesson_id = lesson["lesson_id"]
    async with steady_lesson(city.url, lesson, ROOM) as people:
        await people.back()
        await asyncio.sleep(TAUGHT_S)
        before, former = await city.lease(lesson_id), await city.cell_of(lesson_id)
        killed_at = time.monotonic()
        await former.kill()
        await people.back(since=killed_at + 1.0)
        await asyncio.sleep(TAUGHT_S)
        outage_s = people.rooms[0].longest_dark_s(killed_at - 1.0, time.monotonic())
        after = await city.lease(lesson_id)
        assert after.epoch > before.epoch
        assert after.cell_id not in {before.cell_id, None}
        await people.end()
    _whole(await lesson_archive(city, teacher, lesson_id, tmp_path), outage_s)


async def test_a_cell_that_is_cut_off_writes_no_more(city: City, tmp_path: Path) -> None:
    teacher, lesson = await _taught(city)
    lesson_id = lesson["lesson_id"]
    async with steady_lesson(city.url, lesson, ROOM) as people:
        await people.back()
        await asyncio.sleep(TAUGHT_S)
        before, former = await city.lease(lesson_id), await city.cell_of(lesson_id)
        assert former.host is not None
        cut_at = time.monotonic()
        former.host.pull()  # media of the lesson still reach it
        instance = people.teacher.instance
        await people.moved(instance)
        await people.back()
        outage_s = people.rooms[0].longest_dark_s(cut_at, time.monotonic())
        between = await city.lease(lesson_id)
        former.host.plug()
        await until(lambda: _told(former, "lease_lost", lesson_id), lambda: former.log)
        await asyncio.sleep(TAUGHT_S)
        after = await city.lease(lesson_id)
        await people.end()
    assert between.epoch > before.epoch
    assert after == between
    assert after.cell_id != former.node_id
    _whole(await lesson_archive(city, teacher, lesson_id, tmp_path), outage_s)


async def _told(cell: Node, event: str, lesson_id: str) -> bool:
    return bool(cell.told(event, lesson_id=lesson_id))


async def test_redis_is_away_and_lessons_go_on(city: City) -> None:
    teacher, lesson = await _taught(city)
    lesson_id = lesson["lesson_id"]
    waiting = await teacher.new_lesson(rooms=[ROOM])
    start = f"/api/lessons/{waiting['lesson_id']}/start"
    async with steady_lesson(city.url, lesson, ROOM) as people:
        await people.back()
        before, media = await city.lease(lesson_id), people.media
        away_at = time.monotonic()
        city.redis.kill()
        await until(lambda: _is(city, "no_redis"), lambda: city.web.log)
        with pytest.raises(ProblemError) as refused:
            await teacher.call("POST", start)
        await asyncio.sleep(PATIENT.ttl_s)  # nobody renews a lease for longer than it lasts
        city.redis.start()
        await until(lambda: _is(city, "ok"), lambda: city.logs)
        await asyncio.sleep(TAUGHT_S)
        assert (refused.value.status, refused.value.code) == (503, "cell_away")
        assert await city.lease(lesson_id) == before
        assert people.media == media
        assert people.rooms[0].longest_dark_s(away_at, time.monotonic()) <= LOST_S
        await people.end()
    await until(lambda: _starts(teacher, start), lambda: city.logs)
    await _ended(teacher, waiting)


async def _is(city: City, cells: str) -> bool:
    return (await city.health())["cells"] == cells


async def _starts(teacher: Client, start: str) -> bool:
    return (await teacher.call("POST", start))["state"] == "live"
