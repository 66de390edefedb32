"""Nobody reaches out of the own branch: every route, every role, two counties, two schools.

The routes come from the OpenAPI document. Each id in a path needs a maker in `MAKERS`, so a new
route with an id of a new kind fails here until somebody says how such an object is made.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from signaling.access.roles import Role
from tests.integration.signaling.branch_objects import (
    AT_ONCE_QUERIES,
    FAR,
    FILTERS,
    HERE,
    MAKERS,
    MORE_QUERIES,
    NEXT_DOOR,
    NOTHING,
    OWNERS_ONLY,
    VALUES,
)
from tests.support.schema_example import example
from tests.support.server import Client
from tests.support.two_counties import (
    OURS,
    ROLES,
    THEIRS,
    Place,
    World,
    leaks,
    people_of,
    two_counties,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Those who ask for what is of the other county. In one school alone, a role has no more than in all
# of the county, but for those whose relation is the school itself.
ASKING = (
    *(OURS.person(role) for role in ROLES),
    *(OURS.school(1).person(role) for role in (Role.LEAD_TEACHER, Role.ASSISTANT)),
    OURS.school(1).room,
)
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
PARAMETER = re.compile(r"\{(\w+)\}")
AT_ONCE = 8  # requests
PROTOCOL = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"}  # without which tus answers nothing

# --- routes ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Operation:
    """A route of the OpenAPI document."""

    method: str
    path: str
    query: tuple[str, ...]
    is_open: bool  # also to those who are not signed in, as far as they may see
    content_type: str | None  # of the body, if there is one
    body: bytes  # of the right shape, for all that the shape says

    @property
    def parameters(self) -> tuple[str, ...]:
        """The path up to and including each of its parameters."""
        return tuple(self.path[: found.end()] for found in PARAMETER.finditer(self.path))

    @property
    def ids(self) -> tuple[str, ...]:
        """The path up to and including each of its ids."""
        return tuple(path for path in self.parameters if path not in VALUES)

    def filled(self, ids: Mapping[str, str]) -> str:
        """The path with these ids, by the path up to and including each."""
        parts = iter(self.parameters)
        return PARAMETER.sub(lambda _: {**ids, **VALUES}[next(parts)], self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Walk:
    """The world, and what is asked of it."""

    world: World
    operations: tuple[Operation, ...]
    clients: dict[str, Client]
    ids: dict[tuple[str, Place], str]
    at_once: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    def path(self, operation: Operation, place: Place) -> str:
        """The path of a route with the ids of a school's objects."""
        path = operation.filled({path: self.ids[path, place] for path in operation.ids})
        return f"{path}?version=1" if "version" in operation.query else path

    async def ask(self, who: str, one: Operation, path: str) -> tuple[int, str]:
        """The status and the text of the answer to a request of the right shape."""
        client = self.clients[who]
        async with self.at_once:
            return await self._asked(client, one, path)

    @staticmethod
    async def _asked(client: Client, one: Operation, path: str) -> tuple[int, str]:
        headers = {"X-CSRF-Token": client.identity["csrf_token"], **PROTOCOL}
        if one.content_type is not None:
            headers["Content-Type"] = one.content_type
        async with client.http.request(
            one.method, client.base + path, headers=headers, data=one.body
        ) as answer:
            return answer.status, (await answer.read()).decode(errors="replace")  # .xlsx, too


def _operations(document: dict[str, Any]) -> Iterator[Operation]:
    """Yield the routes that a session opens; the others have no branch to reach out of."""
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if any("session" in way for way in operation["security"]):
                names = (p["name"] for p in operation["parameters"] if p["in"] == "query")
                content = operation.get("requestBody", {}).get("content", {})
                kind = next(iter(content), None)
                body = b""
                if kind == "application/json":
                    body = json.dumps(example(content[kind]["schema"], schemas)).encode()
                is_open = {} in operation["security"]
                yield Operation(method.upper(), path, tuple(names), is_open, kind, body)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def walk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Walk]:
    async with two_counties(tmp_path_factory.mktemp("branches")) as world:
        document = await world.client().call("GET", "/api/openapi.json")
        clients = {who: await world.sign_in(who) for who in people_of(OURS)}
        clients[HERE.room] = await world.terminal(HERE.room)
        theirs = THEIRS.person(Role.COUNTY_ADMIN)
        clients[theirs] = await world.sign_in(theirs)
        ids = {
            (path, place): await maker.make(world, place)
            for place in (HERE, NEXT_DOOR, FAR)
            for path, maker in MAKERS.items()
        }
        await world.services.ledger.counter.catch_up()
        await world.services.ledger.counter.settle()
        yield Walk(world, tuple(_operations(document)), clients, ids)


async def test_every_id_of_a_path_has_a_maker(walk: Walk) -> None:
    missing = {path for one in walk.operations for path in one.ids if path not in MAKERS}
    assert missing == set(), "say in MAKERS how such an object is made"
    assert {path for one in walk.operations for path in one.ids} == set(MAKERS)


async def test_without_a_session_only_media_calendars_and_public_packages_open(walk: Walk) -> None:
    document = await walk.world.client().call("GET", "/api/openapi.json")
    others = {
        path
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if PARAMETER.search(path) and not any("session" in way for way in operation["security"])
    }
    assert {path.split("/")[1] for path in others} == {"whip", "whep", "calendar", "oai"}


async def test_what_the_walk_asks_for_is_there(walk: Walk) -> None:
    """An object that is not there would be 404 for everybody, and prove nothing."""
    admin, unseen = THEIRS.person(Role.COUNTY_ADMIN), []
    for one in walk.operations:
        if one.method != "GET" or not one.ids or OWNERS_ONLY.intersection(one.ids):
            continue
        status, text = await walk.ask(admin, one, walk.path(one, FAR))
        if status == 404 and "{file}" not in one.path:
            unseen.append(f"{one}: {text}")
    assert unseen == []


async def _reached(walk: Walk, one: Operation, who: str, place: Place) -> str | None:
    """Say how somebody reaches an object that lies outside; None: it cannot be told from nothing.

    It is 404. Only a role that may do so to no object at all is refused as for the id of nothing.
    """
    status, text = await walk.ask(who, one, walk.path(one, place))
    if status == 404 and not leaks(text, THEIRS):
        return None
    nothing = one.filled(dict.fromkeys(one.ids, NOTHING))
    admin = Role.COUNTY_ADMIN in who
    if not admin and status == 403 and await walk.ask(who, one, nothing) == (status, text):
        return None
    return f"{one}, asked by {who}: {status} {text[:200]}"


def _outside(walk: Walk, role: Role) -> Iterator[Operation]:
    """Yield the routes to objects of another school that the role has no part in."""
    for one in walk.operations:
        makers = [MAKERS[path] for path in one.ids]
        if makers and all(maker.of_school and role not in maker.shared for maker in makers):
            yield one


@pytest.mark.parametrize("who", ASKING)
async def test_another_countys_objects_are_not_there(walk: Walk, who: str) -> None:
    asked = (_reached(walk, one, who, FAR) for one in walk.operations if one.ids)
    assert [line for line in await asyncio.gather(*asked) if line is not None] == []


@pytest.mark.parametrize("role", ROLES)
async def test_another_schools_objects_are_not_there(walk: Walk, role: Role) -> None:
    asked = (_reached(walk, one, HERE.person(role), NEXT_DOOR) for one in _outside(walk, role))
    assert [line for line in await asyncio.gather(*asked) if line is not None] == []


def _queries(one: Operation) -> Iterator[str]:
    """Yield queries of a list: none, and such as name an object of the other county."""
    yield AT_ONCE_QUERIES.get(one.path, "")
    yield from (f"?{name}={FILTERS[name]}" for name in one.query if name in FILTERS)
    yield from (f"?{query}" for query in MORE_QUERIES.get(one.path, ()))


@pytest.mark.parametrize("who", ASKING)
async def test_lists_hold_nothing_of_another_county(walk: Walk, who: str) -> None:
    async def leak(one: Operation, query: str) -> str | None:
        status, text = await walk.ask(who, one, one.filled({}) + query)
        leaking = leaks(text, THEIRS) or status >= 500
        return f"{one}{query}: {status} {text[:200]}" if leaking else None

    asked = (
        leak(one, query)
        for one in walk.operations
        if one.method == "GET" and not one.ids
        for query in _queries(one)
    )
    assert [line for line in await asyncio.gather(*asked) if line is not None] == []


async def test_nobody_who_is_not_signed_in_reaches_anything(walk: Walk) -> None:
    async with aiohttp.ClientSession() as stranger:
        for one in walk.operations:
            path = walk.path(one, HERE)
            kind = {"Content-Type": one.content_type} if one.content_type else {}
            async with stranger.request(
                one.method, walk.world.base + path, data=one.body, headers=kind
            ) as answer:
                if one.is_open and not one.ids:
                    assert not leaks(await answer.text(), OURS), one
                else:
                    assert answer.status == (404 if one.is_open else 401), one
