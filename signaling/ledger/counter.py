"""The ledger follows events, and catches up where it missed some."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import date, datetime
from itertools import islice

import structlog

from signaling.base.clock import Clock
from signaling.base.cursors import Place
from signaling.base.database import Database
from signaling.base.turns import end_between_turns
from signaling.ledger.counting import MAX_LESSONS, Counting
from signaling.ledger.duty_keeping import DutyKeeper
from signaling.ledger.stale import stale_between, stale_now, stale_of_page
from signaling.lessons.events import LessonChanged, LessonFactsKept

log = structlog.get_logger(__name__)

MAX_WAITING = 50_000  # lessons to be counted; those beyond are found by catching up
PAGE_LESSONS = 500  # of all lessons, looked at in one round of catching up
RETRY_S = 5.0


class LedgerCounter:
    """Counts lessons soon after something happened to them, never within a request."""

    def __init__(
        self, database: Database, counting: Counting, duties: DutyKeeper, clock: Clock
    ) -> None:
        self._database = database
        self._counting = counting
        self._duties = duties
        self._clock = clock
        self._waiting: dict[str, None] = {}
        self._wanted = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._busy = asyncio.Lock()
        self._page: Place | None = None  # how far the round over all lessons has come

    # --- life ------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to count."""
        self._worker = asyncio.create_task(self._work(), name="ledger-counter")

    async def stop(self) -> None:
        """Stop; what waits is found when the server is up again."""
        if self._worker is not None:
            await end_between_turns(self._worker, self._busy)

    # --- events ----------------------------------------------------------------------------------

    async def on_lesson_changed(self, event: LessonChanged) -> None:
        """Count a lesson that began, ended or was cancelled."""
        self.note((event.lesson_id,))

    async def on_facts_kept(self, event: LessonFactsKept) -> None:
        """Count a lesson whose facts are complete."""
        self.note((event.lesson_id,))

    def note(self, lesson_ids: Collection[str]) -> None:
        """Count some lessons soon."""
        room = MAX_WAITING - len(self._waiting)
        for lesson_id in tuple(lesson_ids)[: max(room, 0)]:
            self._waiting[lesson_id] = None
        self._wanted.set()

    # --- upkeep ----------------------------------------------------------------------------------

    async def catch_up(self) -> None:
        """Find what changed without an event, and write the duties of a new day."""
        now = self._clock.now()
        async with self._database.read() as session:
            stale = await stale_now(session, now, PAGE_LESSONS)
            more, self._page = await stale_of_page(session, now, self._page, PAGE_LESSONS)
        self.note((*stale, *more))
        self.note(await self._duties.settle(self._today(now)))

    async def settle(self) -> None:
        """Count everything that waits, now."""
        async with self._busy:
            while self._waiting:
                part = tuple(islice(self._waiting, MAX_LESSONS))
                for lesson_id in part:  # noted again meanwhile, it is counted again
                    del self._waiting[lesson_id]
                try:
                    async with self._database.write() as session:
                        await self._counting.count(session, part, self._clock.now())
                except BaseException:
                    self.note(part)
                    raise
                await asyncio.sleep(0)

    async def complete(self, start: datetime, end: datetime) -> None:
        """Count all lessons that begin in [start, end), and all that is owed by now."""
        now = self._clock.now()
        async with self._database.read() as session:
            self.note(await stale_between(session, now, start, end))
        self.note(await self._duties.settle(self._today(now)))
        await self.settle()

    def _today(self, now: datetime) -> date:
        return now.astimezone(self._counting.zone).date()

    async def _work(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                await self.settle()
            except Exception:  # whatever the driver raises: tried again, never fatal
                log.exception("ledger_not_counted", lessons=len(self._waiting))
                await asyncio.sleep(RETRY_S)
                self._wanted.set()
