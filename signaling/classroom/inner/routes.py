"""Routes behind a cell's door alone: what web processes ask about its live rooms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from signaling.classroom.api import LiveLessons
from signaling.classroom.inner.bodies import LiveLessonList, LoginHashes, NoticeGiven, PersonNamed
from signaling.web.at_cell import AT_CELL
from signaling.web.routes import Access, Call, Route

ROOMS = "/inner/rooms"
LOGINS = "/inner/logins"
ENDED_LOGINS = "/inner/logins/ended"
SEATS = "/inner/seats/review"
FOLLOW = "/inner/lessons/{lesson_id}/follow"
NOTICE = "/inner/lessons/{lesson_id}/notice"
# Not `lesson_id`: the door asks whether a lesson of that name is here, and this one is not yet.
TAKE = "/inner/take/{taken_id}"
DRAIN = "/inner/drain"


@dataclass(frozen=True, slots=True)
class InnerHandlers:
    """The live rooms of this cell. Whoever is let in by the door is a web process."""

    live: LiveLessons
    take_up: Callable[[str], Awaitable[None]]
    set_drain: Callable[[bool], Awaitable[None]]

    async def rooms(self, call: Call) -> LiveLessonList:
        """Return the open rooms."""
        del call
        return LiveLessonList(await self.live.rooms())

    async def logins(self, call: Call) -> LoginHashes:
        """Return the logins in use."""
        del call
        return LoginHashes(tuple(await self.live.logins_in_use()))

    async def end_logins(self, call: Call) -> None:
        """Close what was opened by these logins."""
        await self.live.end_logins(call.body.hashes)

    async def review_seats(self, call: Call) -> None:
        """Judge a person's seats anew."""
        await self.live.review_seats(call.body.person_id)

    async def take(self, call: Call) -> None:
        """Take up a lesson that no cell has."""
        await self.take_up(call.path("taken_id"))

    async def drain(self, call: Call) -> None:
        """Begin to move the lessons of this cell to others."""
        del call
        await self.set_drain(True)

    async def end_drain(self, call: Call) -> None:
        """Keep the lessons that are still here, and take new ones again."""
        del call
        await self.set_drain(False)

    async def follow(self, call: Call) -> None:
        """Bring a lesson's room to what the database says."""
        await self.live.follow(call.path("lesson_id"))

    async def notify(self, call: Call) -> None:
        """Put a notice on the screens of a lesson's rooms."""
        await self.live.notify(call.path("lesson_id"), call.body.notice)


ROUTES: tuple[Route[InnerHandlers], ...] = (
    Route("GET", ROOMS, InnerHandlers.rooms, "开着的课堂", LiveLessonList, access=Access.OPEN),
    Route("GET", LOGINS, InnerHandlers.logins, "在用的登录", LoginHashes, access=Access.OPEN),
    Route(
        "POST",
        ENDED_LOGINS,
        InnerHandlers.end_logins,
        "已结束的登录",
        body=LoginHashes,
        access=Access.OPEN,
    ),
    Route(
        "POST",
        SEATS,
        InnerHandlers.review_seats,
        "重新核对座位",
        body=PersonNamed,
        access=Access.OPEN,
    ),
    Route("POST", TAKE, InnerHandlers.take, "接过一节课", access=Access.OPEN),
    Route("POST", DRAIN, InnerHandlers.drain, "排空", access=Access.OPEN),
    Route("DELETE", DRAIN, InnerHandlers.end_drain, "停止排空", access=Access.OPEN),
    Route(
        "POST",
        FOLLOW,
        InnerHandlers.follow,
        "跟上数据库里的课",
        access=Access.OPEN,
        at_cell=AT_CELL,
    ),
    Route(
        "POST",
        NOTICE,
        InnerHandlers.notify,
        "给教室发通知",
        body=NoticeGiven,
        access=Access.OPEN,
        at_cell=AT_CELL,
    ),
)
