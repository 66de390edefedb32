"""Reviews: who decides at which level, the queue, batches, policies; refusals are audited."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from signaling.access.roles import Role
from signaling.audit.log import SYSTEM
from signaling.directory.grants.wire import GrantGive
from tests.integration.signaling.library.resource_acts import (
    FAR,
    HERE,
    NEXT_DOOR,
    OURS,
    Stage,
    problem,
    stage,
)
from tests.support.resources import METADATA, shelve


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as made:
        yield made


async def _refusals(at: Stage) -> list[tuple[str | None, str]]:
    entries = await at.world.services.audit.entries("resource_refused")  # type: ignore[arg-type]
    return [(one.actor_id, one.detail) for one in reversed(entries)]


async def _also_reviews(at: Stage, person_id: str, node_id: str) -> None:
    admin = await at.world.actor(OURS.person(Role.COUNTY_ADMIN))
    wish = GrantGive(Role.RESOURCE_ADMIN, node_id)
    await at.world.services.directory_desk.grants.give(admin, person_id, wish)


async def test_two_levels_of_two_people(at: Stage) -> None:
    await at.levels(OURS.mark, 2)
    await at.save()
    await at.submit()
    assert (await at.detail())["working"]["levels"] == ["first", "second"]
    passed = await at.pass_(reason="很好")
    assert passed["working"]["level"] == "second"
    assert await problem(at.pass_()) == (403, "reviewed_before")
    done = await at.pass_(at.county_admin)
    assert (done["working"]["state"], done["working"]["level"]) == ("passed", None)
    told = [(one["by_id"], one["level"], one["verdict"]) for one in done["working"]["reviews"]]
    assert told == [
        (HERE.person(Role.RESOURCE_ADMIN), "first", "pass"),
        (OURS.person(Role.RESOURCE_ADMIN), "second", "pass"),
    ]


async def test_the_second_level_needs_a_role_for_the_county(at: Stage) -> None:
    await at.levels(OURS.mark, 2)
    await at.save()
    await at.submit()
    await at.pass_(at.county_admin)
    assert await problem(at.pass_()) == (403, "wrong_level")
    assert await problem(at.pass_(at.county_admin)) == (403, "reviewed_before")
    refused = dict(await _refusals(at))
    assert "wrong_level" in refused[HERE.person(Role.RESOURCE_ADMIN)]
    assert "reviewed_before" in refused[OURS.person(Role.RESOURCE_ADMIN)]


async def test_nobody_reviews_the_own_work(at: Stage) -> None:
    await _also_reviews(at, HERE.teacher, OURS.mark)
    await at.teacher.login(HERE.teacher, "Qingshan-2026")
    await at.save()
    await at.submit()
    for deed in (at.pass_(at.teacher), at.reject(at.teacher)):
        assert await problem(deed) == (403, "own_resource")
    detail = await at.detail()
    assert detail["review_refused"] == "own_resource"
    assert "review_resource" not in detail["summary"]["may"]
    assert detail["working"]["state"] == "in_review"
    assert [who for who, _ in await _refusals(at)] == [HERE.teacher] * 2


async def test_others_are_told_nothing_and_their_tries_are_audited(at: Stage) -> None:
    await at.save()
    await at.submit()
    body = {"revision": 2}
    for place in (NEXT_DOOR, FAR):
        other = await at.world.sign_in(place.person(Role.RESOURCE_ADMIN))
        refused = problem(other.call("POST", f"{at.path}/pass", body))
        assert await refused == (404, "resource_not_found")
    # The teacher sees it, but reviews nothing.
    assert await problem(at.teacher.call("POST", f"{at.path}/pass", body)) == (403, "forbidden")
    assert (await at.detail())["working"]["state"] == "in_review"


async def test_a_rejection_comes_back_with_its_reason_and_marks(at: Stage) -> None:
    await at.save()
    await at.submit()
    marks = [{"at_s": 12.5, "note": "这里太暗"}]
    back = await at.reject(marks=marks)
    assert back["working"]["state"] == "draft"
    (review,) = back["working"]["reviews"]
    assert (review["reason"], review["marks"]) == ("声音太小", marks)
    (mine,) = (await at.teacher.call("GET", "/api/resources/mine"))["resources"]
    assert mine["working"]["rejected"] is True
    # Submitted again, whoever passed a level of the former submission may decide again.
    await at.submit()
    assert (await at.pass_())["working"]["state"] == "passed"
    # What was passed but is not published yet may still be given back.
    assert (await at.reject())["working"]["state"] == "draft"


async def test_a_verdict_on_another_revision_is_refused(at: Stage) -> None:
    await at.save()
    await at.submit()
    for body in ({"revision": 1}, {"revision": 3}):
        refused = problem(at.school_admin.call("POST", f"{at.path}/pass", body))
        assert await refused == (409, "changed_meanwhile")


async def test_forwarded_to_somebody_who_may_decide(at: Stage) -> None:
    await at.save()
    await at.submit()
    reviewers = (await at.school_admin.call("GET", f"{at.path}/reviewers"))["reviewers"]
    assert {"person_id": OURS.person(Role.RESOURCE_ADMIN), "name": "jiaxian-resource_admin"} in (
        reviewers
    )
    assert HERE.teacher not in {one["person_id"] for one in reviewers}

    async def forward(to: str) -> Any:
        body = {"revision": await at.revision(), "to_person_id": to, "reason": "请县里看"}
        return await at.school_admin.call("POST", f"{at.path}/forward", body)

    for nobody in (HERE.teacher, FAR.person(Role.RESOURCE_ADMIN), "none"):
        assert await problem(forward(nobody)) == (422, "unknown_reviewer")
    done = await forward(OURS.person(Role.RESOURCE_ADMIN))
    assert done["working"]["reviews"][0]["forwarded_to"] == OURS.person(Role.RESOURCE_ADMIN)
    (entry,) = (await at.county_admin.call("GET", "/api/reviews"))["entries"]
    assert entry["waiting_for"]["person_id"] == OURS.person(Role.RESOURCE_ADMIN)
    assert (await at.pass_())["working"]["state"] == "passed"  # the others still may


async def test_the_queue_of_a_branch_with_age_and_checks(at: Stage) -> None:
    await at.save(summary="")
    await at.submit()
    queue = await at.school_admin.call("GET", "/api/reviews")
    (entry,) = queue["entries"]
    assert (entry["resource"]["resource_id"], entry["level"], entry["refused"]) == (
        at.resource_id,
        "first",
        None,
    )
    assert queue["total"] == 1
    assert [(one["code"], one["field"], one["weight"]) for one in entry["findings"]] == [
        ("metadata_missing", "metadata.summary", "note")
    ]
    for who in (NEXT_DOOR.person(Role.RESOURCE_ADMIN), FAR.person(Role.RESOURCE_ADMIN)):
        other = await at.world.sign_in(who)
        assert (await other.call("GET", "/api/reviews"))["entries"] == []
    assert await problem(at.teacher.call("GET", "/api/reviews")) == (403, "forbidden")
    await at.pass_()
    assert (await at.school_admin.call("GET", "/api/reviews"))["entries"] == []
    waiting = await at.school_admin.call("GET", "/api/reviews?state=passed")
    assert [one["level"] for one in waiting["entries"]] == [None]


async def test_a_batch_decides_about_each_for_itself(at: Stage) -> None:
    services = at.world.services
    others = [
        await shelve(services, f"b{n}", teacher=HERE.teacher, room=HERE.room) for n in range(3)
    ]
    for resource_id in (at.resource_id, *others):
        path = f"/api/resources/{resource_id}"
        draft = {"revision": 0, "metadata": METADATA, "edits": {}}
        await at.teacher.call("PUT", f"{path}/draft", draft)
        if resource_id != others[-1]:
            wish = {"revision": 1, "pledged": True}
            await at.teacher.call("POST", f"{path}/submit", wish)
    items = [{"resource_id": one, "revision": 2} for one in (at.resource_id, *others, "none")]
    batch = {"verdict": "pass", "items": items}
    done = await at.school_admin.call("POST", "/api/reviews/batch", batch)
    told = [one["problem"] for one in done["outcomes"]]
    assert told == [None, None, None, "resource_state", "resource_not_found"]
    items = [{"resource_id": one, "revision": 3} for one in (at.resource_id, *others[:2])]
    share = {"verdict": "publish", "items": items, "scope": "public"}
    manifest = services.config.data / "recordings" / "b0" / "manifest.json"
    kept = manifest.read_bytes()
    manifest.write_bytes(b"{")  # what cannot be read keeps no other back
    done = await at.school_admin.call("POST", "/api/reviews/batch", share)
    assert [one["problem"] for one in done["outcomes"]] == [None, "recording_not_found", None]
    manifest.write_bytes(kept)
    done = await at.school_admin.call("POST", "/api/reviews/batch", share | {"items": items[1:2]})
    assert [one["problem"] for one in done["outcomes"]] == [None]
    assert len(await at.seen_by(at.teacher)) == 3
    take = {"verdict": "withdraw", "items": items, "withdraw_reason": "copyright"}
    done = await at.school_admin.call("POST", "/api/reviews/batch", take)
    assert [one["problem"] for one in done["outcomes"]] == [None] * 3
    assert await at.seen_by(at.teacher) == []
    for wrong, field in (
        ({"verdict": "reject", "items": items}, "reason"),
        ({"verdict": "publish", "items": items}, "scope"),
        ({"verdict": "publish", "items": items, "scope": "password"}, "scope"),
        ({"verdict": "withdraw", "items": items}, "withdraw_reason"),
        ({"verdict": "pass", "items": items * 34}, "items"),
    ):
        with pytest.raises(Exception) as caught:
            await at.school_admin.call("POST", "/api/reviews/batch", wrong)
        assert caught.value.field == field


async def test_the_nearest_policy_holds_and_changes_nothing_under_way(at: Stage) -> None:
    await at.levels(OURS.mark, 3)
    await at.save()
    await at.submit()
    await at.levels(HERE.school, 1)
    assert (await at.detail())["working"]["levels"] == ["first", "second", "final"]
    await at.teacher.call("POST", f"{at.path}/recall")
    await at.submit()
    assert (await at.detail())["working"]["levels"] == ["first"]
    policies = await at.levels(HERE.school, None)
    assert [(one["node_id"], one["levels"]) for one in policies["policies"]] == [(OURS.mark, 3)]
    for client in (at.school_admin, at.county_admin):
        body = {"node_id": HERE.school, "levels": 1}
        refused = problem(client.call("PUT", "/api/review-policies", body))
        assert await refused == (403, "forbidden")
    assert await problem(at.levels(FAR.county, 1)) == (422, "unknown_node")
    assert await problem(at.levels(OURS.mark, 4)) == (422, "invalid")


async def test_a_role_that_has_ended_reviews_no_more(at: Stage) -> None:
    await at.save()
    await at.submit()
    services = at.world.services
    person = await services.people.person(HERE.person(Role.RESOURCE_ADMIN))
    assert person is not None
    async with services.audit.work(SYSTEM, "test") as work:  # type: ignore[arg-type]
        from sqlalchemy import delete

        from signaling.directory.tables import GrantRow

        await work.session.execute(delete(GrantRow).where(GrantRow.person_id == person.person_id))
    assert await problem(at.pass_()) == (404, "resource_not_found")
