"""The template and the long table of a term: jobs make them."""

from __future__ import annotations

from signaling.access.actions import Action
from signaling.access.roles import Actor
from signaling.base.database import Database
from signaling.base.errors import NotFound
from signaling.base.problem_codes import ProblemCode
from signaling.jobs.records import JobRecord
from signaling.jobs.service import JobService
from signaling.timetable.imports.kinds import MAKE_WORKBOOK, WorkbookOrder
from signaling.timetable.imports.wire import WorkbookWish
from signaling.timetable.scopes import demand_county, own_county, paths_of
from signaling.timetable.tables import TermRow


class TimetableWorkbooks:
    """Has workbooks made for those who plan for a county."""

    def __init__(self, database: Database, jobs: JobService) -> None:
        self._database = database
        self._jobs = jobs

    async def order(self, actor: Actor, wish: WorkbookWish) -> JobRecord:
        """Have a workbook made.

        Raises:
            NotFound: there is no such county or term for the actor.
            Forbidden: the actor may only read.
            TooManyJobs: the actor has all the jobs under way that there may be.
        """
        async with self._database.read() as session:
            if wish.term_id is None:
                county_id = await own_county(session, actor, wish.county_id)
            else:
                term = await session.get(TermRow, wish.term_id)
                if term is None or wish.county_id not in {None, term.county_id}:
                    raise NotFound(code=ProblemCode.UNKNOWN_TERM, field="term_id")
                county_id = term.county_id
            await demand_county(session, actor, Action.MANAGE_TIMETABLE, county_id)
            (branch,) = await paths_of(session, [county_id])
        order = WorkbookOrder(county_id, wish.term_id)
        return await self._jobs.submit(actor, MAKE_WORKBOOK, order, branch=branch)
