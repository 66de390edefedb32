"""Upkeep between lessons and live rooms: lessons that were forgotten, rooms that fell behind."""

from __future__ import annotations

from datetime import timedelta

import structlog

from signaling.base.clock import Clock
from signaling.base.config import Config
from signaling.base.fences import LeaseLost, ToldLosses
from signaling.classroom.hub import RoomHub
from signaling.classroom.tenure import Tenure
from signaling.lessons.service import LessonService
from signaling.lessons.store import LessonStore

log = structlog.get_logger(__name__)


class LessonWatch:
    """Compares the lessons of the database with the open rooms."""

    def __init__(
        self,
        *,
        store: LessonStore,
        lessons: LessonService,
        hub: RoomHub,
        tenure: Tenure,
        clock: Clock,
        config: Config,
    ) -> None:
        self._store = store
        self._lessons = lessons
        self._hub = hub
        self._tenure = tenure
        self._clock = clock
        self._grace = timedelta(seconds=config.auto_end_grace_s)
        self._empty_s = config.auto_end_empty_s
        self._losses = ToldLosses()

    async def end_forgotten(self) -> None:
        """End live lessons that are long past their time and empty."""
        now = self._clock.now()
        for record in await self._store.live():
            room = self._hub.room(record.lesson_id)
            since = None if room is None else room.empty_since
            overdue = now > record.ends_at + self._grace
            if room is None or since is None or not overdue or room.state.sources:
                continue
            if self._clock.monotonic() - since > self._empty_s:
                await self._end(record.lesson_id)

    async def _end(self, lesson_id: str) -> None:
        try:
            await self._lessons.end_by_itself(lesson_id)
        except LeaseLost:  # left to the process that has it
            if self._losses.tell(lesson_id):
                log.warning("forgotten_lesson_lost", lesson_id=lesson_id)
        else:
            log.info("forgotten_lesson_ended", lesson_id=lesson_id)

    async def reconcile(self) -> None:
        """Make the rooms agree with the database, where a failure came between the two.

        Lessons of other processes are theirs.
        """
        records = await self._store.live()
        live = {one.lesson_id: one for one in records if self._tenure.has(one.lesson_id)}
        thought_live = {room.lesson_id for room in self._hub.rooms if room.state.is_live}
        over = await self._store.lessons(thought_live - live.keys())
        for record in (*over.values(), *live.values()):  # what is over first: it makes room
            try:
                await self._hub.follow(record)
            except Exception:  # such as Busy; one room must not keep the others from it
                log.exception("room_not_reconciled", lesson_id=record.lesson_id)
