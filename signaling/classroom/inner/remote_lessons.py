"""The live lessons of all cells, as a web process asks for them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import TypeVar

import msgspec
import structlog

from signaling.base.errors import (
    Busy,
    CellAway,
    LiveStateUnknown,
    NotFound,
    SignalingError,
    WrongLessonState,
)
from signaling.base.problem_codes import ProblemCode
from signaling.classroom.api import LiveLesson, LiveNotice
from signaling.classroom.inner import routes
from signaling.classroom.inner.bodies import LiveLessonList, LoginHashes, NoticeGiven, PersonNamed
from signaling.forwarding.places import CellAddress, LessonPlaces, NoCell, OpenLessons
from signaling.forwarding.sender import NotHeld, Sender
from signaling.web.wire import Problem

log = structlog.get_logger(__name__)

_T = TypeVar("_T")
# What a room answers to a notice; any other problem is none that the asker could mend.
_ANSWERS: dict[ProblemCode, type[SignalingError]] = {
    ProblemCode.NOT_FOUND: NotFound,
    ProblemCode.UNKNOWN_ROOM: NotFound,
    ProblemCode.LESSON_NOT_FOUND: NotFound,
    ProblemCode.WRONG_STATE: WrongLessonState,
    ProblemCode.BUSY: Busy,
}


async def ask_to_take(sender: Sender, cell: CellAddress, lesson_id: str) -> bool:
    """Ask a cell to take up a lesson; tell whether it has it now. Raises CellAway."""
    status, _ = await sender.ask(cell, "POST", routes.TAKE.replace("{taken_id}", lesson_id))
    return status < 300


async def ask_to_drain(sender: Sender, cell: CellAddress, on: bool) -> None:
    """Ask a cell to move its lessons to others, or to stop that. Raises CellAway."""
    status, _ = await sender.ask(cell, "POST" if on else "DELETE", routes.DRAIN)
    if status >= 300:
        raise CellAway(f"the cell answered {status}")


class RemoteLessons:
    """Implements `LiveLessons` over the doors of the cells.

    What only ends something tells every cell, and passes over those that are away: nothing of the
    kind is open there, or their own upkeep ends it within seconds.
    """

    def __init__(self, places: LessonPlaces, lessons: OpenLessons, sender: Sender) -> None:
        self._places = places
        self._lessons = lessons
        self._sender = sender

    async def rooms(self) -> tuple[LiveLesson, ...]:
        """See `LiveLessons`. If one cell does not answer, nothing is known."""
        lists = await self._of_all(routes.ROOMS, LiveLessonList)
        return tuple(lesson for one in lists for lesson in one.lessons)

    async def logins_in_use(self) -> frozenset[str]:
        """See `LiveLessons`. If one cell does not answer, nothing is known."""
        lists = await self._of_all(routes.LOGINS, LoginHashes)
        return frozenset(found for one in lists for found in one.hashes)

    async def end_logins(self, hashes: Collection[str]) -> None:
        """See `LiveLessons`."""
        if hashes:
            await self._tell_all(routes.ENDED_LOGINS, LoginHashes(tuple(hashes)))

    async def review_seats(self, person_id: str) -> None:
        """See `LiveLessons`."""
        await self._tell_all(routes.SEATS, PersonNamed(person_id))

    async def follow(self, lesson_id: str) -> None:
        """See `LiveLessons`. A lesson without a cell has no room, unless it is live by now."""
        cell = await self._cell(lesson_id, opens=False)
        if cell is not None:
            await self._told(lesson_id, cell, routes.FOLLOW, b"")

    async def notify(self, lesson_id: str, notice: LiveNotice) -> None:
        """See `LiveLessons`."""
        cell = await self._cell(lesson_id, opens=True)
        if cell is None:
            raise WrongLessonState("the lesson is not open")
        body = msgspec.json.encode(NoticeGiven(notice))
        await self._told(lesson_id, cell, routes.NOTICE, body)

    # --- one cell --------------------------------------------------------------------------------

    async def _cell(self, lesson_id: str, *, opens: bool) -> CellAddress | None:
        cell = await self._places.cell_of(lesson_id)
        size = None if cell is not None else await self._lessons.size(lesson_id)
        if size is None or not (opens or size.is_live):
            return cell
        try:
            return await self._places.place(lesson_id, size.rooms)
        except NoCell as error:
            raise LiveStateUnknown(str(error)) from None

    async def _told(self, lesson_id: str, cell: CellAddress, route: str, body: bytes) -> None:
        path = route.replace("{lesson_id}", lesson_id)
        try:
            await self._asked(cell, "POST", path, body)
        except NotHeld:
            self._places.forget(lesson_id)
            other = await self._places.cell_of(lesson_id)
            if other is None or other == cell:
                raise LiveStateUnknown("the lesson is between two cells") from None
            await self._asked(other, "POST", path, body)

    # --- all cells -------------------------------------------------------------------------------

    async def _of_all(self, path: str, kind: type[_T]) -> list[_T]:
        cells = await self._places.cells()
        answers = await asyncio.gather(*(self._asked(cell, "GET", path, b"") for cell in cells))
        return [msgspec.json.decode(answer, type=kind) for answer in answers]

    async def _tell_all(self, path: str, wish: msgspec.Struct) -> None:
        body = msgspec.json.encode(wish)
        cells = await self._places.cells()
        results = await asyncio.gather(
            *(self._asked(cell, "POST", path, body) for cell in cells), return_exceptions=True
        )
        for cell, result in zip(cells, results, strict=True):
            if isinstance(result, SignalingError):
                log.warning("cell_not_told", cell=cell.cell_id, path=path, error=str(result))
            elif isinstance(result, BaseException):
                raise result

    async def _asked(self, cell: CellAddress, method: str, path: str, body: bytes) -> bytes:
        try:
            status, answer = await self._sender.ask(cell, method, path, body)
        except CellAway as error:
            raise LiveStateUnknown(str(error)) from None
        if status < 300:
            return answer
        raise _problem(status, answer)


def _problem(status: int, answer: bytes) -> SignalingError:
    """Return the error for which a cell's answer stands."""
    try:
        problem = msgspec.json.decode(answer, type=Problem)
    except msgspec.MsgspecError:
        return LiveStateUnknown(f"a cell answered {status}")
    kind = _ANSWERS.get(problem.code)
    if kind is None:
        return LiveStateUnknown(f"a cell answered {problem.code}")
    return kind(problem.detail, code=problem.code)
