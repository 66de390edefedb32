"""One run of a job, in the process that carries it out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec
import structlog

from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog, Work
from signaling.base.clock import Clock
from signaling.base.database import Database
from signaling.base.errors import SignalingError
from signaling.base.failures import failure_of
from signaling.base.problem_codes import ProblemCode
from signaling.jobs.kinds import JobCancelled, JobFiles, JobKind, JobKinds
from signaling.jobs.records import JobRecord, Run
from signaling.jobs.rules import MAX_RESULT_BYTES, Ending, RunEnd
from signaling.jobs.store import JobStore
from signaling.jobs.wire import JobProblem

log = structlog.get_logger(__name__)

Report = Callable[[int, int], None]  # takes done and total; raises JobCancelled

_PASSING = 503  # HTTP status of errors that another try may not meet


@dataclass(frozen=True, slots=True)
class Tools:
    """Tools with which every run of a process works.

    Attributes:
        database: the database.
        clock: the time.
        files: makes the files, given the audit log of the run.
        owner: finds who owns a job, with the grants of now; None for an account that is closed.
    """

    database: Database
    clock: Clock
    files: Callable[[AuditLog], JobFiles]
    owner: Callable[[str], Awaitable[Actor | None]]


class CarriedRun:
    """One run. Implements `JobContext`."""

    def __init__(
        self, tools: Tools, run: Run, record: JobRecord, actor: Actor, report: Report
    ) -> None:
        self.job_id = record.job_id
        self.actor = actor.at(record.remote)
        self.branch = record.branch
        self.database = tools.database
        self.clock = tools.clock
        self.audit: AuditLog = _RunAudit(tools, self)
        self.files = tools.files(self.audit)
        self._run = run
        self._store = JobStore(tools.database)
        self._report = report
        self._pending: bytes | None = None
        self.is_done = False

    def progress(self, done: int, total: int) -> None:
        """See `JobContext`."""
        self._report(done, total)

    def finish(self, result: msgspec.Struct) -> None:
        """See `JobContext`."""
        self._pending = _encoded(result)

    async def seal(self, work: Work) -> None:
        """Write the result with a unit of work, if it was named. Raises JobCancelled."""
        if self._pending is None:
            wanted = await self._store.hold(work.session, self._run)
        else:
            now = self.clock.now()
            wanted = await self._store.finish(work.session, self._run, self._pending, now)
        if not wanted:
            raise JobCancelled

    def committed(self) -> None:
        """Note that a unit of work was committed."""
        self.is_done = self.is_done or self._pending is not None

    async def finish_alone(self, result: msgspec.Struct) -> None:
        """Write the result of a handler that wrote nothing else. Raises JobCancelled."""
        async with self.database.write() as session:
            now = self.clock.now()
            if not await self._store.finish(session, self._run, _encoded(result), now):
                raise JobCancelled


class _RunAudit(AuditLog):
    """Opens units of work that are committed only while the run is wanted."""

    def __init__(self, tools: Tools, run: CarriedRun) -> None:
        super().__init__(tools.database, tools.clock)
        self._run = run

    @asynccontextmanager
    async def work(
        self, actor: Actor, action: AuditAction, target: str = "", detail: str = ""
    ) -> AsyncIterator[Work]:
        async with super().work(actor, action, target, detail) as work:
            yield work
            await self._run.seal(work)
        self._run.committed()


async def carry_out(
    run: Run, record: JobRecord, kinds: JobKinds, tools: Tools, report: Report
) -> RunEnd:
    """Carry out a run, and say how it ended. Its result is in the database then."""
    bound = log.bind(job_id=run.job_id, kind=record.kind)
    try:
        await _handle(run, record, kinds, tools, report)
    except JobCancelled:
        return RunEnd(Ending.STOPPED)
    except SignalingError as error:
        bound.warning("job_refused", code=error.code, error=repr(error))
        return _ended_by(error)
    except MemoryError:
        bound.warning("job_out_of_memory")
        return RunEnd(Ending.FAILED, JobProblem(ProblemCode.JOB_OUT_OF_MEMORY))
    except Exception as error:
        failure = failure_of(error)
        if failure is None:
            bound.exception("job_broke")
            return RunEnd(Ending.FAILED, JobProblem(ProblemCode.INTERNAL))
        bound.warning("job_failed", error=repr(error))
        return _ended_by(failure)
    return RunEnd(Ending.DONE)


async def _handle(
    run: Run, record: JobRecord, kinds: JobKinds, tools: Tools, report: Report
) -> None:
    found = kinds.find(record.kind)
    if found is None:
        raise SignalingError(record.kind, code=ProblemCode.UNKNOWN_JOB_KIND)
    kind, handler = found
    actor = await tools.owner(record.owner_id)
    if actor is None:
        raise SignalingError(record.owner_id, code=ProblemCode.JOB_OWNER_GONE)
    context = CarriedRun(tools, run, record, actor, report)
    result = await handler(context, _argument(kind, record))
    if not isinstance(result, kind.result):
        raise TypeError(f"{kind.name}: expected {kind.result.__name__}, got {type(result)}")
    if not context.is_done:
        await context.finish_alone(result)


def _argument(kind: JobKind[msgspec.Struct, msgspec.Struct], record: JobRecord) -> msgspec.Struct:
    try:
        return msgspec.json.decode(record.argument, type=kind.argument)
    except msgspec.MsgspecError as error:  # submitted by another version of the program
        raise SignalingError(str(error), code=ProblemCode.UNKNOWN_JOB_KIND) from None


def _ended_by(error: SignalingError) -> RunEnd:
    ending = Ending.BROKEN if error.status == _PASSING else Ending.FAILED
    return RunEnd(ending, JobProblem(error.code, error.field, error.facts))


def _encoded(result: msgspec.Struct) -> bytes:
    encoded = msgspec.json.encode(result)
    if len(encoded) > MAX_RESULT_BYTES:
        facts = {"most": MAX_RESULT_BYTES}
        raise SignalingError(code=ProblemCode.JOB_RESULT_TOO_LARGE, facts=facts)
    return encoded
