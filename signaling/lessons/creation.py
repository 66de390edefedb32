"""Creating a lesson: its teacher and rooms exist and are free, and its 课程码 is its own."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.errors import Busy, Clash, Invalid
from signaling.base.ids import new_id, new_join_code
from signaling.base.problem_codes import ProblemCode
from signaling.directory.held import may_lead
from signaling.directory.tables import PersonRow, RoomRow, SchoolRow
from signaling.lessons.loading import load_lessons
from signaling.lessons.records import LessonRecord
from signaling.lessons.rules import OPEN_STATES
from signaling.lessons.tables import LessonRoomRow, LessonRow
from signaling.lessons.wire import LessonCreate, LessonState

_CODE_ATTEMPTS = 8


async def add_lesson(session: AsyncSession, wish: LessonCreate) -> str:
    """Create a lesson whose times and rooms were checked for form; returns its id.

    Raises:
        Invalid: the teacher or a room does not exist.
        Clash: the teacher or a room is taken.
        Busy: no join code is free.
    """
    for _ in range(_CODE_ATTEMPTS):
        join_code = new_join_code()
        taken = select(LessonRow.lesson_id).where(
            LessonRow.join_code == join_code, LessonRow.state.in_(OPEN_STATES)
        )
        if await session.scalar(taken) is None:
            return await _insert(session, wish, join_code)
    raise Busy("no free join code")


async def _insert(session: AsyncSession, wish: LessonCreate, join_code: str) -> str:
    await _demand_known(session, wish)
    await _demand_free(session, wish)
    lesson_id = new_id()
    session.add(
        LessonRow(
            lesson_id=lesson_id,
            title=wish.title,
            class_kind=wish.class_kind,
            subject=wish.subject,
            grade=wish.grade,
            state=LessonState.SCHEDULED,
            starts_at=wish.starts_at,
            ends_at=wish.ends_at,
            lead_teacher_id=wish.lead_teacher_id,
            lead_room_id=wish.lead_room_id,
            join_code=join_code,
            delivery_mode=wish.delivery_mode,
        )
    )
    await session.flush()
    session.add_all(
        LessonRoomRow(lesson_id=lesson_id, room_id=room_id, position=position)
        for position, room_id in enumerate(wish.receive_room_ids)
    )
    await session.flush()
    return lesson_id


async def _demand_known(session: AsyncSession, wish: LessonCreate) -> None:
    teacher = await session.scalar(
        select(PersonRow.person_id).where(
            PersonRow.person_id == wish.lead_teacher_id, may_lead(wish.starts_at)
        )
    )
    if teacher is None:
        raise Invalid(code=ProblemCode.UNKNOWN_TEACHER, field="lead_teacher_id")
    await demand_rooms(session, wish, SchoolRow.active.is_(True))


async def demand_rooms(
    session: AsyncSession, wish: LessonCreate, usable: ColumnElement[bool]
) -> None:
    """Raise Invalid unless every room is in use and its school meets the condition."""
    wanted = {*wish.receive_room_ids, *({wish.lead_room_id} - {None})}
    query = (
        select(RoomRow.room_id)
        .join(SchoolRow, SchoolRow.school_id == RoomRow.school_id)
        .where(RoomRow.room_id.in_(wanted), RoomRow.active, usable)
    )
    known = set(await session.scalars(query))
    if wish.lead_room_id is not None and wish.lead_room_id not in known:
        raise Invalid(code=ProblemCode.UNKNOWN_ROOM, field="lead_room_id")
    for index, room_id in enumerate(wish.receive_room_ids):
        if room_id not in known:
            raise Invalid(code=ProblemCode.UNKNOWN_ROOM, field=f"receive_room_ids[{index}]")


async def _demand_free(session: AsyncSession, wish: LessonCreate) -> None:
    wanted = {*wish.receive_room_ids, *({wish.lead_room_id} - {None})}
    invited = select(LessonRoomRow.lesson_id).where(LessonRoomRow.room_id.in_(wanted))
    overlapping = await load_lessons(
        session,
        LessonRow.state.in_(OPEN_STATES),
        LessonRow.starts_at < wish.ends_at,
        LessonRow.ends_at > wish.starts_at,
        or_(
            LessonRow.lead_teacher_id == wish.lead_teacher_id,
            LessonRow.lead_room_id.in_(wanted),
            LessonRow.lesson_id.in_(invited),
        ),
    )
    for lesson in overlapping:
        _demand_apart(wish, lesson)


def _demand_apart(wish: LessonCreate, other: LessonRecord) -> None:
    """Raise Clash where the wish shares a teacher or a room with a lesson of the same time."""
    if other.lead_teacher.person_id == wish.lead_teacher_id:
        raise _clash(other.lead_teacher.name, other, "lead_teacher_id")
    taken = {room.room_id: f"{room.school}{room.name}" for room in other.receive_rooms}
    if other.lead_room is not None:
        taken[other.lead_room.room_id] = f"{other.lead_room.school}{other.lead_room.name}"
    if wish.lead_room_id in taken:
        raise _clash(taken[wish.lead_room_id], other, "lead_room_id")
    for index, room_id in enumerate(wish.receive_room_ids):
        if room_id in taken:
            raise _clash(taken[room_id], other, f"receive_room_ids[{index}]")


def _clash(who: str, other: LessonRecord, field: str) -> Clash:
    facts = {"who": who, "lesson": other.title}
    return Clash(f"{who} is in lesson {other.lesson_id}", field=field, facts=facts)
