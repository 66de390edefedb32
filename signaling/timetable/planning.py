"""Writing plans with their lessons, within the unit of work of whoever does it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.audit.log import Work
from signaling.base.errors import Invalid
from signaling.base.ids import new_id
from signaling.base.problem_codes import ProblemCode
from signaling.lessons.store import LessonStore
from signaling.lessons.tables import LessonRow
from signaling.timetable.clash_names import demand_clear
from signaling.timetable.core.calendar import Term
from signaling.timetable.core.codes import SkipReason
from signaling.timetable.core.weeks import WeekSet
from signaling.timetable.events import TimetableChanged
from signaling.timetable.lesson_book import Mark, withdraw_lessons
from signaling.timetable.plan_rows import add_plan, rewrite_plan
from signaling.timetable.plan_wire import PlanKind
from signaling.timetable.records import PlanRecord, StandingLesson
from signaling.timetable.settling import Settler, Settling
from signaling.timetable.standing import load_standing
from signaling.timetable.tables import PlannedLessonRow, PlanRow

# Why a plan whose every date falls out is refused; other reasons are told beside the plan.
_REFUSED = {
    SkipReason.DAY_OFF: (ProblemCode.DAY_OFF, "dates"),
    SkipReason.OUTSIDE_TERM: (ProblemCode.OUTSIDE_TERM, "dates"),
    SkipReason.PAST: (ProblemCode.IN_THE_PAST, "dates"),
    SkipReason.NO_PERIOD: (ProblemCode.NO_PERIOD, "period"),
    SkipReason.NO_ROOM: (ProblemCode.NO_ROOM_OPEN, "seats"),
    SkipReason.MAKE_UP_DAY: (ProblemCode.MAKE_UP_DAY, "dates"),
}


@dataclass(frozen=True, slots=True)
class Replacement:
    """A changed plan.

    Attributes:
        plan: as it stands.
        changed: as it is to be.
        term: the term of the changed plan.
        begins: the date from which it holds; None for the whole plan.
    """

    plan: PlanRecord
    changed: PlanRecord
    term: Term | None
    begins: date | None = None


class Planner:
    """Creates, changes and ends plans. Callers have checked permission and the wish."""

    def __init__(
        self, lessons: LessonStore, settler: Settler, zone: tzinfo, longest: timedelta
    ) -> None:
        """Make it; `longest` is the longest lesson of the settings."""
        self._lessons = lessons
        self.settler = settler
        self._zone = zone
        self._longest = longest

    def demand_possible(self, settling: Settling, prefix: str = "") -> None:
        """Raise Invalid where nothing would be left of a plan, or a lesson would be too long."""
        _demand_some(settling, prefix)
        held = [one.held for one in settling.create] + [one.held for one in settling.rewrite]
        if any(one.slot.ends_at - one.slot.starts_at > self._longest for one in held):
            field = "ends" if settling.plan.bell is None else "period_count"
            raise Invalid(
                code=ProblemCode.BAD_LENGTH,
                field=f"{prefix}{field}",
                facts={"hours": self._longest // timedelta(hours=1)},
            )

    async def create(self, work: Work, plan: PlanRecord, term: Term | None, mark: Mark) -> Settling:
        """Create a plan with its lessons. Raises Invalid, Clash, Busy."""
        await self._lessons.lock_creation(work)
        settling = await self.settler.prepare(work.session, plan, term, mark.at)
        self.demand_possible(settling)
        await self._demand_clear(work.session, settling, mark)
        await add_plan(work.session, plan, mark.at)
        await self._write(work, settling, mark)
        return settling

    async def replace(self, work: Work, wish: Replacement, mark: Mark) -> Settling:
        """Change a plan, from a date on or as a whole.

        A plan that changes from a date on becomes two: the present one keeps the weeks before, and
        a new one takes over the others with their lessons.

        Raises:
            Invalid: nothing is left of it.
            Clash: a hard clash, and no waiver.
        """
        await self._lessons.lock_creation(work)
        settling, earlier = await self.prepare_replacement(work.session, wish, mark.at)
        self.demand_possible(settling)
        await self._demand_clear(work.session, settling, mark)
        if earlier is None:
            await rewrite_plan(work.session, settling.plan)
        else:
            await rewrite_plan(work.session, earlier)
            await add_plan(work.session, settling.plan, mark.at)
        await self._write(work, settling, mark)
        return settling

    async def prepare_replacement(
        self, session: AsyncSession, wish: Replacement, now: datetime
    ) -> tuple[Settling, PlanRecord | None]:
        """Return what `replace` would do, and the part of the plan that stays, if it splits."""
        plan, begins = wish.plan, wish.begins
        earlier = None if begins is None else part_before(plan, wish.term, begins)
        version = plan.version + 1
        if earlier is None or begins is None:
            whole = replace(wish.changed, plan_id=plan.plan_id, version=version)
            return await self.settler.prepare(session, whole, wish.term, now), None
        later = part_from(wish.changed, wish.term, earlier)
        former = await self._lessons_from(session, plan, earlier)
        settling = await self.settler.prepare(session, later, wish.term, now, former=former)
        return settling, replace(earlier, version=version)

    async def end(
        self, work: Work, plan: PlanRecord, term: Term | None, mark: Mark, begins: date | None
    ) -> int:
        """Take the future lessons of a plan out, from a date on; returns how many."""
        await self._lessons.lock_creation(work)
        lessons = await self._future(work.session, plan, mark.at, begins)
        earlier = None if begins is None else part_before(plan, term, begins)
        if earlier is not None:
            await rewrite_plan(work.session, replace(earlier, version=plan.version + 1))
        else:
            await work.session.execute(
                update(PlanRow)
                .where(PlanRow.plan_id == plan.plan_id)
                .values(active=False, stale=False, version=plan.version + 1)
            )
        gone = [one.lesson_id for one in lessons]
        await withdraw_lessons(work.session, gone, mark.at)
        tell(work, plan.county_id, lessons, [])
        return len(lessons)

    async def settle(self, work: Work, plan: PlanRecord, term: Term | None, mark: Mark) -> Settling:
        """Bring the lessons of a plan to what days and bells say now; clashes do not hinder it."""
        await self._lessons.lock_creation(work)
        settling = await self.settler.prepare(work.session, plan, term, mark.at)
        await work.session.execute(
            update(PlanRow).where(PlanRow.plan_id == plan.plan_id).values(stale=False)
        )
        await self._write(work, settling, mark)
        return settling

    async def _write(self, work: Work, settling: Settling, mark: Mark) -> None:
        session = work.session
        before = [*(one.lesson for one in settling.rewrite), *settling.withdraw]
        touched = await self.settler.write(session, settling, mark)
        if not touched:
            return
        after = await load_standing(session, self._zone, LessonRow.lesson_id.in_(touched))
        tell(work, settling.plan.county_id, before, after)

    async def _demand_clear(self, session: AsyncSession, settling: Settling, mark: Mark) -> None:
        if mark.waiver is None:
            await demand_clear(session, settling.clashes, settling.titled, self._zone)

    async def _lessons_from(
        self, session: AsyncSession, plan: PlanRecord, earlier: PlanRecord
    ) -> list[str]:
        """Return the lessons of a plan that its earlier part does not keep."""
        mine = await load_standing(session, self._zone, PlannedLessonRow.plan_id == plan.plan_id)
        return [one.lesson_id for one in mine if not _keeps(earlier, one)]

    async def _future(
        self, session: AsyncSession, plan: PlanRecord, now: datetime, begins: date | None
    ) -> list[StandingLesson]:
        mine = await load_standing(session, self._zone, PlannedLessonRow.plan_id == plan.plan_id)
        return [
            one
            for one in mine
            if one.held.slot.starts_at >= now
            and not one.held.stopped
            and (begins is None or one.source >= begins)
        ]


def part_before(plan: PlanRecord, term: Term | None, begins: date) -> PlanRecord | None:
    """Return the part of a plan before a date; None if there is none."""
    if plan.kind is PlanKind.PERIODIC:
        if term is None or plan.weekday is None:
            return None
        weekday = plan.weekday
        weeks = WeekSet.of(week for week in plan.weeks if term.day_of(week, weekday) < begins)
        return replace(plan, weeks=weeks) if weeks else None
    dates = tuple(day for day in plan.dates if day < begins)
    return replace(plan, dates=dates) if dates else None


def part_from(changed: PlanRecord, term: Term | None, earlier: PlanRecord) -> PlanRecord:
    """Return a changed plan as a new one that begins where an earlier part ends."""
    if changed.kind is PlanKind.PERIODIC and term is not None:
        first = max(earlier.weeks, default=0) + 1
        later = WeekSet.of(week for week in changed.weeks if week >= first)
        return replace(changed, plan_id=new_id(), version=1, weeks=later)
    dates = tuple(day for day in changed.dates if day not in earlier.dates)
    return replace(changed, plan_id=new_id(), version=1, dates=dates)


def _keeps(earlier: PlanRecord, lesson: StandingLesson) -> bool:
    if earlier.kind is PlanKind.PERIODIC:
        return lesson.week is not None and lesson.week in earlier.weeks
    return lesson.source in earlier.dates


def tell(
    work: Work,
    county_id: str,
    before: Iterable[StandingLesson],
    after: Iterable[StandingLesson],
) -> None:
    """Publish, after the commit, that these lessons have changed."""
    lessons = [*before, *after]
    if lessons:
        work.tell(change_of(county_id, lessons))


def change_of(county_id: str, lessons: Sequence[StandingLesson]) -> TimetableChanged:
    """Return the event that lessons have changed, for all who have to do with them."""
    rooms = [one.held.rooms for one in lessons]
    schools = {seat.school_id for one in rooms for seat in one.seats}
    return TimetableChanged(
        county_id=county_id,
        lesson_ids=frozenset(one.lesson_id for one in lessons),
        person_ids=frozenset(one.held.teacher_id for one in lessons),
        room_ids=frozenset(room_id for one in lessons for room_id in one.booking.rooms),
        school_ids=frozenset(schools | {one.lead_school_id or "" for one in lessons} - {""}),
    )


def _demand_some(settling: Settling, prefix: str) -> None:
    """Raise Invalid where nothing would be left of a plan, and why.

    A plan of single dates must have all of them: somebody chose each.
    """
    gone = [one for one in settling.fallen if one.room_id is None]
    plan = settling.plan
    some = settling.create or settling.rewrite or settling.kept
    if plan.kind is PlanKind.PERIODIC and some:
        return
    if not gone:
        if some:
            return
        raise Invalid(code=ProblemCode.NOTHING_PLANNED, field=f"{prefix}weeks")
    code, field = _REFUSED[gone[0].reason]
    if plan.kind is PlanKind.PERIODIC:
        code, field = (code, field) if field != "dates" else (ProblemCode.NOTHING_PLANNED, "weeks")
    elif field == "dates":
        field = f"dates[{plan.dates.index(gone[0].source)}]"
    raise Invalid(
        code=code,
        field=f"{prefix}{field}",
        facts={"date": str(gone[0].source), "name": gone[0].name},
    )
