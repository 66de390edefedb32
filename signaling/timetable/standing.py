"""Lessons of the timetable as they stand, with all that a change of them needs."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import tzinfo
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.directory.tables import PersonRow, RoomRow, SchoolRow
from signaling.lessons.reasons import MissedReason
from signaling.lessons.tables import LessonRoomRow, LessonRow
from signaling.lessons.wire import ClassKind, DeliveryMode, LessonState
from signaling.timetable.core.changes import Held, Rooms
from signaling.timetable.core.codes import ChangedPart
from signaling.timetable.core.expansion import Seat
from signaling.timetable.core.slots import Slot
from signaling.timetable.plan_wire import PlanKind
from signaling.timetable.records import Content, StandingLesson, Told
from signaling.timetable.tables import PlannedLessonRow, PlanRow
from signaling.timetable.wire import ChangeKind

PART = 25  # lessons made in one step of the loop, which forwards media
_IDS = 500  # ids of one statement


def _query() -> Select[*tuple[Any, ...]]:
    # Columns, not rows of the mapper: a plan has dozens of lessons, and the loop forwards media.
    lesson, planned = LessonRow, PlannedLessonRow
    lead_school = func.coalesce(RoomRow.school_id, PersonRow.school_id)
    return (
        select(
            lesson.lesson_id,
            lesson.version,
            lesson.state,
            lesson.title,
            lesson.class_kind,
            lesson.delivery_mode,
            lesson.subject,
            lesson.subject_id,
            lesson.grade,
            lesson.lead_class_id,
            lesson.textbook_volume,
            lesson.textbook_section,
            lesson.starts_at,
            lesson.ends_at,
            lesson.lead_teacher_id,
            lesson.lead_room_id,
            lead_school.label("lead_school_id"),
            func.coalesce(planned.county_id, SchoolRow.county_id).label("county_id"),
            planned.term_id,
            planned.plan_id,
            planned.source,
            planned.on_date,
            planned.week,
            planned.period,
            planned.period_count,
            planned.parts,
            planned.make_up_of,
            lesson.changed_at,
            planned.change,
            planned.reason,
            planned.note,
            planned.waiver,
            PlanRow.kind.label("plan_kind"),
        )
        .join(PersonRow, PersonRow.person_id == lesson.lead_teacher_id)
        .outerjoin(RoomRow, RoomRow.room_id == lesson.lead_room_id)
        .outerjoin(SchoolRow, SchoolRow.school_id == lead_school)
        .outerjoin(planned, planned.lesson_id == lesson.lesson_id)
        .outerjoin(PlanRow, PlanRow.plan_id == planned.plan_id)
    )


async def load_standing(
    session: AsyncSession,
    zone: tzinfo,
    *conditions: ColumnElement[bool],
    limit: int | None = None,
) -> list[StandingLesson]:
    """Return lessons that meet conditions on `lessons` and `planned_lessons`, by start.

    A lesson that was never planned (临时排课 of a teacher) stands as if it were, without a plan.
    """
    query = (
        _query()
        .where(and_(*conditions), LessonRow.withdrawn_at.is_(None))
        .order_by(LessonRow.starts_at, LessonRow.lesson_id)
        .limit(limit)
    )
    stream = await session.stream(query)
    rows = [row async for part in stream.partitions(PART) for row in part]
    seats = await load_seats(session, [row.lesson_id for row in rows])
    found: list[StandingLesson] = []
    for place, row in enumerate(rows):
        if place % PART == 0:
            await asyncio.sleep(0)  # media go between the parts
        found.append(_standing(row, tuple(seats[row.lesson_id]), zone))
    return found


async def load_seats(
    session: AsyncSession, lesson_ids: Sequence[str]
) -> defaultdict[str, list[Seat]]:
    """Return the seats of lessons, in the order of inviting."""
    seats: defaultdict[str, list[Seat]] = defaultdict(list)
    for first in range(0, len(lesson_ids), _IDS):
        query = (
            select(
                LessonRoomRow.lesson_id,
                LessonRoomRow.room_id,
                RoomRow.school_id,
                LessonRoomRow.class_id,
            )
            .join(RoomRow, RoomRow.room_id == LessonRoomRow.room_id)
            .where(LessonRoomRow.lesson_id.in_(lesson_ids[first : first + _IDS]))
            .order_by(LessonRoomRow.position)
        )
        for lesson_id, room_id, school_id, class_id in (await session.execute(query)).all():
            seats[lesson_id].append(Seat(room_id, school_id, class_id))
    return seats


def parts_of(text: str | None) -> frozenset[ChangedPart]:
    """Read the parts of a lesson that were changed by themselves."""
    return frozenset(ChangedPart(one) for one in (text or "").split(",") if one)


def parts_text(parts: Collection[ChangedPart]) -> str:
    """Write them."""
    return ",".join(sorted(parts))


def _standing(row: Row[Any], seats: tuple[Seat, ...], zone: tzinfo) -> StandingLesson:
    on = row.on_date or row.starts_at.astimezone(zone).date()
    slot = Slot(on, row.starts_at, row.ends_at, row.period, row.period_count or 1)
    state = LessonState(row.state)
    return StandingLesson(
        lesson_id=row.lesson_id,
        version=row.version,
        state=state,
        content=Content(
            title=row.title,
            class_kind=ClassKind(row.class_kind),
            delivery_mode=DeliveryMode(row.delivery_mode),
            subject=row.subject,
            subject_id=row.subject_id,
            grade=row.grade,
            lead_class_id=row.lead_class_id,
            textbook_volume=row.textbook_volume,
            textbook_section=row.textbook_section,
        ),
        held=Held(
            slot,
            row.lead_teacher_id,
            Rooms(row.lead_room_id, seats),
            stopped=state is LessonState.CANCELLED,
        ),
        lead_school_id=row.lead_school_id,
        county_id=row.county_id or "",
        term_id=row.term_id,
        plan_id=row.plan_id,
        plan_kind=None if row.plan_kind is None else PlanKind(row.plan_kind),
        source=row.source or on,
        week=row.week,
        parts=parts_of(row.parts),
        make_up_of=row.make_up_of,
        told=Told(
            row.changed_at,
            None if row.change is None else ChangeKind(row.change),
            None if row.reason is None else MissedReason(row.reason),
            row.note,
            row.waiver,
        ),
    )
