"""Jobs over HTTP: a real server, which has a job carried out by a worker process of its own."""

import sqlite3
from datetime import UTC, datetime
from typing import Any

import pytest

from signaling.base.ids import new_id
from tests.support.server import Client, ProblemError, TongkeServer
from tests.support.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")
FAR = "9999-12-31 00:00:00.000000"  # a job that waits for ever


def _row(server: TongkeServer, owner_id: str, due: str | None = None, branch: str = "") -> str:
    """A job as some wing submits it: no route of this wing does."""
    job_id, now = new_id(), datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
    row = {
        "job_id": job_id,
        "kind": "gone",
        "owner_id": owner_id,
        "owner_name": "某人",
        "remote": "",
        "branch": branch,
        "state": "queued",
        "progress_done": 0,
        "progress_total": 0,
        "tries": 0,
        "argument": "{}",
        "due_at": due or now,
        "created_at": now,
    }
    with sqlite3.connect(server.data / "tongke.db", timeout=10) as database:
        marks = ", ".join("?" * len(row))
        database.execute(f"INSERT INTO jobs ({', '.join(row)}) VALUES ({marks})", [*row.values()])
    database.close()
    return job_id


async def _refused(client: Client, method: str, path: str) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        await client.call(method, path)
    return caught.value


async def test_a_real_server_has_a_job_carried_out(server: TongkeServer) -> None:
    teacher = await server.sign_in("wang")
    job_id = _row(server, "teacher-wang")

    async def ended() -> dict[str, Any] | None:
        job: dict[str, Any] = await teacher.call("GET", f"/api/jobs/{job_id}")
        return job if job["ended_at"] else None

    job = await until(ended)
    assert (job["state"], job["tries"], job["result"]) == ("failed", 1, None)
    assert job["problem"]["code"] == "unknown_job_kind"
    assert (job["own"], job["may"]) == (True, [])
    listed = await teacher.call("GET", "/api/jobs")
    assert job_id in [one["job_id"] for one in listed["jobs"]]
    assert "result" not in listed["jobs"][0]


async def test_an_admin_sees_and_cancels_the_jobs_of_the_branch(server: TongkeServer) -> None:
    admin, teacher = await server.sign_in("xianguan"), await server.sign_in("wang")
    branch = (await _county_path(server)) + "school-center/"
    job_id = _row(server, "teacher-wang", FAR, branch)
    elsewhere = _row(server, "teacher-wang", FAR, "/cn/another-county/")
    listed = await admin.call("GET", "/api/jobs?whose=branch")
    ids = [job["job_id"] for job in listed["jobs"]]
    assert job_id in ids
    assert elsewhere not in ids
    own = await admin.call("GET", "/api/jobs")
    assert job_id not in [job["job_id"] for job in own["jobs"]]
    job = await admin.call("GET", f"/api/jobs/{job_id}")
    assert (job["own"], job["may"]) == (False, ["cancel_job"])
    refused = await _refused(admin, "GET", f"/api/jobs/{elsewhere}")
    assert (refused.status, refused.code) == (404, "job_not_found")
    assert (await admin.call("POST", f"/api/jobs/{job_id}/cancel"))["state"] == "cancelled"
    job = await teacher.call("GET", f"/api/jobs/{job_id}")
    assert (job["state"], job["may"]) == ("cancelled", [])


async def test_the_job_of_another_does_not_exist(server: TongkeServer) -> None:
    job_id = _row(server, "teacher-wang", FAR)
    other = await server.sign_in("jiaoyan")
    for method, path in (("GET", ""), ("POST", "/cancel")):
        refused = await _refused(other, method, f"/api/jobs/{job_id}{path}")
        assert (refused.status, refused.code) == (404, "job_not_found")
    assert (await other.call("GET", "/api/jobs?whose=branch"))["jobs"] == []


@pytest.mark.parametrize(("query", "field"), [("whose=all", "whose"), ("before=x", "before")])
async def test_questions_that_cannot_be(server: TongkeServer, query: str, field: str) -> None:
    teacher = await server.sign_in("wang")
    refused = await _refused(teacher, "GET", f"/api/jobs?{query}")
    assert (refused.status, refused.field) == (422, field)


async def _county_path(server: TongkeServer) -> str:
    with sqlite3.connect(server.data / "tongke.db", timeout=10) as database:
        (path,) = database.execute("SELECT path FROM org_nodes WHERE level = 'county'").fetchone()
    database.close()
    return str(path)
