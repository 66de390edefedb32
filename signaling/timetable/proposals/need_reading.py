"""Reading the needs of a wish: their people, rooms, classes and weeks exist and fit together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.roles import Actor
from signaling.base.errors import Invalid
from signaling.base.problem_codes import ProblemCode
from signaling.directory.held import may_lead
from signaling.directory.tables import PersonRow, TeacherSubjectRow
from signaling.timetable.core.expansion import Seat
from signaling.timetable.core.weeks import WeekSet
from signaling.timetable.plan_wire import PlanKind, PlanWish, RoomsWish
from signaling.timetable.proposals.core.problem import WeekSlot
from signaling.timetable.proposals.wire import MAX_CHOICES, AbsenceWish, NeedWish, ProposalWish
from signaling.timetable.wishes import WishReader

_MONDAY = WeekSlot(1, 1)  # any slot: a need that is only read has none yet


@dataclass(frozen=True, slots=True)
class ReadNeed:
    """A need as it was read."""

    wish: NeedWish
    weeks: WeekSet
    seats: tuple[Seat, ...]
    subject: str


class NeedReader:
    """Reads the needs of a wish."""

    def __init__(
        self, session: AsyncSession, actor: Actor, wish: ProposalWish, now: datetime
    ) -> None:
        self._session = session
        self._actor = actor
        self._wish = wish
        self._now = now

    async def all(self) -> list[ReadNeed]:
        """Return all needs. Raises Invalid, naming the field."""
        return [await self._read(number, need) for number, need in enumerate(self._wish.needs)]

    async def _read(self, number: int, need: NeedWish) -> ReadNeed:
        county_id, prefix = self._wish.county_id, f"needs[{number}]."
        reader = WishReader(self._session, self._actor, county_id, self._now, prefix)
        try:
            first = plan_wish(self._wish, need, need.lead_teacher_ids[0], _first(need))
            plan, _ = await reader.plan(first, "", 1)
            schools = [plan.lead_school_id]
            for index, teacher_id in enumerate(need.lead_teacher_ids[1:], start=1):
                school = await reader.teacher(teacher_id, f"lead_teacher_ids[{index}]")
                schools += () if need.lead_room_ids else (school,)
            for room_id in need.lead_room_ids[1:]:
                _, school = await reader.rooms(RoomsWish(need.seats, room_id), None)
                schools.append(school)
        except Invalid as error:
            raise _of_list(error) from None
        if any(school != self._wish.school_id for school in schools):
            field = "lead_room_ids" if need.lead_room_ids else "lead_teacher_ids"
            raise reader.invalid(ProblemCode.UNKNOWN_SCHOOL, field)
        return ReadNeed(need, plan.weeks, plan.seats, plan.content.subject)


def _first(need: NeedWish) -> str | None:
    return need.lead_room_ids[0] if need.lead_room_ids else None


def _of_list(error: Invalid) -> Invalid:
    """Return the error with the field as the body names it: a plan has one, a need a list."""
    field = error.field or ""
    if field.endswith((".lead_teacher_id", ".lead_room_id")):
        field += "s"
    return Invalid(error.detail, code=error.code, field=field, facts=error.facts)


def plan_wish(
    wish: ProposalWish,
    need: NeedWish,
    teacher_id: str,
    lead_room_id: str | None,
    *,
    slot: WeekSlot = _MONDAY,
    length: int = 1,
    weeks: str | None = None,
) -> PlanWish:
    """Return the wish for a plan that a need stands for; without `weeks` in all of its weeks."""
    return PlanWish(
        county_id=wish.county_id,
        term_id=wish.term_id,
        kind=PlanKind.PERIODIC,
        class_kind=need.class_kind,
        delivery_mode=need.delivery_mode,
        subject_id=need.subject_id,
        title=need.title,
        grade=need.grade,
        lead_teacher_id=teacher_id,
        lead_room_id=lead_room_id,
        lead_class_id=need.lead_class_id,
        seats=need.seats,
        weekday=slot.day,
        weeks=need.weeks if weeks is None else weeks,
        period=slot.period,
        period_count=length,
        textbook_volume=need.textbook_volume,
    )


async def substitutes(
    session: AsyncSession, school_id: str, absences: Sequence[AbsenceWish], now: datetime
) -> dict[tuple[str, str], list[str]]:
    """Return who of the school may give the lessons of an absent teacher, by subject."""
    absent = {one.teacher_id for one in absences}
    if not absent:
        return {}
    query = (
        select(TeacherSubjectRow.subject_id, TeacherSubjectRow.person_id)
        .join(PersonRow, PersonRow.person_id == TeacherSubjectRow.person_id)
        .where(PersonRow.school_id == school_id, may_lead(now), PersonRow.person_id.not_in(absent))
        .order_by(TeacherSubjectRow.subject_id, TeacherSubjectRow.person_id)
    )
    teachers: dict[str, list[str]] = defaultdict(list)
    for subject_id, person_id in (await session.execute(query)).all():
        teachers[subject_id].append(person_id)
    return {
        (one, subject_id): found[: MAX_CHOICES - 1]
        for one in absent
        for subject_id, found in teachers.items()
    }
