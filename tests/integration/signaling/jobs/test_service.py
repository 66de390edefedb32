"""Submitting, looking at and cancelling jobs; their runs in this process, on a virtual clock."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from signaling.access.roles import Actor, Role
from signaling.audit.actions import AuditAction
from signaling.base.errors import JobOver, NotFound, TooManyJobs
from signaling.base.problem_codes import ProblemCode
from signaling.jobs import service
from signaling.jobs.events import JobEnded
from signaling.jobs.kinds import JobContext, JobKinds
from signaling.jobs.records import JobRecord
from signaling.jobs.wire import JobState
from signaling.wiring import Services
from tests.integration.signaling.jobs.kinds import ASK, Outcome, Wish, kinds
from tests.support.jobs import carry_out_jobs
from tests.support.services import ManualClock, lead_teacher, running_services

BRANCH = "/cn/county/"
OTHER = Actor("other", "别人", frozenset({Role.LEAD_TEACHER}))


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    async with running_services(tmp_path) as running:
        yield running


@pytest.fixture
async def teacher(services: Services) -> Actor:
    return await lead_teacher(services)


@pytest.fixture
def ends(services: Services) -> list[JobEnded]:
    """What is told of jobs that end."""
    told: list[JobEnded] = []

    async def note(event: JobEnded) -> None:
        told.append(event)

    services.events.subscribe(JobEnded, note)
    return told


async def _run(services: Services, actor: Actor, what: str, runs: int = 1) -> JobRecord:
    job = await services.jobs.submit(actor, ASK, Wish(what), branch=BRANCH)
    assert await carry_out_jobs(services, kinds()) == runs
    return await services.jobs.get(actor, job.job_id)


async def _audited(services: Services, action: AuditAction) -> int:
    return len(await services.audit.entries(action))


@pytest.mark.parametrize("what", ["write", "read"])
async def test_a_job_is_done_by_the_one_who_submitted_it(
    services: Services, teacher: Actor, ends: list[JobEnded], what: str
) -> None:
    job = await _run(services, teacher, what)
    assert (job.state, job.tries, job.ended_at) == (JobState.DONE, 1, services.clock.now())
    assert job.result is not None
    assert msgspec.json.decode(job.result, type=Outcome).said == f"{what} {teacher.name} {BRANCH}"
    assert ends == [JobEnded(job.job_id, ASK.name, "county", teacher.actor_id, JobState.DONE)]
    assert await _audited(services, AuditAction.IMPORT) == (what == "write")


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("clash", ProblemCode.CLASH),
        ("fault", ProblemCode.INTERNAL),
        ("large", ProblemCode.JOB_RESULT_TOO_LARGE),
    ],
)
async def test_a_job_that_cannot_be_done_fails_at_once_and_says_why(
    services: Services, teacher: Actor, ends: list[JobEnded], what: str, code: ProblemCode
) -> None:
    job = await _run(services, teacher, what)
    assert job.state is JobState.FAILED
    assert job.problem is not None
    assert job.problem.code is code
    if what == "clash":
        assert (job.problem.field, job.problem.facts) == ("room", {"who": "王老师"})
    assert [event.state for event in ends] == [JobState.FAILED]


async def test_what_the_database_refused_is_tried_again_later(
    services: Services, teacher: Actor
) -> None:
    job = await _run(services, teacher, "busy")
    assert (job.state, job.tries) == (JobState.QUEUED, 1)
    assert isinstance(services.clock, ManualClock)
    for _ in range(2):
        assert await carry_out_jobs(services, kinds()) == 0
        services.clock.advance(seconds=15)
        assert await carry_out_jobs(services, kinds()) == 1
    job = await services.jobs.get(teacher, job.job_id)
    assert (job.state, job.tries) == (JobState.FAILED, 3)
    assert job.problem is not None
    assert job.problem.code is ProblemCode.BUSY


async def test_a_job_of_a_kind_that_is_gone_fails(services: Services, teacher: Actor) -> None:
    job = await services.jobs.submit(teacher, ASK, Wish("write"))
    await carry_out_jobs(services, JobKinds())
    job = await services.jobs.get(teacher, job.job_id)
    assert job.problem is not None
    assert job.problem.code is ProblemCode.UNKNOWN_JOB_KIND


async def test_a_job_whose_owner_is_gone_fails(services: Services) -> None:
    gone = Actor("gone", "离职", frozenset({Role.LEAD_TEACHER}))
    job = await services.jobs.submit(gone, ASK, Wish("write"), branch=BRANCH)
    await carry_out_jobs(services, kinds())
    job = await services.jobs.get(gone, job.job_id)
    assert job.problem is not None
    assert job.problem.code is ProblemCode.JOB_OWNER_GONE


async def test_a_job_that_is_cancelled_while_it_runs_writes_nothing(
    services: Services, teacher: Actor, ends: list[JobEnded]
) -> None:
    job = await services.jobs.submit(teacher, ASK, Wish("write"))

    async def cancelled_at_work(context: JobContext, wish: Wish) -> Outcome:
        async with context.audit.work(context.actor, AuditAction.IMPORT, "x") as work:
            work.concerns(BRANCH)
        await services.jobs.cancel(teacher, context.job_id)
        async with context.audit.work(context.actor, AuditAction.IMPORT, "y"):
            context.finish(Outcome("too late"))
        return Outcome("too late")

    await carry_out_jobs(services, JobKinds().add(ASK, cancelled_at_work))
    job = await services.jobs.get(teacher, job.job_id)
    assert (job.state, job.result) == (JobState.CANCELLED, None)
    assert [entry.target for entry in await services.audit.entries(AuditAction.IMPORT)] == ["x"]
    assert [event.state for event in ends] == [JobState.CANCELLED]


async def test_a_job_that_waits_is_cancelled_once(services: Services, teacher: Actor) -> None:
    job = await services.jobs.submit(teacher, ASK, Wish("write"))
    for _ in range(2):  # pages retry after a lost answer
        job = await services.jobs.cancel(teacher, job.job_id)
        assert job.state is JobState.CANCELLED
    assert await _audited(services, AuditAction.JOB_CANCEL) == 1
    assert await carry_out_jobs(services, kinds()) == 0


async def test_what_is_done_cannot_be_cancelled(services: Services, teacher: Actor) -> None:
    job = await _run(services, teacher, "write")
    with pytest.raises(JobOver) as refused:
        await services.jobs.cancel(teacher, job.job_id)
    assert refused.value.facts == {"state": "done"}


async def test_a_job_of_another_is_none(services: Services, teacher: Actor) -> None:
    job = await services.jobs.submit(teacher, ASK, Wish("write"), branch=BRANCH)
    for attempt in (services.jobs.get, services.jobs.cancel):
        with pytest.raises(NotFound):
            await attempt(OTHER, job.job_id)
    for own in (True, False):
        assert await services.jobs.listed(OTHER, own=own, limit=9, cursor=None) == ([], None)


async def test_an_owner_has_so_many_jobs_under_way_and_no_more(
    services: Services, teacher: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_OPEN_JOBS", 2)
    for _ in range(2):
        await services.jobs.submit(teacher, ASK, Wish("write"))
    with pytest.raises(TooManyJobs):
        await services.jobs.submit(teacher, ASK, Wish("write"))
    await services.jobs.submit(OTHER, ASK, Wish("write"), branch=BRANCH)
    await carry_out_jobs(services, kinds())
    await services.jobs.submit(teacher, ASK, Wish("write"))


async def test_a_job_may_be_part_of_a_larger_work(services: Services, teacher: Actor) -> None:
    with pytest.raises(ZeroDivisionError):
        async with services.audit.work(teacher, AuditAction.IMPORT) as work:
            await services.jobs.submit(teacher, ASK, Wish("write"), work=work)
            raise ZeroDivisionError
    assert await carry_out_jobs(services, kinds()) == 0


async def test_lists_come_in_pages_newest_first(services: Services, teacher: Actor) -> None:
    made = []
    for _ in range(5):
        made.append((await services.jobs.submit(teacher, ASK, Wish("write"))).job_id)
        services.clock.advance(seconds=1)  # type: ignore[attr-defined]
    found, cursor = [], None
    while True:
        page, cursor = await services.jobs.listed(teacher, own=True, limit=2, cursor=cursor)
        found += [job.job_id for job in page]
        if cursor is None:
            break
    assert found == made[::-1]


async def test_old_jobs_are_forgotten_but_never_open_ones(
    services: Services, teacher: Actor
) -> None:
    done = await _run(services, teacher, "write")
    waiting = await services.jobs.submit(teacher, ASK, Wish("write"))
    services.clock.advance(days=services.config.job_days, seconds=1)  # type: ignore[attr-defined]
    await services.jobs.forget_old()
    found, _ = await services.jobs.listed(teacher, own=True, limit=9, cursor=None)
    assert [job.job_id for job in found] == [waiting.job_id] != [done.job_id]


async def test_a_file_that_a_job_makes_is_its_owners(services: Services, teacher: Actor) -> None:
    job = await _run(services, teacher, "kept")
    assert job.result is not None
    file_id = msgspec.json.decode(job.result, type=Outcome).said
    record, path = await services.files.content(teacher, file_id)
    assert (record.name, record.media_type, record.size) == ("台账.csv", "text/csv", 8)
    assert path is not None
    assert path.read_bytes() == b"a,b\n1,2\n"
    with pytest.raises(NotFound):
        await services.files.get(OTHER, file_id)
