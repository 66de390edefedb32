"""Rows of jobs in SQLite and in PostgreSQL: one run at a time, and none that writes too late."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import true

from signaling.access.roles import Actor
from signaling.audit.log import SYSTEM, AuditLog
from signaling.base.database import Database
from signaling.base.problem_codes import ProblemCode
from signaling.jobs.records import Run
from signaling.jobs.rules import Ending, RunEnd, verdict
from signaling.jobs.store import JobStore, NewJob
from signaling.jobs.visibility import in_branch
from signaling.jobs.wire import JobProblem, JobState
from tests.integration.signaling.stores import work_in

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
WANG = Actor("wang", "王老师")


@pytest.fixture
def store(database: Database) -> JobStore:
    return JobStore(database)


async def _added(database: Database, branch: str = "", at: datetime = NOW) -> str:
    async with work_in(database) as work:
        job = NewJob("test", b'{"what":"x"}', branch)
        return (await JobStore(database).add(work, WANG, job, at)).job_id


async def _claimed(store: JobStore, now: datetime = NOW, by: str = "main") -> Run:
    run = await store.claim(by, now)
    assert run is not None
    return run


async def test_each_job_is_given_to_one_of_many_who_ask_at_once(
    database: Database, store: JobStore
) -> None:
    jobs = {await _added(database) for _ in range(4)}
    runs = await asyncio.gather(*(store.claim(f"s{i}", NOW) for i in range(8)))
    given = [run.job_id for run in runs if run is not None]
    assert len(given) == len(set(given))
    while (run := await store.claim("rest", NOW)) is not None:  # a locked row was passed over
        given.append(run.job_id)
    assert sorted(given) == sorted(jobs)


async def test_the_one_that_waits_longest_comes_first(database: Database, store: JobStore) -> None:
    second = await _added(database, at=NOW)
    first = await _added(database, at=NOW - timedelta(seconds=1))
    assert [(await _claimed(store)).job_id for _ in range(2)] == [first, second]


async def test_a_clock_that_is_set_back_keeps_no_job_waiting(
    database: Database, store: JobStore
) -> None:
    """A machine that starts a year ahead queues jobs for next year, until it asks for the time."""
    job_id = await _added(database, at=NOW + timedelta(days=365))
    assert (await _claimed(store)).job_id == job_id


async def test_a_run_that_is_past_writes_nothing(database: Database, store: JobStore) -> None:
    job_id = await _added(database)
    past = await _claimed(store)
    end = verdict(RunEnd(Ending.DIED), past.tries)
    assert await store.settle(past, end, NOW) is None
    assert await store.claim("main", NOW) is None  # not due yet
    present = await _claimed(store, LATER)
    assert (present.job_id, present.tries) == (job_id, 2)
    assert not await store.beat(past, LATER, 9, 9)
    assert await store.settle(past, verdict(RunEnd(Ending.FAILED), 1), LATER) is None
    async with database.write() as session:
        assert not await store.hold(session, past)
        assert not await store.finish(session, past, b"1", LATER)
        assert await store.hold(session, present)
    assert await store.of_run(past) is None
    record = await store.of_run(present)
    assert record is not None
    assert (record.state, record.progress_done) == (JobState.RUNNING, 0)


async def test_a_job_is_finished_or_cancelled_whichever_comes_first(
    database: Database, store: JobStore
) -> None:
    for finishes in (True, False):
        job_id = await _added(database)
        run = await _claimed(store)
        if finishes:
            async with database.write() as session:
                assert await store.finish(session, run, b'{"said":"done"}', LATER)
        async with AuditLog(database).work(SYSTEM, "test") as work:
            assert await store.cancel(work, job_id, LATER) is not finishes
        async with database.write() as session:
            assert not await store.finish(session, run, b"2", LATER)
        record = await store.job(job_id)
        assert record is not None
        assert record.state is (JobState.DONE if finishes else JobState.CANCELLED)
        assert record.result == (b'{"said":"done"}' if finishes else None)
        assert record.ended_at == LATER


async def test_cancelling_waits_for_a_transaction_that_finishes(
    database: Database, store: JobStore
) -> None:
    job_id = await _added(database)
    run = await _claimed(store)

    async def cancel() -> bool:
        async with AuditLog(database).work(SYSTEM, "test") as work:
            return await store.cancel(work, job_id, LATER)

    async with database.write() as session:
        assert await store.finish(session, run, b"1", LATER)
        cancelling = asyncio.create_task(cancel())
        await asyncio.sleep(0.1)
        assert not cancelling.done()
    assert not await cancelling


async def test_a_failure_is_kept_with_its_facts(database: Database, store: JobStore) -> None:
    await _added(database)
    run = await _claimed(store)
    problem = JobProblem(ProblemCode.CLASH, "room", {"who": "王老师", "count": 3})
    record = await store.settle(run, verdict(RunEnd(Ending.FAILED, problem), 1), LATER)
    assert record is not None
    assert (record.state, record.problem, record.ended_at) == (JobState.FAILED, problem, LATER)


async def test_runs_without_a_living_supervisor_are_found(
    database: Database, store: JobStore
) -> None:
    for _ in range(2):
        await _added(database)
    mine, others = await _claimed(store, by="main"), await _claimed(store, by="other")
    assert await store.abandoned("main", NOW) == [mine]
    assert await store.abandoned(None, NOW) == []
    await store.beat(mine, LATER, 0, 0)
    assert await store.abandoned(None, LATER) == [others]


async def test_old_jobs_are_forgotten_and_open_ones_stay(
    database: Database, store: JobStore
) -> None:
    for _ in range(3):
        await _added(database)
    for _ in range(2):
        run = await _claimed(store)
        await store.settle(run, verdict(RunEnd(Ending.FAILED), 1), NOW)
    assert await store.forget(NOW) == 0
    assert await store.forget(LATER) == 2
    found, _ = await store.page(true(), limit=9, before=None)
    assert [record.state for record in found] == [JobState.QUEUED]


async def test_a_branch_holds_the_jobs_below_it_and_no_neighbour(
    database: Database, store: JobStore
) -> None:
    paths = ("/cn/p/", "/cn/p/x_y/", "/cn/p/x_y/school/", "/cn/p/xay/", "/cn/p/x_yz/", "")
    made = {path: await _added(database, path) for path in paths}
    found, _ = await store.page(in_branch(["/cn/p/x_y/"]), limit=9, before=None)
    assert {record.job_id for record in found} == {made[path] for path in paths[1:3]}
    assert {record.node_id for record in found} == {"x_y", "school"}
