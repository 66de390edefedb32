"""专题: who makes one, who sees which of its entries, and their order."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.signaling.library.resource_acts import (
    HERE,
    NEXT_DOOR,
    Stage,
    problem,
    stage,
)
from tests.support.resources import shelve
from tests.support.server import Client

PATH = "/api/series"


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as made:
        yield made


async def _more(at: Stage, name: str, scope: str) -> str:
    """One more published resource of the same teacher."""
    at.resource_id = await shelve(at.world.services, name, teacher=HERE.teacher, room=HERE.room)
    await at.published(scope)
    return at.resource_id


async def _made(who: Client, **more: Any) -> Any:
    return await who.call("POST", PATH, {"title": "浮力专题"} | more)


def _entries(detail: Any) -> list[str]:
    return [one["resource_id"] for one in detail["entries"]]


async def test_an_entry_that_the_reader_may_not_see_is_neither_shown_nor_counted(at: Stage) -> None:
    await at.published("public")
    first, second = at.resource_id, await _more(at, "second", "school")
    made = await _made(at.school_admin, scope="public", resource_id=first)
    path = f"{PATH}/{made['series']['series_id']}"
    both = await at.school_admin.call("POST", f"{path}/entries", {"resource_id": second})
    assert _entries(both) == [first, second]
    guest = await at.world.client().call("GET", path)
    assert _entries(guest) == [first]
    assert guest["series"]["count"] == 1
    assert (guest["scopes"], guest["cover_id"]) == ([], None)
    (listed,) = (await at.world.client().call("GET", PATH))["series"]
    assert listed["count"] == 1
    (own,) = (await at.school_admin.call("GET", f"{PATH}?whose=mine"))["series"]
    assert own["count"] == 2
    await at.withdraw()
    assert _entries(await at.school_admin.call("GET", path)) == [first]


async def test_a_teacher_keeps_series_for_the_own_school(at: Stage) -> None:
    await at.published("county")
    assert await problem(_made(at.teacher, scope="county")) == (422, "scope_too_wide")
    made = await _made(at.teacher, scope="school", resource_id=at.resource_id)
    path = f"{PATH}/{made['series']['series_id']}"
    neighbour = await at.world.sign_in(NEXT_DOOR.teacher)
    assert await problem(neighbour.call("GET", path)) == (404, "series_not_found")
    assert (await neighbour.call("GET", PATH))["series"] == []
    change = {"version": 1, "title": "浮力", "introduction": "从生活到公式", "scope": "county"}
    assert await problem(at.teacher.call("PUT", path, change)) == (422, "scope_too_wide")
    changed = await at.school_admin.call("PUT", path, change | {"cover_id": at.resource_id})
    assert changed["series"]["scope"] == "county"
    assert _entries(await neighbour.call("GET", path)) == [at.resource_id]
    add = {"resource_id": at.resource_id}
    assert await problem(neighbour.call("POST", f"{path}/entries", add)) == (403, "forbidden")
    assert await problem(at.teacher.call("PUT", path, change)) == (409, "changed_meanwhile")
    # The teacher keeps the scope that the admin gave.
    renamed = change | {"version": 2, "title": "浮力专题"}
    assert (await at.teacher.call("PUT", path, renamed))["series"]["scope"] == "county"


async def test_entries_are_ordered_and_taken_out(at: Stage) -> None:
    await at.published("school")
    first, second = at.resource_id, await _more(at, "second", "school")
    made = await _made(at.teacher, resource_id=first)
    path = f"{PATH}/{made['series']['series_id']}"
    for one in (second, second):
        both = await at.teacher.call("POST", f"{path}/entries", {"resource_id": one})
    assert (both["series"]["version"], _entries(both)) == (2, [first, second])
    order = {"version": 2, "resource_ids": [second, first]}
    assert _entries(await at.teacher.call("PUT", f"{path}/entries", order)) == [second, first]
    assert await problem(at.teacher.call("PUT", f"{path}/entries", order)) == (
        409,
        "changed_meanwhile",
    )
    taken = await at.teacher.call(
        "PUT", f"{path}/entries", {"version": 3, "resource_ids": [second]}
    )
    assert (_entries(taken), taken["cover_id"]) == ([second], second)
    await at.teacher.call("DELETE", f"{path}?version=4")
    assert await problem(at.teacher.call("GET", path)) == (404, "series_not_found")


async def test_nothing_that_the_caller_may_not_see_is_added(at: Stage) -> None:
    made = await _made(at.teacher)
    path = f"{PATH}/{made['series']['series_id']}/entries"
    for one in (at.resource_id, "none-such"):  # the first is not published
        add = {"resource_id": one}
        assert await problem(at.teacher.call("POST", path, add)) == (422, "resource_not_found")
