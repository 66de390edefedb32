"""A web process and a worker over one database and one Redis: each soon follows the other."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from signaling.access.roles import Actor
from signaling.jobs import supervisor as supervising
from signaling.jobs.events import JobEnded
from signaling.jobs.process import ProcessWorkers
from signaling.jobs.wire import JobState
from signaling.joints.hinted_events import HINTED, MAX_LESSONS
from signaling.lessons.events import LessonChanged, LessonFactsKept
from signaling.timetable.events import TimetableChanged
from signaling.wiring import Services
from tests.integration.signaling.jobs import kinds
from tests.integration.signaling.jobs.kinds import ASK, Wish
from tests.support.redis_server import redis_server
from tests.support.services import lead_teacher, new_lesson, running_services
from tests.support.waiting import until


@dataclass
class Two:
    """A web process and a worker."""

    web: Services
    worker: Services
    teacher: Actor


@pytest.fixture
async def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Two]:
    monkeypatch.setattr(supervising, "POLL_S", 600.0)  # nobody looks by himself
    monkeypatch.setattr(supervising, "BEAT_S", 600.0)
    async with contextlib.AsyncExitStack() as stack:
        redis = stack.enter_context(redis_server(tmp_path / "redis"))
        data = tmp_path / "data"
        both = []
        for role in ("worker", "web"):
            settings = {"roles": (role,), "node_id": role, "redis_url": redis.url}
            services = await stack.enter_async_context(
                running_services(data, seeded=not both, **settings)
            )
            both.append(services)
            services.supervisor._workers = ProcessWorkers(services.config, kinds.__name__)
        worker, web = both
        await worker.supervisor.start()
        stack.push_async_callback(worker.supervisor.stop)
        for services in both:
            assert services.cluster is not None
            await services.cluster.desk.start()
            stack.push_async_callback(services.cluster.stop)
        for services in both:
            await until(lambda services=services: services.cluster.desk.hints.counts.subscribed)
        yield Two(web, worker, await lead_teacher(web))


def _noted(services: Services) -> set[str]:
    return set(services.ledger.counter._waiting)


async def test_a_lesson_that_changed_is_counted_by_the_worker_alone(two: Two) -> None:
    lesson_id = await new_lesson(two.web)
    await two.web.events.publish((LessonChanged(lesson_id),))
    await until(lambda: lesson_id in _noted(two.worker))
    assert not _noted(two.web)


async def test_facts_that_were_kept_are_counted_by_the_worker_alone(two: Two) -> None:
    await two.web.events.publish((LessonFactsKept("l1"),))
    await until(lambda: "l1" in _noted(two.worker))
    assert not _noted(two.web)


async def test_a_page_that_waits_hears_of_a_change_in_another_process(two: Two) -> None:
    board = two.web.timetable.board
    since = board.place()
    waiting = asyncio.create_task(board.news(two.teacher, since))
    await until(lambda: len(board))
    person = frozenset({two.teacher.actor_id})
    lessons = frozenset(str(number) for number in range(2 * MAX_LESSONS))
    empty: frozenset[str] = frozenset()
    await two.worker.events.publish((TimetableChanged("c1", lessons, person, empty, empty),))
    news = await waiting
    assert news.changed
    # Nothing comes back: the worker has one change, its own.
    await two.web.events.publish((LessonFactsKept("last"),))
    await until(lambda: "last" in _noted(two.worker))
    assert two.worker.timetable.board.place().endswith(".1")


async def test_a_job_is_begun_and_ended_at_once(two: Two, tmp_path: Path) -> None:
    go = tmp_path / "go"
    job = await two.web.jobs.submit(two.teacher, ASK, Wish("wait", str(go)))
    await until(go.with_suffix(".pid").exists)
    ended: list[JobEnded] = []

    async def note(event: JobEnded) -> None:
        ended.append(event)

    two.worker.events.subscribe(JobEnded, note)
    await two.web.jobs.cancel(two.teacher, job.job_id)
    await until(lambda: not two.worker.supervisor._runs)
    assert not ended  # the web process did what follows from it
    record = await two.web.jobs.get(two.teacher, job.job_id)
    assert record.state is JobState.CANCELLED


async def test_pages_read_anew_after_hints_may_have_been_lost(two: Two) -> None:
    board = two.web.timetable.board
    waiting = asyncio.create_task(board.news(two.teacher, board.place()))
    await until(lambda: len(board))
    former = board.place()
    assert two.web.cluster is not None
    two.web.cluster.desk.hints._take_in(None)  # a subscription begins anew
    news = await waiting
    assert news.changed
    assert not news.lesson_ids
    assert board.place().partition(".")[0] != former.partition(".")[0]
    assert news.since == board.place(former)


def test_only_a_cancelled_job_is_told() -> None:
    kind = next(one for one in HINTED if one.event is JobEnded)
    told = {state for state in JobState if kind.wanted(JobEnded("j", "k", "n", "o", state))}
    assert told == {JobState.CANCELLED}
