"""A real server for tests: `tongke serve` as its own process, seeded, on free ports.

A server without a prefix is forked from a process that has loaded the program (`forking.py`).

    async with TongkeServer.start(tmp_path) as server:
        teacher = await server.sign_in("wang")
        lesson = await teacher.live_lesson()

`Client` is a signed-in page without a browser: cookies, CSRF token, problem+json.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from load_tests.server import ServerFailed, ServerProcess
from signaling.command.seed import DEMO_PASSWORD, LEAD_ROOM, LEAD_TEACHER, RECEIVE_ROOMS
from tests.support.forking import ForkedServer
from tests.support.made_once import put_demo_people

REPOSITORY = Path(__file__).resolve().parents[2]

# Lessons of one test run never clash: each gets its own hour, far from what is seeded.
_hours = itertools.count(48)


class ProblemError(Exception):
    """The server answered a problem+json."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem}")
        self.status = status
        self.code = problem.get("code")
        self.field = problem.get("field")
        self.facts = problem.get("facts", {})


@dataclass
class Client:
    """A signed-in session over HTTP."""

    base: str
    http: aiohttp.ClientSession
    identity: dict[str, Any] = field(default_factory=dict)

    async def call(self, method: str, path: str, body: Any = None, **kwargs: Any) -> Any:
        """One API call; returns the decoded answer, raises ProblemError."""
        headers = {"X-CSRF-Token": self.identity.get("csrf_token", ""), **kwargs.pop("headers", {})}
        async with self.http.request(
            method, self.base + path, json=body, headers=headers, **kwargs
        ) as response:
            text = await response.text()
            if response.status >= 400:
                raise ProblemError(response.status, json.loads(text) if text else {})
            return json.loads(text) if text else None

    async def login(self, login: str, password: str = DEMO_PASSWORD) -> dict[str, Any]:
        """本地账号登录."""
        self.identity = await self.call(
            "POST", "/api/login", {"login": login, "password": password}
        )
        return self.identity

    async def terminal_login(self, **request: Any) -> dict[str, Any]:
        """教室终端登录."""
        self.identity = await self.call("POST", "/api/terminal/login", request)
        return self.identity

    async def new_lesson(
        self,
        *,
        rooms: Sequence[str] = RECEIVE_ROOMS,
        title: str = "测试课",
        starts_at: datetime | None = None,
        minutes: int = 40,
    ) -> dict[str, Any]:
        """A lesson of the demo teacher's, in an hour of its own unless a time is given."""
        start = starts_at or datetime.now(UTC) + timedelta(hours=next(_hours))
        return await self.call(
            "POST",
            "/api/lessons",
            {
                "title": title,
                "class_kind": "dedicated",
                "subject": "数学",
                "grade": "一年级",
                "starts_at": start.isoformat(),
                "ends_at": (start + timedelta(minutes=minutes)).isoformat(),
                "lead_teacher_id": LEAD_TEACHER,
                "receive_room_ids": list(rooms),
                "lead_room_id": LEAD_ROOM,
            },
        )

    async def live_lesson(self, **kwargs: Any) -> dict[str, Any]:
        """A lesson of the demo teacher's, started."""
        lesson = await self.new_lesson(**kwargs)
        return await self.call("POST", f"/api/lessons/{lesson['lesson_id']}/start")

    async def media_access(self, lesson_id: str) -> dict[str, Any]:
        """What may be published and watched."""
        return await self.call("POST", f"/api/lessons/{lesson_id}/media-access")

    @asynccontextmanager
    async def channel(
        self, lesson_id: str, hello: dict[str, Any] | None = None
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """The control channel, after `hello`."""
        async with self.http.ws_connect(f"{self.base}/ws/lessons/{lesson_id}") as ws:
            await ws.send_json(hello or {"type": "hello"})
            yield ws


class Front:
    """The address at which clients find an installation, and the clients that were made of it."""

    def __init__(self) -> None:
        self._sessions: list[aiohttp.ClientSession] = []

    @property
    def url(self) -> str:
        """Where it serves."""
        raise NotImplementedError

    async def close_clients(self) -> None:
        """Close the connections of all clients."""
        for session in self._sessions:
            await session.close()

    def client(self) -> Client:
        """A client that is not signed in yet, with a cookie jar of its own."""
        session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self._sessions.append(session)
        return Client(self.url, session)

    async def sign_in(self, login: str, password: str = DEMO_PASSWORD) -> Client:
        """A client signed in as a person (`wang`, `xianguan`, `ziyuan`, `jiaoyan`)."""
        client = self.client()
        await client.login(login, password)
        return client

    async def live_lesson(
        self, *room_ids: str
    ) -> tuple[Client, dict[str, Any], tuple[Client, ...]]:
        """A lesson of the demo teacher's, started: the teacher, the lesson, and these terminals."""
        teacher = await self.sign_in("wang")
        lesson = await teacher.live_lesson()
        return teacher, lesson, tuple([await self.terminal(lesson, one) for one in room_ids])

    async def terminal(self, lesson: dict[str, Any], room_id: str) -> Client:
        """A client signed in as an invited room, by the lesson's 课程码."""
        client = self.client()
        await client.terminal_login(join_code=lesson["join_code"], room_id=room_id)
        return client


class TongkeServer(Front):
    """A running server process. `restart` keeps data and ports; `kill` is a power cut."""

    def __init__(
        self,
        data: Path,
        arguments: Sequence[str] = (),
        prefix: Sequence[str] = (),
        *,
        udp_host: str = "127.0.0.1",
    ) -> None:
        super().__init__()
        self.data = data
        kind = ServerProcess if prefix else ForkedServer
        self._process = kind(data, (f"--udp-host={udp_host}", *arguments), prefix)

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        data: Path | None = None,
        arguments: Sequence[str] = (),
        prefix: Sequence[str] = (),
        *,
        udp_host: str = "127.0.0.1",
    ) -> AsyncIterator[TongkeServer]:
        """A seeded server, stopped at the end; `prefix` stands before its command.

        Media go over loopback, unless they are wanted elsewhere.
        """
        with contextlib.ExitStack() as stack:
            if data is None:
                data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tongke-")))
            server = cls(data / "data", arguments, prefix, udp_host=udp_host)
            await put_demo_people(server.data / "tongke.db")
            try:
                await server.up()
                yield server
            finally:
                await server.close_clients()
                await server.down()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def open_files(self) -> int:
        """How many files the process has open."""
        return self._process.usage().fds

    @property
    def url(self) -> str:
        """Where it serves."""
        return self._process.base_url

    @property
    def http_port(self) -> int:
        """The TCP port of `url`."""
        return self._process.http_port

    @property
    def udp_port(self) -> int:
        """The media port."""
        return self._process.udp_port

    @property
    def log(self) -> str:
        """What the server wrote."""
        path = self._process.log_path
        return path.read_text() if path.exists() else ""

    async def up(self) -> None:
        """Start the process and wait until it is ready."""
        await self._process.start()

    async def down(self) -> None:
        """Stop the process properly."""
        if not await self._process.stop():
            raise ServerFailed(f"did not stop in time\n{self.log}")

    async def kill(self) -> None:
        """Stop the process as a power cut would."""
        await self._process.kill()

    async def restart(self) -> None:
        """Down and up again, on the same data and ports."""
        await self.down()
        await self.up()

    async def metric(self, name: str) -> float:
        """One sample of `/metrics`, without labels.

        Raises:
            KeyError: there is no such metric.
        """
        async with self.client().http.get(f"{self.url}/metrics") as answer:
            lines = (await answer.text()).splitlines()
        return float(dict(line.split(" ", 1) for line in lines if line[:1] != "#")[name])
