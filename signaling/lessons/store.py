"""Reading and writing lessons and their rooms."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update

from signaling.audit.log import Work
from signaling.base.cursors import Place
from signaling.base.database import Database
from signaling.base.fences import NO_FENCES, Fences
from signaling.directory.tables import OrgNodeRow, PersonRow
from signaling.lessons.creation import add_lesson, demand_rooms
from signaling.lessons.loading import load_lessons
from signaling.lessons.pages import PAGE_LESSONS, Span
from signaling.lessons.records import LessonRecord
from signaling.lessons.rules import OPEN_STATES
from signaling.lessons.tables import LessonRow
from signaling.lessons.wire import LessonCreate, LessonState

_CREATION_LOCK = (
    0x544B_4C45  # PostgreSQL advisory lock: one creation at a time, else clashes slip by
)
# The longest distance of a lesson's planned start from a day that lists it, unless it is live. It
# bounds what a query reads: a lesson lasts some hours and is held a day early or late at most.
_REACH = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class LessonChange:
    """A transition as it is written."""

    state: LessonState
    held_from: datetime | None = None
    held_to: datetime | None = None
    cancel_reason: str | None = None
    at: datetime | None = None  # when it is written


class LessonStore:
    """Lessons."""

    def __init__(self, database: Database, fences: Fences = NO_FENCES) -> None:
        self._database = database
        self._fences = fences

    async def lesson(self, lesson_id: str) -> LessonRecord | None:
        """Return one lesson."""
        found = await self._read(LessonRow.lesson_id == lesson_id)
        return found[0] if found else None

    async def open_by_code(self, join_code: str, since: datetime) -> LessonRecord | None:
        """Return the lesson with a join code that is live, or scheduled to end after `since`."""
        current = or_(LessonRow.state == LessonState.LIVE, LessonRow.ends_at > since)
        found = await self._read(
            LessonRow.join_code == join_code, LessonRow.state.in_(OPEN_STATES), current
        )
        return found[0] if found else None

    async def live(self) -> Sequence[LessonRecord]:
        """Return the lessons under way."""
        return await self._read(LessonRow.state == LessonState.LIVE)

    async def live_ids(self) -> Sequence[str]:
        """Return the ids of the lessons under way, as cells ask once a second."""
        query = select(LessonRow.lesson_id).where(LessonRow.state == LessonState.LIVE)
        async with self._database.read() as session:
            return (await session.scalars(query)).all()

    async def between(self, span: Span) -> Sequence[LessonRecord]:
        """Return the lessons whose planned or held time overlaps a span, by planned start.

        One over midnight is on both days.
        """
        return await self._read(*_between(span))

    async def page(
        self, span: Span, visible: ColumnElement[bool], after: Place | None
    ) -> tuple[Sequence[LessonRecord], Place | None]:
        """Return at most `PAGE_LESSONS` visible ones of a span, and the next page's place.

        Args:
            span: the interval, as `between` takes it.
            visible: the condition on lessons that the reader may see.
            after: the place that the page before told; None for the first page.
        """
        conditions = [*_between(span), visible]
        if after is not None:
            later = and_(LessonRow.starts_at == after.at, LessonRow.lesson_id > after.row_id)
            conditions.append(or_(LessonRow.starts_at > after.at, later))
        found = await self._read(*conditions, limit=PAGE_LESSONS + 1)
        if len(found) <= PAGE_LESSONS:
            return found, None
        last = found[PAGE_LESSONS - 1]
        return found[:PAGE_LESSONS], Place(last.starts_at, last.lesson_id)

    async def lessons(self, lesson_ids: Collection[str]) -> dict[str, LessonRecord]:
        """Return those of these lessons that exist, in a fixed number of queries."""
        found = await self._read(LessonRow.lesson_id.in_(lesson_ids))
        return {record.lesson_id: record for record in found}

    async def _read(
        self, *conditions: ColumnElement[bool], limit: int | None = None
    ) -> list[LessonRecord]:
        async with self._database.read() as session:
            return await load_lessons(session, *conditions, limit=limit)

    async def branch_of_teacher(self, person_id: str) -> str:
        """Return the path of the org node where a person belongs; empty if there is none."""
        query = (
            select(OrgNodeRow.path)
            .join(PersonRow, PersonRow.node_id == OrgNodeRow.node_id)
            .where(PersonRow.person_id == person_id)
        )
        async with self._database.read() as session:
            return await session.scalar(query) or ""

    async def demand_rooms(self, wish: LessonCreate, usable: ColumnElement[bool]) -> None:
        """Raise Invalid unless the schools of all rooms of a wish meet the condition."""
        async with self._database.read() as session:
            await demand_rooms(session, wish, usable)

    async def lock_creation(self, work: Work) -> None:
        """From here to the end of the work nobody else creates lessons."""
        await self._database.serialize(work.session, _CREATION_LOCK)

    async def create(self, work: Work, wish: LessonCreate) -> str:
        """Create a lesson whose times and rooms were checked for form; returns its id.

        Raises:
            Invalid: the teacher or a room does not exist.
            Clash: the teacher or a room is taken.
        """
        await self.lock_creation(work)
        return await add_lesson(work.session, wish)

    async def change(
        self, work: Work, lesson_id: str, expected: LessonState, change: LessonChange
    ) -> bool:
        """Write a transition if the lesson is still in the expected state; whether it was.

        Must come first in its transaction.

        Raises:
            LeaseLost: another process has the lesson.
        """
        await self._fences.check(work.session, lesson_id)
        values = {k: v for k, v in vars_of(change).items() if v is not None}
        if change.state is LessonState.CANCELLED:  # calendar feeds tell it by the version
            values |= {"version": LessonRow.version + 1, "changed_at": change.at}
        written = await work.session.scalar(
            update(LessonRow)
            .where(LessonRow.lesson_id == lesson_id, LessonRow.state == expected)
            .values(**values)
            .returning(LessonRow.lesson_id)
        )
        return written is not None

    async def set_recording(self, lesson_id: str, recording_id: str) -> None:
        """Note which recording belongs to a lesson. Raises LeaseLost."""
        async with self._database.write() as session:
            await self._fences.check(session, lesson_id)
            await session.execute(
                update(LessonRow)
                .where(LessonRow.lesson_id == lesson_id)
                .values(recording_id=recording_id)
            )


def vars_of(change: LessonChange) -> dict[str, object]:
    """A change's columns."""
    return {
        "state": change.state,
        "held_from": change.held_from,
        "held_to": change.held_to,
        "cancel_reason": change.cancel_reason,
    }


def _between(span: Span) -> list[ColumnElement[bool]]:
    planned = and_(LessonRow.starts_at < span.end, LessonRow.ends_at > span.start)
    under_way = LessonRow.state == LessonState.LIVE
    held_into = LessonRow.held_to > span.start
    if span.start <= span.now:
        held_into = or_(held_into, under_way)
    held = and_(LessonRow.held_from < span.end, held_into)
    near = LessonRow.starts_at.between(_moved(span.start, -_REACH), _moved(span.end, _REACH))
    return [or_(near, under_way), or_(planned, held), LessonRow.withdrawn_at.is_(None)]


def _moved(at: datetime, by: timedelta) -> datetime:
    """A moment moved, or as it is where the calendar ends."""
    try:
        return at + by
    except OverflowError:
        return at
