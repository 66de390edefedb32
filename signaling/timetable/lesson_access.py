"""Lessons of the timetable, found for somebody who may see or change them."""

from __future__ import annotations

from datetime import tzinfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import allows
from signaling.access.roles import Actor
from signaling.base.errors import Forbidden, NotFound
from signaling.base.problem_codes import ProblemCode
from signaling.directory.tables import OrgNodeRow, PersonRow
from signaling.lessons.parties import Parties, relations
from signaling.lessons.tables import LessonRow
from signaling.timetable.records import StandingLesson
from signaling.timetable.scopes import paths_of
from signaling.timetable.standing import load_standing


async def find_lesson(
    session: AsyncSession, actor: Actor, lesson_id: str, zone: tzinfo, *, to_change: bool
) -> tuple[StandingLesson, bool]:
    """Return a lesson, and whether the actor may change it.

    Whoever manages the county or the leading school may change it. Whoever takes part, or reads in
    a branch of one of its schools, may see it.

    Raises:
        NotFound: there is no such lesson for the actor.
        Forbidden: the actor may only see it.
    """
    found = await load_standing(session, zone, LessonRow.lesson_id == lesson_id)
    if not found:
        raise NotFound(code=ProblemCode.LESSON_NOT_FOUND)
    lesson = found[0]
    led_by = await paths_of(session, [lesson.county_id, lesson.lead_school_id or ""])
    manages = allows(actor, Action.MANAGE_TIMETABLE, (), led_by)
    if not manages:
        parties = await _parties(session, lesson)
        held = relations(actor, parties)
        if not allows(actor, Action.READ_TIMETABLE, held, parties.branches):
            raise NotFound(code=ProblemCode.LESSON_NOT_FOUND)
        if to_change:
            raise Forbidden()
    return lesson, manages


async def _parties(session: AsyncSession, lesson: StandingLesson) -> Parties:
    seats = lesson.held.rooms.seats
    schools = {seat.school_id for seat in seats}
    if lesson.held.rooms.lead_room_id is not None and lesson.lead_school_id is not None:
        schools.add(lesson.lead_school_id)
    home = (
        select(OrgNodeRow.path)
        .join(PersonRow, PersonRow.node_id == OrgNodeRow.node_id)
        .where(PersonRow.person_id == lesson.held.teacher_id)
    )
    branches = await paths_of(session, schools) | set(await session.scalars(home))
    return Parties(
        lead_teacher_id=lesson.held.teacher_id,
        receive_room_ids=frozenset(seat.room_id for seat in seats),
        school_ids=frozenset(schools),
        branches=branches,
    )
