"""Reading the lessons that a feed shows, in parts between which media go."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from signaling.base.database import Database
from signaling.directory.tables import PersonRow, RoomRow, SchoolRow
from signaling.lessons.occurrences import was_shown
from signaling.lessons.reasons import MissedReason
from signaling.lessons.tables import LessonRoomRow, LessonRow
from signaling.lessons.wire import ClassKind, LessonState
from signaling.timetable.core.codes import ChangedPart
from signaling.timetable.feeds.entries import MAX_ENTRIES, Entry
from signaling.timetable.feeds.store import KnownFeed
from signaling.timetable.feeds.words import reason_of
from signaling.timetable.tables import PlannedLessonRow, PlanRoomRow, PlanRow, TermRow
from signaling.timetable.terms import term_of

PART = 25  # lessons taken in one step of the loop
_ASKED = 250  # lessons whose rooms one query reads
# DTSTAMP of a lesson that never changed: nobody kept when it was made, and any moment does.
_NEVER = datetime.fromisoformat("2026-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class Window:
    """The span of a feed. What is cancelled is shown until `now`, when it is past."""

    start: datetime
    now: datetime
    end: datetime


class ShownLessons:
    """The lessons of feeds."""

    def __init__(self, database: Database, zone: tzinfo) -> None:
        self._database = database
        self._zone = zone

    async def planned_until(self, county_id: str, now: datetime) -> datetime | None:
        """Return the end of a county's last term that is not over; None where there is none."""
        async with self._database.read() as session:
            rows = await session.scalars(select(TermRow).where(TermRow.county_id == county_id))
            days = [term_of(row).end for row in rows]
        ends = [datetime.combine(day, time(), self._zone) for day in days]
        return max((end for end in ends if end > now), default=None)

    async def parts(self, feed: KnownFeed, window: Window) -> AsyncIterator[list[Entry]]:
        """Yield the lessons of a feed, at most `PART` at a time.

        The own ones come first, by start. Then come those that others have taken over: they are
        cancelled for this feed alone.
        """
        async with self._database.read() as session:
            for whose, is_own in ((_own(feed), True), (_taken_over(feed), False)):
                since = window.start if is_own else window.now
                query = _query(whose, since, window.end)
                rows = [row async for row in _streamed(session, query)]
                for first in range(0, len(rows), _ASKED):
                    asked = [row for row in rows[first : first + _ASKED] if _shows(row, window)]
                    invited = await _invited(session, [row.lesson_id for row in asked])
                    for begin in range(0, len(asked), PART):
                        await asyncio.sleep(0)
                        part = asked[begin : begin + PART]
                        yield [_entry(row, invited[row.lesson_id], is_own) for row in part]


async def _streamed(
    session: AsyncSession, query: Select[*tuple[Any, ...]]
) -> AsyncIterator[Row[Any]]:
    found = await session.stream(query)
    async for part in found.partitions(PART):
        for row in part:
            yield row


def _query(
    whose: ColumnElement[bool], since: datetime, until: datetime
) -> Select[*tuple[Any, ...]]:
    room, school = aliased(RoomRow), aliased(SchoolRow)
    return (
        select(
            LessonRow.lesson_id,
            LessonRow.version,
            LessonRow.changed_at,
            LessonRow.starts_at,
            LessonRow.ends_at,
            LessonRow.title,
            LessonRow.subject,
            LessonRow.grade,
            LessonRow.class_kind,
            LessonRow.state,
            LessonRow.cancel_reason,
            PlannedLessonRow.week,
            PlannedLessonRow.reason,
            PlannedLessonRow.note,
            PersonRow.name.label("teacher"),
            room.name.label("room"),
            school.name.label("school"),
        )
        .join(PersonRow, PersonRow.person_id == LessonRow.lead_teacher_id)
        .outerjoin(PlannedLessonRow, PlannedLessonRow.lesson_id == LessonRow.lesson_id)
        .outerjoin(room, room.room_id == LessonRow.lead_room_id)
        .outerjoin(school, school.school_id == room.school_id)
        .where(LessonRow.starts_at >= since, LessonRow.starts_at < until, was_shown(), whose)
        .order_by(LessonRow.starts_at, LessonRow.lesson_id)
        .limit(MAX_ENTRIES)
    )


def _shows(row: Row[Any], window: Window) -> bool:
    return bool(row.state != LessonState.CANCELLED or row.ends_at > window.now)


# --- whose lessons -------------------------------------------------------------------------------


def _own(feed: KnownFeed) -> ColumnElement[bool]:
    if feed.owner.room_id is not None:
        return _in_rooms(select(RoomRow.room_id).where(RoomRow.room_id == feed.owner.room_id))
    leads = LessonRow.lead_teacher_id == feed.owner.person_id
    if feed.assists_at is None:
        return leads
    return or_(leads, _in_rooms(_school_rooms(feed.assists_at)))


def _taken_over(feed: KnownFeed) -> ColumnElement[bool]:
    """Match lessons that the plan gives to the owner, and a change to somebody else."""
    if feed.owner.room_id is not None:
        of_room = select(PlanRoomRow.plan_id).where(PlanRoomRow.room_id == feed.owner.room_id)
        leads_from = PlanRow.lead_room_id == feed.owner.room_id
        planned = select(PlanRow.plan_id).where(or_(leads_from, PlanRow.plan_id.in_(of_room)))
        part = ChangedPart.ROOMS
    else:
        led = PlanRow.lead_teacher_id == feed.owner.person_id
        planned = select(PlanRow.plan_id).where(led)
        part = ChangedPart.TEACHER
    changed = select(PlannedLessonRow.lesson_id).where(
        PlannedLessonRow.plan_id.in_(planned), PlannedLessonRow.parts.contains(part)
    )
    return and_(LessonRow.lesson_id.in_(changed), ~_own(feed))


def _school_rooms(school_id: str) -> Select[str]:
    return select(RoomRow.room_id).where(RoomRow.school_id == school_id)


def _in_rooms(rooms: Select[str]) -> ColumnElement[bool]:
    invited = select(LessonRoomRow.lesson_id).where(LessonRoomRow.room_id.in_(rooms))
    # A lesson without a lead room is none of theirs; NULL would make the whole answer unknown.
    leads = and_(LessonRow.lead_room_id.is_not(None), LessonRow.lead_room_id.in_(rooms))
    return or_(leads, LessonRow.lesson_id.in_(invited))


# --- entries -------------------------------------------------------------------------------------


async def _invited(session: AsyncSession, lesson_ids: Sequence[str]) -> dict[str, list[str]]:
    """Return the names of the receive rooms of lessons, in the order of inviting."""
    query = (
        select(LessonRoomRow.lesson_id, SchoolRow.name, RoomRow.name)
        .join(RoomRow, RoomRow.room_id == LessonRoomRow.room_id)
        .join(SchoolRow, SchoolRow.school_id == RoomRow.school_id)
        .where(LessonRoomRow.lesson_id.in_(lesson_ids))
        .order_by(LessonRoomRow.lesson_id, LessonRoomRow.position)
    )
    found: dict[str, list[str]] = defaultdict(list)
    rows = await session.stream(query)
    async for part in rows.partitions(4 * PART):
        for lesson_id, school, room in part:
            found[lesson_id].append(f"{school} {room}")
    return found


def _entry(row: Row[Any], invited: list[str], is_own: bool) -> Entry:
    lead = () if row.room is None else (f"{row.school} {row.room}",)
    reason = None if row.reason is None else MissedReason(row.reason)
    return Entry(
        lesson_id=row.lesson_id,
        version=row.version,
        changed_at=row.changed_at or _NEVER,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        title=row.title,
        subject=row.subject,
        grade=row.grade,
        class_kind=ClassKind(row.class_kind),
        teacher=row.teacher,
        rooms=(*lead, *invited),
        week=row.week,
        cancelled=not is_own or row.state == LessonState.CANCELLED,
        reason=reason_of(reason, row.note or row.cancel_reason),
    )
