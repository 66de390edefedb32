"""采纳: the lessons of a proposal become plans, in one transaction, or nothing happens.

Everything is computed before the transaction, which then only writes. A stamp of the timetable
before and in the transaction tells whether anything has changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import Work
from signaling.base.config import Config
from signaling.base.errors import ChangedMeanwhile, NotFound
from signaling.base.ids import new_id
from signaling.directory.branches import concerns_node
from signaling.jobs.kinds import Handler, JobContext
from signaling.lessons.rules import OPEN_STATES
from signaling.lessons.store import LessonStore
from signaling.lessons.tables import LessonRow
from signaling.timetable.clash_names import UNWRITTEN, demand_clear
from signaling.timetable.core.bookings import Booking
from signaling.timetable.core.calendar import Term
from signaling.timetable.core.clashes import Clash
from signaling.timetable.core.slots import Bell
from signaling.timetable.core.weeks import WeekSet, format_weeks
from signaling.timetable.judging import Judge
from signaling.timetable.lesson_book import Mark
from signaling.timetable.plan_rows import add_plan, load_plans, rewrite_plan
from signaling.timetable.planning import Planner, Replacement
from signaling.timetable.proposals.core.outcome import Outcome, OutcomeLesson
from signaling.timetable.proposals.core.problem import Position
from signaling.timetable.proposals.kinds import ProposalJob, ProposalWritten
from signaling.timetable.proposals.need_reading import plan_wish
from signaling.timetable.proposals.store import decide, find_proposal, outcome_of, wish_of
from signaling.timetable.proposals.wire import ProposalState, ProposalWish
from signaling.timetable.records import PlanRecord
from signaling.timetable.scopes import demand_county
from signaling.timetable.settling import Settler, Settling
from signaling.timetable.tables import PlanRow, TermRow
from signaling.timetable.terms import term_of
from signaling.timetable.wire import ChangeKind
from signaling.timetable.wishes import WishReader


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A plan that is to be written.

    Attributes:
        settling: the plan with its lessons.
        earlier: the part of a changed plan that stays as it was; None where all of it changes.
        is_new: whether there was no such plan.
    """

    settling: Settling
    earlier: PlanRecord | None = None
    is_new: bool = False

    @property
    def lessons(self) -> int:
        """Lessons that are made, changed or taken out."""
        done = self.settling
        return len(done.create) + len(done.rewrite) + len(done.withdraw)


class _NoJudge:
    """Finds nothing: all plans of a proposal are judged together, once all are prepared."""

    async def clashes(
        self,
        session: AsyncSession,
        county_id: str,
        wishes: Sequence[Booking],
        but: Collection[str] = (),
    ) -> list[Clash]:
        """Return nothing."""
        return []


class Adoption:
    """Writes accepted proposals."""

    def __init__(self, zone: tzinfo, longest: timedelta, relay_mbps: int) -> None:
        self._zone = zone
        self._longest = longest
        self._relay_mbps = relay_mbps

    async def carry_out(self, context: JobContext, proposal_id: str) -> ProposalWritten:
        """Write a proposal.

        Raises:
            NotFound: there is no such proposal any more.
            ChangedMeanwhile: it was decided, or the timetable has changed since.
            Clash: it would clash with what was planned since.
        """
        now = context.clock.now()
        settler = Settler(self._zone, _NoJudge())
        planner = Planner(LessonStore(context.database), settler, self._zone, self._longest)
        async with context.database.read() as session:
            row = await find_proposal(session, proposal_id)
            outcome = None if row is None else outcome_of(row)
            if row is None or outcome is None:
                raise NotFound()
            wish = wish_of(row)
            demanded = (Action.MANAGE_TIMETABLE, wish.county_id, wish.school_id)
            await demand_county(session, context.actor, *demanded)
            term = await _term(session, wish)
            stamp = await _stamp(session, wish.county_id, row.begins, term, self._zone)
            reader = WishReader(session, context.actor, wish.county_id, now)
            maker = _PlanMaker(reader, session, wish, term, planner)
            prepared = await maker.prepared(outcome, row.begins, now)
            await self._demand_clear(session, wish, prepared)
        mark = Mark(ChangeKind.PLAN, context.actor, now)
        action = AuditAction.PROPOSAL_WRITE
        async with context.audit.work(context.actor, action, proposal_id) as work:
            await LessonStore(context.database).lock_creation(work)
            await concerns_node(work, wish.school_id or wish.county_id)
            same = stamp == await _stamp(work.session, wish.county_id, row.begins, term, self._zone)
            state = ProposalState.ACCEPTED
            if not same or not await decide(work, row, state, context.actor, now):
                raise ChangedMeanwhile(facts={"version": row.version})
            for one in prepared:
                await _write(work, planner, one, mark)
            written = _written(proposal_id, prepared)
            work.detail = detail_of(added=written.plans_created, changed=written.plans_changed)
            context.finish(written)
        return written

    async def _demand_clear(
        self, session: AsyncSession, wish: ProposalWish, prepared: Sequence[_Prepared]
    ) -> None:
        """Raise Clash where any lesson of the prepared plans breaks a hard rule."""
        titled = [
            replace(one, booking=replace(one.booking, lesson_id=_unique(one.booking, number)))
            for number, plan in enumerate(prepared)
            for one in plan.settling.titled
        ]
        gone = [one.lesson_id for plan in prepared for one in plan.settling.withdraw]
        judge = Judge(self._zone, self._longest, self._relay_mbps)
        bookings = [one.booking for one in titled]
        clashes = await judge.clashes(session, wish.county_id, bookings, gone)
        await demand_clear(session, clashes, titled, self._zone)


def _unique(booking: Booking, number: int) -> str:
    """Return an id by which new lessons of several plans are told apart."""
    lesson_id = booking.lesson_id
    return f"{lesson_id}-{number}" if lesson_id.startswith(UNWRITTEN) else lesson_id


def _written(proposal_id: str, prepared: Sequence[_Prepared]) -> ProposalWritten:
    created = sum(one.is_new for one in prepared)
    lessons = sum(one.lessons for one in prepared)
    return ProposalWritten(proposal_id, created, len(prepared) - created, lessons)


class _PlanMaker:
    """Prepares the plans of one proposal."""

    def __init__(
        self,
        reader: WishReader,
        session: AsyncSession,
        wish: ProposalWish,
        term: Term,
        planner: Planner,
    ) -> None:
        self._session = session
        self._wish = wish
        self._term = term
        self._planner = planner
        self._reader = reader

    async def prepared(self, outcome: Outcome, begins: date, now: datetime) -> list[_Prepared]:
        """Return what is to be written: new plans, and changed ones from a date on."""
        ids = [one.plan_id for one in outcome.lessons if one.moved and one.plan_id is not None]
        found = await load_plans(self._session, PlanRow.plan_id.in_(ids), PlanRow.active.is_(True))
        plans = {plan.plan_id: plan for plan in found}
        prepared = []
        for lesson in outcome.lessons:
            if lesson.position is None:
                continue
            if lesson.plan_id is None:
                prepared.append(await self._new(lesson, lesson.position, now))
            elif lesson.moved:
                plan = _unchanged(plans.get(lesson.plan_id), lesson)
                replacement = self._moved(plan, lesson.position, begins)
                settling, earlier = await self._planner.prepare_replacement(
                    self._session, replacement, now
                )
                prepared.append(_Prepared(settling, earlier))
        for one in prepared:
            self._planner.demand_possible(one.settling)
        return prepared

    async def _new(self, lesson: OutcomeLesson, position: Position, now: datetime) -> _Prepared:
        need = self._wish.needs[lesson.wish or 0]
        weeks = format_weeks(WeekSet(position.weeks), self._term.weeks)
        wanted = plan_wish(
            self._wish,
            need,
            position.teacher_id,
            position.lead_room_id,
            slot=position.slot,
            length=lesson.period_count,
            weeks=weeks,
        )
        plan, _ = await self._reader.plan(wanted, new_id(), 1)
        settler = self._planner.settler
        settling = await settler.prepare(self._session, plan, self._term, now)
        return _Prepared(settling, is_new=True)

    def _moved(self, plan: PlanRecord, position: Position, begins: date) -> Replacement:
        count = 1 if plan.bell is None else plan.bell.period_count
        changed = replace(
            plan,
            weekday=position.slot.day,
            place=Bell(position.slot.period, count),
            lead_teacher_id=position.teacher_id,
            lead_room_id=position.lead_room_id,
        )
        return Replacement(plan, changed, self._term, begins)


def _unchanged(plan: PlanRecord | None, lesson: OutcomeLesson) -> PlanRecord:
    """Return a plan as the proposal knew it. Raises ChangedMeanwhile."""
    if plan is None or plan.version != lesson.plan_version:
        raise ChangedMeanwhile(facts={"title": lesson.title})
    return plan


async def _write(work: Work, planner: Planner, one: _Prepared, mark: Mark) -> None:
    session, plan = work.session, one.settling.plan
    if one.earlier is not None:
        await rewrite_plan(session, one.earlier)
    if one.is_new or one.earlier is not None:
        await add_plan(session, plan, mark.at)
    else:
        await rewrite_plan(session, plan)
    await planner.settler.write(session, one.settling, mark)


async def _term(session: AsyncSession, wish: ProposalWish) -> Term:
    row = await session.get(TermRow, wish.term_id)
    if row is None:
        raise NotFound()
    return term_of(row)


_Stamp = tuple[object, ...]


async def _stamp(
    session: AsyncSession, county_id: str, begins: date, term: Term, zone: tzinfo
) -> _Stamp:
    """Return what differs once a plan of the county, or a lesson of the time, has changed."""
    starts, ends = (datetime.combine(day, time(), zone) for day in (begins, term.end))
    lessons = select(
        func.count(), func.sum(LessonRow.version), func.max(LessonRow.changed_at)
    ).where(
        LessonRow.state.in_(OPEN_STATES),
        LessonRow.starts_at >= starts,
        LessonRow.starts_at < ends,
    )
    plans = select(func.count(), func.sum(PlanRow.version)).where(
        PlanRow.county_id == county_id, PlanRow.active
    )
    rows = [(await session.execute(query)).one() for query in (lessons, plans)]
    return tuple(value for row in rows for value in row)


def adoption_handler(config: Config) -> Handler[ProposalJob, ProposalWritten]:
    """Return the handler that writes accepted proposals."""
    longest = timedelta(hours=config.max_lesson_hours)
    adoption = Adoption(config.zone, longest, config.relay_mbps)

    async def handler(context: JobContext, job: ProposalJob) -> ProposalWritten:
        return await adoption.carry_out(context, job.proposal_id)

    return handler
