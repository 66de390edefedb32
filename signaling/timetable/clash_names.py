"""Clashes with the names of those whom they concern."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.errors import Clash as ClashError
from signaling.base.problem_codes import ProblemCode
from signaling.directory.tables import (
    ClassRow,
    PersonRow,
    RoomRow,
    SchoolRow,
    SubjectRow,
)
from signaling.lessons.tables import LessonRow
from signaling.timetable.core.bookings import Booking
from signaling.timetable.core.clashes import Clash
from signaling.timetable.core.codes import ClashLevel, WhoKind
from signaling.timetable.wire import ClashFound, ClashLesson, ClashWho

MAX_SHOWN = 50  # clashes of one answer
_MAX_OTHERS = 20  # lessons of one clash: a sum may have many


@dataclass(frozen=True, slots=True)
class Titled:
    """A checked lesson with its title and teacher, which may not be written yet."""

    booking: Booking
    title: str
    teacher_id: str


async def shown_clashes(
    session: AsyncSession, clashes: Sequence[Clash], wishes: Iterable[Titled]
) -> tuple[ClashFound, ...]:
    """Return the first clashes as the API shows them, hard ones first."""
    first = sorted(clashes, key=lambda one: one.level is ClashLevel.SOFT)[:MAX_SHOWN]
    checked = {wish.booking.lesson_id: wish for wish in wishes}
    names = await _names(session, first, checked.values())
    lessons = await _lessons(session, first)
    for lesson_id, wish in checked.items():
        teacher = names[WhoKind.PERSON].get(wish.teacher_id, "")
        lessons[lesson_id] = ClashLesson(
            lesson_id if not lesson_id.startswith(UNWRITTEN) else "",
            wish.title,
            wish.booking.starts_at,
            wish.booking.ends_at,
            teacher,
        )
    return tuple(
        ClashFound(
            rule=one.rule,
            level=one.level,
            who=ClashWho(one.who.kind, one.who.id, names[one.who.kind].get(one.who.id, "")),
            lesson=lessons[one.lesson_id],
            others=tuple(lessons[other] for other in one.others[:_MAX_OTHERS] if other in lessons),
            needed=one.needed,
            available=one.available,
        )
        for one in first
    )


UNWRITTEN = "new-"  # begins the id of a lesson that is only checked


async def demand_clear(
    session: AsyncSession, clashes: Sequence[Clash], wishes: Iterable[Titled], zone: tzinfo
) -> None:
    """Raise the clash error, which names the first hard clash, if there is one.

    Raises:
        Clash: `facts` name the rule, who, the lesson, the other one, and how many there are.
    """
    hard = [one for one in clashes if one.level is ClashLevel.HARD]
    if not hard:
        return
    (first,) = await shown_clashes(session, hard[:1], wishes)
    facts: dict[str, str | int] = {
        "rule": first.rule,
        "who": first.who.name,
        "lesson": first.lesson.title,
        "at": _local(first.lesson.starts_at, zone),
        "other": first.others[0].title if first.others else "",
        "count": len(hard),
    }
    raise ClashError(code=ProblemCode.TIMETABLE_CLASH, facts=facts)


def _local(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).isoformat(timespec="minutes")


_Named = tuple[Any, Any]
_NAMED: Mapping[WhoKind, _Named] = {
    WhoKind.PERSON: (PersonRow.person_id, PersonRow.name),
    WhoKind.CLASS: (ClassRow.class_id, ClassRow.name),
    WhoKind.SCHOOL: (SchoolRow.school_id, SchoolRow.name),
    WhoKind.SUBJECT: (SubjectRow.subject_id, SubjectRow.name),
}


async def _names(
    session: AsyncSession, clashes: Iterable[Clash], wishes: Iterable[Titled]
) -> dict[WhoKind, dict[str, str]]:
    wanted: dict[WhoKind, set[str]] = {kind: set() for kind in WhoKind}
    for one in clashes:
        wanted[one.who.kind].add(one.who.id)
    wanted[WhoKind.PERSON] |= {wish.teacher_id for wish in wishes}
    names: dict[WhoKind, dict[str, str]] = {kind: {} for kind in WhoKind}
    for kind, (column, name) in _NAMED.items():
        if wanted[kind]:
            query = select(column, name).where(column.in_(wanted[kind]))
            names[kind] = {row[0]: row[1] for row in (await session.execute(query)).all()}
    if wanted[WhoKind.ROOM]:
        rooms = (
            select(RoomRow.room_id, RoomRow.name, SchoolRow.name)
            .join(SchoolRow, SchoolRow.school_id == RoomRow.school_id)
            .where(RoomRow.room_id.in_(wanted[WhoKind.ROOM]))
        )
        for room_id, room, school in (await session.execute(rooms)).all():
            names[WhoKind.ROOM][room_id] = f"{school}{room}"
    return names


async def _lessons(session: AsyncSession, clashes: Iterable[Clash]) -> dict[str, ClashLesson]:
    wanted = {other for one in clashes for other in one.others[:_MAX_OTHERS]}
    query = (
        select(
            LessonRow.lesson_id,
            LessonRow.title,
            LessonRow.starts_at,
            LessonRow.ends_at,
            PersonRow.name,
        )
        .join(PersonRow, PersonRow.person_id == LessonRow.lead_teacher_id)
        .where(LessonRow.lesson_id.in_(wanted))
    )
    return {row[0]: ClashLesson(*row) for row in (await session.execute(query)).all()}
