"""Changes from one lesson on: those of its plan that follow it change with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.audit.log import Work
from signaling.base.errors import Invalid
from signaling.base.problem_codes import ProblemCode
from signaling.lessons.wire import LessonState
from signaling.timetable.clash_names import MAX_SHOWN, shown_clashes
from signaling.timetable.core.calendar import Term
from signaling.timetable.core.slots import Bell, ClockTimes, Place
from signaling.timetable.lesson_book import Mark
from signaling.timetable.lesson_wishes import Wished
from signaling.timetable.names import names_of
from signaling.timetable.plan_rows import load_plan
from signaling.timetable.plan_wire import PlanKind
from signaling.timetable.planning import Planner, Replacement
from signaling.timetable.records import PlanRecord, StandingLesson
from signaling.timetable.standing import load_standing, parts_text
from signaling.timetable.tables import PlannedLessonRow, TermRow
from signaling.timetable.terms import term_of
from signaling.timetable.wire import CheckResult


class Onward:
    """Changes a plan from one of its lessons on, as that lesson changes."""

    def __init__(self, planner: Planner, zone: tzinfo) -> None:
        self._planner = planner
        self._zone = zone

    async def lessons(
        self, session: AsyncSession, lesson: StandingLesson, now: datetime
    ) -> list[StandingLesson]:
        """Return a lesson and those of its plan that follow it and are still to come."""
        plan = await self._plan(session, lesson)
        found = await load_standing(
            session,
            self._zone,
            PlannedLessonRow.plan_id == plan.plan_id,
            PlannedLessonRow.source >= lesson.source,
        )
        return [
            one
            for one in found
            if one.lesson_id == lesson.lesson_id
            or (one.state is LessonState.SCHEDULED and one.held.slot.starts_at >= now)
        ]

    async def check(
        self, session: AsyncSession, lesson: StandingLesson, wished: Wished, now: datetime
    ) -> CheckResult:
        """Return what a change from a lesson on would do."""
        replacement = await self._replacement(session, lesson, wished)
        settling, _ = await self._planner.prepare_replacement(session, replacement, now)
        names = await names_of(session, fallen=settling.fallen)
        return CheckResult(
            lessons=len(settling.create) + len(settling.rewrite),
            clashes=await shown_clashes(session, settling.clashes, settling.titled),
            more=len(settling.clashes) > MAX_SHOWN,
            fallen=names.fallen(settling.fallen),
        )

    async def change(
        self, work: Work, lesson: StandingLesson, wished: Wished, mark: Mark
    ) -> list[str]:
        """Change a lesson and those that follow; returns their ids. Raises Invalid, Clash."""
        replacement = await self._replacement(work.session, lesson, wished)
        # The lesson itself follows its plan again in the parts that change now.
        await work.session.execute(
            update(PlannedLessonRow)
            .where(PlannedLessonRow.lesson_id == lesson.lesson_id)
            .values(parts=parts_text(lesson.parts - wished.override.parts))
        )
        settling = await self._planner.replace(work, replacement, mark)
        return [one.lesson.lesson_id for one in settling.rewrite]

    async def _replacement(
        self, session: AsyncSession, lesson: StandingLesson, wished: Wished
    ) -> Replacement:
        plan = await self._plan(session, lesson)
        row = None if plan.term_id is None else await session.get(TermRow, plan.term_id)
        term: Term | None = None if row is None else term_of(row)
        return Replacement(plan, _changed(plan, lesson, wished, self._zone), term, lesson.source)

    async def _plan(self, session: AsyncSession, lesson: StandingLesson) -> PlanRecord:
        plan = None if lesson.plan_id is None else await load_plan(session, lesson.plan_id)
        if plan is None:
            raise Invalid(code=ProblemCode.NOTHING_PLANNED, field="onward")
        return plan


def _changed(plan: PlanRecord, lesson: StandingLesson, wished: Wished, zone: tzinfo) -> PlanRecord:
    """Return the plan as the lesson is to be: each lesson stays in its own week."""
    override = wished.override
    changed = replace(plan, lead_school_id=wished.lead_school_id)
    if override.teacher_id is not None:
        changed = replace(changed, lead_teacher_id=override.teacher_id)
    if override.rooms is not None:
        rooms = override.rooms
        changed = replace(changed, lead_room_id=rooms.lead_room_id, seats=rooms.seats)
    slot = override.slot
    if slot is None:
        return changed
    if slot.period is not None:
        place: Place = Bell(slot.period, slot.period_count)
    else:
        starts, ends = (at.astimezone(zone).time() for at in (slot.starts_at, slot.ends_at))
        place = ClockTimes(starts, ends)
    if plan.kind is PlanKind.PERIODIC:
        return replace(changed, weekday=slot.on.isoweekday(), place=place)
    by: timedelta = slot.on - lesson.held.slot.on
    dates = tuple(day + by if day >= lesson.source else day for day in plan.dates)
    return replace(changed, dates=dates, place=place)
