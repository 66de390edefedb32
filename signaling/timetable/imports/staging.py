"""New plans and their lessons, written out of sight and shown at once.

A county's term has 80,000 lessons. Writing them takes seconds, and SQLite has one writer, on whom
live lessons wait. So they are written in many small transactions, hidden: plans that are not
active, with lessons that look withdrawn. The last transaction shows them all, together with
everything else that the import does. What a run that broke off has left is deleted by the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice

from sqlalchemy import and_, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.database import Database
from signaling.base.errors import Busy
from signaling.lessons.occurrences import Hidden, forget_hidden, free_places, show_occurrences
from signaling.timetable.imports.batches import Entry, home_of
from signaling.timetable.lesson_book import add_homed_lessons
from signaling.timetable.plan_rows import add_plans
from signaling.timetable.tables import PlannedLessonRow, PlanRow

_PLANS = 50  # of one transaction: some 800 lessons, 0.1 s

Progress = Callable[[int, int], None]


class Stage:
    """The new plans of one import that was not applied yet. Their ids begin with the import's."""

    def __init__(self, database: Database, import_id: str, term_id: str) -> None:
        self._database = database
        self._mine = and_(
            PlanRow.term_id == term_id,
            PlanRow.plan_id.like(f"{import_id}-%"),
            PlanRow.active.is_(False),
        )

    async def put(self, entries: Sequence[Entry], now: datetime, step: Progress) -> None:
        """Write new plans with their lessons, hidden. Raises Busy, and what `step` raises."""
        count = sum(len(entry.settling.create) for entry in entries)
        async with self._database.read() as session:
            places = iter(await free_places(session, count))
        for first in range(0, len(entries), _PLANS):
            part = [entry.settling for entry in entries[first : first + _PLANS]]
            lessons = [(home_of(one.plan), new) for one in part for new in one.create]
            hidden = Hidden(now, list(islice(places, len(lessons))))
            async with self._database.write() as session:
                await add_plans(session, [one.plan for one in part], now, active=False)
                await add_homed_lessons(session, lessons, hidden)
            step(first + len(part), len(entries))

    async def show(self, session: AsyncSession) -> None:
        """Show everything that was put, within a transaction of the caller's. Raises Busy."""
        plans = select(PlanRow.plan_id).where(self._mine)
        lessons = select(PlannedLessonRow.lesson_id).where(PlannedLessonRow.plan_id.in_(plans))
        try:
            await show_occurrences(session, lessons)
        except IntegrityError:
            raise Busy("a join code was taken meanwhile") from None
        await session.execute(
            update(PlanRow)
            .where(self._mine)
            .values(active=True)
            .execution_options(synchronize_session=False)
        )

    async def clear(self) -> None:
        """Delete what was put and not shown."""
        while True:
            some = select(PlanRow.plan_id).where(self._mine).limit(_PLANS)
            async with self._database.read() as session:
                plan_ids = list(await session.scalars(some))
            if not plan_ids:
                return
            async with self._database.write() as session:
                mine = PlannedLessonRow.plan_id.in_(plan_ids)
                await forget_hidden(session, select(PlannedLessonRow.lesson_id).where(mine))
                await session.execute(delete(PlanRow).where(PlanRow.plan_id.in_(plan_ids)))
