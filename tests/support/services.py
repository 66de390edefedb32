"""The signaling services in this process, over a real relay and recorder, with a clock to turn."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from recorder.config import RecorderConfig
from recorder.service import RecorderService
from relay.config import RelayConfig
from relay.node import RelayNode
from signaling import seed
from signaling.config import Config, load
from signaling.core.resources import ClassKind, LessonCreate
from signaling.db.audit_log import SYSTEM
from signaling.server import HttpServer
from signaling.services import Services
from tests.support.server import Client


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
    data: Path, clock: ManualClock | None = None, **settings: Any
) -> AsyncIterator[Services]:
    """Seeded people, no lessons, no upkeep: tests call what the upkeep would."""
    config: Config = load(overrides={"data_dir": str(data), **settings})
    relay = RelayNode(RelayConfig(hosts=("127.0.0.1",), udp_port=0))
    recorder = RecorderService(RecorderConfig(data_dir=data, database_url=config.database))
    services = Services(config, relay, recorder, clock=clock or ManualClock())
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(services.database.close)
        await services.prepare()
        await relay.start()
        stack.push_async_callback(relay.stop)
        await recorder.start()
        stack.push_async_callback(recorder.stop)
        await seed.seed_people(services)
        await services.hub.start()
        stack.push_async_callback(services.hub.stop)
        yield services


@asynccontextmanager
async def served(
    data: Path, clock: ManualClock | None = None, **more: Any
) -> AsyncIterator[tuple[Services, Client, str]]:
    """Services with their HTTP face in this process, the teacher signed in, and a lesson.

    `more` settings may be given.
    """
    settings = {"http_host": "127.0.0.1", "http_port": 0, **more}
    async with running_services(data, clock, **settings) as services:
        http = HttpServer(services)
        await http.start()
        session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        try:
            client = Client(http.url, session)
            await client.login("wang")
            start = services.clock.now()
            wish = LessonCreate(
                "课",
                ClassKind.DEDICATED,
                "数学",
                "一年级",
                start,
                start + timedelta(minutes=40),
                seed.LEAD_TEACHER,
                seed.RECEIVE_ROOMS[:2],
            )
            async with services.audit.work(SYSTEM, "lesson_create") as work:
                lesson_id = await services.lesson_store.create(work, wish)
            yield services, client, lesson_id
        finally:
            await session.close()
            await http.stop()
