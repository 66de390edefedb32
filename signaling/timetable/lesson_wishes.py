"""Changes of one lesson as they are wished: another time, teacher or rooms, each checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.roles import Actor
from signaling.base.errors import Invalid
from signaling.base.problem_codes import ProblemCode
from signaling.directory.tables import PersonRow
from signaling.timetable.core.changes import Override, Rooms
from signaling.timetable.core.slots import Slot, SlotProblem, slot_on, slot_problem
from signaling.timetable.plan_wire import PlanKind, RoomsWish
from signaling.timetable.records import StandingLesson
from signaling.timetable.surroundings import load_surroundings
from signaling.timetable.terms import in_range, term_of, term_on
from signaling.timetable.wire import SlotWish
from signaling.timetable.wishes import WishReader

# Each problem of a slot: its code, and the field at fault.
_CODES = {
    SlotProblem.NO_PERIOD: (ProblemCode.NO_PERIOD, "period"),
    SlotProblem.BAD_LENGTH: (ProblemCode.BAD_LENGTH, "ends"),
    SlotProblem.OUTSIDE_TERM: (ProblemCode.OUTSIDE_TERM, "date"),
    SlotProblem.DAY_OFF: (ProblemCode.DAY_OFF, "date"),
    SlotProblem.PAST: (ProblemCode.IN_THE_PAST, "date"),
}


@dataclass(frozen=True, slots=True)
class LessonWish:
    """Wish for a lesson; a part that is None stays as it is."""

    slot: SlotWish | None = None
    teacher_id: str | None = None
    rooms: RoomsWish | None = None


@dataclass(frozen=True, slots=True)
class Wished:
    """A wish that was checked: the parts that it sets, and the school that leads then."""

    override: Override
    lead_school_id: str | None
    term_id: str | None
    week: int | None


class LessonWishes:
    """Checks wishes for single lessons."""

    def __init__(self, zone: tzinfo, longest: timedelta) -> None:
        self._zone = zone
        self._longest = longest

    async def read(
        self,
        session: AsyncSession,
        actor: Actor,
        lesson: StandingLesson,
        wish: LessonWish,
        *,
        now: datetime,
        prefix: str = "",
    ) -> Wished:
        """Return a wish with all that it names. Raises Invalid, naming the field."""
        reader = WishReader(session, actor, lesson.county_id, now, prefix)
        held, lead_school = lesson.held, lesson.lead_school_id
        if wish.teacher_id is not None:
            teacher_school = await reader.teacher(wish.teacher_id, "teacher_id")
            if held.rooms.lead_room_id is None:
                lead_school = teacher_school
        rooms: Rooms | None = None
        if wish.rooms is not None:
            reader = WishReader(session, actor, lesson.county_id, now, f"{prefix}rooms.")
            person = await session.get_one(PersonRow, wish.teacher_id or held.teacher_id)
            rooms, lead_school = await reader.rooms(wish.rooms, person.school_id)
        slot, term_id, week = held.slot, lesson.term_id, lesson.week
        if wish.slot is not None:
            reader = WishReader(session, actor, lesson.county_id, now, f"{prefix}slot.")
            slot, term_id, week = await self._slot(reader, session, lesson, wish.slot, now)
        override = Override(
            slot=None if slot == held.slot else slot,
            teacher_id=None if wish.teacher_id == held.teacher_id else wish.teacher_id,
            rooms=None if rooms == held.rooms else rooms,
        )
        return Wished(override, lead_school, term_id, week)

    async def _slot(
        self,
        reader: WishReader,
        session: AsyncSession,
        lesson: StandingLesson,
        wish: SlotWish,
        now: datetime,
    ) -> tuple[Slot, str | None, int | None]:
        if not in_range(wish.date):
            raise reader.invalid(ProblemCode.TIME_OUT_OF_RANGE, "date")
        place = reader.slot_place(wish)
        row = await term_on(session, lesson.county_id, wish.date)
        term = None if row is None else term_of(row)
        reading = await load_surroundings(
            session,
            lesson.county_id,
            term,
            school_ids=[lesson.lead_school_id],
            dates=[wish.date],
            zone=self._zone,
        )
        around, school = reading.around, lesson.lead_school_id
        slot = slot_on(wish.date, place, bells=around.bells, school_id=school, zone=self._zone)
        if slot is None:
            raise reader.invalid(ProblemCode.NO_PERIOD, "period")
        calendar = around.calendar(school)
        problem = slot_problem(
            slot,
            term=term,
            calendar=calendar,
            now=now,
            longest=self._longest,
            in_holidays=lesson.plan_kind is PlanKind.HOLIDAY,
        )
        if problem is not None:
            code, field = _CODES[problem]
            error = reader.invalid(code, field)
            if problem is SlotProblem.BAD_LENGTH:
                error.facts["hours"] = self._longest // timedelta(hours=1)
            special = calendar.special.get(wish.date)
            if special is not None:
                error.facts["name"] = special.name
            raise error
        week = None if term is None else term.week_of(wish.date)
        return slot, None if row is None else row.term_id, week


def demand_some_wish(override: Override, field: str) -> None:
    """Raise Invalid where a wish changes nothing."""
    if not override.parts:
        raise Invalid(code=ProblemCode.NOTHING_PLANNED, field=field)
