"""LOM packages over HTTP: of what is public, and read in a job."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from signaling.command.work import job_kinds
from signaling.exchange.packages import read_package
from signaling.files import keeping
from signaling.library.versions.tables import PublicationRow
from signaling.library.versions.wire import ShareScope
from signaling.wiring import Services
from tests.support.jobs import carry_out_jobs
from tests.support.publications import publish, resource_id
from tests.support.server import Client, ProblemError
from tests.support.services import lead_teacher, served

World = tuple[Services, Client]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with served(tmp_path) as (services, teacher, _):
        yield services, teacher


async def package_of(client: Client, number: int) -> tuple[int, bytes]:
    path = f"{client.base}/oai/packages/{resource_id(number)}"
    async with client.http.get(path) as answer:
        return answer.status, await answer.read()


async def read(world: World, data: bytes) -> dict[str, Any]:
    """The job that read an uploaded file."""
    services, teacher = world
    owner = await lead_teacher(services)
    kept = await services.kept_files.keep(owner, "a.zip", "application/zip", [data])
    job = await teacher.call("POST", "/api/lom-packages", {"file_id": kept.file_id})
    await carry_out_jobs(services, job_kinds(services.config))
    return dict(await teacher.call("GET", f"/api/jobs/{job['job_id']}"))


async def test_a_public_resource_goes_out_and_comes_in_as_a_package(world: World) -> None:
    services, teacher = world
    await publish(services.database, 1)
    status, data = await package_of(teacher, 0)
    assert status == 200
    sent = read_package(io.BytesIO(data)).metadata
    job = await read(world, data)
    assert (job["state"], job["problem"]) == ("done", None)
    came = job["result"]["metadata"]
    assert (came["title"], came["teacher_name"]) == (sent.title, "单老师")
    assert (came["stage"], came["audience"]) == ("primary", "pupils")


async def test_what_is_not_public_has_no_package(world: World) -> None:
    services, teacher = world
    await publish(services.database, 2)
    async with services.database.write() as session:
        await session.execute(
            update(PublicationRow)
            .where(PublicationRow.resource_id == resource_id(0))
            .values(scope=ShareScope.COUNTY)
        )
    assert (await package_of(teacher, 0))[0] == 404
    assert (await package_of(teacher, 1))[0] == 200
    assert (await package_of(teacher, 2))[0] == 404


async def test_a_hostile_package_fails_its_job_with_a_code(world: World) -> None:
    job = await read(world, b"PK\x03\x04 no archive")
    assert (job["state"], job["problem"]["code"]) == ("failed", "package_damaged")
    assert job["problem"]["field"] == "package"


async def test_anothers_file_is_not_read(world: World) -> None:
    services, teacher = world
    job = await teacher.call("POST", "/api/lom-packages", {"file_id": "nothing"})
    await carry_out_jobs(services, job_kinds(services.config))
    job = await teacher.call("GET", f"/api/jobs/{job['job_id']}")
    assert job["problem"]["code"] == "file_not_found"
    with pytest.raises(ProblemError, match="422"):
        await teacher.call("POST", "/api/lom-packages", {"file_id": "a b"})


async def test_a_file_that_is_too_large_is_not_taken_into_memory(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MAX_READ_BYTES", 10)
    job = await read(world, b"x" * 11)
    assert (job["state"], job["problem"]["code"]) == ("failed", "file_too_large")
