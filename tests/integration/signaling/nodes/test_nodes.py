"""The processes of an installation: who sees them, and draining one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signaling.access.roles import Role
from tests.support.installations import DrainableCells
from tests.support.server import Client, ProblemError
from tests.support.two_counties import OURS, World, two_counties


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with two_counties(tmp_path) as made:
        yield made


@pytest.fixture
async def admin(world: World) -> Client:
    return await world.sign_in(OURS.person(Role.COUNTY_ADMIN))


async def refused(client: Client, method: str, path: str) -> tuple[int, str | None]:
    with pytest.raises(ProblemError) as told:
        await client.call(method, path)
    return told.value.status, told.value.code


async def test_one_process_is_a_list_of_one_that_cannot_be_drained(admin: Client) -> None:
    listed = await admin.call("GET", "/api/nodes")
    (node,) = listed["nodes"]
    assert (listed["reachable"], listed["own"]) == (None, node["node_id"])
    assert (node["kind"], node["health"], node["draining"]) == ("single", "alive", False)
    path = f"/api/nodes/{node['node_id']}/drain"
    assert await refused(admin, "POST", path) == (409, "node_alone")


async def test_a_cell_is_drained_and_the_log_tells_by_whom(world: World, admin: Client) -> None:
    cells = world.services.nodes.installation = DrainableCells("cell-1", "cell-2")
    assert (await admin.call("POST", "/api/nodes/cell-1/drain"))["draining"] is True
    assert (await admin.call("DELETE", "/api/nodes/cell-1/drain"))["draining"] is False
    assert cells.asked == [("cell-1", True), ("cell-1", False)]
    lines = (await admin.call("GET", "/api/audit?target=cell-1"))["lines"]
    assert {one["action"] for one in lines} == {"node_drain", "node_drain_end"}


async def test_what_cannot_be_drained_is_told(world: World, admin: Client) -> None:
    cells = world.services.nodes.installation = DrainableCells("cell-1", "cell-2", "cell-3")
    cells.lose("cell-2")
    cells.deaf.add("cell-3")
    assert await refused(admin, "POST", "/api/nodes/none/drain") == (404, "node_not_found")
    assert await refused(admin, "POST", "/api/nodes/web/drain") == (409, "node_holds_no_lessons")
    assert await refused(admin, "POST", "/api/nodes/cell-2/drain") == (409, "node_gone")
    assert await refused(admin, "POST", "/api/nodes/cell-3/drain") == (503, "cell_away")
    assert cells.asked == []


@pytest.mark.parametrize(
    "who",
    [
        OURS.person(Role.LEAD_TEACHER),
        OURS.person(Role.RESOURCE_ADMIN),
        OURS.person(Role.INSPECTOR),
        OURS.school(1).person(Role.COUNTY_ADMIN),  # of one school; a node serves all
    ],
)
async def test_only_admins_of_a_whole_county_see_and_drain(world: World, who: str) -> None:
    client = await world.sign_in(who)
    assert (await refused(client, "GET", "/api/nodes"))[0] == 403
    # To an admin of a school no process is there, as no object of another school is.
    of_a_school = who == OURS.school(1).person(Role.COUNTY_ADMIN)
    status, _ = await refused(client, "POST", "/api/nodes/tongke/drain")
    assert status == (404 if of_a_school else 403)
