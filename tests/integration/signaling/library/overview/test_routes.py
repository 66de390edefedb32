"""已发布: what a resource admin's branch has published, with its use, and what was taken off."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from signaling.access.roles import Role
from tests.integration.signaling.library.resource_acts import (
    FAR,
    HERE,
    NEXT_DOOR,
    Stage,
    problem,
    stage,
)
from tests.support.resources import shelve
from tests.support.server import Client


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as made:
        yield made


async def _listed(who: Client, query: str = "") -> Any:
    return await who.call("GET", f"/api/publications?{query}")


async def _titles(who: Client, query: str = "") -> list[str]:
    return [one["title"] for one in (await _listed(who, query))["entries"]]


async def _another(at: Stage, title: str, scope: str, **more: Any) -> None:
    """Publish one more resource of the same school, a minute later."""
    at.clock.advance(seconds=60)
    services = at.world.services
    room = f"{NEXT_DOOR.school}-room"
    at.resource_id = await shelve(services, f"more-{title}", teacher=HERE.teacher, room=room)
    await at.save(title=title)
    await at.submit()
    await at.pass_()
    await at.publish(scope, **more)


async def test_it_shows_the_branch_alone_with_scope_school_and_use(at: Stage) -> None:
    await at.published("public")
    await at.world.client().call("POST", f"/api/library/{at.resource_id}/uses", {"began": True})
    await at.world.services.resources.uses.write()
    found = await _listed(at.school_admin)
    (entry,) = found["entries"]
    assert entry["resource_id"] == at.resource_id
    assert (entry["scope"], entry["version"], entry["expires_at"]) == ("public", 1, None)
    assert (entry["plays"], entry["downloads"]) == (1, 0)
    assert (found["total"], found["next"]) == (1, None)
    assert HERE.school in [one["school_id"] for one in found["schools"]]
    for place in (NEXT_DOOR, FAR):
        other = await at.world.sign_in(place.person(Role.RESOURCE_ADMIN))
        assert (await _listed(other))["entries"] == []
    for who in (at.teacher, at.world.client()):
        assert (await problem(_listed(who)))[0] in (401, 403)


async def test_it_is_narrowed_by_words_scope_and_school_and_goes_on_in_pages(at: Stage) -> None:
    await at.published("public")
    await _another(at, "杠杆", "school")
    await _another(at, "滑轮", "county")
    admin = at.school_admin
    assert await _titles(admin) == ["滑轮", "杠杆", "浮力的秘密"]
    assert await _titles(admin, "q=ganggan") == ["杠杆"]
    assert await _titles(admin, "q=nothing") == []
    assert await _titles(admin, "scope=county") == ["滑轮"]
    assert len(await _titles(admin, f"school={HERE.school}")) == 3
    assert await _titles(admin, f"school={NEXT_DOOR.school}") == []
    first = await _listed(admin, "limit=2")
    assert (len(first["entries"]), first["total"]) == (2, 3)
    rest = await _listed(admin, f"limit=2&before={first['next']}")
    assert [one["title"] for one in rest["entries"]] == ["浮力的秘密"]
    assert (rest["next"], rest["schools"]) == (None, [])
    assert (await problem(_listed(admin, "scope=everybody"))) == (422, "invalid")


async def test_what_ended_or_was_withdrawn_stands_in_a_list_of_its_own(at: Stage) -> None:
    await at.published("public")
    await _another(at, "杠杆", "public")
    items = [{"resource_id": at.resource_id, "revision": 0}]
    batch = {"verdict": "withdraw", "items": items, "withdraw_reason": "copyright", "reason": "图"}
    done = await at.school_admin.call("POST", "/api/reviews/batch", batch)
    assert [one["problem"] for one in done["outcomes"]] == [None]
    assert await _titles(at.school_admin) == ["浮力的秘密"]
    (gone,) = (await _listed(at.school_admin, "state=withdrawn&q=ganggan"))["entries"]
    assert (gone["withdraw_reason"], gone["withdraw_note"]) == ("copyright", "图")
    end = at.clock.now() + timedelta(minutes=5)
    await _another(at, "滑轮", "public", expires_at=end.isoformat())
    assert await _titles(at.school_admin) == ["滑轮", "浮力的秘密"]
    assert await _titles(at.school_admin, "state=expired") == []
    at.clock.advance(seconds=300)
    assert await _titles(at.school_admin) == ["浮力的秘密"]
    assert await _titles(at.school_admin, "state=expired") == ["滑轮"]
