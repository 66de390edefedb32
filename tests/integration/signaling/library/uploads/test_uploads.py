"""上传视频 / 微课: from an upload that was checked to a resource that is played."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from recorder.intake_api import IntakeFailed
from signaling.access.roles import Role
from signaling.library.uploads.tables import ResourceUploadRow
from signaling.library.wire import UploadState
from tests.integration.signaling.library.resource_acts import (
    HERE,
    NEXT_DOOR,
    OURS,
    Stage,
    problem,
    stage,
    status_of,
)
from tests.support.jobs import carry_out_jobs
from tests.support.upload_jobs import upload_kinds
from tests.support.uploads import upload
from tests.support.videos import video

FILM = video(seconds=3)
WISH = {"title": "浮力小实验", "subject": "物理", "grade": "八年级"}
NOBODY_SHOWN = {"minors": False}


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as made:
        yield made


async def _work(at: Stage) -> None:
    await carry_out_jobs(at.world.services, upload_kinds(at.world.services))


async def _taken(at: Stage, data: bytes = FILM) -> str:
    """Upload a video, and have it checked; returns the file's id."""
    file_id = await upload(at.teacher, data, "浮力.mp4", "video")
    await _work(at)
    return file_id


async def _made(at: Stage, file_id: str) -> Any:
    """Make a resource of an upload; the stage's resource is this one from now on."""
    detail = await at.teacher.call("POST", "/api/resources/uploads", WISH | {"file_id": file_id})
    at.resource_id = detail["summary"]["resource_id"]
    return detail


async def _submit(at: Stage, people: Any) -> Any:
    body = {"revision": await at.revision(), "pledged": True, "people": people}
    return await at.teacher.call("POST", f"{at.path}/submit", body)


async def test_an_upload_is_edited_reviewed_published_and_played(at: Stage) -> None:
    file_id = await _taken(at)
    detail = await _made(at, file_id)
    assert (detail["summary"]["kind"], detail["summary"]["lesson_id"]) == ("upload", "")
    assert detail["upload"]["state"] == "keeping"
    assert detail["working"]["metadata"]["kind_of_resource"] == "micro_lesson"
    assert detail["working"]["metadata"]["title"] == "浮力小实验"
    assert detail["recording"] is None  # its data can be filled in meanwhile

    await _work(at)
    detail = await at.detail()
    assert detail["upload"] == {
        "state": "ready",
        "file_name": "浮力.mp4",
        "progress": 1.0,
        "problem": None,
    }
    (source,) = detail["recording"]["sources"]
    (file,) = source["files"]
    assert (source["lead"], file["width"], file["has_audio"]) == (True, 64, True)
    assert detail["summary"]["duration_s"] == pytest.approx(3.0, abs=0.2)
    for path in (file["url"], source["storyboard_url"], detail["summary"]["thumbnail_url"]):
        assert await status_of(at.teacher, path) == 200
        assert await status_of(at.school_admin, path) == 200
        assert await status_of(await at.world.sign_in(NEXT_DOOR.teacher), path) == 404
    # Its bytes are among the recordings, so the author's quota is free again.
    assert await status_of(at.teacher, f"/api/files/{file_id}") == 404
    listed = await at.teacher.call("GET", "/api/recordings")
    assert detail["summary"]["recording_id"] not in {
        one["recording_id"] for one in listed["recordings"]
    }
    mine = await at.teacher.call("GET", "/api/resources/mine")
    assert at.resource_id in {one["resource_id"] for one in mine["resources"]}

    await at.save({"keep": [{"start_s": 0.5, "end_s": 2.5}]}, kind_of_resource="micro_lesson")
    await _submit(at, {"minors": True, "consent_held": True})
    codes = {one["code"]: one["weight"] for one in (await at.detail())["findings"]}
    assert codes["minors_shown"] == "warning"
    assert "consent_missing" not in codes
    assert (await at.detail(at.school_admin))["working"]["people"]["consent_held"] is True
    (queued,) = (await at.school_admin.call("GET", "/api/reviews"))["entries"]
    assert "minors_shown" in {one["code"] for one in queued["findings"]}
    await at.pass_()
    await at.publish("public")
    body = {"from_node_id": HERE.school, "version": 1}
    steps = (await at.school_admin.call("POST", f"{at.path}/recommendations", body))["steps"]
    copy = f"/api/recommendations/{steps[1]['reference_id']}"
    findings = (await at.county_admin.call("GET", copy))["findings"]
    assert "minors_shown" in {one["code"] for one in findings}  # each level is told of them
    await _work(at)
    reader = at.world.client()
    shown = await reader.call("GET", f"/api/library/{at.resource_id}")
    assert shown["entry"]["kind"] == "upload"
    assert shown["recording_s"] == pytest.approx(2.0)
    assert await status_of(reader, shown["sources"][0]["files"][0]["url"]) == 200
    assert await status_of(reader, shown["entry"]["thumbnail_url"]) == 200
    found = await reader.call("GET", "/api/library?q=fuli")
    assert [one["resource_id"] for one in found["resources"]] == [at.resource_id]


async def test_who_is_in_the_picture_must_be_declared(at: Stage) -> None:
    await _made(at, await _taken(at))
    await _work(at)
    await at.save()
    assert await problem(at.submit()) == (422, "people_undeclared")
    without = {"minors": True, "consent_held": False}
    assert await problem(_submit(at, without)) == (422, "people_without_consent")
    await _submit(at, NOBODY_SHOWN)
    codes = {one["code"] for one in (await at.detail(at.school_admin))["findings"]}
    assert "no_minors" in codes


async def test_what_no_resource_is_made_of(at: Stage) -> None:
    path = "/api/resources/uploads"
    coming = await upload(at.teacher, FILM, "a.mp4", "video")
    assert await problem(_made(at, coming)) == (404, "file_not_found")  # not checked yet
    await _work(at)
    other = await at.world.sign_in(HERE.person(Role.RESOURCE_ADMIN))
    body = WISH | {"file_id": coming}
    assert await problem(other.call("POST", path, body)) == (404, "file_not_found")
    operator = await at.world.sign_in(OURS.person(Role.COUNTY_ADMIN))
    assert await problem(operator.call("POST", path, body)) == (403, "forbidden")
    assert await problem(at.teacher.call("POST", path, body | {"title": ""})) == (
        422,
        "invalid",
    )
    attachment = await upload(at.teacher, b"%PDF-1.7\n%%EOF\n", "a.pdf", "attachment")
    assert await problem(_made(at, attachment)) == (404, "file_not_found")
    await _made(at, coming)
    assert await problem(_made(at, coming)) == (409, "taken")
    # The file belongs to the resource now: its owner deletes it no more.
    sent = at.teacher.call("DELETE", f"/api/files/{coming}", headers={"Tus-Resumable": "1.0.0"})
    assert (await problem(sent))[0] == 409


async def test_one_that_could_not_be_kept_is_kept_again(at: Stage) -> None:
    class Broken:
        async def put(self, order: Any, source: Path, report: Any) -> None:
            raise IntakeFailed("x")

    services = at.world.services
    await _made(at, await _taken(at))
    for _ in range(3):  # a job has three runs
        await carry_out_jobs(services, upload_kinds(services, Broken))
        at.clock.advance(seconds=60)
    told = (await at.detail())["upload"]
    assert (told["state"], told["problem"]) == ("failed", "file_check_failed")
    assert await problem(at.school_admin.call("POST", f"{at.path}/upload")) == (403, "forbidden")
    assert (await at.teacher.call("POST", f"{at.path}/upload"))["upload"]["state"] == "keeping"
    assert await problem(at.teacher.call("POST", f"{at.path}/upload")) == (409, "resource_state")
    listeners = services.events._listeners.copy()
    services.events._listeners.clear()  # the process died with the job's end unheard
    await _work(at)
    services.events._listeners.update(listeners)
    await services.resources.uploads.keep_up()
    async with services.database.read() as session:
        row = await session.get(ResourceUploadRow, at.resource_id)
    assert row is not None
    assert row.state == UploadState.READY
    assert (await at.detail())["recording"] is not None
