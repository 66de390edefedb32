"""A web process and a cell in this process: two servers over one database, as in a cluster.

async with web_and_cell(tmp_path) as cluster:
    teacher = await cluster.sign_in("wang")
    lesson = await teacher.live_lesson()  # answered by the cell
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from signaling.access.secret_file import load_keyring
from signaling.base.clock import Clock
from signaling.base.config import Config
from signaling.classroom.api import InTime
from signaling.classroom.inner.remote_lessons import RemoteLessons
from signaling.command.seed import DEMO_PASSWORD
from signaling.forwarding.clients import CellClients
from signaling.forwarding.door import DoorKeeper
from signaling.forwarding.forwarder import Forwarder
from signaling.forwarding.keys import InnerKeys
from signaling.forwarding.places import CellAddress, LessonPlaces, StaticPlaces, StaticShare
from signaling.forwarding.sender import Sender
from signaling.http_face import door_server, http_server
from signaling.joints.open_lessons import StoredLessons
from signaling.web.server import HttpServer
from signaling.wiring import Services
from tests.support.server import Client
from tests.support.services import ManualClock, running_services

HTTP = {"http_host": "127.0.0.1", "http_port": 0}


@dataclass
class Cluster:
    """A web process before one cell.

    Attributes:
        url: where clients find the web process.
        address: of the cell.
        cell, web: the services of both.
        forwarder: of the web process.
        door: of the cell.
    """

    url: str
    address: CellAddress
    cell: Services
    web: Services
    forwarder: Forwarder
    door: DoorKeeper
    keys: InnerKeys
    _server: HttpServer
    _sessions: list[aiohttp.ClientSession] = field(default_factory=list)

    def client(self) -> Client:
        """A client that is not signed in yet."""
        session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self._sessions.append(session)
        return Client(self.url, session)

    async def sign_in(self, login: str, password: str = DEMO_PASSWORD) -> Client:
        """A client signed in at the web process."""
        client = self.client()
        await client.login(login, password)
        return client

    async def terminal(self, lesson: dict[str, Any], room_id: str) -> Client:
        """A client signed in as an invited room."""
        client = self.client()
        await client.terminal_login(join_code=lesson["join_code"], room_id=room_id)
        return client

    async def cell_down(self) -> None:
        """The cell stops answering, as when its process is gone."""
        await self._server.stop()

    async def cell_up(self) -> None:
        """The cell answers again, at the same address."""
        self.door = keeper(self.address, self.keys, self.cell.clock)
        self._server = door_server(self.cell, self.door, self.address)
        await self._server.start()


def keeper(address: CellAddress, keys: InnerKeys, clock: Clock) -> DoorKeeper:
    """The keeper of the only cell's door."""
    share = StaticShare(address.cell_id, StaticPlaces((address,)))
    return DoorKeeper(cell_id=address.cell_id, keys=keys, held=share, clock=clock)


def forwarder_to(places: LessonPlaces, services: Services, sender: Sender) -> Forwarder:
    """The forwarder of a web process with these services."""
    return Forwarder(places=places, lessons=StoredLessons(services.lesson_store), sender=sender)


def sender_of(services: Services) -> Sender:
    """What signs and sends for a web process; its connections are to be closed."""
    return Sender(CellClients(100), inner_keys(services.config, services.clock), services.clock)


def inner_keys(config: Config, clock: Clock) -> InnerKeys:
    """The keys that follow from the secret in the data folder."""
    return InnerKeys(lambda: load_keyring(config.data, clock.now().timestamp()), clock.monotonic)


@asynccontextmanager
async def web_and_cell(
    folder: Path, *, places: LessonPlaces | None = None, tcp_port: int | None = None
) -> AsyncIterator[Cluster]:
    """A web process before a cell, which has a Unix socket, or the TCP port if one is given."""
    clock = ManualClock()
    address = CellAddress("cell-1", folder / "cell.sock")
    if tcp_port is not None:
        address = CellAddress("cell-1", base_url=f"http://127.0.0.1:{tcp_port}")
    places = places or StaticPlaces((address,))
    async with contextlib.AsyncExitStack() as stack:
        cell = await stack.enter_async_context(running_services(folder, clock, **HTTP))
        keys = inner_keys(cell.config, clock)
        sender = Sender(CellClients(100), keys, clock)
        stack.push_async_callback(sender.clients.close)
        remote = RemoteLessons(places, StoredLessons(cell.lesson_store), sender)
        web = await stack.enter_async_context(
            running_services(folder, clock, live=lambda _: InTime(remote), seeded=False, **HTTP)
        )
        forwarder = forwarder_to(places, web, sender)
        front = http_server(web, forwarder)
        await front.start()
        stack.push_async_callback(front.stop)
        door = keeper(address, keys, clock)
        server = door_server(cell, door, address)
        await server.start()
        cluster = Cluster(front.url, address, cell, web, forwarder, door, keys, server)
        stack.push_async_callback(cluster.cell_down)
        try:
            yield cluster
        finally:
            for session in cluster._sessions:
                await session.close()
