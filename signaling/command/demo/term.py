"""The demo county's term: bells, the plans of every week, and what was changed by itself."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from sqlalchemy import select

from signaling.access.roles import Actor
from signaling.base.errors import SignalingError
from signaling.command.demo import county
from signaling.command.demo.places import subject_id
from signaling.lessons.reasons import MissedReason
from signaling.lessons.tables import LessonRow
from signaling.lessons.wire import ClassKind, LessonState
from signaling.timetable.plan_wire import PlanKind, PlanWish, SeatWish
from signaling.timetable.setting_wire import BellsWish, PeriodTimes, TermWish
from signaling.timetable.tables import PlannedLessonRow
from signaling.timetable.wire import (
    LessonMakeUp,
    LessonMove,
    LessonStop,
    LessonSubstitute,
    SlotWish,
)
from signaling.wiring import Services

WEEKS_TAUGHT = 4  # before the week of today
_OFFICE_OPENS = time(8, 0)  # when the office of the county changes the timetable

At = Callable[[datetime], AbstractAsyncContextManager[Services]]


@dataclass(frozen=True, slots=True)
class SetClock:
    """A clock that stands still."""

    at: datetime

    def now(self) -> datetime:
        """Wall time, aware, UTC."""
        return self.at

    def monotonic(self) -> float:
        """Seconds."""
        return self.at.timestamp()


def first_monday(today: date) -> date:
    """Return the first day of the term: some weeks were taught already."""
    return today - timedelta(days=today.weekday(), weeks=WEEKS_TAUGHT)


def term_name(first: date) -> str:
    """Return the name of the term that begins on a day."""
    begins = first.year if first.month >= 8 else first.year - 1
    half = "一" if first.month >= 8 or first.month == 1 else "二"
    return f"{begins}—{begins + 1}学年第{half}学期"


def at_times_of(services: Services) -> At:
    """Return what gives the services as they would act at another time, on the same data."""

    @asynccontextmanager
    async def at(when: datetime) -> AsyncIterator[Services]:
        then = Services(services.config, services.relay, services.recorder, clock=SetClock(when))
        try:
            yield then
        finally:
            await then.database.close()

    return at


async def plan_term(at: At, zone: tzinfo, today: date) -> None:
    """Make term, bells and the plans of every week, as the county did before the term began."""
    first = first_monday(today)
    opened = datetime.combine(first, _OFFICE_OPENS, zone) - timedelta(days=3)
    async with at(opened) as services:
        admin = await admin_of(services)
        settings = services.timetable.settings
        term = await settings.terms.create(
            admin, TermWish(county.COUNTY_ID, term_name(first), first, county.WEEKS)
        )
        await settings.bells.create(
            admin, BellsWish(county.COUNTY_ID, "全县作息时间", tuple(_periods()))
        )
        for lesson in county.weekly_lessons():
            await services.timetable.plans.create(admin, _plan_of(lesson, term.term_id))


def _periods() -> list[PeriodTimes]:
    length = timedelta(minutes=county.PERIOD_MINUTES)
    return [
        PeriodTimes(
            number + 1,
            starts,
            (datetime.combine(date.min, starts) + length).time(),
        )
        for number, starts in enumerate(county.BELLS)
    ]


def _plan_of(lesson: county.WeeklyLesson, term_id: str) -> PlanWish:
    teacher = next(one for one in county.TEACHERS if one.person_id == lesson.teacher_id)
    center = next(one for one in county.CENTERS if one.school_id == teacher.school_id)
    return PlanWish(
        county_id=county.COUNTY_ID,
        kind=PlanKind.PERIODIC,
        class_kind=ClassKind.DEDICATED,
        subject_id=subject_id(lesson.subject),
        title=lesson.title,
        grade=lesson.grade,
        lead_teacher_id=lesson.teacher_id,
        term_id=term_id,
        lead_room_id=center.room_id,
        lead_class_id=county.class_in(center, lesson.grade).class_id,
        seats=tuple(_seat(room_id, lesson.grade) for room_id in lesson.room_ids),
        weekday=lesson.weekday,
        weeks=lesson.weeks,
        period=lesson.period,
    )


def _seat(room_id: str, grade: str) -> SeatWish:
    school = county.school_of_room(room_id)
    return SeatWish(room_id, county.class_in(school, grade).class_id)


async def change_some(at: At, zone: tzinfo, today: date) -> None:
    """Cancel a lesson of last week and make it up; move one of next week, substitute another."""
    monday = today - timedelta(days=today.weekday())
    morning = datetime.combine(monday, _OFFICE_OPENS, zone)
    async with at(morning - timedelta(days=10)) as services:
        with contextlib.suppress(SignalingError):  # the lesson may have fallen on a day off
            await _stop_and_make_up(services, monday)
    async with at(morning - timedelta(days=3)) as services:
        for change in (_move_one, _substitute_one):
            with contextlib.suppress(SignalingError):
                await change(services, monday + timedelta(days=7))


async def _stop_and_make_up(services: Services, monday: date) -> None:
    admin, found = await admin_of(services), await _lesson_of(services, "teacher-sun", monday, -7)
    if found is None:
        return
    stop = LessonStop(found.version, MissedReason.TEACHER_LEAVE, note="参加县里教研活动")
    await services.timetable.changes.cancel(admin, found.lesson_id, stop)
    slot = SlotWish(monday + timedelta(days=10), period=len(county.BELLS))
    await services.timetable.changes.make_up(admin, found.lesson_id, LessonMakeUp(slot))


async def _move_one(services: Services, monday: date) -> None:
    admin, found = await admin_of(services), await _lesson_of(services, "teacher-xu", monday, 0)
    if found is None:
        return
    slot = SlotWish(monday + timedelta(days=4), period=len(county.BELLS))
    move = LessonMove(found.version, slot, note="学校开运动会")
    await services.timetable.changes.move(admin, found.lesson_id, move)


async def _substitute_one(services: Services, monday: date) -> None:
    admin, found = await admin_of(services), await _lesson_of(services, "teacher-zhou", monday, 0)
    if found is None:
        return
    wish = LessonSubstitute(found.version, "teacher-wu", MissedReason.TEACHER_LEAVE, note="病假")
    await services.timetable.changes.substitute(admin, found.lesson_id, wish)


async def _lesson_of(
    services: Services, teacher_id: str, monday: date, days: int
) -> LessonRow | None:
    """Find a teacher's first open lesson in the week that begins so many days after a Monday."""
    first = monday + timedelta(days=days)
    query = (
        select(LessonRow)
        .join(PlannedLessonRow, PlannedLessonRow.lesson_id == LessonRow.lesson_id)
        .where(
            LessonRow.lead_teacher_id == teacher_id,
            LessonRow.state == LessonState.SCHEDULED,
            PlannedLessonRow.on_date.between(first, first + timedelta(days=6)),
        )
        .order_by(LessonRow.starts_at)
        .limit(1)
    )
    async with services.database.read() as session:
        return await session.scalar(query)


async def admin_of(services: Services) -> Actor:
    """Return the county's admin as one who asks now. Raises LookupError."""
    person = await services.people.person("admin-li")
    if person is None:
        raise LookupError("the demo county has no admin")
    return person.actor(services.clock.now())
