"""The signaling services in this process, over a real relay and recorder, with a clock to turn."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web_app

from recorder.config import RecorderConfig
from recorder.service import RecorderService
from relay.config import RelayConfig
from relay.node import RelayNode
from signaling.access.roles import ROOT_PATH, Actor, Role, held_in
from signaling.base.config import Config, load
from signaling.base.fences import NO_FENCES, Fences
from signaling.classroom.api import InTime, LiveLessons
from signaling.classroom.channel import Channel
from signaling.classroom.wire import Hello
from signaling.command import seed
from signaling.http_face import http_server
from signaling.lessons.members import member_of
from signaling.lessons.wire import ClassKind, LessonCreate
from signaling.web.server import HttpServer
from signaling.wiring import Services
from tests.support.made_once import CHEAP_HASH, put_all_schemas
from tests.support.server import Client

ADMIN = Actor(
    "admin-li",
    "李管理员",
    frozenset({Role.COUNTY_ADMIN}),
    grants=held_in(ROOT_PATH, [Role.COUNTY_ADMIN]),
)


class ManualClock:
    """Wall and steady time that move only when told."""

    def __init__(self, now: datetime | None = None) -> None:
        self._now = now or datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
        self._steady = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._steady

    def set(self, **kwargs: float) -> None:
        """Somebody sets the wall clock by a timedelta's arguments."""
        self._now += timedelta(**kwargs)

    def advance(self, **kwargs: float) -> None:
        """Move on by a timedelta's arguments."""
        step = timedelta(**kwargs)
        self._now += step
        self._steady += step.total_seconds()


@asynccontextmanager
async def running_services(
    data: Path,
    clock: ManualClock | None = None,
    *,
    live: Callable[[LiveLessons], LiveLessons] = InTime,
    fences: Fences = NO_FENCES,
    seeded: bool = True,
    **settings: Any,
) -> AsyncIterator[Services]:
    """People, `seeded` or not; no lessons, no upkeep: tests call what the upkeep would.

    Passwords are hashed cheaply.

    `live` makes of this process's live lessons what pages and library may ask. `fences` tell which
    lessons the process has.
    """
    config: Config = load(overrides={"data_dir": str(data), **settings})
    if config.database_url is None:
        await put_all_schemas(config.data / "tongke.db")
    relay = RelayNode(RelayConfig(hosts=("127.0.0.1",), udp_port=0))
    recorder = RecorderService(RecorderConfig(data_dir=data, database_url=config.database))
    clock = clock or ManualClock()
    services = Services(config, relay, recorder, clock=clock, live=live, fences=fences)
    services.passwords._hasher = CHEAP_HASH
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(services.database.close)
        await services.prepare()
        await relay.start()
        stack.push_async_callback(relay.stop)
        await recorder.start()
        stack.push_async_callback(recorder.stop)
        if seeded:
            await seed.seed_people(services)
        await services.drafts.start()
        stack.push_async_callback(services.drafts.stop)
        services.hub.start()
        stack.push_async_callback(services.hub.stop)
        await services.hub.take_up_live()
        yield services


@asynccontextmanager
async def served(
    data: Path, clock: ManualClock | None = None, **more: Any
) -> AsyncIterator[tuple[Services, Client, str]]:
    """Services with their HTTP face in this process, the teacher signed in, and a lesson.

    `more` settings may be given.
    """
    settings = {"http_host": "127.0.0.1", "http_port": 0, **more}
    async with (
        running_services(data, clock, **settings) as services,
        serving(services) as http,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session,
    ):
        client = Client(http.url, session)
        await client.login("wang")
        lesson_id = await new_lesson(services)
        yield services, client, lesson_id


@asynccontextmanager
async def serving(services: Services) -> AsyncIterator[HttpServer]:
    """The HTTP face of services in this process."""
    http = http_server(services)
    await http.start()
    try:
        yield http
    finally:
        await http.stop()
        # aiohttp keeps the handlers of the last 1,024 routes, with their application and all that
        # it holds. A server has one; here, one each test.
        web_app._cached_build_middleware.cache_clear()


async def lead_teacher(services: Services) -> Actor:
    """The demo teacher, as services know who asks."""
    person = await services.people.person(seed.LEAD_TEACHER)
    assert person is not None
    return person.actor(services.clock.now())


async def new_lesson(
    services: Services,
    *,
    hours: float = 0,
    rooms: Sequence[str] = seed.RECEIVE_ROOMS[:2],
) -> str:
    """A lesson of the demo teacher's that begins now, or so many hours later; returns its id."""
    start = services.clock.now() + timedelta(hours=hours)
    wish = LessonCreate(
        title="课",
        class_kind=ClassKind.DEDICATED,
        subject="数学",
        grade="一年级",
        starts_at=start,
        ends_at=start + timedelta(minutes=40),
        lead_teacher_id=seed.LEAD_TEACHER,
        receive_room_ids=tuple(rooms),
        lead_room_id=seed.LEAD_ROOM,
    )
    return (await services.lessons.create(await lead_teacher(services), wish)).lesson_id


async def join(services: Services, lesson_id: str) -> Channel:
    """The teacher's channel to a lesson's room, without a socket."""
    record, seat = await services.lessons.seat(await lead_teacher(services), lesson_id)
    room = await services.hub.enter(record.lesson_id)
    channel = Channel(seat, services.clock.monotonic())
    room.attach(channel, member_of(seat, None), Hello())
    return channel
