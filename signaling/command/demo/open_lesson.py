"""Seeing to it that the demo county always has a lesson that can be held now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from signaling.audit.actions import AuditAction
from signaling.audit.log import SYSTEM
from signaling.base.errors import Clash
from signaling.command.demo import county
from signaling.command.seed import LESSON_LENGTH, todays_lessons
from signaling.lessons.records import LessonRecord
from signaling.lessons.rules import OPEN_STATES
from signaling.lessons.wire import ClassKind, LessonCreate
from signaling.wiring import Services

_OPEN_BEFORE = timedelta(minutes=5)
_SOON = timedelta(minutes=25)  # the longest break in the morning; its next lesson can be begun


async def keep_one_open(services: Services) -> None:
    """Arrange a lesson that is open now, unless there is one: on days off and at night, too."""
    teacher = county.TEACHERS[0]
    if await services.people.person(teacher.person_id) is None:
        return  # somebody else's database: nothing to show in it
    now = services.clock.now()
    if any(can_begin(lesson, now) for lesson in await todays_lessons(services, now)):
        return
    for wish in _wishes(now):
        path = await services.lesson_store.branch_of_teacher(wish.lead_teacher_id)
        try:
            async with services.audit.work(
                SYSTEM, AuditAction.LESSON_CREATE, detail=wish.title
            ) as work:
                work.target = await services.lesson_store.create(work, wish)
                work.concerns(path, wish.title)
        except Clash:
            continue  # the next teacher may be free
        return


def can_begin(lesson: LessonRecord, now: datetime) -> bool:
    """Return whether a lesson is there to be begun: it is open, or the next after a break."""
    return lesson.state in OPEN_STATES and lesson.starts_at - _SOON <= now < lesson.ends_at


def _wishes(now: datetime) -> Iterator[LessonCreate]:
    """Return lessons that could be held now, the one of the first demo account first."""
    starts_at = now.replace(second=0, microsecond=0) - _OPEN_BEFORE
    for lesson in county.weekly_lessons():
        teacher = next(one for one in county.TEACHERS if one.person_id == lesson.teacher_id)
        center = next(one for one in county.CENTERS if one.school_id == teacher.school_id)
        yield LessonCreate(
            title=lesson.title,
            class_kind=ClassKind.DEDICATED,
            subject=lesson.subject,
            grade=lesson.grade,
            starts_at=starts_at,
            ends_at=starts_at + LESSON_LENGTH,
            lead_teacher_id=lesson.teacher_id,
            receive_room_ids=tuple(point.room_id for point in county.points_of(center)[:3]),
            lead_room_id=center.room_id,
        )
