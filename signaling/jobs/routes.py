"""Routes: jobs."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from signaling.access.actions import Action
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.base.errors import Invalid
from signaling.jobs.records import JobRecord
from signaling.jobs.rules import OPEN_STATES
from signaling.jobs.service import JobService, job_allows
from signaling.jobs.wire import Job, JobList, JobSummary
from signaling.web.routes import Call, Query, Route

PAGE_JOBS = 25  # shown in one step of the loop
_NO_RESULT = b"null"
_WHOSE = ("own", "branch")


@dataclass(frozen=True, slots=True)
class JobHandlers:
    """Long work: looking at it, and cancelling it."""

    service: JobService

    async def list_jobs(self, call: Call) -> JobList:
        """Jobs, newest first: the caller's own, or all that the caller may read."""
        actor, whose = call.actor, call.query.get("whose", "own")
        if whose not in _WHOSE:
            raise Invalid(f"one of {', '.join(_WHOSE)}", field="whose")
        records, following = await self.service.listed(
            actor, own=whose == "own", limit=PAGE_JOBS, cursor=call.query.get("before")
        )
        return JobList(tuple(summary(record, actor) for record in records), following)

    async def get_job(self, call: Call) -> Job:
        """One job, with its result once it is done."""
        return shown(await self.service.get(call.actor, call.path("job_id")), call.actor)

    async def cancel_job(self, call: Call) -> Job:
        """Cancel a job, queued or running."""
        return shown(await self.service.cancel(call.actor, call.path("job_id")), call.actor)


def summary(record: JobRecord, actor: Actor) -> JobSummary:
    """Return a job as lists show it to an actor."""
    cancels = record.state in OPEN_STATES and job_allows(actor, Action.CANCEL_JOB, record)
    return JobSummary(
        job_id=record.job_id,
        kind=record.kind,
        state=record.state,
        owner_name=record.owner_name,
        own=record.owner_id == actor.actor_id,
        progress_done=record.progress_done,
        progress_total=record.progress_total,
        tries=record.tries,
        problem=record.problem,
        created_at=record.created_at,
        started_at=record.started_at,
        ended_at=record.ended_at,
        may=(Action.CANCEL_JOB,) if cancels else (),
    )


def shown(record: JobRecord, actor: Actor) -> Job:
    """Return a job as the API shows it to an actor. Other wings answer with it, too."""
    facts = msgspec.structs.asdict(summary(record, actor))
    return Job(**facts, result=msgspec.Raw(record.result or _NO_RESULT))


ROUTES = (
    Route(
        "GET",
        "/api/jobs",
        JobHandlers.list_jobs,
        "后台任务",
        JobList,
        query=(
            Query("whose", "own (default), or branch: all that the caller may read"),
            Query("before", "the `next` of the page before"),
        ),
    ),
    Route("GET", "/api/jobs/{job_id}", JobHandlers.get_job, "一个后台任务", Job),
    Route(
        "POST",
        "/api/jobs/{job_id}/cancel",
        JobHandlers.cancel_job,
        "取消后台任务",
        Job,
        audited=AuditAction.JOB_CANCEL,
    ),
)
