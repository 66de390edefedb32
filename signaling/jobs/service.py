"""Jobs: submit, list, look at, cancel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec
import structlog

from signaling.access.actions import Action
from signaling.access.grants import allows, demand
from signaling.access.lists import permitted
from signaling.access.relations import Relation
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog, Work, own_branch
from signaling.base.clock import Clock
from signaling.base.cursors import BadPlace, cursor_of, read_cursor
from signaling.base.errors import Invalid, JobOver, NotFound, TooLarge, TooManyJobs
from signaling.base.problem_codes import ProblemCode
from signaling.jobs.events import JobEnded, JobSubmitted
from signaling.jobs.kinds import Argument, JobKind, Result
from signaling.jobs.records import JobRecord
from signaling.jobs.rules import MAX_ARGUMENT_BYTES
from signaling.jobs.store import JobStore, NewJob
from signaling.jobs.visibility import PREDICATES, in_branch, relations
from signaling.jobs.wire import JobState

log = structlog.get_logger(__name__)

MAX_OPEN_JOBS = 20  # of one owner, queued or running


class JobService:
    """The actions on jobs."""

    def __init__(self, store: JobStore, audit: AuditLog, clock: Clock, keep_days: int) -> None:
        """Make it; jobs are forgotten so many days after their end."""
        self._store = store
        self._audit = audit
        self._clock = clock
        self._keep = timedelta(days=keep_days)

    # --- reading ---------------------------------------------------------------------------------

    async def listed(
        self, actor: Actor, *, own: bool, limit: int, cursor: str | None
    ) -> tuple[Sequence[JobRecord], str | None]:
        """Return jobs, newest first, and the cursor of the next page.

        Args:
            actor: the one who asks.
            own: only those that the actor submitted; else all that the actor may read.
            limit: jobs of one page.
            cursor: of the page; None begins.

        Raises:
            Invalid: the cursor is none of this list's.
        """
        try:
            place = None if cursor is None else read_cursor(cursor)
        except BadPlace:
            raise Invalid(code=ProblemCode.BAD_CURSOR, field="before") from None
        if own:
            visible = PREDICATES[Relation.OWNS](actor)
        else:
            visible = permitted(actor, Action.READ_JOB, PREDICATES, in_branch)
        found, following = await self._store.page(visible, limit=limit, before=place)
        return found, None if following is None else cursor_of(following)

    async def get(self, actor: Actor, job_id: str) -> JobRecord:
        """Return one job. Raises NotFound, also where the actor may not know of it."""
        record = await self._store.job(job_id)
        if record is None or not job_allows(actor, Action.READ_JOB, record):
            raise NotFound(code=ProblemCode.JOB_NOT_FOUND)
        return record

    # --- actions ---------------------------------------------------------------------------------

    async def submit(
        self,
        actor: Actor,
        kind: JobKind[Argument, Result],
        argument: Argument,
        *,
        branch: str = "",
        work: Work | None = None,
    ) -> JobRecord:
        """Queue a job for the actor; whether the actor may is the caller's to judge.

        Args:
            actor: the owner.
            kind: the kind.
            argument: for the kind's handler.
            branch: the path of the org node that the job is about. Its admins see the job, too.
            work: the unit of work that the job belongs to; one of its own if None.

        Raises:
            TooManyJobs: the actor has all the jobs under way that there may be.
            TooLarge: the argument is no argument but a file.
        """
        encoded = msgspec.json.encode(argument)
        if len(encoded) > MAX_ARGUMENT_BYTES:
            raise TooLarge(f"an argument has at most {MAX_ARGUMENT_BYTES} bytes")
        job = NewJob(kind.name, encoded, branch)
        if work is not None:
            return await self._queue(work, actor, job)
        async with self._audit.work(actor, AuditAction.JOB_SUBMIT, detail=kind.name) as own:
            record = await self._queue(own, actor, job)
            own.target = record.job_id
            own.concerns(branch or own_branch(actor))
        return record

    async def cancel(self, actor: Actor, job_id: str) -> JobRecord:
        """Cancel a job, queued or running. A worker ends within seconds, and writes nothing more.

        Raises:
            NotFound: no such job, or none that the actor may know of.
            Forbidden: another's, that the actor may only read.
            JobOver: it is done or has failed.
        """
        record = await self.get(actor, job_id)
        demand(actor, Action.CANCEL_JOB, relations(actor, record), (record.branch,))
        now = self._clock.now()
        async with self._audit.work(actor, AuditAction.JOB_CANCEL, job_id, record.kind) as work:
            work.concerns(record.branch or own_branch(actor))
            if await self._store.cancel(work, job_id, now):
                work.tell(ended(record, JobState.CANCELLED))
            else:
                work.nothing_to_do()
        record = await self.get(actor, job_id)
        if record.state is not JobState.CANCELLED:
            raise JobOver(facts={"state": record.state})
        return record

    async def withdraw(self, work: Work, job_id: str) -> None:
        """Cancel a job, unless it has ended, within the action that it belongs to."""
        record = await self._store.job_in(work, job_id)
        now = self._clock.now()
        if record is not None and await self._store.cancel(work, job_id, now):
            work.tell(ended(record, JobState.CANCELLED))

    async def forget_old(self) -> None:
        """Delete jobs that ended long ago."""
        count = await self._store.forget(self._clock.now() - self._keep)
        if count:
            log.info("jobs_forgotten", count=count)

    # --- inside ----------------------------------------------------------------------------------

    async def _queue(self, work: Work, actor: Actor, job: NewJob) -> JobRecord:
        if await self._store.open_jobs(work, actor.actor_id) >= MAX_OPEN_JOBS:
            raise TooManyJobs(facts={"most": MAX_OPEN_JOBS})
        record = await self._store.add(work, actor, job, self._clock.now())
        work.tell(JobSubmitted(record.job_id))
        return record


def ended(record: JobRecord, state: JobState) -> JobEnded:
    """Return the event of a job's end."""
    return JobEnded(record.job_id, record.kind, record.node_id, record.owner_id, state)


def job_allows(actor: Actor, action: Action, record: JobRecord) -> bool:
    """Return whether the actor may do this to a job."""
    return allows(actor, action, relations(actor, record), (record.branch,))
