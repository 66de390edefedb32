"""教案, 课件, 习题: beside a draft, reviewed with it, saved by whoever may see it, gone with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from signaling.library.attachments import service
from tests.integration.signaling.library.resource_acts import (
    HERE,
    NEXT_DOOR,
    Stage,
    problem,
    stage,
    status_of,
)
from tests.support.server import Client
from tests.support.uploads import upload

PDF = b"%PDF-1.7\n1 0 obj\n%%EOF\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><html><script>alert(1)</script></html>"


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as made:
        yield made


async def _attach(
    at: Stage, data: bytes = PDF, name: str = "教案.pdf", kind: str = "plan"
) -> tuple[str, Any]:
    file_id = await upload(at.teacher, data, name, "attachment")
    body = {"file_id": file_id, "kind": kind}
    return file_id, await at.teacher.call("POST", f"{at.path}/attachments", body)


async def _saved(reader: Client, path: str) -> bytes:
    """Fetch an attachment; nothing of it may ever run in the browser."""
    async with reader.http.get(reader.base + path) as answer:
        assert answer.status == 200, path
        headers = answer.headers
        assert headers["Content-Disposition"].startswith("attachment;")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].startswith("sandbox")
        assert headers["Cache-Control"] == "no-store"
        assert "html" not in headers["Content-Type"]
        assert "svg" not in headers["Content-Type"]
        return await answer.read()


async def test_files_are_reviewed_and_published_with_their_version(at: Stage) -> None:
    file_id, detail = await _attach(at)
    (shown,) = detail["working"]["attachments"]
    assert (shown["name"], shown["kind"], shown["size"]) == ("教案.pdf", "plan", len(PDF))
    assert detail["working"]["revision"] == 1  # the page that has added it goes on with this one
    _, detail = await _attach(at, SVG, "图.svg", "slides")
    _, detail = await _attach(at, HTML, "练习.html", "exercises")
    assert [one["name"] for one in detail["working"]["attachments"]] == [
        "教案.pdf",
        "图.svg",
        "练习.html",
    ]
    await at.save()
    urls = [one["url"] for one in detail["working"]["attachments"]]
    neighbour = await at.world.sign_in(NEXT_DOOR.teacher)
    for url, data in zip(urls, (PDF, SVG, HTML), strict=True):
        assert await _saved(at.school_admin, url) == data
        assert await status_of(neighbour, url) == 404
        assert await status_of(at.world.client(), url) == 401
    await at.submit()
    remove = at.teacher.call("DELETE", f"{at.path}/attachments/{file_id}")
    assert await problem(remove) == (409, "resource_state")  # as it was submitted, it is reviewed
    await at.pass_()
    await at.publish("school")

    page = f"/api/library/{at.resource_id}"
    assert len((await at.teacher.call("GET", page))["attachments"]) == 3
    media = (await at.teacher.call("GET", page))["attachments"][0]["url"]
    assert await _saved(at.teacher, media) == PDF
    for reader in (neighbour, at.world.client()):
        assert await status_of(reader, media) == 404
    for wrong in (media.replace("/1/", "/2/"), media.replace("/1/", "/x/"), f"{media}x"):
        assert await status_of(at.teacher, wrong) == 404
    await at.withdraw()
    assert await status_of(at.teacher, media) == 404


async def test_a_page_that_shows_other_files_submits_nothing(at: Stage) -> None:
    """The author's pledge is for what the page shows."""
    await at.save()
    shown = {"revision": await at.revision(), "pledged": True}
    file_id, _ = await _attach(at)  # in another window
    refused = (409, "changed_meanwhile")
    assert await problem(at.teacher.call("POST", f"{at.path}/submit", shown)) == refused
    shown["revision"] = await at.revision()
    again = {"file_id": file_id, "kind": "plan"}
    await at.teacher.call("POST", f"{at.path}/attachments", again)  # it is there already
    assert await at.revision() == shown["revision"]
    await at.teacher.call("DELETE", f"{at.path}/attachments/{file_id}")
    assert await problem(at.teacher.call("POST", f"{at.path}/submit", shown)) == refused


async def test_a_password_locks_them_too(at: Stage) -> None:
    await _attach(at)
    await at.save()
    await at.submit()
    await at.pass_()
    await at.publish("password", password="fuli-2026")
    reader = at.world.client()
    page = f"/api/library/{at.resource_id}"
    assert (await reader.call("GET", page))["attachments"] == []
    media = (await at.teacher.call("GET", page))["attachments"][0]["url"]
    assert await status_of(reader, media) == 403
    await reader.call("POST", f"{page}/unlock", {"password": "fuli-2026"})
    assert await _saved(reader, media) == PDF


async def test_a_new_version_begins_with_them_and_changes_its_own(at: Stage) -> None:
    file_id, _ = await _attach(at)
    await at.published("public")
    detail = await at.teacher.call("POST", f"{at.path}/versions")
    assert [one["file_id"] for one in detail["working"]["attachments"]] == [file_id]
    await at.teacher.call("DELETE", f"{at.path}/attachments/{file_id}")
    assert (await at.detail())["working"]["attachments"] == []
    page = f"/api/library/{at.resource_id}"
    media = (await at.world.client().call("GET", page))["attachments"][0]["url"]
    assert await _saved(at.world.client(), media) == PDF
    # What a version uses is never deleted by its owner.
    sent = at.teacher.call("DELETE", f"/api/files/{file_id}", headers={"Tus-Resumable": "1.0.0"})
    assert (await problem(sent))[0] == 409


async def test_who_may_not(at: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"{at.path}/attachments"
    other = await upload(at.school_admin, PDF, "a.pdf", "attachment")
    body = {"file_id": other, "kind": "plan"}
    assert await problem(at.school_admin.call("POST", path, body)) == (403, "forbidden")
    assert await problem(at.teacher.call("POST", path, body)) == (404, "file_not_found")
    neighbour = await at.world.sign_in(NEXT_DOOR.teacher)
    assert await problem(neighbour.call("POST", path, body)) == (404, "resource_not_found")
    gone = at.teacher.call("DELETE", f"{path}/{other}")
    assert await problem(gone) == (409, "resource_state")  # nothing was saved yet
    monkeypatch.setattr(service, "MAX_ATTACHMENTS", 1)
    file_id, detail = await _attach(at)
    again = {"file_id": file_id, "kind": "plan"}
    assert await problem(at.teacher.call("POST", path, again)) == (409, "too_many_attachments")
    assert len(detail["working"]["attachments"]) == 1
    entries = await at.world.services.audit.entries("resource_attach")  # type: ignore[arg-type]
    assert HERE.school in entries[0].path


async def test_one_that_is_not_what_its_name_says_is_told_to_author_and_reviewer(at: Stage) -> None:
    def remarks(findings: Any) -> list[tuple[str, str, str]]:
        return [
            (one["name"], one["content"], one["weight"])
            for one in findings
            if one["code"] == "attachment_kind"
        ]

    await _attach(at)
    await _attach(at, HTML, "说明.txt", "other")
    file_id, detail = await _attach(at, PDF, "课件.docx", "slides")
    wanted = [("说明.txt", "", "warning"), ("课件.docx", "pdf", "warning")]
    assert remarks(detail["findings"]) == wanted
    assert await _saved(at.teacher, detail["working"]["attachments"][2]["url"]) == PDF  # it is kept
    await at.save()
    await at.submit()
    assert remarks((await at.detail(at.school_admin))["findings"]) == wanted
    queue = await at.school_admin.call("GET", "/api/reviews")
    assert remarks(queue["entries"][0]["findings"]) == wanted
    await at.teacher.call("POST", f"{at.path}/recall")
    detail = await at.teacher.call("DELETE", f"{at.path}/attachments/{file_id}")
    assert remarks(detail["findings"]) == wanted[:1]
