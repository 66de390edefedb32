"""Text that no database and no reader can use is refused in words, on both engines."""

import contextlib
import itertools
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec
import pytest
from msgspec import inspect

from signaling.base.text import _strings
from signaling.command import seed
from signaling.http_face import ROUTES
from signaling.web.routes import Access
from signaling.wiring import Services
from tests.support.resources import shelve
from tests.support.server import Client
from tests.support.services import served

NUL = quote("a\0b")
HOSTILE = {"a\0b": "text_control", "\u200b\u200d": "text_invisible"}
KNOWN = {"room_id": seed.RECEIVE_ROOMS[0], "person_id": seed.LEAD_TEACHER}
_names = (f"text{number}" for number in itertools.count())


@pytest.fixture(params=["sqlite", "postgresql"])
async def county(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[tuple[Services, Client, str]]:
    settings = {}
    if request.param == "postgresql":
        settings["database_url"] = request.getfixturevalue("cluster").create(next(_names))
    async with served(tmp_path, **settings) as made:
        yield made


def _example(info: inspect.Type) -> Any:
    """A value of the right form."""
    if isinstance(info, inspect.Metadata):
        info = info.type
    if isinstance(info, inspect.StrType):
        return "1" * 8 if info.pattern else "x"
    if isinstance(info, inspect.EnumType):
        return next(iter(info.cls)).value
    if isinstance(info, inspect.DateTimeType):
        return "2030-01-01T00:00:00Z"
    if isinstance(info, inspect.DateType | inspect.TimeType):
        return "2030-01-01" if isinstance(info, inspect.DateType) else "08:00:00"
    if isinstance(info, inspect.VarTupleType):
        return [_example(info.item_type)] * (info.min_length or 0)
    if isinstance(info, inspect.IntType):
        return info.ge if info.ge is not None else 1
    if isinstance(info, inspect.UnionType):
        return None if info.includes_none else _example(info.types[0])
    if isinstance(info, inspect.StructType):
        return {f.encode_name: _example(f.type) for f in info.fields if f.required}
    return True


def _bodies(struct: type) -> list[tuple[str, dict[str, Any]]]:
    """For each string of a body: its name, and a body that is right but for a place to put it."""
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    right = {f.encode_name: _example(f.type) for f in info.fields if f.required}
    return [(f.encode_name, right) for f in info.fields if any(_strings(f.type))]


def _filled(path: str, ids: Mapping[str, str]) -> str:
    """A path with ids of what is there, where permission is asked before the body is read."""
    return re.sub(r"\{(\w+)\}", lambda part: ids.get(part[1], "x"), path)


async def _answer_to_who_may(
    clients: tuple[Client, ...], method: str, path: str, body: Any = None
) -> tuple[int, Any]:
    """The answer to the first who is let through; permission may be asked before the body."""
    for client in clients:
        status, problem = await _answer(client, method, path, body)
        if status != 403:
            break
    return status, problem


async def _answer(client: Client, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    headers = {"X-CSRF-Token": client.identity["csrf_token"]}
    async with client.http.request(
        method, client.base + path, json=body, headers=headers
    ) as answer:
        text = await answer.text()
        problem = msgspec.json.decode(text) if answer.status >= 400 else {}
        return answer.status, problem


async def test_every_field_of_every_body_refuses_it_and_is_named(
    county: tuple[Services, Client, str],
) -> None:
    services, teacher, lesson_id = county
    resource_id = await shelve(
        services, "shelved", teacher=seed.LEAD_TEACHER, room=seed.RECEIVE_ROOMS[0]
    )
    ids = {**KNOWN, "lesson_id": lesson_id, "resource_id": resource_id}
    clients = [teacher]
    async with contextlib.AsyncExitStack() as stack:
        for login in ("xianguan", "ziyuan"):
            jar = aiohttp.CookieJar(unsafe=True)
            http = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=jar))
            clients.append(Client(teacher.base, http))
            await clients[-1].login(login)
        tried = await _try_every_field(tuple(clients), ids)
    assert tried > 15


async def _try_every_field(clients: tuple[Client, ...], ids: Mapping[str, str]) -> int:
    tried = 0
    for route in ROUTES:
        if not isinstance(route.body, type):
            continue
        path = _filled(route.path, ids)
        for name, right in _bodies(route.body):
            for hostile, code in HOSTILE.items():
                status, problem = await _answer_to_who_may(
                    clients, route.method, path, {**right, name: hostile}
                )
                if status == 404 and ("/x" in path or "/library/" in path):
                    continue  # asked before the body: there is no such object
                found = (status, problem.get("field"))
                assert found == (422, name), (route.path, name, hostile, problem)
                assert problem["code"] in {code, "invalid", "text_control"}
                tried += 1
    return tried


async def test_every_part_of_a_path_and_every_query_refuses_it(
    county: tuple[Services, Client, str],
) -> None:
    _, teacher, _ = county
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        admin = Client(teacher.base, http)
        await admin.login("xianguan")
        await _try_every_path_and_query((teacher, admin))


async def _try_every_path_and_query(clients: tuple[Client, ...]) -> None:
    for route in ROUTES:
        if route.method == "HEAD":
            continue  # its answers have no body to say it in
        path = route.path
        if "{" in path and route.access is not Access.OPEN:
            broken = path
            for part in [p.split("}")[0] for p in path.split("{")[1:]]:
                broken = broken.replace(f"{{{part}}}", NUL)
            status, problem = await _answer_to_who_may(clients, route.method, broken)
            assert (status, problem["code"]) == (404, "not_found"), route.path
        for query in route.query:
            asked = f"{_filled(path, KNOWN)}?{query.name}={NUL}"
            status, problem = await _answer_to_who_may(clients, route.method, asked)
            assert (status, problem["code"], problem["field"]) == (
                422,
                "text_control",
                query.name,
            ), asked


async def test_a_title_that_nobody_can_see_makes_no_lesson(
    county: tuple[Services, Client, str],
) -> None:
    services, client, _ = county
    lesson = await client.new_lesson(title=" 圆的面积\u0041\u030a ", rooms=())
    assert lesson["title"] == "圆的面积\u00c5"
    with pytest.raises(Exception, match="text_invisible"):
        await client.new_lesson(title="\u200b\u2060", rooms=())
    assert len(await services.audit.entries("lesson_create")) == 2


async def test_nul_before_login_is_no_error_of_ours(county: tuple[Services, Client, str]) -> None:
    _, client, _ = county
    for path, body in (
        ("/api/login", {"login": "a\0", "password": "b"}),
        ("/api/login", {"login": "a", "password": "b\0"}),
        ("/api/terminal/lookup", {"join_code": "1234567\0"}),
        ("/api/terminal/login", {"device_token": "a\0"}),
    ):
        status, _ = await _answer(client, "POST", path, body)
        assert status == 422, (path, body)
