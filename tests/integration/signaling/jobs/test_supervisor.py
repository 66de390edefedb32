"""Jobs in real worker processes: limits, deaths, restarts and cancelling."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.base.problem_codes import ProblemCode
from signaling.jobs import rules, supervisor
from signaling.jobs.process import ProcessWorkers
from signaling.jobs.records import JobRecord
from signaling.jobs.store import JobStore
from signaling.jobs.supervisor import STALE_S, Supervisor
from signaling.jobs.wire import JobState
from signaling.wiring import Services
from tests.integration.signaling.jobs import kinds
from tests.integration.signaling.jobs.kinds import ASK, Wish
from tests.support.services import ManualClock, lead_teacher, running_services
from tests.support.waiting import until


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    async with running_services(tmp_path / "data") as running:
        yield running


@pytest.fixture
async def teacher(services: Services) -> Actor:
    return await lead_teacher(services)


@pytest.fixture
async def supervise(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[..., Supervisor]]:
    """Makes supervisors of worker processes; all are stopped at the end."""
    monkeypatch.setattr(supervisor, "POLL_S", 0.1)
    monkeypatch.setattr(supervisor, "BEAT_S", 0.2)
    made: list[Supervisor] = []

    def make(**options: object) -> Supervisor:
        workers = ProcessWorkers(services.config, kinds.__name__)
        store = JobStore(services.database)
        made.append(Supervisor(store, workers, services.events, services.clock, **options))
        return made[-1]

    yield make
    for one in made:
        await one.stop()


Make = Callable[..., Supervisor]


async def _job(services: Services, actor: Actor, job_id: str, *states: JobState) -> JobRecord:
    """The job, once it is in one of these states."""

    async def found() -> JobRecord | None:
        job = await services.jobs.get(actor, job_id)
        return job if job.state in states else None

    job: JobRecord = await until(found)
    return job


async def _submitted(services: Services, actor: Actor, what: str, where: str = "") -> str:
    return (await services.jobs.submit(actor, ASK, Wish(what, where))).job_id


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _pid(file: Path) -> int:
    return int(file.read_text().split()[0])


async def test_a_worker_process_does_a_job_and_gives_way_to_lessons(
    services: Services, teacher: Actor, supervise: Make, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    await supervise().start()
    job_id = await _submitted(services, teacher, "wait", str(go))
    await until(go.with_suffix(".pid").exists)
    pid, niceness = map(int, go.with_suffix(".pid").read_text().split())
    assert pid != os.getpid()
    assert niceness >= os.nice(0) + 10

    async def progress() -> tuple[int, int] | None:
        job = await services.jobs.get(teacher, job_id)
        return (job.progress_done, job.progress_total) if job.progress_total else None

    assert await until(progress) == (3, 7)
    go.touch()
    job = await _job(services, teacher, job_id, JobState.DONE)
    assert job.tries == 1
    (entry,) = await services.audit.entries(AuditAction.IMPORT)
    assert (entry.actor_id, entry.target) == (teacher.actor_id, job_id)
    await until(lambda: not _alive(pid))


async def test_a_job_whose_worker_is_killed_is_done_by_the_next(
    services: Services,
    teacher: Actor,
    supervise: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rules, "RETRY_S", 0.0)
    go = tmp_path / "go"
    await supervise().start()
    job_id = await _submitted(services, teacher, "wait", str(go))
    await until(go.with_suffix(".pid").exists)
    first = _pid(go.with_suffix(".pid"))
    os.kill(first, signal.SIGKILL)
    await until(lambda: _pid(go.with_suffix(".pid")) != first)
    go.touch()
    job = await _job(services, teacher, job_id, JobState.DONE)
    assert job.tries == 2
    assert len(await services.audit.entries(AuditAction.IMPORT)) == 1


async def test_a_job_whose_workers_are_killed_each_time_fails(
    services: Services,
    teacher: Actor,
    supervise: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rules, "RETRY_S", 0.0)
    go, killed = tmp_path / "go", set[int]()
    await supervise().start()
    job_id = await _submitted(services, teacher, "wait", str(go))
    mark = go.with_suffix(".pid")
    for _ in range(3):
        await until(lambda: mark.exists() and _pid(mark) not in killed)
        killed.add(_pid(mark))
        os.kill(_pid(mark), signal.SIGKILL)
    job = await _job(services, teacher, job_id, JobState.FAILED)
    assert job.tries == 3
    assert job.problem is not None
    assert job.problem.code is ProblemCode.JOB_DIED


@pytest.mark.parametrize(
    ("what", "code"),
    [("memory", ProblemCode.JOB_OUT_OF_MEMORY), ("compute", ProblemCode.JOB_TOO_LONG)],
)
async def test_a_job_beyond_its_limits_fails_and_says_so(
    services: Services, teacher: Actor, supervise: Make, what: str, code: ProblemCode
) -> None:
    await supervise().start()
    job_id = await _submitted(services, teacher, what)
    job = await _job(services, teacher, job_id, JobState.FAILED)
    assert job.tries == 1
    assert job.problem is not None
    assert job.problem.code is code


@pytest.mark.parametrize("what", ["wait", "doze"])
async def test_a_job_that_is_cancelled_ends_its_worker_even_one_that_never_looks_up(
    services: Services, teacher: Actor, supervise: Make, tmp_path: Path, what: str
) -> None:
    mark = tmp_path / "mark.pid"
    await supervise().start()
    where = mark if what == "doze" else tmp_path / "mark"
    job_id = await _submitted(services, teacher, what, str(where))
    await until(mark.exists)
    job = await services.jobs.cancel(teacher, job_id)
    assert job.state is JobState.CANCELLED
    await until(lambda: not _alive(_pid(mark)))
    after = await _submitted(services, teacher, "write")
    await _job(services, teacher, after, JobState.DONE)
    assert (await services.jobs.get(teacher, job_id)).state is JobState.CANCELLED


async def test_a_server_that_stops_leaves_the_job_to_the_next(
    services: Services, teacher: Actor, supervise: Make, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    first = supervise()
    await first.start()
    job_id = await _submitted(services, teacher, "wait", str(go))
    await until(go.with_suffix(".pid").exists)
    await first.stop()
    assert not _alive(_pid(go.with_suffix(".pid")))
    job = await services.jobs.get(teacher, job_id)
    assert (job.state, job.tries) == (JobState.QUEUED, 0)
    go.touch()
    await supervise().start()
    assert (await _job(services, teacher, job_id, JobState.DONE)).tries == 1


async def test_a_job_that_a_dead_server_left_running_is_taken_up_at_the_next_start(
    services: Services, teacher: Actor, supervise: Make
) -> None:
    job_id = await _submitted(services, teacher, "write")
    assert await services.job_store.claim("main", services.clock.now()) is not None
    assert isinstance(services.clock, ManualClock)
    await supervise().start()
    job = await _job(services, teacher, job_id, JobState.QUEUED)
    assert job.tries == 1
    services.clock.advance(seconds=rules.RETRY_S)
    assert (await _job(services, teacher, job_id, JobState.DONE)).tries == 2


async def test_the_job_of_another_server_is_taken_over_once_nobody_sees_its_worker_alive(
    services: Services, teacher: Actor, supervise: Make
) -> None:
    job_id = await _submitted(services, teacher, "write")
    assert await services.job_store.claim("elsewhere", services.clock.now()) is not None
    assert isinstance(services.clock, ManualClock)
    here = supervise()
    await here.start()
    await here.take_over_stale()
    assert (await services.jobs.get(teacher, job_id)).state is JobState.RUNNING
    services.clock.advance(seconds=STALE_S + 1)
    await here.take_over_stale()
    services.clock.advance(seconds=rules.RETRY_S)
    assert (await _job(services, teacher, job_id, JobState.DONE)).tries == 2


async def test_so_many_run_at_once_as_the_settings_say(
    services: Services, teacher: Actor, supervise: Make, tmp_path: Path
) -> None:
    marks = [tmp_path / name for name in "abc"]
    await supervise(at_once=2).start()
    jobs = [await _submitted(services, teacher, "wait", str(mark)) for mark in marks]

    def begun() -> list[Path]:
        return [mark for mark in marks if mark.with_suffix(".pid").exists()]

    await until(lambda: len(begun()) == 2)
    await asyncio.sleep(0.5)
    assert len(begun()) == 2
    for mark in marks:
        mark.touch()
    for job_id in jobs:
        await _job(services, teacher, job_id, JobState.DONE)
