"""Roles are given and taken back in the own branch, and what they allow begins and ends with it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from signaling.access.roles import Role
from signaling.directory.tables import GrantRow
from tests.integration.signaling.media.by_hand import media_request
from tests.support import waiting
from tests.support.control import command, read, until
from tests.support.server import Client, ProblemError
from tests.support.services import ManualClock
from tests.support.two_counties import OURS, THEIRS, World, held_lesson, two_counties

HERE = OURS.school(1)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with two_counties(tmp_path) as made:
        yield made


@pytest.fixture
async def admin(world: World) -> Client:
    return await world.sign_in(OURS.person(Role.COUNTY_ADMIN))


async def give(
    client: Client, person_id: str, role: Role, node_id: str, until: str | None = None
) -> dict[str, Any]:
    body = {"role": role, "node_id": node_id, "until": until}
    return await client.call("POST", f"/api/people/{person_id}/grants", body)


def grant_of(shown: dict[str, Any], role: Role) -> str:
    return next(str(one["grant_id"]) for one in shown["grants"] if one["role"] == role)


async def refusal(call: Any) -> tuple[int, str, str | None]:
    with pytest.raises(ProblemError) as refused:
        await call
    return refused.value.status, str(refused.value.code), refused.value.field


async def test_a_role_works_at_once_in_its_branch_alone_and_ends_at_once(
    world: World, admin: Client
) -> None:
    teacher = await world.sign_in(HERE.teacher)
    assert await refusal(teacher.call("GET", "/api/grants")) == (403, "forbidden", None)
    shown = await give(admin, HERE.teacher, Role.COUNTY_ADMIN, HERE.school)
    found = await teacher.call("GET", "/api/grants")
    assert {one["home"]["node_id"] for one in found["people"]} == {HERE.school}
    grant_id = grant_of(shown, Role.COUNTY_ADMIN)
    await admin.call("DELETE", f"/api/people/{HERE.teacher}/grants/{grant_id}")
    assert (await refusal(teacher.call("GET", "/api/grants")))[0] == 403


async def test_a_role_counts_no_more_when_its_time_is_over_and_is_removed(tmp_path: Path) -> None:
    clock = ManualClock()
    async with two_counties(tmp_path, clock) as world:
        admin = await world.sign_in(OURS.person(Role.COUNTY_ADMIN))
        teacher = await world.sign_in(HERE.teacher)
        end = clock.now() + timedelta(hours=1)
        await give(admin, HERE.teacher, Role.INSPECTOR, OURS.mark, end.isoformat())
        assert "inspector" in (await teacher.call("GET", "/api/me"))["roles"]
        clock.advance(hours=1)
        assert "inspector" not in (await teacher.call("GET", "/api/me"))["roles"]
        services = world.services
        await services.directory_desk.grants.remove_ended()
        await services.directory_desk.grants.remove_ended()
        (entry,) = await services.audit.entries("grant_end")
        assert (entry.actor_id, entry.target, entry.path) == (
            "system",
            HERE.teacher,
            f"/cn/{OURS.mark}/",
        )
        shown = await admin.call("GET", f"/api/grants?q={HERE.teacher}")
        roles = [one["role"] for one in shown["people"][0]["grants"]]
        assert roles == [Role.LEAD_TEACHER]


async def test_who_loses_the_role_leaves_the_lesson_and_who_has_another_stays(
    world: World, admin: Client
) -> None:
    lesson_id = await held_lesson(world, HERE)
    researcher = OURS.person(Role.RESEARCHER)
    watching = await world.sign_in(researcher)
    teaching = await world.sign_in(HERE.teacher)
    shown = await give(admin, HERE.teacher, Role.INSPECTOR, OURS.mark)
    async with watching.channel(lesson_id) as far, teaching.channel(lesson_id) as lead:
        await until(far, "snapshot")
        await until(lead, "snapshot")
        inspector = grant_of(shown, Role.INSPECTOR)
        await admin.call("DELETE", f"/api/people/{HERE.teacher}/grants/{inspector}")
        found = await admin.call("GET", f"/api/grants?q={researcher}&role=researcher")
        (person,) = [one for one in found["people"] if one["person_id"] == researcher]
        taken = grant_of(person, Role.RESEARCHER)
        await admin.call("DELETE", f"/api/people/{researcher}/grants/{taken}")
        assert (await until(far, "bye"))["reason"] == "forbidden"
        await command(lead, "mute_all", muted=True)
        assert (await until(lead, "mute_changed"))["muted_all"] is True


async def test_who_loses_the_role_on_the_way_into_the_room_does_not_enter(
    world: World, admin: Client
) -> None:
    lesson_id = await held_lesson(world, HERE)
    researcher = OURS.person(Role.RESEARCHER)
    watching = await world.sign_in(researcher)
    (person,) = (await admin.call("GET", f"/api/grants?q={researcher}&node={OURS.mark}"))["people"]
    taken = grant_of(person, Role.RESEARCHER)
    url = f"{watching.base}/ws/lessons/{lesson_id}"
    async with watching.http.ws_connect(url) as ws:  # the server waits for hello
        # Once the seat was judged, the log tells of it.
        await waiting.until(lambda: world.services.audit.entries("observe"))
        await admin.call("DELETE", f"/api/people/{researcher}/grants/{taken}")
        await ws.send_json({"type": "hello"})
        message = await read(ws)
        assert (message["type"], message.get("reason")) == ("bye", "forbidden")
    room = world.services.hub.room(lesson_id)
    assert room is not None and room.channels == ()


async def test_a_media_token_is_void_once_the_role_is_gone(world: World, admin: Client) -> None:
    lesson_id = await held_lesson(world, HERE)
    researcher = OURS.person(Role.RESEARCHER)
    watching = await world.sign_in(researcher)
    endpoint = (await watching.media_access(lesson_id))["watch"]

    async def open_session() -> str:
        _, problem, _ = await media_request(
            watching, "POST", endpoint["url"], token=endpoint["token"]
        )
        return str(problem["code"])

    assert await open_session() != "invalid_token"  # only the offer is not good
    (person,) = (await admin.call("GET", f"/api/grants?q={researcher}&node={OURS.mark}"))["people"]
    taken = grant_of(person, Role.RESEARCHER)
    await admin.call("DELETE", f"/api/people/{researcher}/grants/{taken}")
    assert await open_session() == "invalid_token"


async def test_a_county_keeps_its_last_admin(world: World, admin: Client) -> None:
    me = OURS.person(Role.COUNTY_ADMIN)
    (mine,) = (await admin.call("GET", f"/api/grants?q={me}"))["people"]
    path = f"/api/people/{me}/grants/{grant_of(mine, Role.COUNTY_ADMIN)}"
    soon = (world.services.clock.now() + timedelta(days=1)).isoformat()
    assert await refusal(admin.call("DELETE", path)) == (409, "last_admin", None)
    limited = give(admin, me, Role.COUNTY_ADMIN, OURS.mark, soon)
    assert (await refusal(limited))[:2] == (409, "last_admin")
    # One whose time ends is no admin that stays: in the place of one who stays, a county has none.
    await give(admin, HERE.teacher, Role.COUNTY_ADMIN, OURS.mark, soon)
    assert (await refusal(admin.call("DELETE", path)))[:2] == (409, "last_admin")
    assert (await refusal(give(admin, me, Role.COUNTY_ADMIN, OURS.mark, soon)))[0] == 409
    # An admin of one school is none of the county; the admin of the school goes freely.
    await give(admin, HERE.teacher, Role.COUNTY_ADMIN, OURS.mark)
    await admin.call("DELETE", path)
    teacher = await world.sign_in(HERE.teacher)
    (school,) = (await teacher.call("GET", f"/api/grants?q={HERE.person(Role.COUNTY_ADMIN)}"))[
        "people"
    ]
    grant_id = grant_of(school, Role.COUNTY_ADMIN)
    await teacher.call("DELETE", f"/api/people/{school['person_id']}/grants/{grant_id}")


async def test_nobody_gives_more_than_the_own_right(world: World, admin: Client) -> None:
    end = world.services.clock.now() + timedelta(days=30)
    await give(admin, HERE.teacher, Role.COUNTY_ADMIN, HERE.school, end.isoformat())
    teacher = await world.sign_in(HERE.teacher)
    assistant = HERE.person(Role.ASSISTANT)
    for role, node_id, until_at, code, field in (
        (Role.COUNTY_ADMIN, HERE.school, None, "longer_than_yours", "until"),
        (Role.COUNTY_ADMIN, OURS.mark, None, "unknown_node", "node_id"),
        (Role.ASSISTANT, OURS.school(2).school, None, "unknown_node", "node_id"),
        (Role.ASSISTANT, THEIRS.mark, None, "unknown_node", "node_id"),
        (Role.RECEIVE_ROOM, HERE.school, None, "role_of_rooms", "role"),
        (Role.RESEARCHER, HERE.school, "2026-01-01T00:00:00Z", "time_out_of_range", "until"),
    ):
        asked = give(teacher, assistant, role, node_id, until_at)
        assert await refusal(asked) == (422, code, field)
    longer = give(teacher, HERE.teacher, Role.COUNTY_ADMIN, HERE.school)
    assert (await refusal(longer))[1] == "longer_than_yours"
    await give(teacher, assistant, Role.RESEARCHER, HERE.school)
    shown = await give(teacher, assistant, Role.COUNTY_ADMIN, HERE.school, end.isoformat())
    held = {one["role"]: one["granted_by"] for one in shown["grants"]}
    assert held == {
        Role.ASSISTANT: None,
        Role.RESEARCHER: HERE.teacher,
        Role.COUNTY_ADMIN: HERE.teacher,
    }


async def test_people_come_in_pages_with_search(world: World, admin: Client) -> None:
    found, after = [], ""
    while True:
        page = await admin.call("GET", f"/api/grants?q={OURS.mark}{after}")
        found += [one["person_id"] for one in page["people"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert found == sorted(found)
    assert len(found) == 18  # six of the county, and of each school
    one_school = await admin.call("GET", f"/api/grants?node={HERE.school}&role=assistant")
    assert [one["person_id"] for one in one_school["people"]] == [HERE.person(Role.ASSISTANT)]
    nodes = (await admin.call("GET", "/api/grants/nodes?q=school-2"))["nodes"]
    assert nodes == [
        {
            "node_id": OURS.school(2).school,
            "name": OURS.school(2).school,
            "level": "school",
            "above": OURS.mark,
        }
    ]


async def test_nobody_plans_with_a_role_whose_time_is_over(tmp_path: Path) -> None:
    clock = ManualClock()
    async with two_counties(tmp_path, clock) as world:
        admin = await world.sign_in(OURS.person(Role.COUNTY_ADMIN))
        guest = HERE.person(Role.ASSISTANT)
        end = (clock.now() + timedelta(hours=1)).isoformat()
        await give(admin, guest, Role.LEAD_TEACHER, HERE.school, end)

        async def teachers() -> set[str]:
            found = await admin.call("GET", "/api/directory")
            return {one["person_id"] for one in found["lead_teachers"]}

        assert guest in await teachers()
        clock.advance(hours=2)  # and nobody has removed it yet
        assert guest not in await teachers()
        wish = {
            "title": "课",
            "class_kind": "dedicated",
            "subject": "语文",
            "grade": "一年级",
            "starts_at": clock.now().isoformat(),
            "ends_at": (clock.now() + timedelta(minutes=40)).isoformat(),
            "lead_teacher_id": guest,
            "receive_room_ids": [HERE.room],
        }
        refused = (422, "unknown_teacher", "lead_teacher_id")
        assert await refusal(admin.call("POST", "/api/lessons", wish)) == refused
        plan = {
            **{key: wish[key] for key in ("title", "class_kind", "grade", "lead_teacher_id")},
            "county_id": OURS.mark,
            "term_id": f"{OURS.mark}-term",
            "kind": "periodic",
            "subject_id": f"{OURS.mark}-subject",
            "seats": [{"room_id": HERE.room}],
            "weekday": 1,
            "weeks": "2周",
            "starts": "09:00:00",
            "ends": "09:40:00",
        }
        assert await refusal(admin.call("POST", "/api/timetable/plans", plan)) == refused


async def test_a_role_beyond_the_branch_guards_an_account_only_as_long_as_it_holds(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    async with two_counties(tmp_path, clock) as world:
        theirs = await world.sign_in(THEIRS.person(Role.COUNTY_ADMIN))
        ours = await world.sign_in(OURS.person(Role.COUNTY_ADMIN))
        end = clock.now() + timedelta(hours=1)
        row = GrantRow(
            grant_id="guest",
            person_id=HERE.teacher,
            role=Role.RESEARCHER,
            node_id=THEIRS.mark,
            until=end,
        )
        async with world.services.database.write() as session:
            session.add(row)
        body = {"person_ids": [HERE.teacher]}
        reset = "/api/accounts/slips"
        assert (await refusal(ours.call("POST", reset, body)))[:2] == (403, "beyond_branch")
        clock.advance(hours=2)
        assert len((await ours.call("POST", reset, body))["slips"]) == 1
        assert (await refusal(theirs.call("POST", reset, body)))[0] == 422
