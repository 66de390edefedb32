"""Lessons ahead that need a school, a room, a class or a teacher."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.directory.entries.lessons import LessonUser
from signaling.directory.entries.wire import AffectedLesson
from signaling.directory.tables import ClassRow, PersonRow, RoomRow
from signaling.lessons.rules import OPEN_STATES
from signaling.lessons.tables import LessonRoomRow, LessonRow


class LessonBook:
    """The lessons that are scheduled or live, for the directory."""

    async def needing(
        self, session: AsyncSession, user: LessonUser, entry_id: str, now: datetime, limit: int
    ) -> tuple[Sequence[AffectedLesson], int]:
        """Return the first lessons after `now` that need the entry, and how many need it."""
        ahead = (
            LessonRow.state.in_(OPEN_STATES),
            LessonRow.ends_at > now,
            _NEEDS[user](entry_id),
        )
        query = (
            select(
                LessonRow.lesson_id,
                LessonRow.title,
                LessonRow.starts_at,
                LessonRow.ends_at,
                PersonRow.name,
            )
            .join(PersonRow, PersonRow.person_id == LessonRow.lead_teacher_id)
            .where(*ahead)
            .order_by(LessonRow.starts_at, LessonRow.lesson_id)
            .limit(limit)
        )
        total = await session.scalar(select(func.count(LessonRow.lesson_id)).where(*ahead))
        rows = (await session.execute(query)).all()
        return [AffectedLesson(*row) for row in rows], total or 0


def _invited(rooms: ColumnElement[bool]) -> Select[str]:
    return select(LessonRoomRow.lesson_id).where(rooms)


def _school(school_id: str) -> ColumnElement[bool]:
    rooms = select(RoomRow.room_id).where(RoomRow.school_id == school_id)
    classes = select(ClassRow.class_id).where(ClassRow.school_id == school_id)
    teachers = select(PersonRow.person_id).where(PersonRow.school_id == school_id)
    invited = or_(LessonRoomRow.room_id.in_(rooms), LessonRoomRow.class_id.in_(classes))
    return or_(
        LessonRow.lead_teacher_id.in_(teachers),
        LessonRow.lead_room_id.in_(rooms),
        LessonRow.lead_class_id.in_(classes),
        LessonRow.lesson_id.in_(_invited(invited)),
    )


def _room(room_id: str) -> ColumnElement[bool]:
    invited = LessonRow.lesson_id.in_(_invited(LessonRoomRow.room_id == room_id))
    return or_(LessonRow.lead_room_id == room_id, invited)


def _class(class_id: str) -> ColumnElement[bool]:
    invited = LessonRow.lesson_id.in_(_invited(LessonRoomRow.class_id == class_id))
    return or_(LessonRow.lead_class_id == class_id, invited)


def _teacher(person_id: str) -> ColumnElement[bool]:
    return LessonRow.lead_teacher_id == person_id


_NEEDS: Mapping[LessonUser, Callable[[str], ColumnElement[bool]]] = MappingProxyType(
    {
        LessonUser.SCHOOL: _school,
        LessonUser.ROOM: _room,
        LessonUser.CLASS: _class,
        LessonUser.TEACHER: _teacher,
    }
)
