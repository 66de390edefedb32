"""自动排课: asking for a proposal, looking at it, and 采纳 or 放弃.

A proposal is searched and written by jobs. Until it is accepted, nothing of the timetable changes.
"""

from __future__ import annotations

from datetime import timedelta, tzinfo

import msgspec
from msgspec.structs import replace
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.actions import Action
from signaling.access.grants import allows
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog
from signaling.base.clock import Clock
from signaling.base.cursors import BadPlace, cursor_of, read_cursor
from signaling.base.database import Database
from signaling.base.errors import (
    ChangedMeanwhile,
    Invalid,
    Malformed,
    NotFound,
    SignalingError,
)
from signaling.base.ids import new_id
from signaling.base.problem_codes import ProblemCode
from signaling.directory.branches import concerns_node
from signaling.jobs.service import JobService
from signaling.timetable.proposals import wire as w
from signaling.timetable.proposals.kinds import ADOPTION, SEARCH, ProposalJob
from signaling.timetable.proposals.need_reading import NeedReader
from signaling.timetable.proposals.needs import first_week_of
from signaling.timetable.proposals.showing import detail_of
from signaling.timetable.proposals.solver_missing import demand_solver
from signaling.timetable.proposals.store import (
    decide,
    find_proposal,
    page_of_proposals,
    summary_of,
)
from signaling.timetable.proposals.tables import ProposalRow
from signaling.timetable.proposals.wire import ProposalState
from signaling.timetable.scopes import demand_county, own_county, paths_of
from signaling.timetable.tables import TermRow
from signaling.timetable.terms import demand_version, term_of

MAX_OPEN = 20  # proposals of a county that wait for a decision
KEPT = timedelta(days=180)  # how long proposals are kept


class TooManyProposals(SignalingError):
    """A county has all the open proposals that there may be; `facts` name the bound."""

    status = 409
    code = ProblemCode.TOO_MANY_PROPOSALS
    title = "too many proposals wait for a decision"


class ProposalNotReady(SignalingError):
    """The search for a proposal is not over, or it found a place for nothing."""

    status = 409
    code = ProblemCode.PROPOSAL_NOT_READY
    title = "there is nothing to accept yet"


class ProposalDecided(SignalingError):
    """A proposal was accepted or discarded before; `facts` name its `state`."""

    status = 409
    code = ProblemCode.PROPOSAL_DECIDED
    title = "the proposal was decided before"


class Proposals:
    """The actions on proposals."""

    def __init__(
        self, database: Database, audit: AuditLog, clock: Clock, jobs: JobService, zone: tzinfo
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._jobs = jobs
        self._zone = zone

    # --- reading ---------------------------------------------------------------------------------

    async def listed(
        self, actor: Actor, county_id: str | None, after: str | None
    ) -> w.ProposalList:
        """Return a page of a county's proposals, newest first.

        Raises:
            NotFound: there is no such county for the actor.
            Forbidden: the actor may only read there.
            Malformed: the cursor is none of this list.
        """
        try:
            place = None if after is None else read_cursor(after)
        except BadPlace:
            raise Malformed(code=ProblemCode.BAD_CURSOR, field="after") from None
        async with self._database.read() as session:
            county = await own_county(session, actor, county_id)
            await demand_county(session, actor, Action.MANAGE_TIMETABLE, county)
            found, following = await page_of_proposals(session, county, place)
        return w.ProposalList(tuple(found), None if following is None else cursor_of(following))

    async def get(self, actor: Actor, proposal_id: str) -> w.ProposalDetail:
        """Return a proposal with its lessons. Raises NotFound."""
        async with self._database.read() as session:
            row = await self._managed(session, actor, proposal_id)
            return await detail_of(session, row)

    # --- actions ---------------------------------------------------------------------------------

    async def start(self, actor: Actor, wish: w.ProposalWish) -> w.ProposalSummary:
        """自动排课: submit the search.

        Raises:
            SolverMissing: OR-Tools is not installed.
            NotFound: there is no such county for the actor.
            Forbidden: the actor may only read there.
            Invalid: a field cannot be.
            TooManyProposals: too many wait for a decision.
            TooManyJobs: too many of the actor's jobs are under way.
        """
        demand_solver()
        async with self._database.read() as session:
            place = (wish.county_id, wish.school_id)
            await demand_county(session, actor, Action.MANAGE_TIMETABLE, *place)
            wish = await self._checked(session, actor, wish)
            (branch,) = await paths_of(session, [wish.county_id])
        proposal_id = new_id()
        async with self._audit.work(actor, AuditAction.PROPOSAL_START, proposal_id) as work:
            session = work.session
            await concerns_node(work, wish.school_id or wish.county_id)
            await _demand_few(session, wish.county_id)
            argument = ProposalJob(proposal_id)
            job = await self._jobs.submit(actor, SEARCH, argument, branch=branch, work=work)
            row = self._row(proposal_id, actor, wish, job.job_id)
            session.add(row)
            await session.flush()
            return await summary_of(session, row)

    async def accept(self, actor: Actor, proposal_id: str, version: int) -> w.ProposalSummary:
        """采纳: submit the writing, which is one transaction.

        Raises:
            NotFound: there is no such proposal for the actor.
            ProposalDecided: it was accepted or discarded.
            ProposalNotReady: the search goes on, or found a place for nothing.
            ChangedMeanwhile: it is another version.
        """
        async with self._audit.work(actor, AuditAction.PROPOSAL_ACCEPT, proposal_id) as work:
            row = await self._open(work.session, actor, proposal_id, version)
            await concerns_node(work, row.school_id or row.county_id)
            if row.result is None or row.placed == 0:
                raise ProposalNotReady()
            (branch,) = await paths_of(work.session, [row.county_id])
            argument = ProposalJob(proposal_id)
            job = await self._jobs.submit(actor, ADOPTION, argument, branch=branch, work=work)
            row.job_id = job.job_id
            await work.session.flush()
            return await summary_of(work.session, row)

    async def discard(self, actor: Actor, proposal_id: str, version: int) -> w.ProposalSummary:
        """放弃: the search, if it goes on, ends. Raises as `accept`."""
        async with self._audit.work(actor, AuditAction.PROPOSAL_DISCARD, proposal_id) as work:
            session = work.session
            row = await self._open(session, actor, proposal_id, version)
            await concerns_node(work, row.school_id or row.county_id)
            state, now = ProposalState.DISCARDED, self._clock.now()
            if not await decide(work, row, state, actor, now):
                raise ChangedMeanwhile(facts={"version": row.version})
            await self._jobs.withdraw(work, row.job_id)
            await session.refresh(row)
            return await summary_of(session, row)

    async def forget_old(self) -> None:
        """Delete proposals that were made long ago, with those of terms that are gone."""
        before = self._clock.now() - KEPT
        async with self._database.write() as session:
            await session.execute(delete(ProposalRow).where(ProposalRow.made_at < before))

    # --- inside ----------------------------------------------------------------------------------

    async def _checked(
        self, session: AsyncSession, actor: Actor, wish: w.ProposalWish
    ) -> w.ProposalWish:
        """Return a wish that begins on a Monday of its term. Raises Invalid."""
        row = await session.get(TermRow, wish.term_id)
        if row is None or row.county_id != wish.county_id:
            raise Invalid(code=ProblemCode.UNKNOWN_TERM, field="term_id")
        term = term_of(row)
        today = self._clock.now().astimezone(self._zone).date()
        week = first_week_of(term, max(wish.begins, today))
        if week > term.weeks:
            raise Invalid(code=ProblemCode.OUTSIDE_TERM, field="begins")
        if not wish.needs and not wish.move_plans:
            raise Invalid(code=ProblemCode.NOTHING_PLANNED, field="needs")
        await NeedReader(session, actor, wish, self._clock.now()).all()
        return replace(wish, begins=term.day_of(week, 1))

    def _row(
        self, proposal_id: str, actor: Actor, wish: w.ProposalWish, job_id: str
    ) -> ProposalRow:
        return ProposalRow(
            proposal_id=proposal_id,
            county_id=wish.county_id,
            term_id=wish.term_id,
            school_id=wish.school_id,
            begins=wish.begins,
            state=ProposalState.OPEN,
            wish=msgspec.json.encode(wish).decode(),
            placed=0,
            unplaced=0,
            moved=0,
            job_id=job_id,
            made_by=actor.actor_id,
            made_by_name=actor.name,
            made_at=self._clock.now(),
            version=1,
        )

    async def _managed(self, session: AsyncSession, actor: Actor, proposal_id: str) -> ProposalRow:
        """Return a proposal. Raises NotFound, also where the actor may not know of it."""
        row = await find_proposal(session, proposal_id)
        if row is None:
            raise NotFound()
        branches = await paths_of(session, [row.school_id])
        if not allows(actor, Action.MANAGE_TIMETABLE, branches=branches):
            raise NotFound()
        return row

    async def _open(
        self, session: AsyncSession, actor: Actor, proposal_id: str, version: int
    ) -> ProposalRow:
        row = await self._managed(session, actor, proposal_id)
        if row.state != ProposalState.OPEN:
            raise ProposalDecided(facts={"state": row.state})
        demand_version(row.version, version)
        return row


async def _demand_few(session: AsyncSession, county_id: str) -> None:
    query = select(func.count()).where(
        ProposalRow.county_id == county_id, ProposalRow.state == ProposalState.OPEN
    )
    if (await session.scalar(query) or 0) >= MAX_OPEN:
        raise TooManyProposals(facts={"most": MAX_OPEN})
