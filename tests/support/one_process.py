"""A web process and two cells in this process: quick to start, with real Redis, sockets and media.

async with one_process(folder, redis_url) as installation:
    teacher = await installation.sign_in("wang")
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from signaling.base.config import load
from signaling.command.seed import DEMO_PASSWORD
from signaling.serving import Running, running
from tests.support.made_once import put_demo_people
from tests.support.server import Client


@dataclass
class OneProcess:
    """An installation in this process.

    Attributes:
        nodes: ``web``, ``cell-1`` and ``cell-2``.
    """

    nodes: dict[str, Running]
    _sessions: list[aiohttp.ClientSession] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it serves."""
        return self.nodes["web"].http.url.rstrip("/")

    def holder(self, lesson_id: str) -> str:
        """The cell whose room of a lesson is open; empty if none is."""
        for name in ("cell-1", "cell-2"):
            if self.nodes[name].services.hub.room(lesson_id) is not None:
                return name
        return ""

    def client(self) -> Client:
        """A client that is not signed in yet."""
        session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self._sessions.append(session)
        return Client(self.url, session)

    async def sign_in(self, login: str) -> Client:
        """A client signed in as a person."""
        client = self.client()
        await client.login(login, DEMO_PASSWORD)
        return client

    async def close(self) -> None:
        """Close the clients."""
        for session in self._sessions:
            await session.close()


@asynccontextmanager
async def one_process(folder: Path, redis_url: str) -> AsyncIterator[OneProcess]:
    """Start it, with the people of the demo county."""
    data = folder / "data"
    data.mkdir()
    await put_demo_people(data / "tongke.db")
    shared = {"data_dir": str(data), "redis_url": redis_url, "udp_hosts": ("127.0.0.1",)}
    shared |= {"http_host": "127.0.0.1", "http_port": 0, "udp_port": 0}
    async with AsyncExitStack() as stack:
        nodes: dict[str, Running] = {}
        for name in ("web", "cell-1", "cell-2"):
            door = None if name == "web" else f"unix://{folder}/{name}.sock"
            roles = ("web", "worker") if name == "web" else ("cell",)
            config = load(overrides={**shared, "node_id": name, "roles": roles, "door": door})
            nodes[name] = await stack.enter_async_context(running(config))
        installation = OneProcess(nodes)
        stack.push_async_callback(installation.close)
        yield installation
