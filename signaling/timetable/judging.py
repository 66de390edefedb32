"""The check of clashes against the lessons in the database."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.directory.tables import PersonRow, RoomRow
from signaling.lessons.rules import OPEN_STATES
from signaling.lessons.tables import LessonRow
from signaling.lessons.wire import DeliveryMode
from signaling.timetable.core.bookings import Agenda, Booking, Limits
from signaling.timetable.core.clashes import Clash, find_clashes
from signaling.timetable.core.expansion import Seat
from signaling.timetable.standing import PART, load_seats
from signaling.timetable.surroundings import load_limits
from signaling.timetable.tables import PlannedLessonRow

_SPANS = 20  # intervals of one statement


class Judge:
    """Checks lessons that are wished against those that are there."""

    def __init__(self, zone: tzinfo, longest: timedelta, relay_mbps: int) -> None:
        """Make it.

        Args:
            zone: the county's time zone.
            longest: the longest lesson; it bounds how far back a query reads.
            relay_mbps: what the relay can send for all lessons together.
        """
        self._zone = zone
        self._longest = longest
        self._relay_mbps = relay_mbps

    async def clashes(
        self,
        session: AsyncSession,
        county_id: str,
        wishes: Sequence[Booking],
        but: Collection[str] = (),
    ) -> list[Clash]:
        """Return what lessons would break, hard and soft.

        Args:
            session: reads.
            county_id: whose wishes about periods count.
            wishes: the lessons; they are checked against one another, too.
            but: ids of lessons that the wishes replace.
        """
        if not wishes:
            return []
        mine = {wish.lesson_id for wish in wishes} | set(but)
        agenda = Agenda(wishes)
        for booking in await self._near(session, wishes):
            if booking.lesson_id not in mine:
                agenda.add(booking)
        limits = await self.limits(session, county_id, wishes)
        found: list[Clash] = []
        for wish in wishes:
            await asyncio.sleep(0)  # media go between the lessons: each looks at a whole day
            found += find_clashes(wish, agenda.near(wish), limits)
        return found

    async def open_between(
        self, session: AsyncSession, start: datetime, end: datetime
    ) -> list[Booking]:
        """Return all open lessons that overlap a time, for a check of very many wishes."""
        query = _bookings_query().where(
            LessonRow.state.in_(OPEN_STATES),
            LessonRow.starts_at > start - self._longest,
            LessonRow.starts_at < end,
            LessonRow.ends_at > start,
        )
        rows = (await session.execute(query)).all()
        seats = await load_seats(session, [row.lesson_id for row in rows])
        return [self._booking(row, seats) for row in rows]

    async def limits(
        self, session: AsyncSession, county_id: str, wishes: Iterable[Booking]
    ) -> Limits:
        """Return what the schools of lessons share."""
        schools = {seat.school_id for wish in wishes for seat in wish.seats}
        schools |= {wish.lead_school_id for wish in wishes if wish.lead_school_id is not None}
        return await load_limits(session, county_id, schools, self._relay_mbps)

    async def _near(self, session: AsyncSession, wishes: Sequence[Booking]) -> list[Booking]:
        """Return the open lessons that overlap the wishes, and those of their teachers' days."""
        conditions = [self._overlapping(wish) for wish in wishes]
        conditions += [self._same_teacher(wish) for wish in wishes if wish.teacher_id is not None]
        rows: dict[str, Row[Any]] = {}
        for first in range(0, len(conditions), _SPANS):
            query = _bookings_query().where(
                LessonRow.state.in_(OPEN_STATES), or_(*conditions[first : first + _SPANS])
            )
            rows |= {row.lesson_id: row for row in (await session.execute(query)).all()}
        seats = await load_seats(session, list(rows))
        found: list[Booking] = []
        for place, row in enumerate(rows.values()):
            if place % PART == 0:
                await asyncio.sleep(0)
            found.append(self._booking(row, seats))
        return found

    def _overlapping(self, wish: Booking) -> ColumnElement[bool]:
        return and_(
            LessonRow.starts_at > wish.starts_at - self._longest,
            LessonRow.starts_at < wish.ends_at,
            LessonRow.ends_at > wish.starts_at,
        )

    def _same_teacher(self, wish: Booking) -> ColumnElement[bool]:
        begin = datetime.combine(wish.on, time(), self._zone).astimezone(UTC)
        return and_(
            LessonRow.lead_teacher_id == wish.teacher_id,
            LessonRow.starts_at >= begin,
            LessonRow.starts_at < begin + timedelta(days=1),
        )

    def _booking(self, row: Row[Any], seats: Mapping[str, list[Seat]]) -> Booking:
        live = row.delivery_mode != DeliveryMode.RESOURCE_PUSH
        first = row.period
        return Booking(
            lesson_id=row.lesson_id,
            on=row.starts_at.astimezone(self._zone).date(),
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            teacher_id=row.lead_teacher_id if live else None,
            lead_room_id=row.lead_room_id,
            lead_school_id=row.lead_school_id if live else None,
            lead_class_id=row.lead_class_id,
            seats=tuple(seats.get(row.lesson_id, ())),
            subject_id=row.subject_id,
            periods=() if first is None else tuple(range(first, first + row.period_count)),
        )


def _bookings_query() -> Any:
    # Columns, not rows of the mapper: a busy hour has hundreds, and the loop forwards media.
    return (
        select(
            LessonRow.lesson_id,
            LessonRow.starts_at,
            LessonRow.ends_at,
            LessonRow.lead_teacher_id,
            LessonRow.lead_room_id,
            LessonRow.lead_class_id,
            LessonRow.subject_id,
            LessonRow.delivery_mode,
            func.coalesce(RoomRow.school_id, PersonRow.school_id).label("lead_school_id"),
            PlannedLessonRow.period,
            PlannedLessonRow.period_count,
        )
        .join(PersonRow, PersonRow.person_id == LessonRow.lead_teacher_id)
        .outerjoin(RoomRow, RoomRow.room_id == LessonRow.lead_room_id)
        .outerjoin(PlannedLessonRow, PlannedLessonRow.lesson_id == LessonRow.lesson_id)
    )
