"""A lesson under way in real browsers: a server, its teacher, and classrooms that come in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.browser import Browsers, Capture, browsers
from tests.support.people import ClassroomSeat, TeacherSeat, lesson_open_now
from tests.support.server import Client, TongkeServer
from tests.support.udp_proxy import UdpProxy

ROOM = "shanquan1"


@dataclass
class LiveClass:
    """A lesson that was started. `api` is the teacher without a browser."""

    server: TongkeServer
    seats: Browsers
    api: Client
    lesson: dict[str, Any]
    teacher: TeacherSeat
    rooms: list[ClassroomSeat] = field(default_factory=list)

    @property
    def lesson_id(self) -> str:
        """The lesson's id."""
        return str(self.lesson["lesson_id"])

    @property
    def errors(self) -> list[str]:
        """Everything that anybody's page complained about."""
        return [error for one in (self.teacher, *self.rooms) for error in one.seat.errors]

    async def arrives(
        self,
        room_id: str = ROOM,
        capture: Capture | None = None,
        *,
        proxy: UdpProxy | None = None,
        seats: Browsers | None = None,
    ) -> ClassroomSeat:
        """A classroom's terminal signs in and stands before the door."""
        room = await ClassroomSeat.arrive(
            self.server, seats or self.seats, self.lesson, room_id, capture, proxy
        )
        self.rooms.append(room)
        return room

    async def enters(
        self, room_id: str = ROOM, capture: Capture | None = None, **more: Any
    ) -> ClassroomSeat:
        """A classroom comes in and sees the teacher."""
        room = await self.arrives(room_id, capture, **more)
        await room.enter()
        return room


@asynccontextmanager
async def live_class(
    folder: Path,
    capture: Capture | None = None,
    *,
    codec: str | None = None,
    arguments: Sequence[str] = (),
    udp_host: str = "127.0.0.1",
    opened: Callable[[], AbstractAsyncContextManager[Any]] = browsers,
    prepare: Callable[[TeacherSeat], Awaitable[object]] | None = None,
    **seat: Any,
) -> AsyncIterator[LiveClass]:
    """Start a server, and on it today's lesson as its teacher does in a browser.

    Args:
        folder: for the server's data.
        capture: the teacher's camera and microphone.
        codec: that the teacher's page is told to use.
        arguments: more of them for the server.
        udp_host: where media go.
        opened: opens the browsers.
        prepare: called with the signed-in teacher before the lesson is opened.
        seat: more about the teacher's browser, such as its size.
    """
    async with (
        TongkeServer.start(folder, arguments, udp_host=udp_host) as server,
        opened() as seats,
    ):
        api = await server.sign_in("wang")
        lesson = await lesson_open_now(api)
        teacher = await TeacherSeat.arrive(server, seats, capture, **seat)
        if prepare is not None:
            await prepare(teacher)
        await teacher.open_lesson(lesson["lesson_id"], codec=codec)
        await teacher.start_lesson()
        yield LiveClass(server, seats, api, lesson, teacher)
