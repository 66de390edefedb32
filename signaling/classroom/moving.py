"""Moving lessons to other cells, one after another: what a cell does while it is drained."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Protocol

import structlog

from signaling.base.clock import Clock
from signaling.base.errors import Busy, CellAway, NotFound, WrongLessonState
from signaling.base.turns import end_between_turns
from signaling.classroom.hub import RoomHub
from signaling.classroom.live_room import LiveRoom
from signaling.classroom.tenure import Tenure
from signaling.classroom.wire import ByeReason
from signaling.lessons.records import LessonRecord
from signaling.lessons.rules import OPEN_STATES
from signaling.lessons.store import LessonStore
from signaling.lessons.wire import LessonState

log = structlog.get_logger(__name__)

LOOK_S = 1.0  # between two looks at what is still here
PACE_S = 0.3  # between two lessons: the pages of the one before come back meanwhile
LINGER_S = 3.0  # media of a lesson that has left: the last picture flows until its pages are there
HAND_S = 5.0  # for one cell to take a lesson
HANDS = 3  # cells that are asked one after another
AGAIN_S = 0.2  # between two of them


class Others(Protocol):
    """The other cells, as one that is drained sees them."""

    def have_room(self, record: LessonRecord) -> bool:
        """Tell whether one of them could take a lesson now."""

    async def take(self, record: LessonRecord) -> None:
        """Have one of them take a lesson that was given back. Raises CellAway."""


class LessonMover:
    """Moves lessons to other cells."""

    def __init__(
        self, hub: RoomHub, lessons: LessonStore, tenure: Tenure, others: Others, clock: Clock
    ) -> None:
        self._hub = hub
        self._lessons = lessons
        self._tenure = tenure
        self._others = others
        self._clock = clock
        self._lingering: set[asyncio.Task[None]] = set()
        self._kept: set[str] = set()  # lessons of which was told that nobody takes them

    async def here(self) -> Sequence[LessonRecord]:
        """The lessons whose rooms are open in this process, those that wait first."""
        records = await self._lessons.lessons({room.lesson_id for room in self._hub.rooms})
        return sorted(
            records.values(), key=lambda one: (one.state is LessonState.LIVE, one.lesson_id)
        )

    async def move(self, record: LessonRecord) -> bool:
        """Move a lesson, unless no other cell has room for it; tell whether it has left.

        A room that waits is only given back: its pages find it a cell.
        """
        lesson_id = record.lesson_id
        if not self._others.have_room(record):
            if lesson_id not in self._kept:
                self._kept.add(lesson_id)
                log.warning("nobody_takes_lesson", lesson_id=lesson_id)
            return False
        self._kept.discard(lesson_id)
        began = self._clock.monotonic()
        room = await self._hub.give_up(lesson_id)
        if room is None:
            return False
        if record.state is LessonState.LIVE and not await self._handed(record):
            await self._take_back(room)
            return False
        room.close(ByeReason.MOVED)
        self._linger(lesson_id)
        took_ms = round((self._clock.monotonic() - began) * 1000)
        log.info("lesson_moved", lesson_id=lesson_id, took_ms=took_ms, pages=len(room.channels))
        return True

    async def settle(self) -> None:
        """Wait until the media of the lessons that left last have ended."""
        if self._lingering:
            await asyncio.wait(self._lingering, timeout=2 * LINGER_S)

    # --- inside ----------------------------------------------------------------------------------

    async def _handed(self, record: LessonRecord) -> bool:
        """Ask other cells to take a lesson; tell whether one has it."""
        for attempt in range(HANDS):
            if attempt:
                await asyncio.sleep(AGAIN_S)
            try:
                async with asyncio.timeout(HAND_S):
                    await self._others.take(record)
            except (CellAway, TimeoutError) as error:
                log.warning("lesson_not_handed", lesson_id=record.lesson_id, reason=repr(error))
            else:
                return True
        return False

    async def _take_back(self, room: LiveRoom) -> None:
        """Go on with a lesson that nobody took, in a new room over the same media."""
        lesson_id = room.lesson_id
        with contextlib.suppress(Busy, CellAway, NotFound, WrongLessonState):
            await self._tenure.take_again(lesson_id)
            await self._hub.enter(lesson_id)
        record = await self._lessons.lesson(lesson_id)
        if record is not None and self._hub.room(lesson_id) is not None:
            await self._hub.follow(record)
        is_open = record is not None and record.state in OPEN_STATES
        room.close(ByeReason.SHUTDOWN if is_open else ByeReason.LESSON_OVER)
        self._linger(lesson_id)

    def _linger(self, lesson_id: str) -> None:
        task = asyncio.create_task(self._let_go(lesson_id), name="linger")
        self._lingering.add(task)
        task.add_done_callback(self._lingering.discard)

    async def _let_go(self, lesson_id: str) -> None:
        await asyncio.sleep(LINGER_S)
        self._hub.let_go(lesson_id)


class Drain:
    """Empties this process of lessons, until it is told to stop that."""

    def __init__(self, mover: LessonMover, hub: RoomHub) -> None:
        self._mover = mover
        self._hub = hub
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._empty = asyncio.Event()

    @property
    def is_on(self) -> bool:
        """Whether lessons are moved away."""
        return self._task is not None

    def begin(self) -> None:
        """Begin, or go on. The process must take no new lessons from now on."""
        if self._task is None:
            self._empty.clear()
            self._task = asyncio.create_task(self._run(), name="drain")
            log.info("drain_began", rooms=len(self._hub.rooms))

    async def end(self) -> None:
        """End it, after the lesson that is on its way."""
        task, self._task = self._task, None
        if task is not None:
            await end_between_turns(task, self._turn)
            log.info("drain_ended", rooms=len(self._hub.rooms))

    async def wait(self, within_s: float) -> bool:
        """Wait until all lessons have left and been seen off; tell whether they have in time."""
        try:
            async with asyncio.timeout(within_s):
                await self._empty.wait()
        except TimeoutError:
            log.warning("drain_incomplete", rooms=[room.lesson_id for room in self._hub.rooms])
            return False
        await self._mover.settle()
        return True

    async def _run(self) -> None:
        while True:
            try:
                await self._look()
            except Exception:
                log.exception("drain_failed")  # the next look may fare better
            if not self._hub.rooms:
                self._empty.set()
            await asyncio.sleep(LOOK_S)

    async def _look(self) -> None:
        for record in await self._mover.here():
            async with self._turn:
                moved = await self._mover.move(record)
            if moved and record.state is LessonState.LIVE:
                await asyncio.sleep(PACE_S)
