"""A resource at work: what is proposed, saved, submitted, taken back, and begun anew."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from recorder.api import StorageUnavailable
from tests.integration.signaling.library.resource_acts import HERE, Stage, problem, stage
from tests.support.resources import METADATA, shelve


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as made:
        yield made


async def test_a_draft_begins_as_lesson_and_directory_propose(at: Stage) -> None:
    (mine,) = (await at.teacher.call("GET", "/api/resources/mine"))["resources"]
    assert (mine["resource_id"], mine["state"], mine["school_name"]) == (
        at.resource_id,
        "draft",
        HERE.school,
    )
    assert mine["working"] == {
        "number": 1,
        "state": "draft",
        "level": None,
        "submitted_at": None,
        "rejected": False,
    }
    assert mine["may"] == [
        *("read_resource", "edit_resource", "caption_resource", "submit_resource"),
        "export_film",
    ]
    detail = await at.detail()
    working = detail["working"]
    assert (working["revision"], working["levels"]) == (0, ["first"])
    assert (
        working["metadata"] | {"stage": "primary", "school_name": HERE.school}
        == (working["metadata"])
    )
    assert detail["proposed_chapters"] == [{"at_s": 60.0, "title": "一年级教室"}]
    assert len(detail["recording"]["sources"]) == 3
    assert "edition" in {one["field"].rpartition(".")[2] for one in detail["findings"][:-1]}


async def test_what_is_saved_stays_and_an_older_revision_is_refused(at: Stage) -> None:
    saved = await at.save({"keep": [{"start_s": 10, "end_s": 100}]})
    assert (saved["working"]["revision"], saved["summary"]["title"]) == (1, METADATA["title"])
    assert saved["working"]["metadata"] == METADATA
    assert saved["working"]["edits"]["keep"] == [{"start_s": 10.0, "end_s": 100.0}]
    body = {"revision": 0, "metadata": METADATA, "edits": {}}
    assert await problem(at.teacher.call("PUT", f"{at.path}/draft", body)) == (
        409,
        "changed_meanwhile",
    )
    late = {"revision": 1, "metadata": METADATA, "edits": {"cover_s": 9000}}
    assert await problem(at.teacher.call("PUT", f"{at.path}/draft", late)) == (
        422,
        "edit_impossible",
    )


async def test_nothing_is_submitted_without_pledge_and_metadata(at: Stage) -> None:
    wish = {"revision": 0, "pledged": False}
    assert await problem(at.teacher.call("POST", f"{at.path}/submit", wish)) == (
        422,
        "not_pledged",
    )
    await at.save(subject="")
    assert await problem(at.submit()) == (422, "metadata_missing")
    assert (await at.detail())["working"]["state"] == "draft"
    await at.save()
    submitted = await at.submit()
    assert (submitted["working"]["state"], submitted["working"]["level"]) == ("in_review", "first")
    assert await problem(at.save()) == (409, "resource_state")
    recalled = await at.teacher.call("POST", f"{at.path}/recall")
    assert recalled["working"]["state"] == "draft"
    assert await problem(at.teacher.call("POST", f"{at.path}/recall")) == (409, "resource_state")


async def test_a_refused_submission_does_not_seal_the_recording(at: Stage) -> None:
    """Its lesson may still go on, say after a break."""
    recorder = at.world.services.recorder
    await recorder._store._update("recording-1", ended=False)  # type: ignore[attr-defined]
    await at.save(subject="")
    assert await problem(at.submit()) == (422, "metadata_missing")
    await at.save({"keep": [{"start_s": 0, "end_s": 1}]})
    stale = {"revision": (await at.revision()) - 1, "pledged": True}
    assert (await problem(at.teacher.call("POST", f"{at.path}/submit", stale)))[0] == 409
    assert not (await recorder.entry("recording-1")).sealed
    await at.submit()
    assert (await recorder.entry("recording-1")).sealed


async def test_a_storage_that_is_away_is_told_and_never_looks_like_nothing_found(
    at: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await at.save()

    async def away(_recording_id: str, *_: object) -> None:
        raise StorageUnavailable("the bucket is silent")

    recorder = at.world.services.resources.editing._ground.recorder
    with monkeypatch.context() as context:
        context.setattr(recorder, "manifest", away)
        detail = await at.detail()
        assert detail["recording"] is None
        assert [one["code"] for one in detail["findings"]].count("recording_away") == 1
        await at.save()  # work goes on
        assert await problem(at.submit()) == (503, "storage_unavailable")
        assert (await at.detail())["working"]["state"] == "draft"
    await at.published()
    with monkeypatch.context() as context:
        context.setattr(recorder, "manifest", away)
        shown = at.teacher.call("GET", f"/api/library/{at.resource_id}")
        assert await problem(shown) == (503, "storage_unavailable")


async def test_a_recording_that_is_not_finished_is_not_submitted(at: Stage) -> None:
    recorder = at.world.services.recorder
    await recorder._store._update("recording-1", state="recording")  # type: ignore[attr-defined]
    await at.save()
    assert await problem(at.submit()) == (409, "recording_not_ready")


async def test_a_new_version_is_reviewed_while_the_published_one_is_served(at: Stage) -> None:
    assert await problem(at.teacher.call("POST", f"{at.path}/versions")) == (409, "resource_state")
    await at.published()
    begun = await at.teacher.call("POST", f"{at.path}/versions")
    assert (begun["working"]["number"], begun["working"]["metadata"]) == (2, METADATA)
    await at.save(title="浮力,第二版")
    await at.submit()
    shown = await at.teacher.call("GET", f"/api/library/{at.resource_id}")
    assert (shown["entry"]["version"], shown["entry"]["title"]) == (1, METADATA["title"])
    await at.pass_()
    done = await at.publish("county")
    assert [(one["number"], one["state"]) for one in done["versions"]] == [
        (2, "published"),
        (1, "superseded"),
    ]
    shown = await at.teacher.call("GET", f"/api/library/{at.resource_id}")
    assert (shown["entry"]["version"], shown["entry"]["title"]) == (2, "浮力,第二版")


async def test_a_continued_recording_changes_nothing_of_what_is_published(at: Stage) -> None:
    await at.published()
    before = await at.teacher.call("GET", f"/api/library/{at.resource_id}")
    recorder = at.world.services.recorder
    entry = await recorder.entry("recording-1")
    recorder._recordings.tell(entry)  # type: ignore[attr-defined]
    await at.world.services.drafts.settled()
    assert await at.teacher.call("GET", f"/api/library/{at.resource_id}") == before


async def test_pages_of_own_resources_hold_each_once(at: Stage) -> None:
    made = [
        await shelve(
            at.world.services, f"more-{n}", teacher=HERE.teacher, room=HERE.room, minutes=n // 2
        )
        for n in range(7)
    ]
    seen: list[str] = []
    cursor = ""
    while True:
        page = await at.teacher.call("GET", f"/api/resources/mine?limit=3{cursor}")
        seen += [one["resource_id"] for one in page["resources"]]
        if page["next"] is None:
            break
        cursor = f"&before={page['next']}"
    assert sorted(seen) == sorted([*made, at.resource_id])
    assert (await at.school_admin.call("GET", "/api/resources/mine"))["resources"] == []
    assert await problem(at.teacher.call("GET", "/api/resources/mine?before=x")) == (
        400,
        "bad_cursor",
    )
