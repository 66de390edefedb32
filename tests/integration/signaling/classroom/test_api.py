"""Pages, library and administration while the process of the live lessons is late or away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from signaling.base.database import Database
from signaling.base.errors import LiveStateUnknown
from signaling.classroom.api import InTime, LiveLesson, LiveLessons, LiveNotice, LiveSeat
from signaling.command import seed
from signaling.links.wire import LinkState
from signaling.wiring import Services
from tests.support.server import Client
from tests.support.services import served

PATIENCE_S = 60.0  # of a page in these tests; what is late is never waited for so long


class Late:
    """Live lessons that answer once they are let, or that cannot be reached."""

    def __init__(self, lessons: LiveLessons) -> None:
        self.lessons = lessons
        self.let = asyncio.Event()
        self.followed = asyncio.Event()
        self.away = False
        self.database: Database | None = None
        self.asked: list[str] = []
        self.in_transaction: list[str] = []  # calls during which the database was held

    async def rooms(self) -> tuple[LiveLesson, ...]:
        await self._wait("rooms")
        return await self.lessons.rooms()

    async def follow(self, lesson_id: str) -> None:
        await self._wait("follow")
        await self.lessons.follow(lesson_id)
        self.followed.set()

    async def notify(self, lesson_id: str, notice: LiveNotice) -> None:
        await self._wait("notify")
        await self.lessons.notify(lesson_id, notice)

    async def logins_in_use(self) -> frozenset[str]:
        await self._wait("logins_in_use")
        return await self.lessons.logins_in_use()

    async def end_logins(self, hashes: Collection[str]) -> None:
        await self._wait("end_logins")
        await self.lessons.end_logins(hashes)

    async def _wait(self, call: str) -> None:
        self.asked.append(call)
        if self.database is not None:
            pool: Any = self.database.engine.pool
            if pool.checkedout():
                self.in_transaction.append(call)
        if self.away:
            raise LiveStateUnknown("away")
        await self.let.wait()


@asynccontextmanager
async def _county(data: Path, *, away: bool) -> AsyncIterator[tuple[Services, Client, str, Late]]:
    """A served county whose live lessons do not answer from now on."""
    made: list[Late] = []

    def late(lessons: LiveLessons) -> LiveLessons:
        made.append(Late(lessons))
        made[0].let.set()
        return InTime(made[0], answer_s=0.3)

    async with served(data, live=late) as (services, client, lesson_id):
        rooms = made[0]
        rooms.database, rooms.away = services.database, away
        rooms.let.clear()
        try:
            yield services, client, lesson_id, rooms
        finally:
            rooms.let.set()


async def _as(base: str, login: str, ask: Callable[[Client], Awaitable[None]]) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        client = Client(base, session)
        await client.login(login)
        await ask(client)


@pytest.mark.parametrize("away", [False, True], ids=["late", "away"])
async def test_everything_but_the_live_room_still_answers(tmp_path: Path, away: bool) -> None:
    async with _county(tmp_path, away=away) as (services, teacher, lesson_id, rooms):
        async with asyncio.timeout(PATIENCE_S):
            started = await teacher.call("POST", f"/api/lessons/{lesson_id}/start")
            assert started["state"] == "live"  # the database decided; the room follows later
            for path in ("/api/me", "/api/lessons", f"/api/lessons/{lesson_id}", "/api/directory"):
                await teacher.call("GET", path)
            assert (await teacher.call("GET", "/api/recordings"))["recordings"] == []
            assert (await teacher.call("GET", "/healthz"))["status"] == "ok"

        async def administrate(admin: Client) -> None:
            await admin.call("POST", f"/api/rooms/{seed.RECEIVE_ROOMS[0]}/device-token")
            await admin.call("DELETE", f"/api/rooms/{seed.RECEIVE_ROOMS[0]}/device-tokens")
            await admin.call("POST", "/api/logout")

        async with asyncio.timeout(PATIENCE_S):
            await _as(teacher.base, "xianguan", administrate)
            await services.identity.forget_expired()
            ended = await teacher.call("POST", f"/api/lessons/{lesson_id}/end")
        assert ended["state"] == "ended"
        assert {"follow", "logins_in_use", "end_logins"} <= set(rooms.asked)
        assert rooms.in_transaction == []


async def test_a_lesson_that_was_told_late_is_live_in_the_end(tmp_path: Path) -> None:
    async with _county(tmp_path, away=False) as (services, teacher, lesson_id, rooms):
        await teacher.call("POST", f"/api/lessons/{lesson_id}/start")
        assert services.hub.room(lesson_id) is None
        rooms.let.set()
        await asyncio.wait_for(rooms.followed.wait(), PATIENCE_S)
        assert await _is_live(rooms.lessons, lesson_id)
        await teacher.call("POST", f"/api/lessons/{lesson_id}/end")
        assert not await _is_live(rooms.lessons, lesson_id)


async def test_who_is_there_is_told_without_observers(tmp_path: Path) -> None:
    async with _county(tmp_path, away=False) as (services, teacher, lesson_id, rooms):
        rooms.let.set()
        await teacher.call("POST", f"/api/lessons/{lesson_id}/start")

        async def observe(inspector: Client) -> None:
            async with inspector.channel(lesson_id) as watching, teacher.channel(lesson_id) as ws:
                for channel in (watching, ws):
                    assert (await channel.receive_json())["type"] == "snapshot"
                (live,) = await rooms.rooms()
                seats = (
                    LiveSeat("lead", LinkState.GOOD),
                    *(
                        LiveSeat(f"room-{room}", LinkState.OFFLINE)
                        for room in seed.RECEIVE_ROOMS[:2]
                    ),
                )
                assert live == LiveLesson(lesson_id, True, ("lead",), seats)

        await _as(teacher.base, "jiaoyan", observe)
        assert services.hub.room(lesson_id) is not None


async def _is_live(lessons: LiveLessons, lesson_id: str) -> bool:
    return any(one.lesson_id == lesson_id and one.is_live for one in await lessons.rooms())
