"""排课: creating, changing, ending and reading plans."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.log import SYSTEM, AuditLog, Work
from signaling.base.clock import Clock
from signaling.base.cursors import BadPlace, cursor_of, read_cursor
from signaling.base.database import Database
from signaling.base.errors import Invalid, Malformed, NotFound
from signaling.base.ids import new_id
from signaling.base.problem_codes import ProblemCode
from signaling.directory.branches import concerns_node
from signaling.timetable import plan_wire as w
from signaling.timetable.clash_names import MAX_SHOWN, shown_clashes
from signaling.timetable.core.calendar import Term
from signaling.timetable.lesson_book import Mark
from signaling.timetable.names import names_of
from signaling.timetable.plan_rows import load_plan, load_plans, page_of_plans
from signaling.timetable.planning import Planner, Replacement
from signaling.timetable.records import PlanRecord
from signaling.timetable.scopes import demand_county, demand_in, own_county, paths_of
from signaling.timetable.settling import Settling
from signaling.timetable.tables import PlanRoomRow, PlanRow, TermRow
from signaling.timetable.terms import demand_version, term_of
from signaling.timetable.wire import ChangeKind, CheckResult
from signaling.timetable.wishes import WishReader

MAX_FALLEN = 100  # of one answer
_SETTLED_AT_ONCE = 10  # plans of one round of upkeep
_ESCAPE = "\\"


class Plans:
    """The actions on plans."""

    def __init__(self, database: Database, audit: AuditLog, clock: Clock, planner: Planner) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._planner = planner

    # --- reading ---------------------------------------------------------------------------------

    async def listed(
        self,
        actor: Actor,
        county_id: str | None,
        *,
        filters: Sequence[ColumnElement[bool]],
        after: str | None,
    ) -> w.PlanList:
        """Return a page of a county's plans, newest first.

        Raises:
            NotFound: there is no such county for the actor.
            Forbidden: the actor may only read.
            Malformed: the cursor is none of this list.
        """
        try:
            place = None if after is None else read_cursor(after)
        except BadPlace:
            raise Malformed(code=ProblemCode.BAD_CURSOR, field="after") from None
        async with self._database.read() as session:
            county = await own_county(session, actor, county_id)
            await demand_county(session, actor, Action.MANAGE_TIMETABLE, county)
            wanted = [PlanRow.county_id == county, PlanRow.active.is_(True), *filters]
            found, following = await page_of_plans(session, wanted, place)
            names = await names_of(session, found)
            weeks = await _weeks(session, found)
        shown = tuple(names.plan(one, weeks.get(one.term_id or "", 0)) for one in found)
        return w.PlanList(shown, None if following is None else cursor_of(following))

    async def get(self, actor: Actor, plan_id: str) -> w.Plan:
        """Return a plan. Raises NotFound, Forbidden."""
        async with self._database.read() as session:
            plan = await _managed(session, actor, plan_id)
            names = await names_of(session, [plan])
            weeks = await _weeks(session, [plan])
        return names.plan(plan, weeks.get(plan.term_id or "", 0))

    async def check(
        self, actor: Actor, wish: w.PlanWish, plan_id: str | None, begins: date | None
    ) -> CheckResult:
        """Return what a new or changed plan would do; nothing is written.

        Raises:
            NotFound: there is no such county or plan for the actor.
            Forbidden: the actor may only read.
            Invalid: a field cannot be.
        """
        now = self._clock.now()
        async with self._database.read() as session:
            reader = await self._reader(session, actor, wish, "plan.")
            record, row = await reader.plan(wish, new_id(), 1)
            term = term_or_none(row)
            if plan_id is None:
                settling = await self._planner.settler.prepare(session, record, term, now)
            else:
                plan = await _managed(session, actor, plan_id)
                replacement = Replacement(plan, record, term, begins)
                settling, _ = await self._planner.prepare_replacement(session, replacement, now)
            self._planner.demand_possible(settling, "plan.")
            return await _result(session, settling)

    # --- actions ---------------------------------------------------------------------------------

    async def create(self, actor: Actor, wish: w.PlanWish) -> w.PlanOutcome:
        """新建排课.

        Raises:
            NotFound: there is no such county for the actor.
            Forbidden: the actor may only read.
            Invalid: a field cannot be.
            Clash: a hard clash, and no waiver.
        """
        action = AuditAction.PLAN_CREATE
        async with self._audit.work(actor, action, detail=wish.title) as work:
            reader = await self._reader(work.session, actor, wish, "")
            record, row = await reader.plan(wish, new_id(), 1)
            work.target = record.plan_id
            await _concerns(work, record)
            term = term_or_none(row)
            settling = await self._planner.create(work, record, term, self._mark(actor, wish))
            return await _outcome(work.session, settling, row)

    async def change(self, actor: Actor, plan_id: str, change: w.PlanChange) -> w.PlanOutcome:
        """Change a plan. Raises as `create`, and ChangedMeanwhile."""
        wish = change.plan
        action = AuditAction.PLAN_CHANGE
        async with self._audit.work(actor, action, plan_id, wish.title) as work:
            plan = await _managed(work.session, actor, plan_id)
            demand_version(plan.version, change.version)
            if wish.county_id != plan.county_id:
                raise Invalid(code=ProblemCode.UNKNOWN_COUNTY, field="plan.county_id")
            reader = await self._reader(work.session, actor, wish, "plan.")
            record, row = await reader.plan(wish, plan_id, plan.version + 1)
            await _concerns(work, record)
            term = term_or_none(row)
            replacement = Replacement(plan, record, term, change.begins)
            settling = await self._planner.replace(work, replacement, self._mark(actor, wish))
            return await _outcome(work.session, settling, row)

    async def end(self, actor: Actor, plan_id: str, wish: w.PlanEnd) -> w.PlanOutcome:
        """Take out the future lessons of a plan. Raises NotFound, Forbidden, ChangedMeanwhile."""
        async with self._audit.work(actor, AuditAction.PLAN_END, plan_id) as work:
            plan = await _managed(work.session, actor, plan_id)
            demand_version(plan.version, wish.version)
            work.detail = plan.content.title
            await _concerns(work, plan)
            row = await _term_row(work.session, plan)
            term = term_or_none(row)
            mark = Mark(ChangeKind.PLAN, actor, self._clock.now())
            gone = await self._planner.end(work, plan, term, mark, wish.begins)
            names = await names_of(work.session, [plan])
            shown = names.plan(plan, 0 if row is None else row.weeks)
            return w.PlanOutcome(shown, 0, 0, gone, 0, (), ())

    async def settle(self, actor: Actor, county_id: str) -> int:
        """Bring some plans of a county to changed terms, bells and days; returns how many are left.

        Raises:
            NotFound: there is no such county for the actor.
            Forbidden: the actor may only read.
        """
        async with self._audit.work(actor, AuditAction.PLANS_SETTLE, county_id) as work:
            await demand_county(work.session, actor, Action.MANAGE_TIMETABLE, county_id)
            await concerns_node(work, county_id)
            await self._settle_some(work, actor, PlanRow.county_id == county_id)
        async with self._database.read() as session:
            stale = [PlanRow.stale, PlanRow.active, PlanRow.county_id == county_id]
            count = await session.scalar(select(func.count()).select_from(PlanRow).where(*stale))
        return count or 0

    async def settle_by_itself(self) -> None:
        """Bring some plans of one county to what changed; the server is the actor."""
        async with self._database.read() as session:
            stale = select(PlanRow.county_id).where(PlanRow.stale, PlanRow.active).limit(1)
            county_id = await session.scalar(stale)
        if county_id is None:
            return
        async with self._audit.work(SYSTEM, AuditAction.PLANS_SETTLE, county_id) as work:
            await concerns_node(work, county_id)
            if not await self._settle_some(work, SYSTEM, PlanRow.county_id == county_id):
                work.nothing_to_do()

    # --- inside ----------------------------------------------------------------------------------

    async def _settle_some(
        self, work: Work, actor: Actor, *conditions: ColumnElement[bool]
    ) -> bool:
        """Settle the first stale plans; whether that changed a lesson."""
        mark = Mark(ChangeKind.PLAN, actor, self._clock.now())
        stale = [PlanRow.stale.is_(True), PlanRow.active.is_(True), *conditions]
        changed = False
        for plan in await load_plans(work.session, *stale, limit=_SETTLED_AT_ONCE):
            term = term_or_none(await _term_row(work.session, plan))
            settling = await self._planner.settle(work, plan, term, mark)
            changed |= bool(settling.create or settling.rewrite or settling.withdraw)
        return changed

    def _mark(self, actor: Actor, wish: w.PlanWish) -> Mark:
        return Mark(ChangeKind.PLAN, actor, self._clock.now(), waiver=wish.waiver)

    async def _reader(
        self, session: AsyncSession, actor: Actor, wish: w.PlanWish, prefix: str
    ) -> WishReader:
        await demand_county(session, actor, Action.MANAGE_TIMETABLE, wish.county_id)
        return WishReader(session, actor, wish.county_id, self._clock.now(), prefix)


def mentions(words: str) -> ColumnElement[bool]:
    """Match a substring of a plan's title or grade: Chinese has no spaces to split at."""
    for character in (_ESCAPE, "%", "_"):
        words = words.replace(character, _ESCAPE + character)
    columns = (PlanRow.title, PlanRow.grade)
    return or_(*(column.ilike(f"%{words}%", escape=_ESCAPE) for column in columns))


def in_room(room_id: str) -> ColumnElement[bool]:
    """Match plans that take a room."""
    seats = select(PlanRoomRow.plan_id).where(PlanRoomRow.room_id == room_id)
    return or_(PlanRow.lead_room_id == room_id, PlanRow.plan_id.in_(seats))


async def _managed(session: AsyncSession, actor: Actor, plan_id: str) -> PlanRecord:
    """Return a plan that the actor may change. Raises NotFound, Forbidden."""
    plan = await load_plan(session, plan_id)
    if plan is None:
        raise NotFound()
    branches = await paths_of(session, [plan.county_id, plan.lead_school_id or plan.county_id])
    demand_in(actor, Action.MANAGE_TIMETABLE, branches, reads=(Action.READ_TIMETABLE,))
    return plan


async def _concerns(work: Work, plan: PlanRecord) -> None:
    await concerns_node(work, plan.lead_school_id or plan.county_id, plan.content.title)


async def _term_row(session: AsyncSession, plan: PlanRecord) -> TermRow | None:
    return None if plan.term_id is None else await session.get(TermRow, plan.term_id)


async def _weeks(session: AsyncSession, plans: Sequence[PlanRecord]) -> dict[str, int]:
    terms = {plan.term_id for plan in plans if plan.term_id is not None}
    query = select(TermRow.term_id, TermRow.weeks).where(TermRow.term_id.in_(terms))
    return {row.term_id: row.weeks for row in await session.execute(query)}


async def _outcome(
    session: AsyncSession, settling: Settling, term: TermRow | None
) -> w.PlanOutcome:
    names = await names_of(session, [settling.plan], fallen=settling.fallen)
    return w.PlanOutcome(
        plan=names.plan(settling.plan, 0 if term is None else term.weeks),
        created=len(settling.create),
        changed=len(settling.rewrite),
        removed=len(settling.withdraw),
        kept=settling.kept,
        fallen=names.fallen(settling.fallen[:MAX_FALLEN]),
        years_without_holidays=settling.unknown_years,
    )


async def _result(session: AsyncSession, settling: Settling) -> CheckResult:
    names = await names_of(session, fallen=settling.fallen)
    return CheckResult(
        lessons=len(settling.create) + len(settling.rewrite) + settling.kept,
        clashes=await shown_clashes(session, settling.clashes, settling.titled),
        more=len(settling.clashes) > MAX_SHOWN,
        fallen=names.fallen(settling.fallen[:MAX_FALLEN]),
    )


def term_or_none(row: TermRow | None) -> Term | None:
    """Return a term as pure rules take it."""
    return None if row is None else term_of(row)
