"""Jobs in this process, on the services' own clock: for tests of the wings that have kinds.

job = await services.jobs.submit(actor, KIND, argument)
await carry_out_jobs(services, JobKinds().add(KIND, handler))
job = await services.jobs.get(actor, job.job_id)
"""

from __future__ import annotations

from collections.abc import Callable

from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.log import SYSTEM, AuditLog
from signaling.files.keeping import Files
from signaling.files.storage import FolderFiles
from signaling.files.store import FileStore
from signaling.jobs.carrying import Tools, carry_out
from signaling.jobs.kinds import JobFiles, JobKinds
from signaling.jobs.records import Run
from signaling.jobs.rules import Ending, RunEnd
from signaling.jobs.store import JobStore
from signaling.jobs.supervisor import Supervisor
from signaling.wiring import Services

MAX_RUNS = 100  # of one call: a job that is queued again and again is a fault


class InProcessWorkers:
    """Carries out runs here, without the limits of a process. Implements `Workers`."""

    def __init__(self, services: Services, kinds: JobKinds) -> None:
        self._services = services
        self._kinds = kinds

    async def work(self, run: Run, on_progress: Callable[[int, int], None]) -> RunEnd:
        record = await self._services.job_store.of_run(run)
        if record is None:
            return RunEnd(Ending.STOPPED)
        return await carry_out(run, record, self._kinds, self._tools(), on_progress)

    def _tools(self) -> Tools:
        services = self._services

        async def owner(owner_id: str) -> Actor | None:
            if owner_id == SYSTEM.actor_id:
                return SYSTEM
            person = await services.people.person(owner_id)
            return None if person is None else person.actor(services.clock.now())

        def files(audit: AuditLog) -> JobFiles:
            storage = FolderFiles(services.config.files)
            return Files(FileStore(services.database), storage, audit, services.clock)

        return Tools(services.database, services.clock, files, owner)


def supervisor(services: Services, kinds: JobKinds) -> Supervisor:
    """Return a supervisor whose workers are in this process."""
    store = JobStore(services.database)
    workers = InProcessWorkers(services, kinds)
    return Supervisor(store, workers, services.events, services.clock, tracing=services.tracing)


async def carry_out_jobs(services: Services, kinds: JobKinds) -> int:
    """Carry out every job that is due, one after the other; returns how many runs there were."""
    carrier = supervisor(services, kinds)
    for runs in range(MAX_RUNS):
        if not await carrier.carry_next():
            await _demand_branches(services)
            return runs
    raise AssertionError("a job never ends")


async def _demand_branches(services: Services) -> None:
    """Fail where an audit row of a job names no branch: admins of schools would not find it."""
    actions = {str(action) for action in AuditAction}
    entries = await services.audit.entries()
    lost = [one for one in entries if one.action in actions and not one.path]
    assert not lost, lost
