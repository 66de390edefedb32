"""The worker process, started as its server starts it, and left alone as by a server that died."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from signaling.access.roles import Role
from signaling.audit.log import AuditLog
from signaling.base.clock import SystemClock
from signaling.base.config import Config
from signaling.base.database import Database
from signaling.base.migrate import migrate
from signaling.command import work
from signaling.directory.store import PeopleStore
from signaling.jobs.process import worker_environment
from signaling.jobs.records import Run
from signaling.jobs.rules import Ending
from signaling.jobs.service import JobService
from signaling.jobs.store import JobStore
from signaling.jobs.wire import JobState
from signaling.jobs.worker import Line, Order
from tests.integration.signaling.jobs import kinds
from tests.integration.signaling.jobs.kinds import ASK, Wish
from tests.integration.signaling.stores import work_in
from tests.support.waiting import PATIENCE_S, until


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(data_dir=str(tmp_path / "data"))


@pytest.fixture
async def database(config: Config) -> AsyncIterator[Database]:
    made = Database(config.database)
    await migrate(made)
    async with work_in(made) as added:
        await PeopleStore(made).add_person(
            added,
            person_id="wang",
            login="wang",
            name="王老师",
            password_hash="x",
            roles=(Role.LEAD_TEACHER,),
        )
    yield made
    await made.close()


async def _run(database: Database, what: str, where: Path | None = None) -> Run:
    """A run that a supervisor began."""
    clock, store = SystemClock(), JobStore(database)
    person = await PeopleStore(database).person("wang")
    assert person is not None
    jobs = JobService(store, AuditLog(database, clock), clock, 30)
    await jobs.submit(person.actor(clock.now()), ASK, Wish(what, str(where or "")))
    run = await store.claim("main", clock.now())
    assert run is not None
    return run


@asynccontextmanager
async def _worker(
    config: Config, run: Run, module: str = kinds.__name__
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker that was given its order."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, run.job_id),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=worker_environment(os.environ),
    )
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(Order(run.run_id, run.tries, config)) + b"\n")
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_a_worker_tells_its_progress_and_its_end(
    config: Config, database: Database, tmp_path: Path
) -> None:
    (tmp_path / "go").touch()
    run = await _run(database, "wait", tmp_path / "go")
    async with _worker(config, run) as process:
        told, _ = await process.communicate()
    lines = [msgspec.json.decode(line, type=Line) for line in told.splitlines()]
    assert lines[-1].end is not None
    assert lines[-1].end.ending is Ending.DONE
    record = await JobStore(database).job(run.job_id)
    assert record is not None
    assert record.state is JobState.DONE


async def test_a_worker_whose_server_died_ends_by_itself(
    config: Config, database: Database, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    run = await _run(database, "doze", mark)
    async with _worker(config, run) as process:
        await until(mark.exists)
        assert process.stdin is not None
        process.stdin.close()  # as the kernel does with the pipes of a dead process
        assert await asyncio.wait_for(process.wait(), PATIENCE_S) == 4


async def test_a_worker_whose_run_is_past_does_nothing(config: Config, database: Database) -> None:
    run = await _run(database, "write")
    past = Run(run.job_id, "another", 1)
    async with _worker(config, past) as process:
        told, _ = await process.communicate()
    end = msgspec.json.decode(told, type=Line).end
    assert end is not None
    assert end.ending is Ending.STOPPED
    record = await JobStore(database).job(run.job_id)
    assert record is not None
    assert record.state is JobState.RUNNING


async def test_a_worker_of_whom_nobody_orders_anything_says_so() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", work.__name__, "job"),
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == work.BAD_ORDER
    assert b"Traceback" not in said


STARTED = """
import resource, sys, time
import signaling.command.work
from signaling.jobs.kinds import JobLimits
from signaling.jobs.limits import limit_process
while time.process_time() < 1.5:
    pass
limit_process(JobLimits(memory_mb=2048, cpu_s=2, wall_s=60))
print(resource.getrlimit(resource.RLIMIT_CPU)[0], "av" in sys.modules)
"""


async def test_the_start_of_a_worker_loads_no_ffmpeg_and_is_not_charged_to_its_job() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STARTED, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    limit, has_ffmpeg = said.split()
    assert int(limit) >= 2 + 2  # seconds: those of the start, rounded up, and those of the job
    assert has_ffmpeg == b"False"
