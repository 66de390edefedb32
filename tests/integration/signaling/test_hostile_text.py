"""Text that no database and no reader can use is refused in words, on both engines."""

import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from msgspec import inspect

from signaling.core.text import _strings
from signaling.http.app import ROUTES
from signaling.http.routes import Access
from signaling.services import Services
from tests.support.server import Client
from tests.support.services import served

NUL = quote("a\0b")
HOSTILE = {"a\0b": "text_control", "\u200b\u200d": "text_invisible"}
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
    if isinstance(info, inspect.VarTupleType):
        return []
    return True


def _bodies(struct: type) -> list[tuple[str, dict[str, Any]]]:
    """For each string of a body: its name, and a body that is right but for a place to put it."""
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    right = {f.encode_name: _example(f.type) for f in info.fields if f.required}
    return [(f.encode_name, right) for f in info.fields if any(_strings(f.type))]


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
    _, client, lesson_id = county
    tried = 0
    for route in ROUTES:
        if not isinstance(route.body, type):
            continue
        path = route.path.replace("{lesson_id}", lesson_id)
        for name, right in _bodies(route.body):
            for hostile, code in HOSTILE.items():
                status, problem = await _answer(
                    client, route.method, path, {**right, name: hostile}
                )
                assert (status, problem["field"]) == (422, name), (route.path, name, hostile)
                assert problem["code"] in {code, "invalid", "text_control"}
                tried += 1
    assert tried > 15


async def test_every_part_of_a_path_and_every_query_refuses_it(
    county: tuple[Services, Client, str],
) -> None:
    _, client, _ = county
    for route in ROUTES:
        path = route.path
        if "{" in path and route.access is not Access.OPEN:
            broken = path
            for part in [p.split("}")[0] for p in path.split("{")[1:]]:
                broken = broken.replace(f"{{{part}}}", NUL)
            status, problem = await _answer(client, route.method, broken)
            assert (status, problem["code"]) == (404, "not_found"), route.path
        for query in route.query:
            asked = f"{path.replace('{lesson_id}', 'x')}?{query.name}={NUL}"
            status, problem = await _answer(client, route.method, asked)
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
