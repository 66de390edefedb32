"""Taking lessons up: asked for by a web process, or left behind by a dead cell."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog

from signaling.base.errors import SignalingError
from signaling.base.turns import end_between_turns
from signaling.classroom.hub import RoomHub
from signaling.classroom.tenure import Tenure
from signaling.lessons.records import LessonRecord
from signaling.lessons.store import LessonStore

log = structlog.get_logger(__name__)

CALM_S = 0.1  # in which a process that is not starved is late by some milliseconds
STARVED_S = 0.2  # late by this much, it is
MOST_CALMS = 30  # then it looks all the same: somebody must


class Shares(Protocol):
    """Knows which lessons without a cell this process is to take up."""

    async def orphans(self, lesson_ids: Sequence[str]) -> Sequence[str]:
        """Return those of these lessons that no other living cell has."""

    async def mine(self, lessons: Sequence[LessonRecord]) -> Sequence[str]:
        """Return those of these orphans that are this process's to take up.

        All cells choose alike. Where they do not, only one of them gets the lesson.
        """


class LessonTaker:
    """Takes lessons up: the right to hold them, their rooms, and all that goes on in them."""

    def __init__(self, tenure: Tenure, hub: RoomHub, lessons: LessonStore) -> None:
        self._tenure = tenure
        self._hub = hub
        self._lessons = lessons

    async def take(self, lesson_id: str) -> None:
        """Take up one lesson. Nothing happens if it is here already.

        Raises:
            CellAway: another process has it, or nobody can tell.
            NotFound, WrongLessonState: there is no such lesson, or it is over.
            Busy: too many rooms are open.
        """
        await self._tenure.take(lesson_id)  # before the hub's lock: an answer may take a moment
        try:
            await self._hub.enter(lesson_id)
        except BaseException:  # such as the end of the lesson meanwhile: nobody else gives it back
            self._hub.give_back_unopened(lesson_id)
            raise
        record = await self._lessons.lesson(lesson_id)
        if record is not None:
            await self._hub.follow(record)

    async def take_orphans(self, shares: Shares) -> None:
        """Take up this process's share of the live lessons whose cell is gone."""
        live = await self._lessons.live_ids()
        elsewhere = [lesson_id for lesson_id in live if not self._tenure.has(lesson_id)]
        orphans = await shares.orphans(elsewhere)
        records = await self._lessons.lessons(orphans) if orphans else {}
        for lesson_id in await shares.mine(tuple(records.values())):
            try:
                await self.take(lesson_id)
            except SignalingError as error:  # one lesson must not keep the others waiting
                log.info("orphan_not_taken_up", lesson_id=lesson_id, reason=str(error))
            else:
                log.info("orphan_taken_up", lesson_id=lesson_id)


class OrphanWatch:
    """Looks for lessons without a cell: at intervals, and at once when something has changed.

    It is a task of its own. A look asks the database and opens rooms, and must hold up no beat.
    """

    def __init__(
        self,
        look: Callable[[], Awaitable[None]],
        *,
        quiet_s: float,
        every_s: float,
        calm: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Make it.

        Args:
            look: takes up what is there to take; looks never overlap.
            quiet_s: seconds before the first look. Cells that start side by side see each other by
                then, so the first one does not take everything.
            every_s: seconds between two looks.
            calm: waited for before each look; None: until this process is not starved.
        """
        self._look = look
        self._quiet_s = quiet_s
        self._every_s = every_s
        self._calm = calm or undisturbed
        self._news = asyncio.Event()
        self._turn = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._again(), name="orphans")

    def wake(self) -> None:
        """Look soon."""
        self._news.set()

    async def stop(self) -> None:
        """End it, between two looks if they do not take too long."""
        if self._task is not None:
            await end_between_turns(self._task, self._turn)
            self._task = None

    async def _again(self) -> None:
        await asyncio.sleep(self._quiet_s)
        while True:
            self._news.clear()
            await self._calm()
            try:
                async with self._turn:
                    await self._look()
            except Exception:
                log.exception("orphans_not_looked_for")  # the next look may fare better
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), self._every_s)


async def undisturbed(
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Wait until this process has had its processor for a moment, or for `MOST_CALMS` of them.

    A machine that is overloaded for longer than a TTL makes its cells seem gone to each other. A
    cell that takes their lessons while it is starved itself would lose them again a moment later.
    """
    for _ in range(MOST_CALMS):
        began = now()
        await sleep(CALM_S)
        if now() - began < CALM_S + STARVED_S:
            return
    log.warning("cell_starved")
