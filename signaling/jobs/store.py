"""Reading and writing jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, delete, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.access.roles import Actor
from signaling.audit.log import Work
from signaling.base.cursors import Place
from signaling.base.database import Database
from signaling.base.ids import new_id
from signaling.jobs.records import JobRecord, Run
from signaling.jobs.rules import (
    ENDED_STATES,
    OPEN_STATES,
    TRANSITIONS,
    JobAction,
    Verdict,
    states_before,
)
from signaling.jobs.tables import JobRow
from signaling.jobs.wire import JobProblem, JobState

_SUBMIT_LOCK = 0x544B_4A4F  # PostgreSQL advisory lock: one at a time counts an owner's jobs
_FORGET_AT_ONCE = 500  # rows in one transaction
_STALE_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job as it is submitted."""

    kind: str
    argument: bytes
    branch: str


class JobStore:
    """Jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- reading ---------------------------------------------------------------------------------

    async def job(self, job_id: str) -> JobRecord | None:
        """Return one job."""
        async with self._database.read() as session:
            row = await session.get(JobRow, job_id)
        return None if row is None else _record(row)

    async def job_in(self, work: Work, job_id: str) -> JobRecord | None:
        """Return one job, within a unit of work."""
        row = await work.session.get(JobRow, job_id)
        return None if row is None else _record(row)

    async def page(
        self, condition: ColumnElement[bool], *, limit: int, before: Place | None
    ) -> tuple[Sequence[JobRecord], Place | None]:
        """Return jobs, newest first, and the next page's place."""
        wanted = [condition]
        if before is not None:
            place = tuple_(JobRow.created_at, JobRow.job_id)
            wanted.append(place < tuple_(before.at, before.row_id))
        statement = (
            select(JobRow)
            .where(*wanted)
            .order_by(JobRow.created_at.desc(), JobRow.job_id.desc())
            .limit(limit + 1)
        )
        async with self._database.read() as session:
            rows = (await session.scalars(statement)).all()
        found = [_record(row) for row in rows[:limit]]
        if len(rows) <= limit:
            return found, None
        return found, Place(found[-1].created_at, found[-1].job_id)

    async def of_run(self, run: Run) -> JobRecord | None:
        """Return the job of a run that is still wanted."""
        async with self._database.read() as session:
            row = await session.scalar(select(JobRow).where(*_under_way(run)))
        return None if row is None else _record(row)

    # --- submitting and cancelling ---------------------------------------------------------------

    async def open_jobs(self, work: Work, owner_id: str) -> int:
        """Count the jobs of an owner that have not ended; nobody else submits until the end."""
        await self._database.serialize(work.session, _SUBMIT_LOCK)
        found = await work.session.scalar(
            select(func.count())
            .select_from(JobRow)
            .where(JobRow.owner_id == owner_id, JobRow.state.in_(OPEN_STATES))
        )
        return found or 0

    async def add(self, work: Work, actor: Actor, job: NewJob, now: datetime) -> JobRecord:
        """Queue a job."""
        row = JobRow(
            job_id=new_id(),
            kind=job.kind,
            owner_id=actor.actor_id,
            owner_name=actor.name,
            remote=actor.remote,
            branch=job.branch,
            state=JobState.QUEUED,
            argument=job.argument.decode(),
            due_at=now,
            created_at=now,
        )
        work.session.add(row)
        await work.session.flush()
        return _record(row)

    async def cancel(self, work: Work, job_id: str, now: datetime) -> bool:
        """Cancel a job that has not ended; whether it was so."""
        written = await work.session.scalar(
            update(JobRow)
            .where(JobRow.job_id == job_id, JobRow.state.in_(states_before(JobAction.CANCEL)))
            .values(state=JobState.CANCELLED, ended_at=now, run_id=None)
            .returning(JobRow.job_id)
        )
        return written is not None

    # --- runs ------------------------------------------------------------------------------------

    async def claim(self, supervisor: str, now: datetime) -> Run | None:
        """Begin a run of the job that waits longest, if one is due."""
        async with self._database.read() as session:
            if await session.scalar(_due(now).limit(1)) is None:
                return None  # without a writing transaction, for that is how most calls end
        run_id = new_id()
        oldest = _due(now).order_by(JobRow.due_at, JobRow.job_id).limit(1)
        if not self._database.is_sqlite:
            oldest = oldest.with_for_update(skip_locked=True)
        statement = (
            update(JobRow)
            # Not `in`: PostgreSQL would ask a locking query of an `in` anew for each row.
            .where(JobRow.job_id == oldest.scalar_subquery(), JobRow.state == JobState.QUEUED)
            .values(
                state=TRANSITIONS[JobState.QUEUED, JobAction.START],
                supervisor=supervisor,
                run_id=run_id,
                tries=JobRow.tries + 1,
                progress_done=0,
                progress_total=0,
                started_at=now,
                beat_at=now,
            )
            .returning(JobRow.job_id, JobRow.tries)
        )
        async with self._database.write() as session:
            found = (await session.execute(statement)).first()
        return None if found is None else Run(found.job_id, run_id, found.tries)

    async def beat(self, run: Run, now: datetime, done: int, total: int) -> bool:
        """Note that a worker lives, and how far it is; whether its run is still wanted."""
        async with self._database.write() as session:
            written = await session.scalar(
                update(JobRow)
                .where(*_under_way(run))
                .values(beat_at=now, progress_done=done, progress_total=total)
                .returning(JobRow.job_id)
            )
        return written is not None

    async def hold(self, session: AsyncSession, run: Run) -> bool:
        """Keep the run's job as it is until the end of the transaction; whether it is wanted."""
        written = await session.scalar(
            update(JobRow)
            .where(*_under_way(run))
            .values(run_id=run.run_id)
            .returning(JobRow.job_id)
        )
        return written is not None

    async def finish(self, session: AsyncSession, run: Run, result: bytes, now: datetime) -> bool:
        """Write the result of a run; whether the run was still wanted."""
        written = await session.scalar(
            update(JobRow)
            .where(*_under_way(run))
            .values(
                state=TRANSITIONS[JobState.RUNNING, JobAction.FINISH],
                result=result.decode(),
                ended_at=now,
            )
            .returning(JobRow.job_id)
        )
        return written is not None

    async def settle(self, run: Run, verdict: Verdict, now: datetime) -> JobRecord | None:
        """Write what follows from the end of a run; returns its job, if that has now ended.

        A run whose job was cancelled, or given to another run, changes nothing.
        """
        async with self._database.write() as session:
            if verdict.action is not JobAction.FINISH:  # that was the worker's to write
                await session.execute(
                    update(JobRow).where(*_under_way(run)).values(_settled(verdict, now))
                )
            row = await session.scalar(
                select(JobRow).where(JobRow.job_id == run.job_id, JobRow.run_id == run.run_id)
            )
        return _record(row) if row is not None and row.state in ENDED_STATES else None

    async def abandoned(self, supervisor: str | None, before: datetime) -> Sequence[Run]:
        """Return runs whose workers are gone.

        Args:
            supervisor: all of its runs are; None for nobody's.
            before: the runs of whom nobody has seen alive since then are, too.
        """
        stale = JobRow.beat_at < before
        gone = stale if supervisor is None else or_(stale, JobRow.supervisor == supervisor)
        async with self._database.read() as session:
            rows = await session.execute(
                select(JobRow.job_id, JobRow.run_id, JobRow.tries)
                .where(JobRow.state == JobState.RUNNING, JobRow.run_id.is_not(None), gone)
                .limit(_STALE_AT_ONCE)
            )
        return [Run(row.job_id, row.run_id or "", row.tries) for row in rows]

    async def forget(self, before: datetime) -> int:
        """Delete jobs that ended before; returns how many, at most `_FORGET_AT_ONCE`."""
        old = select(JobRow.job_id).where(JobRow.ended_at < before).limit(_FORGET_AT_ONCE)
        async with self._database.read() as session:
            found = (await session.scalars(old)).all()
        if found:
            async with self._database.write() as session:
                await session.execute(delete(JobRow).where(JobRow.job_id.in_(found)))
        return len(found)


def _due(now: datetime) -> Select[str]:
    """Select the jobs that are due; also those that were made before the clock was set back."""
    is_due = or_(JobRow.due_at <= now, JobRow.created_at > now)
    return select(JobRow.job_id).where(JobRow.state == JobState.QUEUED, is_due)


def _settled(verdict: Verdict, now: datetime) -> dict[str, Any]:
    state, problem = TRANSITIONS[JobState.RUNNING, verdict.action], verdict.problem
    return {
        "state": state,
        "tries": verdict.tries,
        "problem": None if problem is None else msgspec.json.encode(problem).decode(),
        "due_at": now + timedelta(seconds=verdict.delay_s),
        "ended_at": now if state in ENDED_STATES else None,
    }


def _under_way(run: Run) -> tuple[ColumnElement[bool], ...]:
    return (
        JobRow.job_id == run.job_id,
        JobRow.run_id == run.run_id,
        JobRow.state == JobState.RUNNING,
    )


def _record(row: JobRow) -> JobRecord:
    problem = None
    if row.problem is not None:
        problem = msgspec.json.decode(row.problem, type=JobProblem)
    return JobRecord(
        job_id=row.job_id,
        kind=row.kind,
        owner_id=row.owner_id,
        owner_name=row.owner_name,
        remote=row.remote,
        branch=row.branch,
        state=JobState(row.state),
        progress_done=row.progress_done,
        progress_total=row.progress_total,
        tries=row.tries,
        argument=row.argument.encode(),
        result=None if row.result is None else row.result.encode(),
        problem=problem,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )
