"""Names of people, rooms, classes and subjects, read for a page at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.directory.tables import ClassRow, PersonRow, RoomRow, SchoolRow
from signaling.directory.wire import PersonRef, RoomRef
from signaling.timetable.core.expansion import FallenOut, Seat
from signaling.timetable.core.weeks import format_weeks
from signaling.timetable.plan_wire import ClassName, FallenLesson, Plan, PlanSeat, SubjectName
from signaling.timetable.records import PlanRecord, StandingLesson

_IDS = 500  # ids of one statement


@dataclass(slots=True)
class Names:
    """Names by id; an id that is gone has an empty name."""

    people: dict[str, str] = field(default_factory=dict)
    rooms: dict[str, RoomRef] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    subjects: dict[str, str] = field(default_factory=dict)

    def person(self, person_id: str) -> PersonRef:
        """Return a person by name."""
        return PersonRef(person_id, self.people.get(person_id, ""))

    def room(self, room_id: str | None) -> RoomRef | None:
        """Return a room by name."""
        return None if room_id is None else self._room(room_id)

    def _room(self, room_id: str) -> RoomRef:
        return self.rooms.get(room_id) or RoomRef(room_id, "", "")

    def class_(self, class_id: str | None) -> ClassName | None:
        """Return a class by name."""
        return None if class_id is None else ClassName(class_id, self.classes.get(class_id, ""))

    def seats(self, seats: Iterable[Seat]) -> tuple[PlanSeat, ...]:
        """Return seats by name."""
        return tuple(
            PlanSeat(
                self.room(one.room_id) or RoomRef(one.room_id, "", ""), self.class_(one.class_id)
            )
            for one in seats
        )

    def fallen(self, fallen: Iterable[FallenOut]) -> tuple[FallenLesson, ...]:
        """Return what fell out, by name."""
        return tuple(
            FallenLesson(one.source, one.week, one.reason, one.name, self.room(one.room_id))
            for one in fallen
        )

    def plan(self, plan: PlanRecord, weeks: int) -> Plan:
        """Return a plan as the API shows it; `weeks` are those of its term."""
        content, bell, clock = plan.content, plan.bell, plan.clock
        return Plan(
            plan_id=plan.plan_id,
            version=plan.version,
            county_id=plan.county_id,
            term_id=plan.term_id,
            kind=plan.kind,
            class_kind=content.class_kind,
            delivery_mode=content.delivery_mode,
            subject=SubjectName(content.subject_id or "", content.subject),
            title=content.title,
            grade=content.grade,
            lead_teacher=self.person(plan.lead_teacher_id),
            lead_room=self.room(plan.lead_room_id),
            lead_class=self.class_(content.lead_class_id),
            seats=self.seats(plan.seats),
            weekday=plan.weekday,
            weeks=format_weeks(plan.weeks, weeks),
            week_numbers=tuple(plan.weeks),
            dates=plan.dates,
            period=None if bell is None else bell.period,
            period_count=1 if bell is None else bell.period_count,
            starts=None if clock is None else clock.starts,
            ends=None if clock is None else clock.ends,
            textbook_volume=content.textbook_volume,
            textbook_section=content.textbook_section,
        )


async def names_of(
    session: AsyncSession,
    plans: Iterable[PlanRecord] = (),
    lessons: Iterable[StandingLesson] = (),
    fallen: Iterable[FallenOut] = (),
) -> Names:
    """Read the names of everything in plans and lessons."""
    people: set[str] = set()
    rooms: set[str | None] = {one.room_id for one in fallen}
    classes: set[str | None] = set()
    for plan in plans:
        people.add(plan.lead_teacher_id)
        rooms |= {plan.lead_room_id, *(seat.room_id for seat in plan.seats)}
        classes |= {plan.content.lead_class_id, *(seat.class_id for seat in plan.seats)}
    for lesson in lessons:
        seats = lesson.held.rooms.seats
        people.add(lesson.held.teacher_id)
        rooms |= {lesson.held.rooms.lead_room_id, *(seat.room_id for seat in seats)}
        classes |= {lesson.content.lead_class_id, *(seat.class_id for seat in seats)}
    return await names_by_id(session, people=people, rooms=rooms, classes=classes)


async def names_by_id(
    session: AsyncSession,
    *,
    people: Iterable[str],
    rooms: Iterable[str | None],
    classes: Iterable[str | None],
) -> Names:
    """Read the names of people, rooms and classes."""
    return Names(
        people=await column_by_id(session, PersonRow.person_id, PersonRow.name, people),
        rooms=await _rooms(session, {one for one in rooms if one is not None}),
        classes=await column_by_id(session, ClassRow.class_id, ClassRow.name, {*classes} - {None}),
    )


async def column_by_id(
    session: AsyncSession, column: Any, name: Any, ids: Iterable[str | None]
) -> dict[str, str]:
    """Return one column of the rows with some ids, in parts."""
    wanted = list(ids)
    found: dict[str, str] = {}
    for first in range(0, len(wanted), _IDS):
        query = select(column, name).where(column.in_(wanted[first : first + _IDS]))
        found |= {row[0]: row[1] for row in (await session.execute(query)).all()}
    return found


async def _rooms(session: AsyncSession, ids: Iterable[str]) -> dict[str, RoomRef]:
    wanted = list(ids)
    found: dict[str, RoomRef] = {}
    for first in range(0, len(wanted), _IDS):
        query = (
            select(RoomRow.room_id, RoomRow.name, SchoolRow.name)
            .join(SchoolRow, SchoolRow.school_id == RoomRow.school_id)
            .where(RoomRow.room_id.in_(wanted[first : first + _IDS]))
        )
        found |= {row[0]: RoomRef(*row) for row in (await session.execute(query)).all()}
    return found
