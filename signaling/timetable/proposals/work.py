"""The search as a job: in a worker process, with progress, and stopped when nobody wants it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from msgspec.structs import replace

from signaling.audit.actions import AuditAction
from signaling.base.config import Config
from signaling.base.errors import NotFound, SignalingError
from signaling.base.problem_codes import ProblemCode
from signaling.directory.branches import concerns_node
from signaling.jobs.kinds import Handler, JobContext
from signaling.timetable.proposals.building import Built, ProblemBuilder
from signaling.timetable.proposals.core.outcome import Outcome, OutcomeLesson
from signaling.timetable.proposals.core.problem import Problem, ProblemTooLarge
from signaling.timetable.proposals.core.proposal import Placed, Proposal, Unplaced
from signaling.timetable.proposals.kinds import ProposalFound, ProposalJob
from signaling.timetable.proposals.solver_missing import SolverMissing
from signaling.timetable.proposals.store import find_proposal, wish_of, write_outcome
from signaling.timetable.proposals.verifying import without_clashes

_POLL_S = 0.25  # how soon a search that nobody wants ends
_STEPS = 10  # of progress in a second


class TooMuchToPlace(SignalingError):
    """A wish that is larger than one proposal takes."""

    status = 422
    code = ProblemCode.TOO_MUCH_TO_PLACE
    title = "there is more to place than one proposal takes"


def search_handler(config: Config) -> Handler[ProposalJob, ProposalFound]:
    """Return the handler of searches."""
    builder = ProblemBuilder(config.zone, config.relay_mbps)

    async def handler(context: JobContext, job: ProposalJob) -> ProposalFound:
        async with context.database.read() as session:
            row = await find_proposal(session, job.proposal_id)
            if row is None:
                raise NotFound()
            wish = wish_of(row)
            built = await builder.build(session, context.actor, wish, context.clock.now())
        proposal = await _search(context, built.problem, wish.limit_s)
        outcome = outcome_of(built, without_clashes(built, proposal))
        found = ProposalFound(
            job.proposal_id,
            outcome.placed,
            len(outcome.lessons) - outcome.placed,
            outcome.moved,
            len(outcome.conflicts),
        )
        action = AuditAction.PROPOSAL_FOUND
        async with context.audit.work(context.actor, action, job.proposal_id) as work:
            await concerns_node(work, wish.school_id or wish.county_id)
            if not await write_outcome(work, job.proposal_id, outcome):
                work.nothing_to_do()  # it was discarded meanwhile
            context.finish(found)
        return found

    return handler


async def _search(context: JobContext, problem: Problem, limit_s: int) -> Proposal:
    """Search in a thread; OR-Tools lets others run. Raises SolverMissing, TooMuchToPlace."""
    search_module: Any
    try:
        search_module = import_module("signaling.timetable.proposals.solver.search")
    except ImportError:
        raise SolverMissing() from None
    try:
        search = search_module.Search(problem, float(limit_s))
    except ProblemTooLarge as error:
        raise TooMuchToPlace(str(error)) from None
    began = time.monotonic()
    running = asyncio.create_task(asyncio.to_thread(search.run))
    try:
        while not (await asyncio.wait({running}, timeout=_POLL_S))[0]:
            seconds = min(time.monotonic() - began, limit_s)
            context.progress(int(seconds * _STEPS), limit_s * _STEPS)
    finally:
        search.stop()  # nobody wants it any more; a thread cannot be cancelled
    try:
        found: Proposal = running.result()
    except search_module.Stopped:
        raise TooMuchToPlace("no time was left for any proposal") from None
    return found


def outcome_of(built: Built, proposal: Proposal) -> Outcome:
    """Return a proposal as it is kept: with what its lessons are."""
    placed: Mapping[tuple[str, int], Placed] = {
        (one.need_id, one.number): one for one in proposal.placed
    }
    missing: Mapping[tuple[str, int], Unplaced] = {
        (one.need_id, one.number): one for one in proposal.unplaced
    }
    lessons = [
        _lesson(lesson, placed.get((need_id, number)), missing.get((need_id, number)))
        for need_id, described in built.needs.items()
        for number, lesson in enumerate(described.lessons)
    ]
    return Outcome(tuple(lessons), proposal.conflicts, proposal.optimal)


def _lesson(
    lesson: OutcomeLesson, placed: Placed | None, missing: Unplaced | None
) -> OutcomeLesson:
    if placed is not None:
        return replace(lesson, position=placed.position, moved=placed.moved)
    if missing is not None:
        return replace(lesson, places=missing.places, blocked_by=missing.blocked_by)
    return lesson
