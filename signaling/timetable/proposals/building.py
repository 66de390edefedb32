"""From a wish to a problem: what the database says of plans, lessons, days, bells and limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, tzinfo

from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.roles import Actor
from signaling.base.errors import Invalid
from signaling.base.problem_codes import ProblemCode
from signaling.lessons.rules import OPEN_STATES
from signaling.lessons.tables import LessonRow
from signaling.timetable.core.bookings import Booking, Limits
from signaling.timetable.core.calendar import Term
from signaling.timetable.core.codes import ChangedPart, UnwantedLevel
from signaling.timetable.core.expansion import Surroundings
from signaling.timetable.core.weeks import MAX_WEEKS, WeekSet
from signaling.timetable.plan_rows import load_plans
from signaling.timetable.plan_wire import PlanKind
from signaling.timetable.proposals.core.grid import Grid, base_loads, taken
from signaling.timetable.proposals.core.problem import (
    BaseLoad,
    Capacity,
    CapacityKind,
    Need,
    Problem,
    Resource,
    ResourceKind,
    Taken,
    TakenBy,
    may_need,
)
from signaling.timetable.proposals.need_reading import NeedReader, ReadNeed, substitutes
from signaling.timetable.proposals.needs import (
    Described,
    NeedMaker,
    first_week_of,
    load_of,
    slots_of,
    slots_wished_away,
)
from signaling.timetable.proposals.wire import ProposalWish
from signaling.timetable.records import PlanRecord, StandingLesson
from signaling.timetable.standing import load_standing
from signaling.timetable.surroundings import load_limits, load_surroundings
from signaling.timetable.tables import PlanRow, TermRow
from signaling.timetable.terms import term_of

EVERY_WEEK = WeekSet.span(1, MAX_WEEKS).bits


@dataclass(frozen=True, slots=True)
class Built:
    """A problem, and what its proposal is checked and written with.

    Attributes:
        needs: the needs with what their lessons are, by id.
        standing: lessons that stay, as clash rules see them.
    """

    problem: Problem
    needs: dict[str, Described]
    term: Term
    first_week: int
    around: Surroundings
    limits: Limits
    standing: tuple[Booking, ...]

    @property
    def begins(self) -> date:
        """The Monday from which the proposal holds."""
        return self.term.day_of(self.first_week, 1)


@dataclass(frozen=True, slots=True)
class _Gathered:
    """Facts of the database about a wish."""

    term: Term
    first_week: int
    needs: list[ReadNeed]
    plans: list[PlanRecord]
    around: Surroundings
    grid: Grid
    limits: Limits
    capacities: tuple[Capacity, ...]


class ProblemBuilder:
    """Makes problems of wishes."""

    def __init__(self, zone: tzinfo, relay_mbps: int) -> None:
        self._zone = zone
        self._relay_mbps = relay_mbps

    async def build(
        self, session: AsyncSession, actor: Actor, wish: ProposalWish, now: datetime
    ) -> Built:
        """Return the problem of a wish. Raises Invalid, naming the field."""
        gathered = await self._gather(session, actor, wish, now)
        maker = await _maker(session, wish, gathered, now)
        of_plans = [(plan, need) for plan in gathered.plans if (need := maker.of_plan(plan))]
        described = [need for _, need in of_plans]
        described += [
            maker.of_wish(number, need.wish, need.weeks, need.seats, need.subject)
            for number, need in enumerate(gathered.needs)
        ]
        mine = {plan.plan_id: plan for plan, _ in of_plans}
        standing = await self._standing(session, gathered, mine)
        needs = tuple(one.need for one in described)
        return Built(
            problem=_problem(wish, gathered, needs, standing),
            needs={one.need.need_id: one for one in described},
            term=gathered.term,
            first_week=gathered.first_week,
            around=gathered.around,
            limits=gathered.limits,
            standing=standing,
        )

    async def _gather(
        self, session: AsyncSession, actor: Actor, wish: ProposalWish, now: datetime
    ) -> _Gathered:
        """Read what a wish is about. Raises Invalid."""
        term = await self._term(session, wish)
        first_week = first_week_of(term, wish.begins)
        if first_week > term.weeks:  # the term was made shorter meanwhile
            raise Invalid(code=ProblemCode.OUTSIDE_TERM, field="begins")
        needs = await NeedReader(session, actor, wish, now).all()
        plans = await self._plans(session, wish)
        schools = _schools(wish.school_id, plans, needs)
        reading = await load_surroundings(
            session, wish.county_id, term, school_ids=schools, zone=self._zone
        )
        monday = term.day_of(first_week, 1)
        grid = Grid(reading.around, term, wish.school_id, monday, wish.weekdays)
        if not grid.slots:
            raise Invalid(code=ProblemCode.NO_PERIOD, field="weekdays")
        limits = await load_limits(session, wish.county_id, schools, self._relay_mbps)
        capacities = _capacities(limits, schools, wish.school_id)
        return _Gathered(term, first_week, needs, plans, reading.around, grid, limits, capacities)

    async def _term(self, session: AsyncSession, wish: ProposalWish) -> Term:
        row = await session.get(TermRow, wish.term_id)
        if row is None or row.county_id != wish.county_id:
            raise Invalid(code=ProblemCode.UNKNOWN_TERM, field="term_id")
        return term_of(row)

    async def _plans(self, session: AsyncSession, wish: ProposalWish) -> list[PlanRecord]:
        """Return the weekly plans that the school leads, if they may be moved."""
        if not wish.move_plans:
            return []
        found = await load_plans(
            session,
            PlanRow.active.is_(True),
            PlanRow.county_id == wish.county_id,
            PlanRow.term_id == wish.term_id,
            PlanRow.kind == PlanKind.PERIODIC,
        )
        mine = [one for one in found if one.lead_school_id == wish.school_id]
        return sorted(mine, key=lambda one: one.plan_id)

    async def _standing(
        self, session: AsyncSession, gathered: _Gathered, mine: Mapping[str, PlanRecord]
    ) -> tuple[Booking, ...]:
        """Return the lessons that stay, whose teacher, rooms and classes are taken.

        Those of the plans that may be moved are none of them, but what was changed by itself stays:
        a lesson with another time as a whole, and one with a substitute as far as the substitute.
        """
        term = gathered.term
        begins, ends = (
            datetime.combine(day, time(), self._zone).astimezone(UTC)
            for day in (term.day_of(gathered.first_week, 1), term.end)
        )
        lessons = await load_standing(
            session,
            self._zone,
            LessonRow.state.in_(OPEN_STATES),
            LessonRow.starts_at >= begins,
            LessonRow.starts_at < ends,
        )
        found = (_what_stays(lesson, mine.get(lesson.plan_id or "")) for lesson in lessons)
        return tuple(booking for booking in found if booking is not None)


def _what_stays(lesson: StandingLesson, plan: PlanRecord | None) -> Booking | None:
    """Return what a lesson takes, whatever becomes of the plan that may be moved."""
    booking = lesson.booking
    if plan is None or ChangedPart.SLOT in lesson.parts:
        return booking
    own = {plan.lead_room_id, *(seat.room_id for seat in plan.seats)}
    seats = tuple(replace(seat, class_id=None) for seat in booking.seats if seat.room_id not in own)
    lead_room_id = None if booking.lead_room_id in own else booking.lead_room_id
    teacher_id = booking.teacher_id if ChangedPart.TEACHER in lesson.parts else None
    if not seats and lead_room_id is None and teacher_id is None:
        return None
    return replace(
        booking,
        teacher_id=teacher_id,
        lead_room_id=lead_room_id,
        lead_school_id=None,
        lead_class_id=None,
        seats=seats,
    )


def _schools(
    school_id: str, plans: Iterable[PlanRecord], needs: Iterable[ReadNeed]
) -> frozenset[str]:
    seats = [seat for plan in plans for seat in plan.seats]
    seats += [seat for need in needs for seat in need.seats]
    return frozenset({school_id, *(seat.school_id for seat in seats)})


def _capacities(limits: Limits, schools: Iterable[str], school_id: str) -> tuple[Capacity, ...]:
    found = [
        Capacity(f"uplink:{one}", CapacityKind.UPLINK, one, limits.uplink_kbps[one])
        for one in sorted(schools)
        if one in limits.uplink_kbps
    ]
    if school_id in limits.max_lessons:
        most = limits.max_lessons[school_id]
        hosted = CapacityKind.HOSTED_LESSONS
        found.append(Capacity(f"hosted:{school_id}", hosted, school_id, most))
    if limits.relay_kbps is not None:
        found.append(Capacity("relay", CapacityKind.RELAY, "", limits.relay_kbps))
    return tuple(found)


async def _maker(
    session: AsyncSession, wish: ProposalWish, gathered: _Gathered, now: datetime
) -> NeedMaker:
    grid, limits = gathered.grid, gathered.limits
    return NeedMaker(
        school_id=wish.school_id,
        first_week=gathered.first_week,
        slots=grid.slots,
        breaks=grid.breaks(limits.longest_break),
        unwanted=limits.unwanted,
        capacities={one.capacity_id: one.owner_id for one in gathered.capacities},
        substitutes=await substitutes(session, wish.school_id, wish.absences, now),
    )


def _problem(
    wish: ProposalWish,
    gathered: _Gathered,
    needs: tuple[Need, ...],
    standing: tuple[Booking, ...],
) -> Problem:
    grid, limits = gathered.grid, gathered.limits
    concerned = frozenset(resource for need in needs for resource in may_need(need))
    base: list[BaseLoad] = []
    for one in gathered.capacities:
        loads = [load_of(booking, one.capacity_id, one.owner_id) for booking in standing]
        base += base_loads(grid, standing, one.capacity_id, loads)
    return Problem(
        slots=grid.slots,
        needs=needs,
        breaks=grid.breaks(limits.longest_break),
        taken=(
            *taken(grid, standing, concerned),
            *_absences(wish, grid),
            *_forbidden(limits, grid),
        ),
        capacities=gathered.capacities,
        base_loads=tuple(base),
        max_in_a_row=limits.max_consecutive,
    )


def _absences(wish: ProposalWish, grid: Grid) -> list[Taken]:
    return [
        Taken(Resource(ResourceKind.TEACHER, one.teacher_id), slot, EVERY_WEEK, TakenBy.ABSENCE)
        for one in wish.absences
        for slot in slots_of(one.slots) or grid.slots
    ]


def _forbidden(limits: Limits, grid: Grid) -> list[Taken]:
    """Return the periods in which teachers must not teach."""
    return [
        Taken(Resource(ResourceKind.TEACHER, one.teacher_id), slot, EVERY_WEEK, TakenBy.ABSENCE)
        for one in limits.unwanted
        if one.teacher_id is not None and one.level is UnwantedLevel.FORBID
        for slot in slots_wished_away(one, grid.slots)
    ]
