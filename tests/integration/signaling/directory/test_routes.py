"""The directory over HTTP: two counties, an upload, an import as a job, the old list."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from signaling.access.roles import Role
from signaling.audit.log import SYSTEM
from signaling.base.config import Config
from signaling.command import seed
from signaling.command.work import job_kinds
from signaling.directory.workbooks.wire import DirectoryNoun
from signaling.wiring import Services
from tests.integration.signaling.directory.workbooks.runs import form_titles, sheet
from tests.support.jobs import carry_out_jobs
from tests.support.server import Client, ProblemError
from tests.support.services import served
from tests.support.uploads import beginning

pytestmark = pytest.mark.asyncio(loop_scope="module")

COUNTY = seed.COUNTY[0]
NOUNS = [noun.value for noun in DirectoryNoun]


@dataclass
class World:
    """The demo county, another one, and an admin of each."""

    services: Services
    teacher: Client
    admin: Client
    other: Client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder: Path = tmp_path_factory.mktemp("directory")
    async with served(folder) as (services, teacher, _):
        jars = [aiohttp.CookieJar(unsafe=True) for _ in range(2)]
        async with (
            aiohttp.ClientSession(cookie_jar=jars[0]) as first,
            aiohttp.ClientSession(cookie_jar=jars[1]) as second,
        ):
            await _other_county(services)
            admin, other = Client(teacher.base, first), Client(teacher.base, second)
            await admin.login("xianguan")
            await other.login("bieguan")
            yield World(services, teacher, admin, other)


async def _other_county(services: Services) -> None:
    password_hash = await services.passwords.hash(seed.DEMO_PASSWORD)
    async with services.audit.work(SYSTEM, "test") as work:
        await services.people.add_county(work, "county-lvshui", "绿水县")
        await services.people.add_school(work, "school-lv", "county-lvshui", "绿水小学", "school")
        await services.people.add_room(work, "lvroom1", "school-lv", "录播教室")
        await services.people.add_person(
            work,
            login="bieguan",
            name="别县管理员",
            password_hash=password_hash,
            roles=(Role.COUNTY_ADMIN,),
            node_id="county-lvshui",
        )


async def _refused(client: Client, method: str, path: str, body: object = None) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        await client.call(method, path, body)
    return caught.value


async def test_each_admin_finds_the_own_county_only(world: World) -> None:
    for noun in NOUNS:
        path = f"/api/directory/{noun}"
        mine = await world.admin.call("GET", f"{path}?limit=200")
        theirs = await world.other.call("GET", f"{path}?limit=200")
        assert mine["total"] == len(mine["entries"])
        assert not {str(one) for one in mine["entries"]} & {str(one) for one in theirs["entries"]}
    rooms = await world.other.call("GET", "/api/directory/rooms")
    assert [one["room_id"] for one in rooms["entries"]] == ["lvroom1"]
    for deed, body in (
        ("", {"name": "别", "version": 1}),
        ("/disable", {"version": 1, "confirmed": True}),
        ("/enable", {"version": 1}),
    ):
        method = "POST" if deed else "PUT"
        far = await _refused(world.other, method, f"/api/directory/rooms/shanquan1{deed}", body)
        assert far.status == 404
    far = await _refused(world.other, "GET", "/api/directory/rooms/shanquan1")
    assert far.status == 404
    wish = {"name": "别", "school_id": seed.CENTER_SCHOOL}
    refused = await _refused(world.other, "POST", "/api/directory/rooms", wish)
    assert (refused.status, refused.field) == (422, "school_id")


async def test_a_body_outside_of_the_branch_is_not_even_read(world: World) -> None:
    far = await _refused(world.other, "PUT", "/api/directory/rooms/shanquan1", {"name": 7})
    assert far.status == 404
    near = await _refused(world.admin, "PUT", "/api/directory/rooms/shanquan1", {"name": 7})
    assert (near.status, near.field) == (422, "name")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=10", "limit"),
        ("limit=x", "limit"),
        ("active=ja", "active"),
        ("manageable=1", "manageable"),
        ("after=x", "after"),
    ],
)
async def test_a_page_that_cannot_be_is_refused(world: World, query: str, field: str) -> None:
    refused = await _refused(world.admin, "GET", f"/api/directory/schools?{query}")
    assert (refused.status, refused.field) == (422, field)


async def test_the_list_for_new_lessons_still_has_schools_rooms_and_teachers(world: World) -> None:
    made = await world.admin.call(
        "POST",
        "/api/directory/schools",
        {"name": "新校", "kind": "teaching_point", "county_id": COUNTY},
    )
    room = await world.admin.call(
        "POST", "/api/directory/rooms", {"name": "新教室", "school_id": made["school_id"]}
    )
    whole = await world.teacher.call("GET", "/api/directory")
    (found,) = [one for one in whole["schools"] if one["school_id"] == made["school_id"]]
    assert [one["room_id"] for one in found["rooms"]] == [room["room_id"]]


async def _upload(client: Client, data: bytes) -> str:
    headers = {"Tus-Resumable": "1.0.0", "X-CSRF-Token": client.identity["csrf_token"]}
    begin = headers | beginning(len(data), "教室.xlsx", "import_workbook")
    async with client.http.post(f"{client.base}/api/files", headers=begin) as answer:
        assert answer.status == 201, await answer.text()
        where = answer.headers["Location"]
    piece = headers | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    url = where if where.startswith("http") else client.base + where
    async with client.http.patch(url, data=data, headers=piece) as answer:
        assert answer.status == 204, await answer.text()
    return where.rpartition("/")[2]


async def _done(world: World, client: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    job = await client.call("POST", path, body)
    await carry_out_jobs(world.services, job_kinds(Config()))
    ended = await client.call("GET", f"/api/jobs/{job['job_id']}")
    assert ended["state"] == "done", ended
    return dict(ended["result"])


async def test_a_workbook_is_uploaded_tried_imported_and_exported(world: World) -> None:
    rooms = DirectoryNoun.ROOMS
    data = sheet(rooms, form_titles(rooms), [("山泉教学点", "科学教室", 30)])
    file_id = await _upload(world.admin, data)
    wish = {"noun": "rooms", "node_id": COUNTY, "file_id": file_id}
    tried = await _done(world, world.admin, "/api/directory/imports", wish)
    assert (tried["applied"], tried["added"], tried["issues"]) == (False, 1, [])
    found = await world.admin.call("GET", "/api/directory/rooms?q=科学教室")
    assert found["total"] == 0
    done = await _done(world, world.admin, "/api/directory/imports", {**wish, "apply": True})
    assert (done["applied"], done["added"]) == (True, 1)
    again = await _done(world, world.admin, "/api/directory/imports", {**wish, "apply": True})
    assert (again["added"], again["changed"], again["unchanged"]) == (0, 0, 1)
    made = await _done(
        world, world.admin, "/api/directory/exports", {"noun": "rooms", "node_id": COUNTY}
    )
    path = f"{world.admin.base}/api/files/{made['file_id']}/content"
    async with world.admin.http.get(path) as answer:
        assert (answer.status, (await answer.read())[:2]) == (200, b"PK")
    for method, where, body in (
        ("POST", "/api/directory/imports", wish),
        ("POST", "/api/directory/exports", {"noun": "rooms", "node_id": COUNTY}),
    ):
        refused = await _refused(world.other, method, where, body)
        assert (refused.status, refused.field) == (422, "node_id")
        assert (await _refused(world.teacher, method, where, body)).status == 403
    elsewhere = {**wish, "node_id": "county-lvshui"}  # another's file
    assert (await _refused(world.other, "POST", "/api/directory/imports", elsewhere)).status == 404
