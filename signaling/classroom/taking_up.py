"""Taking lessons up: asked for by a web process, or left behind by a dead cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import structlog

from signaling.base.errors import Busy, CellAway, NotFound, WrongLessonState
from signaling.classroom.hub import RoomHub
from signaling.classroom.tenure import Tenure
from signaling.lessons.records import LessonRecord
from signaling.lessons.store import LessonStore

log = structlog.get_logger(__name__)


class Shares(Protocol):
    """Knows which lessons without a cell this process is to take up."""

    async def mine(self, lessons: Sequence[LessonRecord]) -> Sequence[str]:
        """Return those of these lessons that no living cell has, and that are this process's.

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
        await self._hub.enter(lesson_id)
        record = await self._lessons.lesson(lesson_id)
        if record is not None:
            await self._hub.follow(record)

    async def take_orphans(self, shares: Shares) -> None:
        """Take up this process's share of the live lessons whose cell is gone."""
        live = await self._lessons.live()
        for lesson_id in await shares.mine(
            [record for record in live if not self._tenure.has(record.lesson_id)]
        ):
            try:
                await self.take(lesson_id)
            except (Busy, CellAway, NotFound, WrongLessonState) as error:
                log.info("orphan_not_taken_up", lesson_id=lesson_id, reason=str(error))
            else:
                log.info("orphan_taken_up", lesson_id=lesson_id)
