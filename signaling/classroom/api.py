"""The seam to live lessons, for the wings on lower floors; wiring hands it to them.

A lesson's room lives in one process, and later not in the one that answers a page. So this is all
that other wings may ask, every answer is a plain value, and an answer may come late or not at all.
Await none of these calls inside a database transaction: it would stay open meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine
from datetime import datetime
from typing import Any, Protocol, TypeVar

import msgspec
import structlog

from signaling.base.errors import LiveStateUnknown
from signaling.links.wire import LinkState

log = structlog.get_logger(__name__)

ANSWER_S = 5.0  # the longest wait for one answer
MAX_UNDER_WAY = 64  # calls, late ones among them; with so many, nobody else is asked

_T = TypeVar("_T")


class LiveSeat(msgspec.Struct, frozen=True):
    """Somebody listed in an open room: the link now (offline if gone), and 到课人数 of a room."""

    participant_id: str
    link: LinkState
    headcount: int | None = None


class LiveLesson(msgspec.Struct, frozen=True):
    """A lesson whose room is open; `present` are the participants there, without observers."""

    lesson_id: str
    is_live: bool
    present: tuple[str, ...]
    seats: tuple[LiveSeat, ...] = ()


class LiveNotice(msgspec.Struct, frozen=True):
    """A notice for a room of a lesson; `participant_id` None addresses every receive room."""

    text: str
    by: str
    at: datetime
    participant_id: str | None = None


class LiveLessons(Protocol):
    """The live lessons of the server. Every call may raise LiveStateUnknown."""

    async def rooms(self) -> tuple[LiveLesson, ...]:
        """Return the lessons whose rooms are open, live or not."""

    async def follow(self, lesson_id: str) -> None:
        """Bring a lesson's room to what the database says: begin, go on, or end.

        The call may be repeated any number of times.
        """

    async def notify(self, lesson_id: str, notice: LiveNotice) -> None:
        """Put a notice on the screens of a lesson's rooms; it waits for those that are not there.

        Raises:
            NotFound, WrongLessonState, Busy: there is no room to put it up in.
        """

    async def logins_in_use(self) -> frozenset[str]:
        """Return the hashes of the logins by which channels and media sessions are open."""

    async def end_logins(self, hashes: Collection[str]) -> None:
        """Close the channels and media sessions that were opened by these logins."""

    async def review_seats(self, person_id: str) -> None:
        """Close what a person who has lost roles would not be let into today."""


class InTime:
    """Live lessons that answer within `ANSWER_S` or say that they are unknown.

    A call that is late goes on: a lesson must not be cut off half begun or half ended.
    """

    def __init__(self, lessons: LiveLessons, answer_s: float = ANSWER_S) -> None:
        self._lessons = lessons
        self._answer_s = answer_s
        self._under_way: set[asyncio.Task[Any]] = set()

    async def rooms(self) -> tuple[LiveLesson, ...]:
        """See `LiveLessons`."""
        return await self._ask("rooms", self._lessons.rooms())

    async def follow(self, lesson_id: str) -> None:
        """See `LiveLessons`."""
        await self._ask("follow", self._lessons.follow(lesson_id))

    async def notify(self, lesson_id: str, notice: LiveNotice) -> None:
        """See `LiveLessons`."""
        await self._ask("notify", self._lessons.notify(lesson_id, notice))

    async def logins_in_use(self) -> frozenset[str]:
        """See `LiveLessons`."""
        return await self._ask("logins_in_use", self._lessons.logins_in_use())

    async def end_logins(self, hashes: Collection[str]) -> None:
        """See `LiveLessons`."""
        await self._ask("end_logins", self._lessons.end_logins(hashes))

    async def review_seats(self, person_id: str) -> None:
        """See `LiveLessons`."""
        await self._ask("review_seats", self._lessons.review_seats(person_id))

    async def _ask(self, name: str, call: Coroutine[Any, Any, _T]) -> _T:
        if len(self._under_way) >= MAX_UNDER_WAY:
            call.close()
            raise LiveStateUnknown("too many calls are under way")
        task = asyncio.create_task(call, name=f"live-{name}")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        await asyncio.wait((task,), timeout=self._answer_s)
        if not task.done():
            task.add_done_callback(_note_late)
            raise LiveStateUnknown(f"{name}: no answer within {self._answer_s:g} s")
        return task.result()


def _note_late(task: asyncio.Task[Any]) -> None:
    failure = None if task.cancelled() else task.exception()
    log.warning("live_answer_late", call=task.get_name(), failure=failure and repr(failure))
