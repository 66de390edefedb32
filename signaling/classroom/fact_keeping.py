"""The writer of what happens in lessons: soon after it happened, and never lost.

Who came and went and was counted is written a moment later. What goes on (open spells, seconds of
reception) is brought up to date at intervals, so that `kill -9` costs no more than one interval.
Only the facts of a lesson that another process has taken over are dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

import structlog

from signaling.base.clock import Clock
from signaling.base.fences import LeaseLost
from signaling.base.turns import end_between_turns
from signaling.classroom.fact_log import FactLog
from signaling.lessons.fact_records import FactBatch, KeptFacts
from signaling.lessons.facts import FactStore
from signaling.lessons.held_times import Moment
from signaling.lessons.records import LessonRecord
from signaling.lessons.wire import Headcount
from signaling.links.samples import LinkReading

log = structlog.get_logger(__name__)

RETRY_S = 1.0


class FactKeeper:
    """Writes the facts of all open rooms. Tells of a lesson whose facts are complete."""

    def __init__(
        self, store: FactStore, clock: Clock, on_kept: Callable[[str], Awaitable[None]]
    ) -> None:
        """`on_kept` is called for a lesson that is over once all its facts are written."""
        self._store = store
        self._clock = clock
        self._on_kept = on_kept
        self._logs: dict[str, FactLog] = {}
        self._over: dict[str, timedelta] = {}  # lessons to conclude, with their shifts
        self._unwritten: set[str] = set()
        self._wanted = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()

    # --- life ------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to write."""
        self._writer = asyncio.create_task(self._write_changes(), name="fact-keeper")

    async def stop(self) -> None:
        """End all spells and write what is not written yet: the pages are told goodbye."""
        if self._writer is not None:
            await end_between_turns(self._writer, self._writing)
        for lesson_id, facts in tuple(self._logs.items()):
            facts.close(self._clock.monotonic())
            await self._write(lesson_id)

    async def open(self, lesson_id: str) -> KeptFacts:
        """Return the facts with which a room opens; from now on it may tell more."""
        if lesson_id in self._logs:  # the room closed, and its last facts wait for the database
            await self._write(lesson_id)
        kept = await self._store.kept(lesson_id)
        opened = Moment(self._clock.now(), self._clock.monotonic())
        self._logs[lesson_id] = FactLog(opened, kept)
        return kept

    def begin(self, record: LessonRecord) -> None:
        """Note when a live lesson began, as it is written."""
        facts = self._logs.get(record.lesson_id)
        if facts is not None:
            facts.held_from = record.held_from

    async def end(self, record: LessonRecord) -> None:
        """Write the last facts of a lesson that is over; tried again until they are written."""
        facts, shift = self._logs.get(record.lesson_id), timedelta()
        if facts is not None:
            facts.close(self._clock.monotonic())
            shift = facts.shift_to(record.held_from)
        self._over[record.lesson_id] = shift
        if not await self._write(record.lesson_id):
            self._want(record.lesson_id)

    async def leave(self, lesson_id: str) -> bool:
        """End all spells and write them: another process goes on with the lesson.

        Returns False if they cannot be written now. Presence must then be told again.
        """
        facts = self._logs.get(lesson_id)
        if facts is None:
            return True
        facts.close(self._clock.monotonic())
        if not await self._write(lesson_id):
            self._want(lesson_id)
            return False
        self.forget(lesson_id)
        return True

    def drop(self, lesson_id: str) -> None:
        """Forget a room that closed without an end of its lesson, once its facts are written."""
        facts = self._logs.get(lesson_id)
        if facts is not None and facts.unwritten() == FactBatch():
            del self._logs[lesson_id]

    def waits(self, lesson_id: str) -> bool:
        """Tell whether something of a lesson is yet to be written."""
        waiting = lesson_id in self._unwritten or lesson_id in self._over
        return waiting or self._writing.locked()  # the lock may be a write of this lesson

    def forget(self, lesson_id: str) -> None:
        """Forget a lesson with all that is not written: another process writes of it now."""
        self._logs.pop(lesson_id, None)
        self._over.pop(lesson_id, None)
        self._unwritten.discard(lesson_id)

    # --- what rooms tell -------------------------------------------------------------------------

    def presence(self, lesson_id: str, participant_id: str, here: bool) -> None:
        """Note that a page came into a live lesson, or is gone."""
        facts = self._logs.get(lesson_id)
        if facts is not None:
            change = facts.come if here else facts.go
            change(participant_id, self._clock.monotonic())
            self._want(lesson_id)

    def headcount(self, lesson_id: str, headcount: Headcount) -> None:
        """Note a headcount."""
        facts = self._logs.get(lesson_id)
        if facts is not None:
            facts.count(headcount)
            self._want(lesson_id)

    def readings(self, lesson_id: str, readings: Iterable[tuple[str, LinkReading]]) -> None:
        """Note, once a second, what those in a live lesson receive."""
        facts = self._logs.get(lesson_id)
        if facts is not None:
            for participant_id, reading in readings:
                facts.read(participant_id, reading, self._clock.monotonic())

    async def beat(self) -> None:
        """At intervals, bring what goes on up to date."""
        for lesson_id, facts in self._logs.items():
            facts.beat(self._clock.monotonic())
            if facts.unwritten() != FactBatch():
                self._want(lesson_id)

    # --- inside ----------------------------------------------------------------------------------

    def _want(self, lesson_id: str) -> None:
        self._unwritten.add(lesson_id)
        self._wanted.set()

    async def _write_changes(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            for lesson_id in tuple(self._unwritten):
                if not await self._write(lesson_id):
                    await asyncio.sleep(RETRY_S)
                    self._wanted.set()

    async def _write(self, lesson_id: str) -> bool:
        """Write what a lesson has to write; returns False if it must be tried again."""
        async with self._writing:
            self._unwritten.discard(lesson_id)
            try:
                concluded = await self._write_now(lesson_id)
            except asyncio.CancelledError:  # the server stops: `stop` writes it once more
                self._unwritten.add(lesson_id)
                raise
            except LeaseLost:
                self._drop_lost(lesson_id)
                return True
            except Exception as error:  # whatever the driver raises: retried, never fatal
                log.error("facts_not_kept", lesson_id=lesson_id, error=repr(error))
                self._unwritten.add(lesson_id)
                return False
        if concluded:
            await self._on_kept(lesson_id)
        return True

    def _drop_lost(self, lesson_id: str) -> None:
        """Forget a lesson that another process has: from now on that one keeps its facts."""
        log.warning("facts_dropped", lesson_id=lesson_id)
        self._logs.pop(lesson_id, None)
        self._over.pop(lesson_id, None)
        self._unwritten.discard(lesson_id)

    async def _write_now(self, lesson_id: str) -> bool:
        """Write; returns whether the lesson's facts are complete."""
        facts = self._logs.get(lesson_id)
        batch = FactBatch() if facts is None else facts.unwritten()
        if lesson_id in self._over:
            shift = self._over[lesson_id]
            await self._store.conclude(lesson_id, batch, self._clock.now(), shift)
            del self._over[lesson_id]
            self._logs.pop(lesson_id, None)
            return True
        if batch != FactBatch():
            await self._store.write(lesson_id, batch)
        if facts is not None:
            facts.written(batch)
        return False
