"""Lessons of the timetable as the API shows them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.directory.tables import PersonRow, RoomRow
from signaling.lessons.reasons import MissedReason
from signaling.timetable.lesson_book import Before
from signaling.timetable.names import Names, names_of
from signaling.timetable.records import StandingLesson
from signaling.timetable.standing import PART, parts_of
from signaling.timetable.tables import LessonChangeRow
from signaling.timetable.wire import (
    ChangeKind,
    LessonBefore,
    LessonChangeNote,
    TimetableLesson,
)

MAX_NOTES = 50  # changes of a lesson that are told


def shown_lesson(
    lesson: StandingLesson, names: Names, since: datetime | None = None
) -> TimetableLesson:
    """Return a lesson as the API shows it; `since` decides whether it is marked as changed."""
    content, held, told = lesson.content, lesson.held, lesson.told
    changed_at = told.changed_at
    return TimetableLesson(
        lesson_id=lesson.lesson_id,
        version=lesson.version,
        changed_at=changed_at,
        changed=since is not None and changed_at is not None and changed_at > since,
        plan_id=lesson.plan_id,
        plan_kind=lesson.plan_kind,
        title=content.title,
        subject=content.subject,
        subject_id=content.subject_id,
        grade=content.grade,
        class_kind=content.class_kind,
        delivery_mode=content.delivery_mode,
        state=lesson.state,
        date=held.slot.on,
        starts_at=held.slot.starts_at,
        ends_at=held.slot.ends_at,
        period=held.slot.period,
        period_count=held.slot.period_count,
        week=lesson.week,
        lead_teacher=names.person(held.teacher_id),
        lead_room=names.room(held.rooms.lead_room_id),
        lead_class=names.class_(content.lead_class_id),
        seats=names.seats(held.rooms.seats),
        textbook_volume=content.textbook_volume,
        textbook_section=content.textbook_section,
        change=told.change,
        reason=told.reason,
        note=told.note,
        waiver=told.waiver,
        make_up_of=lesson.make_up_of,
    )


async def shown_lessons(
    session: AsyncSession,
    lessons: Sequence[StandingLesson],
    since: datetime | None = None,
) -> tuple[TimetableLesson, ...]:
    """Return lessons as the API shows them; `since` as in `shown_lesson`."""
    names = await names_of(session, lessons=lessons)
    shown: list[TimetableLesson] = []
    for first in range(0, len(lessons), PART):
        await asyncio.sleep(0)  # media go between the parts of a page
        shown += [shown_lesson(one, names, since) for one in lessons[first : first + PART]]
    return tuple(shown)


async def change_notes(session: AsyncSession, lesson_id: str) -> tuple[LessonChangeNote, ...]:
    """Return the changes of a lesson, newest first."""
    rows = list(
        await session.scalars(
            select(LessonChangeRow)
            .where(LessonChangeRow.lesson_id == lesson_id)
            .order_by(LessonChangeRow.version.desc())
            .limit(MAX_NOTES)
        )
    )
    before = [msgspec.json.decode(row.before, type=Before) for row in rows]
    people = select(PersonRow.person_id, PersonRow.name).where(
        PersonRow.person_id.in_({one.teacher_id for one in before})
    )
    rooms = select(RoomRow.room_id, RoomRow.name).where(
        RoomRow.room_id.in_({one.lead_room_id for one in before} - {None})
    )
    named = {row[0]: row[1] for row in (await session.execute(people)).all()}
    placed = {row[0]: row[1] for row in (await session.execute(rooms)).all()}
    return tuple(
        LessonChangeNote(
            version=row.version,
            kind=ChangeKind(row.kind),
            parts=tuple(sorted(parts_of(row.parts))),
            reason=None if row.reason is None else MissedReason(row.reason),
            note=row.note,
            waiver=row.waiver,
            by=row.by_name,
            at=row.at,
            before=LessonBefore(
                one.starts_at,
                one.ends_at,
                named.get(one.teacher_id, ""),
                placed.get(one.lead_room_id or ""),
            ),
        )
        for row, one in zip(rows, before, strict=True)
    )
