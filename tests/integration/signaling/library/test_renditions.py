"""Renditions as a job: in this process, and in a worker process that is killed on the way."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from recorder.api import EditionMaker
from recorder.editions.maker import Maker
from recorder.editions.service import EditionService
from recorder.storage.folder import FolderStorage
from signaling.base.problem_codes import ProblemCode
from signaling.command import work
from signaling.jobs import rules, supervisor
from signaling.jobs.kinds import JobKinds
from signaling.jobs.process import ProcessWorkers
from signaling.jobs.records import JobRecord
from signaling.jobs.store import JobStore
from signaling.jobs.supervisor import Supervisor
from signaling.jobs.wire import JobState
from signaling.library.renditions import renditions_handler
from signaling.library.renditions_kind import RENDITIONS, RenditionsMade, order_renditions
from signaling.library.wire import Span
from signaling.wiring import Services
from tests.support.coloured_lesson import coloured_lesson
from tests.support.jobs import carry_out_jobs
from tests.support.services import lead_teacher, running_services
from tests.support.waiting import until

HIDDEN = ("room-1.camera", "lead.courseware")


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    """The services of a server whose recorder has the recording `r1`."""
    coloured_lesson(tmp_path / "data" / "recordings" / "r1")
    async with running_services(tmp_path / "data") as running:
        yield running


async def ordered(services: Services, *keep: Span) -> JobRecord:
    teacher = await lead_teacher(services)
    return await order_renditions(
        services.jobs,
        teacher,
        "r1",
        keep=keep,
        hidden_sources=HIDDEN,
        cover_s=None,
        branch="",
    )


async def job(services: Services, submitted: JobRecord) -> JobRecord:
    found = await services.job_store.job(submitted.job_id)
    assert found is not None
    return found


def made(record: JobRecord) -> RenditionsMade:
    assert record.state is JobState.DONE, record
    assert record.result is not None
    return msgspec.json.decode(record.result, type=RenditionsMade)


async def test_renditions_are_made_or_refused(services: Services) -> None:
    storage = FolderStorage(services.config.data / "recordings")

    def maker() -> EditionMaker:
        return Maker(storage, reserve_bytes=0)

    one = await ordered(services, Span(1.0, 4.0))
    other = await ordered(services, Span(100.0, 110.0))
    await carry_out_jobs(services, JobKinds().add(RENDITIONS, renditions_handler(maker)))
    result = made(await job(services, one))
    assert (result.sources, result.duration_s) == (1, 3.0)
    edition = await EditionService(storage).edition("r1", result.edition_id)
    assert [source.source_id for source in edition.sources] == ["lead.camera"]
    refused = await job(services, other)
    assert refused.problem is not None
    assert refused.problem.code is ProblemCode.NOTHING_LEFT


async def test_a_worker_that_is_killed_is_followed_by_another(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "POLL_S", 0.1)
    monkeypatch.setattr(rules, "RETRY_S", 0.0)
    workers = ProcessWorkers(services.config, work.__name__)
    store = JobStore(services.database)
    carrier = Supervisor(store, workers, services.events, services.clock)
    submitted = await ordered(services, Span(0.0, 9.0))
    await carrier.start()
    try:
        child = await until(lambda: coding_process(services.config.data))
        os.kill(parent_of(child), signal.SIGKILL)
        await until(lambda: not Path(f"/proc/{child}").exists())  # it ends with its parent

        async def ended() -> JobRecord | None:
            now = await job(services, submitted)
            return now if now.state in rules.ENDED_STATES else None

        result = made(await until(ended))
    finally:
        await carrier.stop()
    editions = EditionService(FolderStorage(services.config.data / "recordings"))
    assert (await editions.edition("r1", result.edition_id)).duration_s == 9.0
    assert (await job(services, submitted)).tries == 2
    assert coding_process(services.config.data) is None


def coding_process(data: Path) -> int | None:
    """Find the process that codes pictures of this test's recording."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue  # it has ended meanwhile
        if b"recorder.editions.worker" in words and any(
            word.startswith(str(data).encode()) for word in words
        ):
            return int(path.parent.name)
    return None


def parent_of(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("PPid:")]
    return int(line.split()[1])
