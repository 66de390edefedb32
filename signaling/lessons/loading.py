"""Lessons as records, read with everything that belongs to them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.directory.records import RoomRecord
from signaling.directory.store import room_record, select_rooms
from signaling.directory.tables import OrgNodeRow, PersonRow, RoomRow, SchoolRow
from signaling.directory.wire import PersonRef
from signaling.lessons.facts import attended as attended_in
from signaling.lessons.records import LessonRecord
from signaling.lessons.seats import room_participant
from signaling.lessons.tables import LessonRoomRow, LessonRow
from signaling.lessons.wire import ClassKind, DeliveryMode, LessonState

_PART = 25  # lessons read in one step of the loop, which forwards media


async def load_lessons(
    session: AsyncSession,
    *conditions: ColumnElement[bool],
    limit: int | None = None,
) -> list[LessonRecord]:
    """Return lessons with everything that belongs to them, in four queries whatever their number.

    They come in the order of their planned start.
    """
    found = await session.stream(
        select(LessonRow, PersonRow, SchoolRow.name, OrgNodeRow.path)
        .join(PersonRow, PersonRow.person_id == LessonRow.lead_teacher_id)
        .join(OrgNodeRow, OrgNodeRow.node_id == PersonRow.node_id)
        .outerjoin(SchoolRow, SchoolRow.school_id == PersonRow.school_id)
        .where(and_(*conditions))
        .order_by(LessonRow.starts_at, LessonRow.lesson_id)
        .limit(limit)
    )
    rows = [row async for part in found.partitions(_PART) for row in part]
    if not rows:
        return []
    invited = await _invited_rooms(session, [row[0].lesson_id for row in rows])
    lead_rooms = await _rooms(session, {row[0].lead_room_id for row in rows} - {None})
    attended = await attended_in(session, invited)
    records: list[LessonRecord] = []
    for place, (lesson, teacher, school, path) in enumerate(rows):
        if place % _PART == 0:
            await asyncio.sleep(0)  # media go between the parts of a page
        records.append(
            _record(
                lesson,
                teacher,
                (school, path),
                lead_rooms.get(lesson.lead_room_id or ""),
                invited=tuple(invited[lesson.lesson_id]),
                attended=attended.get(lesson.lesson_id, ()),
            )
        )
    return records


async def _invited_rooms(
    session: AsyncSession, lesson_ids: Collection[str]
) -> dict[str, list[RoomRecord]]:
    invited: dict[str, list[RoomRecord]] = {lesson_id: [] for lesson_id in lesson_ids}
    # Columns, not rows of the mapper: a page has hundreds, and the loop forwards media.
    query = (
        select(
            LessonRoomRow.lesson_id,
            RoomRow.room_id,
            RoomRow.name,
            SchoolRow.school_id,
            SchoolRow.name,
            OrgNodeRow.path,
        )
        .join(RoomRow, RoomRow.room_id == LessonRoomRow.room_id)
        .join(SchoolRow, SchoolRow.school_id == RoomRow.school_id)
        .join(OrgNodeRow, OrgNodeRow.node_id == SchoolRow.school_id)
        .where(LessonRoomRow.lesson_id.in_(lesson_ids))
        .order_by(LessonRoomRow.position)
    )
    known: dict[str, RoomRecord] = {}  # few rooms are in many lessons
    for lesson_id, room_id, name, school_id, school, path in (await session.execute(query)).all():
        room = known.get(room_id)
        if room is None:
            room = known[room_id] = RoomRecord(room_id, name, school_id, school, path)
        invited[lesson_id].append(room)
    return invited


async def _rooms(session: AsyncSession, room_ids: Collection[str | None]) -> dict[str, RoomRecord]:
    query = select_rooms().where(RoomRow.room_id.in_(room_ids))
    records = [room_record(*row) for row in (await session.execute(query)).all()]
    return {record.room_id: record for record in records}


def _record(
    lesson: LessonRow,
    teacher: PersonRow,
    belongs: tuple[str | None, str],
    lead_room: RoomRecord | None,
    *,
    invited: tuple[RoomRecord, ...],
    attended: Collection[str],
) -> LessonRecord:
    return LessonRecord(
        lesson_id=lesson.lesson_id,
        title=lesson.title,
        class_kind=ClassKind(lesson.class_kind),
        subject=lesson.subject,
        grade=lesson.grade,
        state=LessonState(lesson.state),
        starts_at=lesson.starts_at,
        ends_at=lesson.ends_at,
        held_from=lesson.held_from,
        held_to=lesson.held_to,
        cancel_reason=lesson.cancel_reason,
        lead_teacher=PersonRef(teacher.person_id, teacher.name),
        delivery_mode=DeliveryMode(lesson.delivery_mode),
        lead_school=belongs[0],
        lead_path=belongs[1],
        lead_room=lead_room,
        receive_rooms=invited,
        attended_rooms=tuple(
            room for room in invited if room_participant(room.room_id) in attended
        ),
        join_code=lesson.join_code,
        recording_id=lesson.recording_id,
    )
