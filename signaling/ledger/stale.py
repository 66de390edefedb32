"""Lessons that the ledger counted otherwise than they are now, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.cursors import Place
from signaling.ledger.tables import LedgerUnitRow
from signaling.ledger.wire import UnitOutcome
from signaling.lessons.occurrences import was_shown
from signaling.lessons.tables import FactMarkRow, LessonRoomRow, LessonRow

BACK = timedelta(days=3)  # lessons of these days change while people are at work
AHEAD = timedelta(days=1)


async def stale_now(session: AsyncSession, now: datetime, limit: int) -> list[str]:
    """Return lessons of these days that must be counted, the oldest first."""
    near = LessonRow.starts_at.between(now - BACK, now + AHEAD)
    found = list(await session.scalars(_stale(now, near).limit(limit)))
    return found + list(await session.scalars(_deleted(now).limit(limit)))


async def stale_of_page(
    session: AsyncSession, now: datetime, after: Place | None, limit: int
) -> tuple[list[str], Place | None]:
    """Return the lessons of a page of all lessons that must be counted, and the next page's place.

    The place is None after the last page.
    """
    place = tuple_(LessonRow.starts_at, LessonRow.lesson_id)
    query = select(LessonRow.lesson_id, LessonRow.starts_at)
    if after is not None:
        query = query.where(place > tuple_(after.at, after.row_id))
    query = query.order_by(LessonRow.starts_at, LessonRow.lesson_id).limit(limit)
    page = (await session.execute(query)).all()
    if not page:
        return [], None
    ids = [row.lesson_id for row in page]
    stale = list(await session.scalars(_stale(now, LessonRow.lesson_id.in_(ids))))
    last = page[-1]
    return stale, Place(last.starts_at, last.lesson_id) if len(page) == limit else None


async def stale_between(
    session: AsyncSession, now: datetime, start: datetime, end: datetime
) -> Sequence[str]:
    """Return all lessons that begin in [start, end) and must be counted."""
    within = and_(LessonRow.starts_at >= start, LessonRow.starts_at < end)
    return (await session.scalars(_stale(now, within))).all()


def _stale(now: datetime, which: ColumnElement[bool]) -> Select[str]:
    unit, mark = LedgerUnitRow, FactMarkRow
    differs = or_(
        unit.lesson_id.is_(None),
        unit.state != LessonRow.state,
        unit.lesson_version != LessonRow.version,
        mark.kept_at > unit.counted_at,
        and_(unit.outcome == UnitOutcome.UPCOMING, LessonRow.ends_at < now),
    )
    same_unit = and_(
        unit.lesson_id == LessonRoomRow.lesson_id, unit.room_id == LessonRoomRow.room_id
    )
    return (
        select(LessonRow.lesson_id)
        .join(LessonRoomRow, LessonRoomRow.lesson_id == LessonRow.lesson_id)
        .outerjoin(unit, same_unit)
        .outerjoin(mark, mark.lesson_id == LessonRow.lesson_id)
        .where(which, was_shown(), differs)
        .group_by(LessonRow.lesson_id, LessonRow.starts_at)
        .order_by(LessonRow.starts_at, LessonRow.lesson_id)
    )


def _deleted(now: datetime) -> Select[str]:
    """Units that wait for lessons which are no more."""
    unit = LedgerUnitRow
    gone = ~select(LessonRow.lesson_id).where(LessonRow.lesson_id == unit.lesson_id).exists()
    waits = unit.outcome.in_((UnitOutcome.UPCOMING, UnitOutcome.LIVE))
    days = unit.day.between((now - BACK).date(), (now + AHEAD).date())
    return select(unit.lesson_id).where(days, waits, gone).distinct()
