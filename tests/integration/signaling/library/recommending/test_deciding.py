"""转交 of recommendations, and one verdict on many at once."""

from __future__ import annotations

from typing import Any

from signaling.access.roles import Role
from signaling.library.review.wire import MAX_BATCH
from tests.integration.signaling.library.recommending.test_routes import ROOT, Above, up
from tests.integration.signaling.library.resource_acts import HERE, NEXT_DOOR, OURS, problem
from tests.support.resources import shelve

__all__ = ["up"]

COUNTRY = NEXT_DOOR.person(Role.RESEARCHER)  # `country_admin` of the stage
COUNTY = OURS.person(Role.RESOURCE_ADMIN)


async def _queue(up: Above) -> list[Any]:
    queue = await up.at.county_admin.call("GET", "/api/recommendations")
    return list(queue["entries"])


async def _many(up: Above, count: int) -> list[Any]:
    """Recommendations of as many resources of the school to the county; as its queue has them."""
    at = up.at
    await at.published("school")
    await up.recommend()
    for number in range(1, count):
        at.resource_id = await shelve(
            at.world.services, f"more-{number}", teacher=HERE.teacher, room=HERE.room
        )
        await at.published("school")
        await up.recommend()
    return await _queue(up)


def _items(entries: list[Any]) -> list[dict[str, Any]]:
    return [{"reference_id": one["reference_id"], "revision": one["revision"]} for one in entries]


async def test_one_is_forwarded_to_somebody_who_may_decide(up: Above) -> None:
    at = up.at
    await at.published("school")
    await up.recommend()
    (entry,) = await _queue(up)
    assert entry["waiting_for"] is None
    path = f"/api/recommendations/{entry['reference_id']}"
    reviewers = (await at.county_admin.call("GET", f"{path}/reviewers"))["reviewers"]
    # Neither whoever asks, nor whoever recommended it, nor who works for a school alone.
    assert [one["person_id"] for one in reviewers] == [COUNTRY]
    assert await problem(at.school_admin.call("GET", f"{path}/reviewers")) == (403, "forbidden")
    for nobody in (COUNTY, HERE.person(Role.RESOURCE_ADMIN), HERE.teacher, "none"):
        refused = up.do(at.county_admin, "forward", to_person_id=nobody)
        assert await problem(refused) == (422, "unknown_reviewer")
    assert await problem(up.do(at.school_admin, "forward", to_person_id=COUNTRY)) == (
        403,
        "forbidden",
    )
    done = await up.do(at.county_admin, "forward", to_person_id=COUNTRY, reason="请您看看")
    assert done["entry"]["waiting_for"]["person_id"] == COUNTRY
    (said,) = done["reviews"]
    assert (said["verdict"], said["reason"]) == ("forward", "请您看看")
    assert said["forwarded_to"] == done["entry"]["waiting_for"]["name"]
    (noted,) = await at.world.services.audit.entries("reference_forward")  # type: ignore[arg-type]
    assert (noted.actor_id, noted.path) == (COUNTY, f"/{ROOT}/{OURS.mark}/")
    assert done["entry"]["waiting_for"]["name"] in noted.detail
    # Others of the node may still decide; a verdict ends the assignment.
    passed = await up.do(up.country_admin, "pass")
    assert (passed["entry"]["state"], passed["entry"]["waiting_for"]) == ("passed", None)
    stale = at.county_admin.call(
        "POST", f"{path}/forward", {"revision": 1, "to_person_id": COUNTRY}
    )
    assert await problem(stale) == (409, "changed_meanwhile")


async def test_what_is_over_is_forwarded_to_nobody(up: Above) -> None:
    at = up.at
    await up.shown_at_county()
    step = (await up.chain())[1]
    path = f"/api/recommendations/{step['reference_id']}"
    assert (await at.county_admin.call("GET", f"{path}/reviewers"))["reviewers"] == []
    refused = up.do(at.county_admin, "forward", to_person_id=COUNTRY)
    assert await problem(refused) == (409, "resource_state")


async def test_a_batch_passes_what_may_pass_and_names_each_that_may_not(
    up: Above,
) -> None:
    at = up.at
    first, second, third, fourth = await _many(up, 4)
    await at.county_admin.call(
        "POST", f"/api/recommendations/{second['reference_id']}/pass", {"revision": 1}
    )
    at.resource_id = third["resource"]["resource_id"]
    await up.do(at.school_admin, "recall")
    items = [*_items([first, second, third, fourth]), {"reference_id": "none", "revision": 1}]
    items[0]["revision"] = 7  # of another page
    before = len(await at.world.services.audit.entries("reference_pass"))  # type: ignore[arg-type]
    body = {"verdict": "pass", "items": items}
    result = await at.county_admin.call("POST", "/api/recommendations/batch", body)
    assert [(one["reference_id"], one["problem"]) for one in result["outcomes"]] == [
        (first["reference_id"], "changed_meanwhile"),
        (second["reference_id"], "changed_meanwhile"),
        (third["reference_id"], "changed_meanwhile"),
        (fourth["reference_id"], None),
        ("none", "resource_not_found"),
    ]
    noted = await at.world.services.audit.entries("reference_pass")  # type: ignore[arg-type]
    assert len(noted) == before + 1
    states = {one["reference_id"]: one["state"] for one in await _queue(up)}
    assert states[fourth["reference_id"]] == "passed"
    assert states[first["reference_id"]] == "in_review"


async def test_a_batch_leaves_one_row_for_each_and_for_each_refusal(up: Above) -> None:
    at = up.at
    entries = await _many(up, 3)
    at.resource_id = entries[2]["resource"]["resource_id"]
    services = at.world.services
    batch = "/api/recommendations/batch"
    without = {"verdict": "reject", "items": _items(entries)}
    assert await problem(at.county_admin.call("POST", batch, without)) == (422, "missing")
    # Whoever recommended them decides about none.
    refused = await at.school_admin.call("POST", batch, without | {"reason": "x"})
    assert {one["problem"] for one in refused["outcomes"]} == {"forbidden"}
    told = await services.audit.entries("resource_refused")  # type: ignore[arg-type]
    assert len(told) == 3
    done = await at.county_admin.call("POST", batch, without | {"reason": "声音太小"})
    assert {one["problem"] for one in done["outcomes"]} == {None}
    rows = await services.audit.entries("reference_reject")  # type: ignore[arg-type]
    assert {one.target for one in rows} == {one["reference_id"] for one in entries}
    assert all("声音太小" in one.detail for one in rows)
    assert await _queue(up) == []
    assert (await up.chain())[1]["reason"] == "声音太小"


async def test_a_batch_has_its_bound_and_its_people(up: Above) -> None:
    at = up.at
    item = {"reference_id": "none", "revision": 1}
    batch = "/api/recommendations/batch"
    body: dict[str, Any] = {"verdict": "pass", "items": [item] * (MAX_BATCH + 1)}
    assert (await problem(at.county_admin.call("POST", batch, body)))[0] == 422
    body["items"] = [item] * MAX_BATCH
    assert len((await at.county_admin.call("POST", batch, body))["outcomes"]) == MAX_BATCH
    assert (await problem(at.county_admin.call("POST", batch, body | {"verdict": "publish"})))[
        0
    ] == 422
    assert await problem(at.teacher.call("POST", batch, body)) == (403, "forbidden")
