"""The textbook catalogue over HTTP: a dry run, the import, a second one, and the choices."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from signaling.audit.actions import AuditAction
from signaling.base.config import Config
from signaling.command import seed
from signaling.command.work import job_kinds
from signaling.wiring import Services
from tests.support.jobs import carry_out_jobs
from tests.support.server import Client, ProblemError
from tests.support.services import served
from tests.support.uploads import beginning
from tests.unit.signaling.catalogue.test_reading import tag

pytestmark = pytest.mark.asyncio(loop_scope="module")

COUNTY = seed.COUNTY[0]
IMPORTS = "/api/catalogue/imports"
BOOK = "stage=primary&subject=语文&edition=统编版&grade=一年级&volume=上册"


@dataclass
class World:
    """A county with its admin and a teacher."""

    services: Services
    teacher: Client
    admin: Client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder: Path = tmp_path_factory.mktemp("catalogue")
    async with served(folder) as (services, teacher, _):
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as session:
            admin = Client(teacher.base, session)
            await admin.login("xianguan")
            yield World(services, teacher, admin)


def _file(*chapters: str) -> bytes:
    volume = tag("上册", *map(tag, chapters))
    grade = tag("一年级", volume)
    tree = tag("教材", tag("小学", tag("语文", tag("统编版", grade), tag("本县版", grade))))
    return json.dumps(tree).encode()


async def _upload(client: Client, data: bytes) -> str:
    headers = {"Tus-Resumable": "1.0.0", "X-CSRF-Token": client.identity["csrf_token"]}
    begin = headers | beginning(len(data), "目录.json", "import_workbook")
    async with client.http.post(f"{client.base}/api/files", headers=begin) as answer:
        assert answer.status == 201, await answer.text()
        where = answer.headers["Location"]
    piece = headers | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    url = where if where.startswith("http") else client.base + where
    async with client.http.patch(url, data=data, headers=piece) as answer:
        assert answer.status == 204, await answer.text()
    return where.rpartition("/")[2]


async def _imported(world: World, data: bytes, *, apply: bool) -> dict[str, Any]:
    file_id = await _upload(world.admin, data)
    wish = {"county_id": COUNTY, "file_id": file_id, "apply": apply}
    job = await world.admin.call("POST", IMPORTS, wish)
    await carry_out_jobs(world.services, job_kinds(Config()))
    ended = await world.admin.call("GET", f"/api/jobs/{job['job_id']}")
    assert ended["state"] == "done", ended
    return dict(ended["result"])


async def _sections(world: World, asked: str = BOOK) -> list[str]:
    found = await world.teacher.call("GET", f"/api/catalogue/choices?{asked}")
    return list(found["sections"])


async def test_a_file_is_tried_imported_and_a_second_import_changes_nothing(world: World) -> None:
    data = _file("秋天", "小小的船", "江南")
    tried = await _imported(world, data, apply=False)
    assert (tried["applied"], tried["books"], tried["new"]) == (False, 2, 8)
    assert await _sections(world) == []
    done = await _imported(world, data, apply=True)
    assert (done["applied"], done["new"], done["gone"]) == (True, 8, 0)
    assert await _sections(world) == ["秋天", "小小的船", "江南"]
    assert await _sections(world, f"{BOOK}&q=船") == ["小小的船"]
    again = await _imported(world, data, apply=True)
    assert (again["new"], again["moved"], again["gone"], again["unchanged"]) == (0, 0, 0, 6)
    rows = await world.services.audit.entries(AuditAction.CATALOGUE_IMPORT)
    assert [(row.target, row.path) for row in rows] == [(COUNTY, f"/cn/{COUNTY}/")]
    # What a later file drops is no longer offered, but comes back with its place.
    fewer = await _imported(world, _file("江南", "秋天"), apply=True)
    assert (fewer["moved"], fewer["gone"]) == (4, 2)
    assert await _sections(world) == ["江南", "秋天"]
    summary = await world.admin.call("GET", f"/api/counties/{COUNTY}/catalogue")
    assert (summary["books"], summary["chapters"], summary["gone"]) == (2, 4, 2)


async def test_choices_depend_on_what_was_chosen_above(world: World) -> None:
    await _imported(world, _file("秋天"), apply=True)
    found = await world.teacher.call("GET", "/api/catalogue/choices?stage=primary&subject=语文")
    assert found["editions"][:2] == ["统编版", "本县版"]
    assert "人教版" in found["editions"]
    assert (found["grades"][0], found["volumes"]) == ("一年级", ["上册", "下册", "全一册"])
    assert "物理" not in found["subjects"]
    junior = await world.teacher.call("GET", "/api/catalogue/choices?stage=junior")
    assert "物理" in junior["subjects"]
    assert junior["grades"] == ["七年级", "八年级", "九年级"]


async def test_a_file_that_is_no_catalogue_is_told_with_its_reason(world: World) -> None:
    for data, fault in ((b"{]", "catalogue_not_json"), (b"[]", "catalogue_no_books")):
        tried = await _imported(world, data, apply=True)
        assert (tried["applied"], tried["fault"]) == (False, fault)


async def test_only_who_manages_the_county_imports(world: World) -> None:
    wish = {"county_id": COUNTY, "file_id": "x", "apply": False}
    for client, method, path, body, status in (
        (world.teacher, "POST", IMPORTS, wish, 403),
        (world.teacher, "GET", f"/api/counties/{COUNTY}/catalogue", None, 403),
        (world.admin, "POST", IMPORTS, wish, 404),
        (world.admin, "POST", IMPORTS, {**wish, "county_id": "other"}, 422),
        (world.admin, "GET", "/api/catalogue/choices?stage=x", None, 422),
    ):
        with pytest.raises(ProblemError) as refused:
            await client.call(method, path, body)
        assert refused.value.status == status
