"""Calendar feeds over HTTP: secret, revocable, told only of what changed, and never logged."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog
import vobject
from sqlalchemy import select, update

from signaling.access.roles import Role
from signaling.audit.actions import AuditAction
from signaling.audit.log import SYSTEM
from signaling.command import seed
from signaling.directory.tables import PersonRow, RoomRow
from signaling.timetable.feeds import service as feeds
from signaling.timetable.feeds.tables import CalendarFeedRow
from signaling.wiring import Services
from tests.integration.signaling.stores import on_both_stores
from tests.support.server import Client, ProblemError
from tests.support.services import ManualClock, new_lesson, served


@dataclass
class County:
    """A served county with the teacher signed in."""

    services: Services
    teacher: Client
    lesson_id: str
    clock: ManualClock

    async def read(self, url: str, etag: str | None = None) -> tuple[int, str, Mapping[str, str]]:
        """Read a feed as a calendar program does: without any cookie."""
        headers = {} if etag is None else {"If-None-Match": etag}
        async with (
            aiohttp.ClientSession() as program,
            program.get(self.teacher.base + url, headers=headers) as response,
        ):
            return response.status, await response.text(), response.headers.copy()

    async def events(self, url: str) -> dict[str, Any]:
        """The events of a feed by the ids of their lessons."""
        status, text, _ = await self.read(url)
        assert status == 200
        calendar = vobject.readOne(text)
        found = getattr(calendar, "vevent_list", [])
        return {event.uid.value.partition("@")[0]: event for event in found}

    async def sign_in(self, login: str) -> Client:
        """Sign in with a session of its own."""
        session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self.sessions.append(session)
        client = Client(self.teacher.base, session)
        await client.login(login)
        return client

    def __post_init__(self) -> None:
        self.sessions: list[aiohttp.ClientSession] = []


@asynccontextmanager
async def county(tmp_path: Path, **settings: str) -> AsyncIterator[County]:
    clock = ManualClock()
    async with served(tmp_path, clock, **settings) as (services, client, lesson_id):
        async with services.audit.work(SYSTEM, AuditAction.SEED_DEMO) as work:
            await services.people.add_person(
                work,
                person_id="teacher-li",
                login="li",
                name="李老师",
                password_hash=await services.passwords.hash(seed.DEMO_PASSWORD),
                roles=(Role.LEAD_TEACHER,),
                school_id=seed.CENTER_SCHOOL,
            )
        made = County(services, client, lesson_id, clock)
        try:
            yield made
        finally:
            for session in made.sessions:
                await session.close()


@on_both_stores
async def test_a_teachers_feed_has_the_own_lessons_and_says_304_until_one_changes(
    tmp_path: Path, store: dict[str, str]
) -> None:
    async with county(tmp_path, **store) as made:
        assert (await made.teacher.call("GET", "/api/calendar-feed"))["made_at"] is None
        feed = await made.teacher.call("POST", "/api/calendar-feed")
        again = await made.teacher.call("GET", "/api/calendar-feed")
        assert again == {"made_at": feed["made_at"], "url": None}
        status, text, headers = await made.read(feed["url"])
        assert (status, headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
        assert set(await made.events(feed["url"])) == {made.lesson_id}
        assert (await made.read(feed["url"], headers["ETag"]))[:2] == (304, "")
        await new_lesson(made.services, hours=3)
        status, changed, later = await made.read(feed["url"], headers["ETag"])
        assert (status, later["ETag"]) != (304, headers["ETag"])
        assert changed != text


async def test_a_rooms_feed_has_what_the_room_receives(tmp_path: Path) -> None:
    async with county(tmp_path) as made:
        admin = await made.sign_in("xianguan")
        room, without = seed.RECEIVE_ROOMS[0], seed.RECEIVE_ROOMS[2]
        urls = [
            (await admin.call("POST", f"/api/rooms/{one}/calendar-feed"))["url"]
            for one in (room, without)
        ]
        assert set(await made.events(urls[0])) == {made.lesson_id}
        assert await made.events(urls[1]) == {}
        lead = (await admin.call("POST", f"/api/rooms/{seed.LEAD_ROOM}/calendar-feed"))["url"]
        assert set(await made.events(lead)) == {made.lesson_id}


async def test_the_url_before_is_dead_once_there_is_a_new_one(tmp_path: Path) -> None:
    async with county(tmp_path) as made:
        first = (await made.teacher.call("POST", "/api/calendar-feed"))["url"]
        second = (await made.teacher.call("POST", "/api/calendar-feed"))["url"]
        assert (await made.read(first))[0] == 404
        assert (await made.read(second))[0] == 200
        await made.teacher.call("DELETE", "/api/calendar-feed")
        assert (await made.read(second))[0] == 404
        admin = await made.sign_in("xianguan")
        third = (await made.teacher.call("POST", "/api/calendar-feed"))["url"]
        await admin.call("DELETE", f"/api/people/{seed.LEAD_TEACHER}/calendar-feed")
        assert (await made.read(third))[0] == 404


@pytest.mark.parametrize("closed", ["account", "room"])
async def test_a_feed_ends_with_the_account_and_does_not_come_back(
    tmp_path: Path, closed: str
) -> None:
    async with county(tmp_path) as made:
        admin = await made.sign_in("xianguan")
        path = "/api/calendar-feed"
        client, row, condition = made.teacher, PersonRow, PersonRow.login == "wang"
        if closed == "room":
            path, client, row = f"/api/rooms/{seed.LEAD_ROOM}/calendar-feed", admin, RoomRow
            condition = RoomRow.room_id == seed.LEAD_ROOM
        url = (await client.call("POST", path))["url"]
        assert (await made.read(url))[0] == 200

        async def set_active(active: bool) -> None:
            async with made.services.audit.work(SYSTEM, AuditAction.SEED_DEMO) as work:
                await work.session.execute(update(row).where(condition).values(active=active))

        await set_active(False)
        assert (await made.read(url))[0] == 404
        await made.services.timetable.feeds.forget_ended()
        await set_active(True)
        assert (await made.read(url))[0] == 404


async def test_a_feed_ends_in_the_moment_in_which_its_account_is_closed(tmp_path: Path) -> None:
    async with county(tmp_path) as made:
        admin = await made.sign_in("xianguan")
        url = (await made.teacher.call("POST", "/api/calendar-feed"))["url"]
        path = f"/api/accounts/{seed.LEAD_TEACHER}"
        (account,) = (await admin.call("GET", "/api/accounts?q=wang"))["accounts"]
        end = {"version": account["version"], "lessons": 1}
        closed = await admin.call("POST", f"{path}/close", end)
        await admin.call("POST", f"{path}/reopen", {"version": closed["version"]})
        assert (await made.read(url))[0] == 404
        acts = [
            (entry.action, entry.target)
            for entry in await made.services.audit.entries()
            if entry.actor_id == SYSTEM.actor_id
        ]
        assert (AuditAction.CALENDAR_FEED_REVOKE, seed.LEAD_TEACHER) in acts


async def test_only_a_hash_is_kept_and_no_log_holds_the_secret(tmp_path: Path) -> None:
    async with county(tmp_path) as made:
        with structlog.testing.capture_logs() as logs:
            url = (await made.teacher.call("POST", "/api/calendar-feed"))["url"]
            secret = url.removeprefix("/calendar/").removesuffix(".ics")
            assert (await made.read(url))[0] == 200
            assert (await made.read(url.replace(".ics", "x.ics")))[0] == 404
            await made.services.database.engine.dispose()
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(made.services.timetable.feeds, "read", _broken)
                assert (await made.read(url))[0] == 500
        assert {line["path"] for line in logs if line["event"] == "request_failed"} == {
            "/calendar/{secret}.ics"
        }
        assert secret not in repr(logs)
        async with made.services.database.read() as session:
            (row,) = await session.scalars(select(CalendarFeedRow))
        assert secret not in repr(vars(row))
        entries = await made.services.audit.entries()
        assert secret not in repr(entries)
        metrics = await made.teacher.http.get(f"{made.teacher.base}/metrics")
        assert secret not in await metrics.text()


async def _broken(*_: object) -> None:
    raise RuntimeError


async def test_who_reads_too_often_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with county(tmp_path) as made:
        url = (await made.teacher.call("POST", "/api/calendar-feed"))["url"]
        answers = [await made.read(url) for _ in range(int(feeds.PER_SECRET.burst) + 1)]
        assert [status for status, *_ in answers] == [200] * (len(answers) - 1) + [429]
        assert int(answers[-1][2]["Retry-After"]) <= 60
        made.clock.advance(seconds=61)
        assert (await made.read(url))[0] == 200
        for number in range(feeds.WRONG.max_failures):
            assert (await made.read(f"/calendar/wrong{number}.ics"))[0] == 404
        assert (await made.read("/calendar/wrong.ics"))[0] == 429


async def test_old_lessons_leave_the_feed(tmp_path: Path) -> None:
    async with county(tmp_path) as made:
        url = (await made.teacher.call("POST", "/api/calendar-feed"))["url"]
        made.clock.advance(days=59)
        assert set(await made.events(url)) == {made.lesson_id}
        made.clock.advance(days=2)
        assert await made.events(url) == {}


async def test_another_county_knows_nothing_of_a_feed(tmp_path: Path) -> None:
    async with county(tmp_path) as made:
        async with made.services.audit.work(SYSTEM, AuditAction.SEED_DEMO) as work:
            people = made.services.people
            await people.add_county(work, "other", "别县")
            await people.add_person(
                work,
                login="bieren",
                name="别人",
                password_hash=await made.services.passwords.hash(seed.DEMO_PASSWORD),
                roles=(Role.COUNTY_ADMIN,),
                node_id="other",
            )
        stranger, li = await made.sign_in("bieren"), await made.sign_in("li")
        for client, expected in ((stranger, 404), (li, 403)):
            for path in (f"rooms/{seed.LEAD_ROOM}", f"people/{seed.LEAD_TEACHER}"):
                with pytest.raises(ProblemError) as refused:
                    await client.call("DELETE", f"/api/{path}/calendar-feed")
                assert refused.value.status == expected
