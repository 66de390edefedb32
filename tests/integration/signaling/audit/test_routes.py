"""The audit log as a branch reads it: pages, filters, and nothing of another county."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from signaling.access.roles import Role
from signaling.audit.log import SYSTEM
from tests.support.server import Client, ProblemError
from tests.support.services import ManualClock
from tests.support.two_counties import OURS, THEIRS, World, held_lesson, two_counties

HERE = OURS.school(1)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def world(tmp_path: Path, clock: ManualClock) -> AsyncIterator[World]:
    async with two_counties(tmp_path, clock) as made:
        yield made


@pytest.fixture
async def admin(world: World) -> Client:
    return await world.sign_in(OURS.person(Role.COUNTY_ADMIN))


async def lines(client: Client, query: str = "") -> list[dict[str, Any]]:
    return list((await client.call("GET", f"/api/audit{query}"))["lines"])


async def test_the_log_tells_who_did_what_to_what_in_the_own_branch(
    world: World, admin: Client
) -> None:
    lesson_id = await held_lesson(world, HERE)
    await held_lesson(world, THEIRS.school(1))
    (started,) = await lines(admin, "?action=lesson_start")
    assert (started["target"], started["target_name"], started["actor_id"]) == (
        lesson_id,
        f"{HERE.school}-lesson",
        HERE.teacher,
    )
    school = await world.sign_in(HERE.person(Role.COUNTY_ADMIN))
    assert {one["actor_id"] for one in await lines(school, "?action=login")} == {
        HERE.person(Role.COUNTY_ADMIN)
    }
    other = await world.sign_in(OURS.school(2).person(Role.COUNTY_ADMIN))
    assert await lines(other, f"?target={lesson_id}") == []


async def test_a_failed_login_concerns_the_branch_of_its_account(
    world: World, admin: Client
) -> None:
    for login in (HERE.teacher, THEIRS.school(1).teacher, "nobody"):
        with pytest.raises(ProblemError):
            await world.client().login(login, "wrong")
    assert [one["actor_name"] for one in await lines(admin, "?action=login_failed")] == [
        HERE.teacher
    ]


async def test_what_the_server_does_concerns_the_branch_of_its_object(
    world: World, admin: Client, clock: ManualClock
) -> None:
    lesson_id = await held_lesson(world, HERE)
    await world.services.lessons.end_by_itself(lesson_id)
    (ended,) = await lines(admin, "?actor=system")
    assert (ended["action"], ended["actor_id"]) == ("lesson_end", SYSTEM.actor_id)


async def test_lines_are_found_by_time_actor_action_and_target(
    world: World, admin: Client, clock: ManualClock
) -> None:
    await world.sign_in(HERE.teacher)
    clock.advance(days=2)
    await world.sign_in(HERE.teacher)
    assert len(await lines(admin, f"?action=login&actor={HERE.teacher}")) == 2
    assert len(await lines(admin, "?from=2026-11-25&actor=school-1-lead")) == 1
    assert len(await lines(admin, "?to=2026-11-23&action=login")) == 2
    assert await lines(admin, "?from=2026-11-24&to=2026-11-24") == []
    assert len(await lines(admin, f"?target={HERE.teacher}")) == 2
    assert await lines(admin, "?action=login&target=nothing") == []


async def test_pages_follow_each_other_without_loss(world: World, admin: Client) -> None:
    for number in range(23):
        await admin.call("POST", f"/api/rooms/{HERE.room}/terminals/code")
        if number % 5 == 0:
            world.services.clock.advance(seconds=1)  # type: ignore[attr-defined]
    found, after = [], ""
    while True:
        page = await admin.call("GET", f"/api/audit?action=terminal_code&limit=4{after}")
        found += page["lines"]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert len({one["audit_id"] for one in found}) == len(found) == 23
    assert [one["at"] for one in found] == sorted((one["at"] for one in found), reverse=True)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("from=2020-01-01", "to"),
        ("from=2026-11-02&to=2026-11-01", "to"),
        ("limit=0", "limit"),
        ("limit=9999", "limit"),
        ("limit=x", "limit"),
        ("after=x", "after"),
    ],
)
async def test_a_query_that_cannot_be_is_refused(admin: Client, query: str, field: str) -> None:
    with pytest.raises(ProblemError) as refused:
        await admin.call("GET", f"/api/audit?{query}")
    assert (refused.value.status, refused.value.field) == (422, field)


async def test_only_admins_read_the_log(world: World) -> None:
    for role in (Role.LEAD_TEACHER, Role.INSPECTOR, Role.RESOURCE_ADMIN):
        somebody = await world.sign_in(OURS.person(role))
        with pytest.raises(ProblemError) as refused:
            await lines(somebody)
        assert refused.value.status == 403
