"""Captions over HTTP: made by a job, corrected, reviewed, published, gone with their version."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from signaling.audit.actions import AuditAction
from signaling.jobs.wire import JobState
from signaling.library.captions import service
from signaling.library.captions.speech import Heard
from signaling.library.captions.tables import CaptionRow
from signaling.library.captions.wire import LISTED_WORDS, MAX_CAPTION_WORDS, MAX_WORD_CHARS
from tests.integration.signaling.library.resource_acts import (
    FAR,
    HERE,
    NEXT_DOOR,
    OURS,
    Stage,
    problem,
    stage,
    status_of,
)
from tests.integration.signaling.stores import on_both_stores
from tests.support.captions import Said, caption_kinds
from tests.support.jobs import carry_out_jobs
from tests.support.resources import room_source
from tests.support.server import ProblemError

ROOM = room_source(HERE.room)
HELLO = Heard(3, 6, "同学们好。")
HOSTILE = "<img src=x onerror=alert(1)> --> &amp;"


@pytest.fixture
async def at(tmp_path: Path, store: dict[str, str]) -> AsyncIterator[Stage]:
    async with stage(tmp_path, **store) as made:
        made.world.services.resources.captions.installed = True
        yield made


def cue(number: int, start: float, end: float, text: str, source: str = "lead.camera") -> Any:
    return {
        "cue_id": number,
        "start_s": start,
        "end_s": end,
        "text": text,
        "source_id": source,
    }


async def track(at: Stage, number: int = 1, who: Any = None) -> Any:
    path = f"{at.path}/versions/{number}/captions"
    return await (who or at.teacher).call("GET", path)


async def put(
    at: Stage, revision: int, *cues: Any, drop: tuple[int, ...] = (), who: Any = None
) -> Any:
    body = {"revision": revision, "put": cues, "drop": drop}
    return await (who or at.teacher).call("PUT", f"{at.path}/captions", body)


async def order(at: Stage, revision: int = 0, who: Any = None) -> Any:
    return await (who or at.teacher).call("POST", f"{at.path}/captions", {"revision": revision})


async def carry_out(at: Stage, *heard: Heard, room: tuple[Heard, ...] = ()) -> Said:
    said = Said(*heard, room=room)
    services = at.world.services
    await carry_out_jobs(services, caption_kinds(services, said))
    return said


async def fetched(reader: Any, url: str) -> str:
    async with reader.http.get(reader.base + url) as answer:
        assert answer.status == 200, url
        assert answer.headers["Content-Type"].startswith("text/vtt")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        return str(await answer.text())


async def page(at: Stage, who: Any = None) -> Any:
    return await (who or at.world.client()).call("GET", f"/api/library/{at.resource_id}")


@on_both_stores
async def test_the_whole_way(at: Stage) -> None:
    empty = await track(at)
    assert (empty["state"], empty["revision"], empty["cues"]) == ("none", 0, [])
    making = await order(at)
    assert (making["state"], making["installed"]) == ("making", True)
    assert making["job_id"]
    assert await problem(order(at)) == (409, "resource_state")  # once is enough
    said = await carry_out(at, HELLO, room=(Heard(2, 4, "老师好！"),))
    # Camera and courseware are heard from begin to end, a room while it is on stage.
    assert sum(said.windows) == pytest.approx(2 * 2400 + 60)
    made = await track(at)
    assert (made["state"], made["origin"], made["model"]) == ("ready", "automatic", "written")
    room = [one for one in made["cues"] if one["source_id"] == ROOM]
    assert [(one["start_s"], one["text"]) for one in room] == [(62, "老师好！")]
    lead = [one for one in made["cues"] if one["source_id"] == "lead.camera"]
    assert lead[0]["start_s"] == 3 and 2 * len(lead) + 1 == len(said.windows)

    # Corrected: what was read before is refused.
    first = lead[0]["cue_id"]
    corrected = await put(
        at, made["revision"], cue(first, 3, 6, HOSTILE), drop=(lead[1]["cue_id"],)
    )
    assert len(corrected["cues"]) == len(made["cues"]) - 1
    assert await problem(put(at, made["revision"], cue(first, 3, 6, "x"))) == (
        409,
        "changed_meanwhile",
    )

    await at.published("public", edits={"keep": [{"start_s": 0, "end_s": 100}]})
    detail = await page(at)
    assert detail["captions_url"] is None  # nothing can be played before the edition is there
    text = await fetched(at.world.client(), f"/media/resources/{at.resource_id}/1/captions.vtt")
    assert "&lt;img src=x onerror=alert(1)&gt; --&gt; &amp;amp;" in text
    assert "<" not in text and text.count("-->") == 3 and "老师好" in text
    await at.withdraw()
    path = f"/media/resources/{at.resource_id}/1/captions.vtt"
    assert await status_of(at.world.client(), path) == 404
    entries = await at.world.services.audit.entries(AuditAction.CAPTIONS_MADE)
    assert HERE.school in entries[0].path


@on_both_stores
async def test_viewers_get_what_they_may_hear(at: Stage) -> None:
    await put(at, 0, cue(1, 10, 12, "好"), cue(2, 70, 72, "我来回答", ROOM), cue(3, 500, 502, "完"))
    edits = {"hidden_sources": [ROOM], "keep": [{"start_s": 5, "end_s": 200}]}
    await at.published("password", edits=edits, password="fuli-2026")
    path = f"/media/resources/{at.resource_id}/1/captions.vtt"
    reader = at.world.client()
    assert await status_of(reader, path) == 403
    assert (await page(at, reader))["captions_url"] is None
    body = {"password": "fuli-2026"}
    await reader.call("POST", f"/api/library/{at.resource_id}/unlock", body)
    text = await fetched(reader, path)
    assert "00:00:05.000 --> 00:00:07.000\n好\n" in text
    assert "回答" not in text and "完" not in text
    for wrong in ("2", "x"):
        assert await status_of(reader, path.replace("/1/", f"/{wrong}/")) == 404


async def test_players_are_told_of_captions(at: Stage) -> None:
    await at.published("public")
    assert (await page(at))["captions_url"] is None
    await at.teacher.call("POST", f"{at.path}/versions")
    await put(at, 0, cue(1, 1, 2, "好"))
    await at.submit()
    await at.pass_()
    await at.publish("public")
    url = (await page(at))["captions_url"]
    assert url == f"/media/resources/{at.resource_id}/2/captions.vtt"
    assert "好" in await fetched(at.world.client(), url)
    # A new version begins with them, and changes its own.
    await at.teacher.call("POST", f"{at.path}/versions")
    carried = await track(at, 3)
    assert (carried["state"], carried["revision"]) == ("ready", 1)
    await put(at, 1, drop=(1,))
    assert (await track(at, 3))["cues"] == []
    assert "好" in await fetched(at.world.client(), url)


async def test_silence_is_an_empty_track_and_no_failure(at: Stage) -> None:
    await order(at)
    await carry_out(at)
    made = await track(at)
    assert (made["state"], made["cues"], made["problem"]) == ("ready", [], None)


@on_both_stores
async def test_editing_gives_up_what_is_being_made(at: Stage) -> None:
    making = await order(at)
    stopped = await put(at, 0)
    assert stopped["state"] == "none"
    job = await at.world.services.job_store.job(making["job_id"])
    assert job is not None and job.state is JobState.CANCELLED
    await order(at)
    typed = await put(at, 0, cue(1, 1, 2, "我写的"))
    assert (typed["state"], typed["origin"]) == ("ready", "by_hand")
    await carry_out(at, HELLO)
    assert [one["text"] for one in (await track(at))["cues"]] == ["我写的"]


@on_both_stores
async def test_a_job_that_was_cancelled_or_failed_is_told(at: Stage) -> None:
    making = await order(at)
    await at.teacher.call("POST", f"/api/jobs/{making['job_id']}/cancel")
    assert (await track(at))["state"] == "none"
    await order(at)
    manifest = at.world.services.config.data / "recordings" / "recording-1" / "manifest.json"
    data = manifest.read_bytes()
    manifest.write_bytes(b"{}")
    await carry_out(at, HELLO)
    failed = await track(at)
    assert (failed["state"], failed["problem"]) == ("failed", "internal")
    manifest.write_bytes(data)
    await order(at)
    await carry_out(at, HELLO)
    assert (await track(at))["state"] == "ready"


async def test_a_reviewer_has_them_made_and_then_decides_anew(at: Stage) -> None:
    await at.save()
    await at.submit()
    assert await problem(put(at, 0, cue(1, 1, 2, "x"))) == (409, "resource_state")
    assert (await order(at, who=at.school_admin))["state"] == "making"
    shown = await track(at)
    assert (shown["state"], shown["job_id"]) == ("making", None)  # the job is the reviewer's
    before = await at.revision()
    await carry_out(at, HELLO)
    late = at.school_admin.call("POST", f"{at.path}/pass", {"revision": before})
    assert await problem(late) == (409, "changed_meanwhile")
    await at.pass_()
    assert await problem(order(at, 1, who=at.school_admin)) == (409, "resource_state")


async def test_captions_that_come_after_the_verdict_are_left_out(at: Stage) -> None:
    await at.save()
    await at.submit()
    await order(at, who=at.school_admin)
    await at.pass_()
    await carry_out(at, HELLO)
    late = await track(at)
    assert (late["state"], late["problem"], late["cues"]) == ("failed", "captions_too_late", [])


async def test_without_the_extra(at: Stage) -> None:
    at.world.services.resources.captions.installed = False
    assert await problem(order(at)) == (409, "captions_not_installed")
    assert (await track(at))["installed"] is False
    assert (await put(at, 0, cue(1, 1, 2, "手写")))["state"] == "ready"


async def test_what_cannot_be_saved(at: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in (
        cue(1, 5, 5, "x"),
        cue(1, 2399, 2500, "x"),
        cue(1, 1, 2, "x", "nobody.camera"),
    ):
        assert await problem(put(at, 0, wrong)) == (422, "cue_impossible")
    for wrong in (
        cue(0, 1, 2, "x"),
        cue(1, -1, 2, "x"),
        cue(1, 1, 2, " "),
        cue(1, 1, 2, "字" * 201),
    ):
        assert (await problem(put(at, 0, wrong)))[0] in {400, 422}
    many = [cue(n, n, n + 0.5, "x") for n in range(1, 502)]
    assert (await problem(put(at, 0, *many)))[0] in {400, 422}
    assert (await track(at))["revision"] == 0
    await put(at, 0, *many[:500])
    monkeypatch.setattr("signaling.library.captions.rules.MAX_CUES", 500)
    assert await problem(put(at, 1, cue(600, 1, 2, "x"))) == (409, "too_many_cues")


@on_both_stores
async def test_branches_say_what_they_want(at: Stage) -> None:
    async def policy(node_id: str, version: int, **more: Any) -> Any:
        body = {"node_id": node_id, "version": version} | more
        return await at.operator.call("PUT", "/api/caption-policies", body)

    await policy(OURS.mark, 0, automatic=True, words=["微信", "ＱＱ", "qq"])
    assert (await problem(policy(HERE.school, 1)))[1] == "changed_meanwhile"
    listed = await policy(HERE.school, 0, words=["扫码"])
    words = {one["name"]: one["words"] for one in listed["policies"]}
    assert sorted(map(len, words.values())) == [1, 2]
    refused = {"node_id": HERE.school, "version": 1}
    asked = at.school_admin.call("PUT", "/api/caption-policies", refused)
    assert await problem(asked) == (403, "forbidden")

    await at.save()
    await at.submit()
    assert (await track(at))["state"] == "waiting"
    await at.world.services.resources.captions.keep_up()
    assert (await track(at))["state"] == "making"
    await carry_out(at, Heard(3, 6, "请加Qq群，扫 码领取。"))
    detail = await at.detail(at.school_admin)
    found = {one["name"]: one for one in detail["findings"] if one["code"] == "caption_words"}
    assert set(found) == {"ＱＱ", "扫码"}
    assert found["扫码"]["spans"][0] == {"start_s": 3.0, "end_s": 6.0}
    queue = await at.school_admin.call("GET", "/api/reviews")
    assert any(one["code"] == "caption_words" for one in queue["entries"][0]["findings"])
    # What the owner wants wins over nothing: a node may say no.
    listed = await policy(HERE.school, 1, automatic=False)
    assert listed["policies"][-1]["words"] == []
    assert await policy(HERE.school, 2) != listed


@on_both_stores
async def test_long_lists_of_words_come_in_pages_and_whole_one_by_one(at: Stage) -> None:
    async def policy(node_id: str, **more: Any) -> Any:
        body = {"node_id": node_id, "version": 0} | more
        return await at.operator.call("PUT", "/api/caption-policies", body)

    words = [f"{number:03}".ljust(MAX_WORD_CHARS, "字") for number in range(MAX_CAPTION_WORDS)]
    asked = policy(HERE.school, words=[*words, "一个太多"])
    with pytest.raises(ProblemError) as many:
        await asked
    assert (many.value.status, many.value.field) == (422, "words")
    with pytest.raises(ProblemError) as long:
        await policy(HERE.school, words=["短", "字" * (MAX_WORD_CHARS + 1)])
    assert long.value.status == 422
    assert str(long.value.field).startswith("words")
    for node in (OURS.mark, HERE.school, NEXT_DOOR.school):
        await policy(node, words=words)
    whole = await at.operator.call("GET", f"/api/caption-policies/{HERE.school}")
    assert (whole["words"], whole["word_count"]) == (words, MAX_CAPTION_WORDS)
    seen: list[str] = []
    path = "/api/caption-policies?limit=1"
    while True:
        async with at.operator.http.get(at.operator.base + path) as answer:
            body = await answer.read()
        assert len(body) < 8_000
        page = json.loads(body)
        (one,) = page["policies"]
        assert (one["words"], one["word_count"]) == (words[:LISTED_WORDS], MAX_CAPTION_WORDS)
        seen.append(one["node_id"])
        if page["next"] is None:
            break
        path = f"/api/caption-policies?limit=1&before={page['next']}"
    assert seen == [OURS.mark, HERE.school, NEXT_DOOR.school]
    none = await at.operator.call("GET", "/api/caption-policies/cn")
    assert (none["version"], none["words"], none["word_count"]) == (0, [], 0)
    for node in ("none", FAR.school):
        wrong = at.operator.call("GET", f"/api/caption-policies/{node}")
        assert await problem(wrong) == (404, "unknown_node")
        wrong = at.operator.call("GET", f"/api/caption-policies?before={node}")
        assert (await problem(wrong))[1] == "bad_cursor"
    # Whoever works for a school sees what holds there, from the county on.
    above = await at.school_admin.call("GET", f"/api/caption-policies/{OURS.mark}")
    assert above["words"] == words


@on_both_stores
async def test_of_many_some_wait(at: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_ORDERED", 0)
    node = OURS.mark
    body = {"node_id": node, "version": 0, "automatic": True}
    await at.operator.call("PUT", "/api/caption-policies", body)
    await at.save()
    await at.submit()
    await at.world.services.resources.captions.keep_up()
    assert (await track(at))["state"] == "waiting"
    await at.pass_()
    monkeypatch.setattr(service, "MAX_ORDERED", 3)
    await at.publish("school")
    await at.world.services.resources.captions.keep_up()
    assert (await track(at))["state"] == "none"


async def test_who_may_not(at: Stage) -> None:
    neighbour = await at.world.sign_in(NEXT_DOOR.teacher)
    assert await problem(track(at, who=neighbour)) == (404, "resource_not_found")
    assert await problem(track(at, 7)) == (404, "resource_not_found")
    assert await problem(put(at, 0, who=at.school_admin)) == (403, "forbidden")
    assert await problem(order(at, who=at.operator)) == (403, "forbidden")
    assert await problem(order(at, who=neighbour)) == (404, "resource_not_found")


@on_both_stores
async def test_they_go_with_their_resource(at: Stage) -> None:
    await put(at, 0, cue(1, 1, 2, "好"))
    making = await order(at, 1)
    await at.teacher.call("POST", f"{at.path}/delete", {"note": "拍错了"})
    async with at.world.services.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(CaptionRow)) == 0
    job = await at.world.services.job_store.job(making["job_id"])
    assert job is not None and job.state is JobState.CANCELLED
