"""What may fail in a cluster, for as long as it fails in life. Run by `make test-cluster-long`.

Each test prints a line of figures and keeps it in `data/cluster.jsonl`.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from signaling.cells.core.nodes import Health
from signaling.classroom.parts.headcount import SetHeadcount
from signaling.command.seed import RECEIVE_ROOMS
from tests.support.browser import browsers
from tests.support.capture import small_capture
from tests.support.cluster import TRUE, City, Lease, Node, cluster, until
from tests.support.lesson_archive import LessonArchive, lesson_archive
from tests.support.people import ClassroomSeat, Person, TeacherSeat, lesson_open_now
from tests.support.recordings import ready_recording
from tests.support.server import Client
from tests.support.steady import SteadyLesson, steady_lesson
from tests.support.waiting import until as true

pytestmark = [pytest.mark.cluster_long, pytest.mark.asyncio(loop_scope="module")]

ROOM = RECEIVE_ROOMS[0]
BACK_S = 10.0  # issue 14: until everybody is back
LOST_S = 2.0  # … and what a recording may lose besides the outage
TAUGHT_S = 8.0  # before and after a failure
PARTED_S, REDIS_AWAY_S, DATABASE_AWAY_S, STILL_S = 30.0, 60.0, 10.0, 10.0
WATCHED_S = 10.0  # after Redis has lost its memory
_LOOK_S = 0.2
MOVING = """async (before) => {
  const rows = await window.__probe.stats('inbound-rtp', 'video')
  return window.__tongke?.state?.instance !== before &&
    rows.some((row) => row.framesPerSecond > 3) ? Date.now() : null
}"""

Report = Callable[..., None]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    """The cluster of all tests here."""
    async with cluster(tmp_path_factory.mktemp("city"), times=TRUE) as city:
        yield city


@pytest_asyncio.fixture(loop_scope="module")
async def city(running: City) -> AsyncIterator[City]:
    """The cluster, whole again after each test."""
    try:
        yield running
    finally:
        await running.heal()


@contextlib.asynccontextmanager
async def _lesson(city: City) -> AsyncIterator[tuple[Client, SteadyLesson]]:
    """A lesson that was taught for a while."""
    teacher = await city.sign_in("wang")
    lesson = await teacher.live_lesson(rooms=[ROOM])
    async with steady_lesson(city.url, lesson, ROOM) as people:
        await people.back()
        await asyncio.sleep(TAUGHT_S)
        yield teacher, people


class _Leases:
    """All leases of a lesson that the database showed while it was watched."""

    def __init__(self, city: City, lesson_id: str) -> None:
        self.seen: list[Lease] = []
        self._city, self._lesson_id = city, lesson_id

    async def __aenter__(self) -> _Leases:
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                lease = await self._city.lease(self._lesson_id)
                if lease not in self.seen[-1:]:
                    self.seen.append(lease)
            await asyncio.sleep(_LOOK_S)


def _whole(archive: LessonArchive, outage_s: float) -> None:
    assert archive.decode_errors == 0
    assert archive.repeated == 0
    assert archive.readable >= 0.99
    assert len(archive.holes) <= 1
    assert archive.hole_s <= outage_s + LOST_S
    assert archive.last_s - archive.first_s >= 2 * (TAUGHT_S - LOST_S)


async def _told(cell: Node, event: str, lesson_id: str) -> bool:
    return bool(cell.told(event, lesson_id=lesson_id))


async def _held(city: City, lesson: dict[str, Any], seats: Any, folder: Path) -> list[Person]:
    """A lesson of real browsers, under way."""
    teacher = await TeacherSeat.sign_in(city, await seats.seat(small_capture(folder, 700.0)))
    await teacher.open_lesson(lesson["lesson_id"])
    await teacher.start_lesson()
    room = ClassroomSeat(city, await seats.seat(small_capture(folder, 440.0)), ROOM)
    await room.sign_in(lesson)
    await room.enter()
    await teacher.picture(f"video-{room.participant_id}")
    return [teacher, room]


async def _moves_again(person: Person, instance: str) -> float:
    """Unix seconds at which a page shows moving pictures of another live room."""
    return float(await true(lambda: person.evaluate(MOVING, instance))) / 1000


async def test_kill_9_of_a_cell_with_three_lessons(
    city: City, tmp_path: Path, report: Report
) -> None:
    only, *others = city.cells
    for cell in others:  # so that all three lessons come to one cell
        assert cell.host is not None
        cell.host.pull()
    await until(lambda: _are(city, others, Health.GONE), lambda: city.logs)
    api = await city.sign_in("wang")
    seen_lesson = await lesson_open_now(api)
    async with contextlib.AsyncExitStack() as stack:
        seats = await stack.enter_async_context(browsers())
        pages = await _held(city, seen_lesson, seats, tmp_path)
        synthetic = []
        for room_id in RECEIVE_ROOMS[1:3]:
            lesson = await api.live_lesson(rooms=[room_id])
            attended = steady_lesson(city.url, lesson, room_id)
            synthetic.append(await stack.enter_async_context(attended))
        await asyncio.gather(*(people.back() for people in synthetic))
        for cell in others:
            assert cell.host is not None
            cell.host.plug()
        await until(lambda: _are(city, others, Health.ALIVE), lambda: city.logs)
        await asyncio.sleep(TAUGHT_S)
        lesson_ids = [seen_lesson["lesson_id"], *(one.lesson_id for one in synthetic)]
        assert {(await city.lease(one)).cell_id for one in lesson_ids} == {only.node_id}

        instance = await pages[0].evaluate("() => window.__tongke.state.instance")
        killed_at, unix = time.monotonic(), time.time()
        await only.kill()
        back = await asyncio.gather(
            *(_moves_again(page, instance) for page in pages),
            *(people.back(since=killed_at + 1.0) for people in synthetic),
        )
        pages_s = [round(at - unix, 2) for at in back[: len(pages)]]
        synthetic_s = [round(at - killed_at, 2) for at in back[len(pages) :]]
        await asyncio.sleep(TAUGHT_S)
        dark_s = [
            people.rooms[0].longest_dark_s(killed_at - 1.0, time.monotonic())
            for people in synthetic
        ]
        for lesson_id in lesson_ids:
            await api.call("POST", f"/api/lessons/{lesson_id}/end")
        errors = [error for page in pages for error in page.seat.errors]
    archives = [await lesson_archive(city, api, people.lesson_id, tmp_path) for people in synthetic]
    detail = await ready_recording(api, lesson_ids[0])
    [camera] = [one for one in detail["sources"] if one["source_id"] == "lead.camera"]
    gap_s = sum(gap["end_s"] - gap["start_s"] for gap in camera["gaps"])
    report(
        pages_back_s=pages_s,
        synthetic_back_s=synthetic_s,
        holes_s=[round(one.hole_s, 2) for one in archives],
        page_gap_s=round(gap_s, 2),
    )
    assert errors == []
    assert max(*pages_s, *synthetic_s) <= BACK_S
    for archive, outage_s in zip(archives, dark_s, strict=True):
        _whole(archive, outage_s)
    assert not camera["damaged"]
    assert gap_s <= max(pages_s) + LOST_S


async def _are(city: City, cells: list[Node], health: Health) -> bool:
    """Whether the web process counts cells as gone, or as alive."""
    last = {
        node_id: state
        for one in city.web.told("nodes_changed")
        for state in Health
        for node_id in one.get(state, ())
    }
    return all(last.get(cell.node_id) == health for cell in cells)


async def test_two_cells_are_cut_off_for_30_s(city: City, tmp_path: Path, report: Report) -> None:
    async with _lesson(city) as (teacher, people):
        lesson_id = people.lesson_id
        before, former = await city.lease(lesson_id), await city.cell_of(lesson_id)
        left = next(one for one in city.cells if one is not former)
        cut = [one for one in city.cells if one is not left]
        instance, cut_at = people.teacher.instance, time.monotonic()
        async with _Leases(city, lesson_id) as leases:
            for cell in cut:
                assert cell.host is not None
                cell.host.pull()
            await people.moved(instance)
            back_s = await people.back() - cut_at
            await asyncio.sleep(max(0.0, cut_at + PARTED_S - time.monotonic()))
            outage_s = people.rooms[0].longest_dark_s(cut_at, time.monotonic())
            for cell in cut:
                assert cell.host is not None
                cell.host.plug()
            plugged_at = time.monotonic()
            await until(lambda: _told(former, "lease_lost", lesson_id), lambda: former.log)
            told_s = time.monotonic() - plugged_at
            await asyncio.sleep(TAUGHT_S)
        await people.end()
    archive = await lesson_archive(city, teacher, lesson_id, tmp_path)
    report(
        back_s=round(back_s, 2),
        dark_s=round(outage_s, 2),
        told_s=round(told_s, 2),
        hole_s=round(archive.hole_s, 2),
        leases=[f"{one.cell_id}:{one.epoch}" for one in leases.seen],
    )
    held = [one for one in leases.seen if one.cell_id is not None]
    assert [one.cell_id for one in held] == [former.node_id, left.node_id]
    assert held[0] == before
    assert held[1].epoch > before.epoch
    assert back_s <= BACK_S
    _whole(archive, outage_s)


async def test_redis_is_stopped_for_60_s(city: City, tmp_path: Path, report: Report) -> None:
    async with _lesson(city) as (teacher, people):
        before, away_at = await city.lease(people.lesson_id), time.monotonic()
        media = people.media
        async with _Leases(city, people.lesson_id) as leases:
            city.redis.kill()
            await asyncio.sleep(REDIS_AWAY_S)
            city.redis.start()
            await city.heal()
            await asyncio.sleep(WATCHED_S)
        assert people.media == media
        dark_s = people.rooms[0].longest_dark_s(away_at, time.monotonic())
        await people.end()
    archive = await lesson_archive(city, teacher, people.lesson_id, tmp_path)
    report(
        lost=0,
        longest_s_between_pictures=round(dark_s, 2),
        leases=[f"{one.cell_id}:{one.epoch}" for one in leases.seen],
    )
    assert leases.seen == [before]
    assert archive.holes == ()
    _whole(archive, 0.0)


async def test_redis_loses_its_memory_and_gets_an_old_one(
    city: City, tmp_path: Path, report: Report
) -> None:
    async with _lesson(city) as (teacher, people):
        lesson_id, old = people.lesson_id, tmp_path / "old.rdb"
        assert city.redis.ask("SAVE").startswith(b"+OK")
        shutil.copy(city.redis.dump, old)  # in which the first cell has the lesson
        former, instance = await city.cell_of(lesson_id), people.teacher.instance
        await former.kill()
        await people.moved(instance)
        await people.back()
        await former.start()
        before, media = await city.lease(lesson_id), people.media
        async with _Leases(city, lesson_id) as leases:
            assert city.redis.ask("FLUSHALL").startswith(b"+OK")
            await asyncio.sleep(WATCHED_S)
            city.redis.kill()
            shutil.copy(old, city.redis.dump)
            city.redis.start()
            await city.heal()
            await asyncio.sleep(WATCHED_S)
        assert people.media == media
        await people.end()
    city.redis.dump.unlink()
    await lesson_archive(city, teacher, lesson_id, tmp_path)
    report(leases=[f"{one.cell_id}:{one.epoch}" for one in leases.seen])
    assert leases.seen == [before]
    assert before.cell_id != former.node_id


async def test_postgresql_is_restarted(city: City, tmp_path: Path, report: Report) -> None:
    async with _lesson(city) as (teacher, people):
        lesson_id, [room] = people.lesson_id, people.rooms
        before, media = await city.lease(lesson_id), people.media
        city.database.stop("immediate")
        assert people.teacher.control is not None
        assert room.control is not None
        await people.teacher.control.mute_all(True)
        await room.control.command(lambda n: SetHeadcount(id=n, pupils=17))
        await asyncio.sleep(DATABASE_AWAY_S)
        await asyncio.to_thread(city.database.start)
        up_at = time.monotonic()
        await until(lambda: _is_written(city, lesson_id), lambda: city.logs)
        written_s = time.monotonic() - up_at
        await asyncio.sleep(TAUGHT_S)
        assert people.media == media
        assert await city.lease(lesson_id) == before
        await people.end()
    archive = await lesson_archive(city, teacher, lesson_id, tmp_path)
    counts = await city.rows("SELECT pupils FROM headcounts WHERE lesson_id = $1", lesson_id)
    spells = await city.rows(
        "SELECT participant_id FROM presence_spells WHERE lesson_id = $1", lesson_id
    )
    report(written_after_s=round(written_s, 2), headcounts=len(counts), spells=len(spells))
    assert [row["pupils"] for row in counts] == [17]
    present = [row["participant_id"] for row in spells]
    assert sorted(present) == sorted(set(present))
    _whole(archive, 0.0)
    assert archive.holes == ()


async def _is_written(city: City, lesson_id: str) -> bool:
    state = await city.rows("SELECT state FROM lesson_room_state WHERE lesson_id = $1", lesson_id)
    counts = await city.rows("SELECT pupils FROM headcounts WHERE lesson_id = $1", lesson_id)
    return '"muted_all":true' in state[0]["state"].replace(" ", "") and bool(counts)


async def test_a_cell_stands_still_for_10_s(city: City, tmp_path: Path, report: Report) -> None:
    async with _lesson(city) as (teacher, people):
        lesson_id = people.lesson_id
        before, former = await city.lease(lesson_id), await city.cell_of(lesson_id)
        instance, still_at = people.teacher.instance, time.monotonic()
        async with _Leases(city, lesson_id) as leases:
            former.pause()
            resumed = asyncio.create_task(_resumed(former))
            await people.moved(instance)
            back_s = await people.back() - still_at
            resumed_at = await resumed
            await until(lambda: _told(former, "lease_lost", lesson_id), lambda: former.log)
            told_s = max(0.0, time.monotonic() - resumed_at)
            await asyncio.sleep(TAUGHT_S)
            outage_s = people.rooms[0].longest_dark_s(still_at - 1.0, time.monotonic())
        await people.end()
    archive = await lesson_archive(city, teacher, lesson_id, tmp_path)
    report(
        back_s=round(back_s, 2),
        told_s=round(told_s, 2),
        hole_s=round(archive.hole_s, 2),
        leases=[f"{one.cell_id}:{one.epoch}" for one in leases.seen],
    )
    held = [one for one in leases.seen if one.cell_id is not None]
    assert [one.cell_id for one in held].count(former.node_id) == 1
    assert held[0] == before
    assert back_s <= BACK_S
    _whole(archive, outage_s)


async def _resumed(cell: Node) -> float:
    await asyncio.sleep(STILL_S)
    cell.resume()
    return time.monotonic()
