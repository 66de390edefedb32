"""The lessons that the demo county has taught: who came, how many, what was seen, and why not.

What happened is drawn from the date, period and room, so that every new seed tells the same.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from signaling.command.demo import county
from signaling.lessons.fact_records import FactBatch, Spell
from signaling.lessons.facts import FactStore
from signaling.lessons.seats import LEAD_PARTICIPANT, room_participant
from signaling.lessons.tables import LessonRoomRow, LessonRow
from signaling.lessons.wire import Headcount, HeadcountChange, LessonState
from signaling.timetable.tables import PlannedLessonRow
from signaling.wiring import Services

_TEACHER_ABSENT = 0.015  # shares of lessons, and of rooms in lessons
_ROOM_ABSENT = 0.035
_BROKEN_OFF = 0.02  # the room loses its link for good
_LEAST_SEEN, _MOST_SEEN = 0.88, 0.995  # of the time that a room was there
_AFTER_END = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class _Lesson:
    """A planned lesson whose time is over."""

    lesson_id: str
    teacher_id: str
    starts_at: datetime
    ends_at: datetime
    rooms: tuple[tuple[str, str | None], ...]  # rooms with the classes in them


async def teach(services: Services, before: datetime) -> list[str]:
    """Hold the planned lessons that ended before a time; return those that were held, by time."""
    lessons = await _over(services, before)
    facts = FactStore(services.database)
    held: list[str] = []
    async with services.database.write() as session:
        for lesson in lessons:
            chance = random.Random(f"{lesson.starts_at:%F %H%M} {lesson.teacher_id}")
            if chance.random() < _TEACHER_ABSENT:
                continue
            begin = lesson.starts_at + timedelta(seconds=chance.randrange(-60, 150))
            end = lesson.ends_at + timedelta(seconds=chance.randrange(-90, 120))
            await session.execute(
                update(LessonRow)
                .where(LessonRow.lesson_id == lesson.lesson_id)
                .values(state=LessonState.ENDED, held_from=begin, held_to=end)
            )
            await facts.put(session, lesson.lesson_id, _facts(lesson, begin, end, chance))
            held.append(lesson.lesson_id)
    for lesson_id in held:
        moment = services.clock.now()
        await facts.conclude(lesson_id, FactBatch(), moment, timedelta())
    return held


def _facts(lesson: _Lesson, begin: datetime, end: datetime, chance: random.Random) -> FactBatch:
    spells = [_spell(LEAD_PARTICIPANT, begin - timedelta(minutes=4), end)]
    headcounts: list[Headcount] = []
    seen_s: dict[str, float] = {}
    for room_id, class_id in lesson.rooms:
        if chance.random() < _ROOM_ABSENT:
            continue
        who = room_participant(room_id)
        there = list(_spells(who, begin, end, chance))
        spells += there
        joined, left = there[0].joined_at, there[-1].seen_at
        lasted_s = (min(left, end) - max(joined, begin)).total_seconds()
        seen_s[who] = round(lasted_s * chance.uniform(_LEAST_SEEN, _MOST_SEEN), 1)
        headcounts.append(_headcount(room_id, class_id, joined, chance))
    return FactBatch(tuple(spells), tuple(headcounts), seen_s)


def _spells(who: str, begin: datetime, end: datetime, chance: random.Random) -> Iterator[Spell]:
    joined = begin + timedelta(seconds=chance.randrange(-240, 90))
    if chance.random() < _BROKEN_OFF:
        yield _spell(who, joined, begin + (end - begin) * chance.uniform(0.3, 0.8))
        return
    if chance.random() < 0.1:  # a short cut in the middle
        cut = begin + (end - begin) * chance.uniform(0.2, 0.7)
        yield _spell(who, joined, cut)
        joined = cut + timedelta(seconds=chance.randrange(20, 100))
    yield _spell(who, joined, end + timedelta(seconds=chance.randrange(0, 40)))


def _spell(who: str, joined: datetime, left: datetime) -> Spell:
    return Spell(who, joined, left, left)


def _headcount(
    room_id: str, class_id: str | None, at: datetime, chance: random.Random
) -> Headcount:
    school = county.school_of_room(room_id)
    pupils = next((one.pupils for one in school.classes if one.class_id == class_id), 8)
    present = max(1, pupils - chance.choice((0, 0, 0, 0, 1, 1, 2)))
    change = HeadcountChange(at, room_id, school.room, None, present)
    return Headcount(room_participant(room_id), present, (change,))


async def _over(services: Services, before: datetime) -> Sequence[_Lesson]:
    """Find the planned lessons that nobody held, oldest first."""
    query = (
        select(LessonRow)
        .join(PlannedLessonRow, PlannedLessonRow.lesson_id == LessonRow.lesson_id)
        .where(
            PlannedLessonRow.county_id == county.COUNTY_ID,
            LessonRow.state == LessonState.SCHEDULED,
            LessonRow.ends_at < before - _AFTER_END,
        )
        .order_by(LessonRow.starts_at, LessonRow.lesson_id)
    )
    async with services.database.read() as session:
        rows = (await session.scalars(query)).all()
        seats: dict[str, list[tuple[str, str | None]]] = {row.lesson_id: [] for row in rows}
        wanted = select(
            LessonRoomRow.lesson_id, LessonRoomRow.room_id, LessonRoomRow.class_id
        ).where(LessonRoomRow.lesson_id.in_(seats))
        for lesson_id, room_id, class_id in (await session.execute(wanted)).all():
            seats[lesson_id].append((room_id, class_id))
    return [
        _Lesson(
            row.lesson_id,
            row.lead_teacher_id,
            row.starts_at,
            row.ends_at,
            tuple(sorted(seats[row.lesson_id])),
        )
        for row in rows
    ]
