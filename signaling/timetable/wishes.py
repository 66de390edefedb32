"""Wishes of the API as records: people, rooms and classes exist, are in use, and fit together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import branches_granted
from signaling.access.roles import Actor
from signaling.base.errors import Invalid
from signaling.base.problem_codes import ProblemCode
from signaling.directory.held import may_lead
from signaling.directory.tables import (
    ClassRow,
    OrgNodeRow,
    PersonRow,
    RoomRow,
    SchoolRow,
    SubjectRow,
)
from signaling.timetable.core.changes import Rooms
from signaling.timetable.core.expansion import Seat
from signaling.timetable.core.slots import Bell, ClockTimes, Place
from signaling.timetable.core.weeks import BadWeeks, WeekSet, WeeksProblem, parse_weeks
from signaling.timetable.plan_wire import PlanKind, PlanWish, RoomsWish
from signaling.timetable.records import Content, PlanRecord
from signaling.timetable.scopes import paths_of, usable_schools
from signaling.timetable.tables import TermRow
from signaling.timetable.terms import in_range, term_on
from signaling.timetable.wire import SlotWish

_WEEKS = {
    WeeksProblem.UNREADABLE: ProblemCode.WEEKS_UNREADABLE,
    WeeksProblem.BEYOND_TERM: ProblemCode.WEEKS_BEYOND_TERM,
    WeeksProblem.EMPTY: ProblemCode.WEEKS_EMPTY,
}


class WishReader:
    """Reads the wishes of one actor for one county, at a time.

    Attributes:
        prefix: what stands before the names of fields in errors.
    """

    def __init__(
        self,
        session: AsyncSession,
        actor: Actor,
        county_id: str,
        now: datetime,
        prefix: str = "",
    ) -> None:
        self._session = session
        self._actor = actor
        self._county_id = county_id
        self._now = now
        self._prefix = prefix

    async def plan(
        self, wish: PlanWish, plan_id: str, version: int
    ) -> tuple[PlanRecord, TermRow | None]:
        """Return the plan that a wish asks for, and its term. Raises Invalid, naming the field."""
        term = await self._term(wish)
        weeks = self._weeks(wish, term)
        place = self.place(wish.period, wish.period_count, wish.starts, wish.ends)
        teacher_school = await self.teacher(wish.lead_teacher_id, "lead_teacher_id")
        rooms, lead_school = await self.rooms(
            RoomsWish(wish.seats, wish.lead_room_id), teacher_school
        )
        await self._class(wish.lead_class_id, lead_school, "lead_class_id")
        subject = await self._subject(wish.subject_id)
        content = Content(
            title=wish.title,
            class_kind=wish.class_kind,
            delivery_mode=wish.delivery_mode,
            subject=subject,
            subject_id=wish.subject_id,
            grade=wish.grade,
            lead_class_id=wish.lead_class_id,
            textbook_volume=wish.textbook_volume,
            textbook_section=wish.textbook_section,
        )
        record = PlanRecord(
            plan_id=plan_id,
            version=version,
            county_id=self._county_id,
            term_id=None if term is None else term.term_id,
            kind=wish.kind,
            content=content,
            lead_teacher_id=wish.lead_teacher_id,
            lead_room_id=wish.lead_room_id,
            lead_school_id=lead_school,
            seats=rooms.seats,
            weekday=wish.weekday if wish.kind is PlanKind.PERIODIC else None,
            weeks=weeks,
            dates=() if wish.kind is PlanKind.PERIODIC else tuple(sorted(set(wish.dates))),
            place=place,
            waiver=wish.waiver,
        )
        return record, term

    def invalid(self, code: ProblemCode, field: str) -> Invalid:
        """Return the error that a field cannot be."""
        return Invalid(code=code, field=f"{self._prefix}{field}")

    def place(
        self, period: int | None, count: int, starts: time | None, ends: time | None
    ) -> Place:
        """Return the place in the day that a wish names. Raises Invalid."""
        if period is not None:
            return Bell(period, count)
        if starts is None or ends is None:
            raise self.invalid(ProblemCode.MISSING, "period")
        if ends <= starts:
            raise self.invalid(ProblemCode.PERIOD_ENDS_EARLY, "ends")
        return ClockTimes(starts, ends)

    def slot_place(self, wish: SlotWish) -> Place:
        """Return the place in the day of a slot. Raises Invalid."""
        return self.place(wish.period, wish.period_count, wish.starts, wish.ends)

    async def teacher(self, person_id: str, field: str) -> str | None:
        """Return the school of a teacher who may lead here. Raises Invalid."""
        query = (
            select(PersonRow.school_id, OrgNodeRow.path)
            .join(OrgNodeRow, OrgNodeRow.node_id == PersonRow.node_id)
            .where(PersonRow.person_id == person_id, may_lead(self._now))
        )
        found = (await self._session.execute(query)).first()
        branches = branches_granted(self._actor, Action.MANAGE_TIMETABLE)
        branches |= await paths_of(self._session, [self._county_id])
        if found is None or not any(found.path.startswith(branch) for branch in branches):
            raise self.invalid(ProblemCode.UNKNOWN_TEACHER, field)
        school: str | None = found.school_id
        return school

    async def rooms(self, wish: RoomsWish, teacher_school: str | None) -> tuple[Rooms, str | None]:
        """Return where a lesson takes place, and the school that leads it. Raises Invalid."""
        schools = await self._schools_of_rooms(wish)
        if wish.lead_room_id is not None and wish.lead_room_id not in schools:
            raise self.invalid(ProblemCode.UNKNOWN_ROOM, "lead_room_id")
        seats: list[Seat] = []
        for index, seat in enumerate(wish.seats):
            if seat.room_id not in schools:
                raise self.invalid(ProblemCode.UNKNOWN_ROOM, f"seats[{index}].room_id")
            if any(one.room_id == seat.room_id for one in seats):
                raise self.invalid(ProblemCode.ROOM_TWICE, f"seats[{index}].room_id")
            if seat.room_id == wish.lead_room_id:
                raise self.invalid(ProblemCode.LEAD_ROOM_INVITED, f"seats[{index}].room_id")
            seats.append(Seat(seat.room_id, schools[seat.room_id], seat.class_id))
        await self._classes_of_seats(seats)
        lead = teacher_school if wish.lead_room_id is None else schools[wish.lead_room_id]
        return Rooms(wish.lead_room_id, tuple(seats)), lead

    async def _schools_of_rooms(self, wish: RoomsWish) -> dict[str, str]:
        wanted = {seat.room_id for seat in wish.seats} | {wish.lead_room_id or ""}
        query = (
            select(RoomRow.room_id, RoomRow.school_id)
            .join(SchoolRow, SchoolRow.school_id == RoomRow.school_id)
            .where(
                RoomRow.room_id.in_(wanted),
                RoomRow.active,
                SchoolRow.active,
                usable_schools(self._actor, self._county_id),
            )
        )
        return {row.room_id: row.school_id for row in await self._session.execute(query)}

    async def _classes_of_seats(self, seats: Sequence[Seat]) -> None:
        for index, seat in enumerate(seats):
            await self._class(seat.class_id, seat.school_id, f"seats[{index}].class_id")

    async def _class(self, class_id: str | None, school_id: str | None, field: str) -> None:
        if class_id is None:
            return
        row = await self._session.get(ClassRow, class_id)
        if row is None or not row.active:
            raise self.invalid(ProblemCode.UNKNOWN_CLASS, field)
        if row.school_id != school_id:
            raise self.invalid(ProblemCode.WRONG_CLASS, field)

    async def _subject(self, subject_id: str) -> str:
        row = await self._session.get(SubjectRow, subject_id)
        if row is None or not row.active or row.county_id != self._county_id:
            raise self.invalid(ProblemCode.UNKNOWN_SUBJECT, "subject_id")
        return row.name

    async def _term(self, wish: PlanWish) -> TermRow | None:
        for index, day in enumerate(wish.dates):
            if not in_range(day):
                raise self.invalid(ProblemCode.TIME_OUT_OF_RANGE, f"dates[{index}]")
        if wish.term_id is not None:
            row = await self._session.get(TermRow, wish.term_id)
            if row is None or row.county_id != self._county_id:
                raise self.invalid(ProblemCode.UNKNOWN_TERM, "term_id")
            return row
        if wish.kind is PlanKind.PERIODIC:
            raise self.invalid(ProblemCode.MISSING, "term_id")
        if not wish.dates:
            raise self.invalid(ProblemCode.MISSING, "dates")
        row = await term_on(self._session, self._county_id, min(wish.dates))
        if row is None and wish.kind is PlanKind.SINGLE:
            raise self.invalid(ProblemCode.OUTSIDE_TERM, "dates")
        return row

    def _weeks(self, wish: PlanWish, term: TermRow | None) -> WeekSet:
        if wish.kind is not PlanKind.PERIODIC or term is None:
            if not wish.dates:
                raise self.invalid(ProblemCode.MISSING, "dates")
            return WeekSet()
        if wish.weekday is None:
            raise self.invalid(ProblemCode.MISSING, "weekday")
        if wish.weeks is None:
            raise self.invalid(ProblemCode.MISSING, "weeks")
        try:
            return parse_weeks(wish.weeks, term.weeks)
        except BadWeeks as error:
            raise self.invalid(_WEEKS[error.problem], "weeks") from None
