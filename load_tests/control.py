"""REST and the control channel, as a page uses them (docs/protocol.md)."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urljoin

import aiohttp
import msgspec

from load_tests.peer import Endpoint
from signaling.classroom import wire
from signaling.classroom.messages import Command, Event
from signaling.classroom.parts.hands import RaiseHand
from signaling.classroom.parts.mute import MuteAll
from signaling.classroom.parts.part import P, Part
from signaling.classroom.parts.stage import StageInvite, StageRemove
from signaling.classroom.registry import PARTS
from signaling.directory.wire import Directory
from signaling.identity.wire import (
    Identity,
    LoginRequest,
    TerminalLogin,
    TerminalLookup,
    TerminalRooms,
)
from signaling.lessons import wire as api
from signaling.library.wire import RecordingDetail, RecordingList
from signaling.media.wire import ExternalAccess, MediaAccess, MediaEndpoint
from signaling.web.wire import Problem

T = TypeVar("T")
REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=20)
DOWNLOAD_TIMEOUT = aiohttp.ClientTimeout(total=300)
COMMAND_TIMEOUT_S = 5.0
PING_INTERVAL_S = 2.0  # docs/protocol.md
MAX_MESSAGE_BYTES = 1 << 20
MAX_CONNECTIONS = 100  # of one client; aiohttp's own limit


class ApiRefused(Exception):
    """A request was answered by a problem."""

    def __init__(self, status: int, problem: Problem | None, path: str) -> None:
        detail = f"{problem.code}: {problem.detail} ({problem.field})" if problem else ""
        super().__init__(f"{path}: {status} {detail}")
        self.status = status
        self.problem = problem


class CommandRefused(Exception):
    """A command over the control channel was answered by an error."""

    def __init__(self, error: wire.CommandError) -> None:
        super().__init__(f"{error.code}: {error.detail}")
        self.error = error


class ApiClient:
    """One signed-in browser: cookies, CSRF token, typed calls. Use as an async context manager."""

    def __init__(self, base_url: str, *, connections: int = MAX_CONNECTIONS) -> None:
        self.base_url = base_url.rstrip("/")
        self.identity: Identity | None = None
        self.csrf_token = ""
        # `unsafe`: the server is reached by its IP address, for which cookies are else refused
        self.http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            connector=aiohttp.TCPConnector(limit=connections),
        )

    async def __aenter__(self) -> ApiClient:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self.http.close()

    async def call(
        self, method: str, path: str, answer: type[T], body: msgspec.Struct | None = None
    ) -> T:
        """One request. Raises ApiRefused."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if self.csrf_token and method != "GET":
            headers["X-CSRF-Token"] = self.csrf_token
        async with self.http.request(
            method,
            self.base_url + path,
            data=msgspec.json.encode(body) if body is not None else None,
            headers=headers,
            timeout=REQUEST_TIMEOUT,
        ) as response:
            data = await response.read()
            if response.status >= 400:
                raise ApiRefused(response.status, _problem(data), path)
        return msgspec.json.decode(data, type=answer)

    async def login(self, login: str, password: str) -> Identity:
        """本地账号登录."""
        body = LoginRequest(login=login, password=password)
        return self._signed_in(await self.call("POST", "/api/login", Identity, body))

    async def terminal_rooms(self, join_code: str) -> TerminalRooms:
        """The rooms that a 课程码 invites."""
        body = TerminalLookup(join_code=join_code)
        return await self.call("POST", "/api/terminal/lookup", TerminalRooms, body)

    async def terminal_login(
        self,
        *,
        join_code: str | None = None,
        room_id: str | None = None,
        device_token: str | None = None,
    ) -> Identity:
        """教室终端登录."""
        body = TerminalLogin(join_code=join_code, room_id=room_id, device_token=device_token)
        return self._signed_in(await self.call("POST", "/api/terminal/login", Identity, body))

    def _signed_in(self, identity: Identity) -> Identity:
        self.identity, self.csrf_token = identity, identity.csrf_token
        return identity

    async def directory(self) -> Directory:
        """Schools, rooms and lead teachers."""
        return await self.call("GET", "/api/directory", Directory)

    async def lessons(self, day: str | None = None) -> api.LessonList:
        """The lessons of a day."""
        return await self.call(
            "GET", "/api/lessons" + (f"?day={day}" if day else ""), api.LessonList
        )

    async def create_lesson(
        self, title: str, room_ids: Sequence[str], starts_at: datetime, ends_at: datetime
    ) -> api.Lesson:
        """A lesson with the signed-in teacher as the lead."""
        assert self.identity is not None
        body = api.LessonCreate(
            title=title,
            class_kind=api.ClassKind.DEDICATED,
            subject="数学",
            grade="四年级",
            starts_at=starts_at,
            ends_at=ends_at,
            lead_teacher_id=self.identity.subject_id,
            receive_room_ids=tuple(room_ids),
        )
        return await self.call("POST", "/api/lessons", api.Lesson, body)

    async def lesson(self, lesson_id: str) -> api.Lesson:
        """One lesson."""
        return await self.call("GET", f"/api/lessons/{lesson_id}", api.Lesson)

    async def start_lesson(self, lesson_id: str) -> api.Lesson:
        """开始上课."""
        return await self.call("POST", f"/api/lessons/{lesson_id}/start", api.Lesson)

    async def end_lesson(self, lesson_id: str) -> api.Lesson:
        """下课."""
        return await self.call("POST", f"/api/lessons/{lesson_id}/end", api.Lesson)

    async def media_access(self, lesson_id: str) -> MediaAccess:
        """Endpoints and tokens of this participant."""
        return await self.call("POST", f"/api/lessons/{lesson_id}/media-access", MediaAccess)

    async def external_access(self, lesson_id: str) -> ExternalAccess:
        """Endpoints and tokens for OBS and players."""
        return await self.call("POST", f"/api/lessons/{lesson_id}/external-access", ExternalAccess)

    async def recordings(self) -> RecordingList:
        """The newest recordings."""
        return await self.call("GET", "/api/recordings?limit=20", RecordingList)

    async def recording(self, recording_id: str) -> RecordingDetail:
        """One recording."""
        return await self.call("GET", f"/api/recordings/{recording_id}", RecordingDetail)

    async def download(self, url: str, target: Path) -> int:
        """Fetch a file to disk; returns its size. Raises ApiRefused."""
        size = 0
        async with self.http.get(urljoin(self.base_url, url), timeout=DOWNLOAD_TIMEOUT) as answer:
            if answer.status >= 400:
                raise ApiRefused(answer.status, _problem(await answer.read()), url)
            with target.open("wb") as file:
                async for chunk in answer.content.iter_chunked(1 << 16):
                    file.write(chunk)
                    size += len(chunk)
        return size

    def endpoint(self, media: MediaEndpoint) -> Endpoint:
        """A media endpoint with an absolute URL."""
        return Endpoint(urljoin(self.base_url + "/", media.url), media.token)

    async def control(self, lesson_id: str) -> ControlChannel:
        """Join the lesson's room. Raises aiohttp.ClientError, CommandRefused, TimeoutError."""
        channel = ControlChannel()
        await channel.open(self, lesson_id)
        return channel


def _problem(data: bytes) -> Problem | None:
    try:
        return msgspec.json.decode(data, type=Problem)
    except msgspec.MsgspecError:
        return None


PART_OF = {event: part for part in PARTS for event in part.events}


class RoomState:
    """The lesson room as snapshot and events made it: a piece for each part."""

    def __init__(self) -> None:
        self.seq = 0
        self.instance = ""
        self.you = ""
        self.slots: tuple[wire.SlotNow, ...] = ()
        self._pieces: dict[type[Part[Any]], Any] = {}

    def piece(self, part: type[Part[P]]) -> P:
        """One part's fields."""
        return self._pieces[part]

    def apply(self, message: Any) -> None:
        """Take a snapshot or an event."""
        if isinstance(message, wire.SnapshotHead):
            self.instance, self.you = message.instance, message.you
            for part in PARTS:
                self._pieces[part] = msgspec.convert(message, part.piece, from_attributes=True)
        elif isinstance(message, Event):
            part = PART_OF[type(message)]
            self._pieces[part] = part.apply(self._pieces[part], message)
        elif isinstance(message, wire.Slots):
            self.slots = message.slots
        self.seq = getattr(message, "seq", self.seq)


class ControlChannel:
    """One participant's WebSocket; keeps `state` current and answers commands by futures.

    Attributes:
        bye: why the server closed the channel, None while it is open.
        closed: set when the channel is gone for whatever reason.
    """

    def __init__(self) -> None:
        self.state = RoomState()
        self.bye: wire.ByeReason | None = None
        self.closed = asyncio.Event()
        self.on_message: Callable[[Any], None] = lambda _message: None
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._changed = asyncio.Condition()
        self._joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._decoder = msgspec.json.Decoder(wire.any_of(wire.SERVER_MESSAGES))

    async def open(
        self,
        client: ApiClient,
        lesson_id: str,
        *,
        instance: str | None = None,
        seq: int | None = None,
    ) -> None:
        """Connect, say hello, wait for the snapshot (or the resume)."""
        url = f"{client.base_url}/ws/lessons/{lesson_id}"
        self._socket = await client.http.ws_connect(
            url, origin=client.base_url, max_msg_size=MAX_MESSAGE_BYTES
        )
        await self._send(wire.Hello(instance=instance, seq=seq))
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._ping())]
        try:
            await asyncio.wait_for(asyncio.shield(self._joined), COMMAND_TIMEOUT_S)
        except BaseException:
            await self.close()
            raise

    async def command(self, make: Callable[[int], Command]) -> None:
        """Send the command that `make` builds from its id, wait for its ack.

        Raises:
            CommandRefused: the server refused it.
            TimeoutError: no answer.
        """
        number = next(self._ids)
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answered
        try:
            await self._send(make(number))
            await asyncio.wait_for(answered, COMMAND_TIMEOUT_S)
        finally:
            self._waiting.pop(number, None)

    async def raise_hand(self) -> None:
        """举手."""
        await self.command(lambda n: RaiseHand(id=n))

    async def invite(self, participant_id: str) -> None:
        """请上讲台."""
        await self.command(lambda n: StageInvite(id=n, participant_id=participant_id))

    async def remove(self, participant_id: str) -> None:
        """请下讲台."""
        await self.command(lambda n: StageRemove(id=n, participant_id=participant_id))

    async def mute_all(self, muted: bool) -> None:
        """全体静音 / 解除静音."""
        await self.command(lambda n: MuteAll(id=n, muted=muted))

    async def view(self, *slots: wire.SlotView) -> None:
        """Say what the video slots show."""
        await self.command(lambda n: wire.View(id=n, slots=slots))

    async def until(
        self, condition: Callable[[RoomState], bool], *, timeout_s: float = 10.0
    ) -> None:
        """Wait for a condition on the state. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(lambda: condition(self.state))

    async def close(self) -> None:
        """Leave."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()
        self._end()

    async def send_text(self, text: str) -> None:
        """Send anything, for tests of bad input."""
        assert self._socket is not None
        await self._socket.send_str(text)

    async def _send(self, message: msgspec.Struct) -> None:
        assert self._socket is not None
        if self._socket.closed:
            code = self._socket.close_code
            raise ConnectionError(f"the control channel is closed (bye {self.bye}, code {code})")
        await self._socket.send_str(msgspec.json.encode(message).decode())

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(PING_INTERVAL_S)
            await self._send(wire.Ping(sent_at=time.time()))

    async def _read(self) -> None:
        assert self._socket is not None
        try:
            async for frame in self._socket:
                if frame.type is aiohttp.WSMsgType.TEXT:
                    await self._take(self._decoder.decode(frame.data))
        finally:
            self._end()

    async def _take(self, message: Any) -> None:
        match message:
            case wire.Ack():
                self._answer(message.id, None)
            case wire.CommandError() if message.id is not None:
                self._answer(message.id, CommandRefused(message))
            case wire.Bye():
                self.bye = message.reason
            case wire.SnapshotHead() | wire.Resumed() if not self._joined.done():
                self._joined.set_result(None)
        self.state.apply(message)
        self.on_message(message)
        async with self._changed:
            self._changed.notify_all()

    def _answer(self, number: int, error: Exception | None) -> None:
        waiting = self._waiting.get(number)
        if waiting is None or waiting.done():
            return
        if error is None:
            waiting.set_result(None)
        else:
            waiting.set_exception(error)

    def _end(self) -> None:
        self.closed.set()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError("the control channel is closed"))
        if not self._joined.done():
            self._joined.cancel()
