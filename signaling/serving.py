"""The running server: relay, recorder, services and HTTP, put together.

Only `tongke serve` needs this module. It loads nearly everything, which takes seconds; the other
commands do without.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import sys
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from recorder.api import RecorderDuty
from recorder.config import RecorderConfig
from recorder.service import RecorderService
from relay.config import RelayConfig
from relay.node import RelayNode
from signaling.base.config import Config, ConfigError
from signaling.base.data_lock import held
from signaling.base.logs import configure
from signaling.base.open_files import raise_limit
from signaling.base.private_files import keep_private
from signaling.children.life import watch_parent
from signaling.command import seed
from signaling.command.announcing import announce
from signaling.command.demo.open_lesson import keep_one_open
from signaling.command.demo.seeding import seed_county
from signaling.command.listing import listing
from signaling.command.parser import DEMO_COUNTY, DEMO_LESSONS
from signaling.command.placing import warn_of_unplaced
from signaling.command.stopping import StopSignals
from signaling.command.words import Word
from signaling.http_face import server_of
from signaling.lessons.wire import LessonState
from signaling.life import Life
from signaling.web.server import HttpServer
from signaling.wiring import Services

log = structlog.get_logger(__name__)

# Priority of a web process beside cells of the same machine: an import must not keep the packets
# of a lesson waiting for a core. nice(2).
BESIDE_CELLS_NICE = 5
THREAD_TURN_S = 0.001  # a thread that computes gives way to the loop after this; Python's: 5 ms


@dataclass(frozen=True, slots=True)
class Running:
    """A whole server that runs."""

    services: Services
    life: Life
    relay: RelayNode
    http: HttpServer

    @property
    def ready(self) -> dict[str, Any]:
        """Facts for programs that started the server."""
        facts: dict[str, Any] = {"pid": os.getpid()}
        if "web" in self.services.config.roles:
            facts |= {"url": self.http.url, "http_port": self.http.port}
        if "cell" in self.services.config.roles:
            facts |= {"udp_port": self.relay.udp_port}
        return facts


@asynccontextmanager
async def running(
    config: Config, *, seed_demo: str | None = None, lock_fd: int | None = None
) -> AsyncIterator[Running]:
    """Start relay, recorder, services and HTTP, in this order; stop them in the other.

    Args:
        config: the settings.
        seed_demo: `DEMO_COUNTY` or `DEMO_LESSONS`, to be put into an empty database.
        lock_fd: the lock of the data folder, as a supervisor handed it on.

    Raises:
        DataInUse: another server works on the data folder.
    """
    keep_private(config.data)
    with held(config.data, lock_fd, shared=not config.is_alone):
        async with _started(config, seed_demo=seed_demo) as server:
            yield server


def assembled(config: Config) -> tuple[RelayNode, RecorderService, Services]:
    """The parts of a process, put together; nothing runs yet."""
    relay = RelayNode(
        RelayConfig(
            hosts=config.udp_hosts,
            udp_port=config.udp_port,
            pipe_host=config.pipe_address or "127.0.0.1",
            pipe_port=config.pipe_port,
            announced_addresses=config.announced_addresses,
            publisher_bps=config.publisher_bps,
            # 1,250 bytes each; sound, repairs and small pictures take a lower rate's, too.
            publisher_packets_per_s=max(config.publisher_bps / 10_000, 2500.0),
        )
    )
    lessons = _LessonsOfServices()
    recorder = _recorder(config, lessons)
    lessons.services = services = Services(config, relay, recorder, cascade=relay)
    return relay, recorder, services


@asynccontextmanager
async def _started(config: Config, *, seed_demo: str | None) -> AsyncIterator[Running]:
    relay, recorder, services = assembled(config)
    http, life = server_of(services), Life(services)
    seed_demo = seed_demo if "worker" in config.roles else None
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(services.database.close)
        await services.prepare()
        if seed_demo == DEMO_COUNTY:
            await seed_county(services, recorder.keep_copy, seed.DEMO_PASSWORD)
        if "cell" in config.roles:
            await relay.start()
            stack.push_async_callback(relay.stop)
        await recorder.start()
        stack.push_async_callback(recorder.stop)
        if seed_demo is not None:
            await _seed(services, life, seed_demo)
        await life.start()
        if "worker" in config.roles:
            await warn_of_unplaced(services.database)
        stack.push_async_callback(life.stop)
        stack.push_async_callback(recorder.stop_asking)
        await http.start()
        stack.push_async_callback(http.stop)
        await life.join()
        stack.push_async_callback(life.leave)
        yield Running(services, life, relay, http)


async def _seed(services: Services, life: Life, seed_demo: str) -> None:
    """Put a demo into an empty database, and keep it up while the server runs."""
    if seed_demo == DEMO_LESSONS:
        await seed.seed_people(services)
    keep = keep_one_open if seed_demo == DEMO_COUNTY else seed.seed_lessons
    await keep(services)
    life.housekeeping.append(lambda: keep(services))


class _LessonsOfServices:
    """Answers what the recorder asks about lessons. The services come after the recorder."""

    services: Services

    async def check(self, session: AsyncSession, lesson_id: str) -> None:
        """See `LessonGuard`."""
        await self.services.fences.check(session, lesson_id)

    async def go_on(self, lesson_ids: Collection[str]) -> Collection[str]:
        """See `GoesOn`."""
        found = await self.services.lesson_store.lessons(lesson_ids)
        return [one.lesson_id for one in found.values() if one.state is LessonState.LIVE]


def _recorder(config: Config, lessons: _LessonsOfServices) -> RecorderService:
    settings = RecorderConfig(
        data_dir=config.data,
        database_url=config.database,
        storage=config.recordings,
        storage_keys=config.recordings_key_file,
        internal_path=config.recordings_internal,
        source_bps=config.recorded_source_bps,
        ship_archives=config.ship_archives,
    )
    try:
        return RecorderService(
            settings, duties=_duties(config), guard=lessons, goes_on=lessons.go_on
        )
    except ValueError as error:
        raise ConfigError(f"recordings: {error}") from None


def _duties(config: Config) -> RecorderDuty:
    duties = RecorderDuty(0)
    if "cell" in config.roles:
        duties |= RecorderDuty.RECORD
    if "worker" in config.roles:
        duties |= RecorderDuty.FINISH
    return duties


async def serve(config: Config, arguments: argparse.Namespace) -> int:
    """Run the server of `tongke serve` until a signal stops it. Returns the exit status."""
    configure(config.log_level, config.node_id)
    raise_limit()
    sys.setswitchinterval(THREAD_TURN_S)
    stop = StopSignals()
    stop.listen()
    if arguments.life_fd is not None:
        watch_parent(arguments.life_fd, stop.stop)
        if "cell" not in config.roles:
            os.nice(BESIDE_CELLS_NICE)
    async with running(config, seed_demo=arguments.seed_demo, lock_fd=arguments.lock_fd) as server:
        # All that is loaded by now stays: a full collection need not walk it, and hold up every
        # lesson's media for 40 ms meanwhile.
        gc.collect()
        gc.freeze()
        if arguments.seed_demo and "web" in config.roles:
            print(await seed.introduction(server.services, server.http.url), flush=True)  # noqa: T201
        if "web" in config.roles:
            await _greet(server)
        log.info("ready", **server.ready)
        announce(arguments, server.ready)
        await stop.wait()
        log.info("stopping")
        # A child is stopped with all the others: nobody would take its lessons.
        if stop.terminated and arguments.life_fd is None:
            await stop.unless_hurried(server.life.drain())
    return 0


async def _greet(server: Running) -> None:
    """Tell the operator at the terminal where the pages are, and what to do first."""
    print(listing(server.http.urls), flush=True)  # noqa: T201
    cluster = server.services.cluster
    if cluster is not None and not cluster.desk.state.reachable:
        print(Word.REDIS_AWAY(), flush=True)  # noqa: T201
    if not await server.services.people.has_people():
        print(Word.FIRST_STEP(), flush=True)  # noqa: T201
