"""Every other route of the library × role × place in the org tree × state; see `test_matrix.py`.

Recommendations, series, recordings, and what has no id of an object. The expectations are written
down here by hand, too, and nothing that is asked for changes anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select

from signaling.access.roles import Role
from signaling.base.columns import Base
from signaling.library import resource_routes
from signaling.library import routes as recording_routes
from signaling.library.series.wire import SeriesCreate, SeriesScope
from tests.integration.signaling.library.resource_acts import Stage, stage
from tests.integration.signaling.library.test_matrix import (
    AT_ONCE,
    AT_SCHOOL,
    EVERYBODY,
    FAR,
    HERE,
    MAY,
    NEXT_DOOR,
    NOBODY,
    OPERATORS,
    OWNER,
    REFUSED,
    REVIEWERS,
    ROOM,
    WORKERS,
)
from tests.support.resources import shelve
from tests.support.server import Client
from tests.support.two_counties import OURS, THEIRS

pytestmark = pytest.mark.asyncio(loop_scope="module")

Route = tuple[str, str]
Expected = dict[Route, tuple[Collection[str], Any]]  # who is let through, and a body for nothing
SIGNED_IN = frozenset(EVERYBODY) - {NOBODY}
ABOVE = OURS.person(Role.RESOURCE_ADMIN)  # decides for the county
OURS_ALL = frozenset(who for who in EVERYBODY if who.startswith(OURS.mark))


def people(*roles: Role) -> frozenset[str]:
    """Everybody with one of these roles, anywhere."""
    return frozenset(who for who in EVERYBODY if who.rpartition("-")[2] in roles)


ADMINS = people(Role.RESOURCE_ADMIN, Role.COUNTY_ADMIN)
AUTHORS = ADMINS | people(Role.LEAD_TEACHER)
OBSERVERS = ADMINS | people(Role.RESEARCHER, Role.INSPECTOR)
OUR_ADMINS = frozenset(
    who for who in ADMINS if who.startswith(HERE.school) or who.startswith(f"{OURS.mark}-r")
) | {OURS.person(Role.COUNTY_ADMIN)}
NEAR = frozenset(who for who in OBSERVERS if who.startswith((HERE.school, f"{OURS.mark}-r")))
NEAR |= {OURS.person(Role.COUNTY_ADMIN)}
STALE = {"revision": 99}
_ITEM = {"resource_id": "none", "revision": 99}
_RULE = {"node_id": "none", "kind": "withdrawn", "choice": "keep"}

LISTS: Expected = {
    ("GET", "/api/resources/mine"): (SIGNED_IN, None),
    ("GET", "/api/reviews"): (people(Role.RESOURCE_ADMIN), None),
    ("GET", "/api/publications"): (people(Role.RESOURCE_ADMIN), None),
    ("POST", "/api/reviews/batch"): (AUTHORS, {"verdict": "none", "items": [_ITEM]}),
    ("GET", "/api/review-policies"): (ADMINS, None),
    ("PUT", "/api/review-policies"): (
        people(Role.COUNTY_ADMIN),
        {"node_id": "none", "levels": 2},
    ),
    ("GET", "/api/caption-policies"): (ADMINS, None),
    ("PUT", "/api/caption-policies"): (
        people(Role.COUNTY_ADMIN),
        {"node_id": "none", "version": 0},
    ),
    ("GET", "/api/retention-rules"): (ADMINS, None),
    ("PUT", "/api/retention-rules"): (people(Role.COUNTY_ADMIN), _RULE),
    ("GET", "/api/deletions/due"): (ADMINS, None),
    ("GET", "/api/deletions/mine"): (SIGNED_IN, None),
    ("GET", "/api/deletions/resources"): (ADMINS, None),
    ("GET", "/api/deletions/done"): (ADMINS, None),
    ("POST", "/api/deletions/exports"): (ADMINS, {"language": "none"}),
    ("GET", "/api/legal-holds"): (ADMINS, None),
    ("GET", "/api/library"): (EVERYBODY, None),
    ("GET", "/api/library/facets"): (EVERYBODY, None),
    ("GET", "/api/library/tree"): (EVERYBODY, None),
    ("POST", "/api/resources/uploads"): (
        people(Role.LEAD_TEACHER, Role.RESOURCE_ADMIN, Role.RESEARCHER),
        {"file_id": "none", "title": "x"},
    ),
    ("GET", "/api/recommendations"): (people(Role.RESOURCE_ADMIN), None),
    ("POST", "/api/recommendations/batch"): (people(Role.RESOURCE_ADMIN), {"verdict": "none"}),
    ("GET", "/api/series"): (EVERYBODY, None),
    ("POST", "/api/series"): (AUTHORS, {"title": "x", "resource_id": "none"}),
    ("GET", "/api/coverage"): (OBSERVERS, None),
    ("GET", "/api/resource-uses"): (OBSERVERS, None),
    ("POST", "/api/resource-figures/exports"): (OBSERVERS, {"kind": "none"}),
    ("GET", "/api/recordings"): (SIGNED_IN, None),
}
# What lies in one place: others hear that it is not there.
_NODE = "/api/caption-policies/{node_id}"
PLACES: Expected = {
    ("GET", _NODE): (OUR_ADMINS, None),
    ("GET", "/api/coverage/schools/{school_id}"): (NEAR, None),
    ("GET", "/api/recordings/{recording_id}"): (AT_SCHOOL | NEAR, None),
    ("GET", "/media/recordings/{recording_id}/{file}"): (AT_SCHOOL | NEAR, None),
}
_COPY, _SERIES = "/api/recommendations/{reference_id}", "/api/series/{series_id}"
COPIES: Expected = {
    ("GET", _COPY): (WORKERS, None),
    ("POST", f"{_COPY}/pass"): ({ABOVE}, STALE),
    ("POST", f"{_COPY}/reject"): ({ABOVE}, STALE | {"reason": "x"}),
    ("POST", f"{_COPY}/forward"): ({ABOVE}, STALE | {"to_person_id": "x"}),
    ("GET", f"{_COPY}/reviewers"): ({ABOVE}, None),
    ("POST", f"{_COPY}/recall"): (REVIEWERS, STALE),
    ("PUT", f"{_COPY}/publication"): ({ABOVE}, STALE | {"scope": "branch"}),
    ("POST", f"{_COPY}/withdraw"): (
        {ABOVE, OURS.person(Role.COUNTY_ADMIN)},
        STALE | {"reason": "outdated"},
    ),
}
COPY_STATES = ("in_review", "passed", "published", "withdrawn", "recalled")
_SERIES_BODY = {"version": 99, "title": "x", "introduction": "", "scope": "private"}
SERIES: Expected = {
    ("GET", _SERIES): (EVERYBODY, None),
    ("PUT", _SERIES): (WORKERS, _SERIES_BODY),
    ("DELETE", _SERIES): (WORKERS, None),
    ("PUT", f"{_SERIES}/entries"): (WORKERS, {"version": 99, "resource_ids": []}),
    ("POST", f"{_SERIES}/entries"): (WORKERS, {"resource_id": "none"}),
}
SEES_SERIES: dict[SeriesScope, Collection[str]] = {
    SeriesScope.PRIVATE: WORKERS,
    SeriesScope.SCHOOL: AT_SCHOOL | WORKERS,
    SeriesScope.COUNTY: OURS_ALL,
    SeriesScope.SIGNED_IN: SIGNED_IN,
    SeriesScope.PUBLIC: EVERYBODY,
}
UNCHANGED = (
    *("resources", "resource_versions", "publications", "reference_copies", "series"),
    *("series_entries", "review_policies", "retention_rules", "jobs"),
)


@dataclass
class Beside:
    """Recommendations in each state, series in each scope, and everybody who may ask for them."""

    stage: Stage
    clients: dict[str, Client]
    copies: dict[str, str]
    series: dict[SeriesScope, str]

    async def ask(self, who: str, route: Route, body: Any, **ids: str) -> tuple[int, str]:
        method, path = route
        path = path.format(file="camera.webm", **ids)
        if method == "DELETE":
            path += "?version=99"
        client = self.clients[who]
        headers = {"X-CSRF-Token": client.identity.get("csrf_token", "")}
        async with client.http.request(
            method, client.base + path, json=body, headers=headers
        ) as answer:
            return answer.status, (await answer.read()).decode(errors="replace")

    async def rows(self) -> list[str]:
        kept: list[str] = []
        async with self.stage.world.services.database.read() as session:
            for name in UNCHANGED:
                table = Base.metadata.tables[name]
                kept += map(repr, (await session.execute(select(table))).all())
        return sorted(kept)


async def _recommended(at: Stage, state: str) -> str:
    """A recommendation of a resource of its own to the county; its id."""
    services = at.world.services
    at.resource_id = await shelve(services, f"to-{state}", teacher=OWNER, room=ROOM)
    await at.published("school")
    path = f"{at.path}/recommendations"
    body = {"from_node_id": HERE.school, "version": 1}
    chain = await at.school_admin.call("POST", path, body)
    copy = next(one["reference_id"] for one in chain["steps"] if one["reference_id"])
    deeds: dict[str, list[tuple[Client, str, str, Any]]] = {
        "passed": [(at.county_admin, "POST", "pass", {})],
        "recalled": [(at.school_admin, "POST", "recall", {})],
    }
    deeds["published"] = [*deeds["passed"], (at.county_admin, "PUT", "publication", {})]
    deeds["withdrawn"] = [*deeds["published"], (at.county_admin, "POST", "withdraw", {})]
    more = {"publication": {"scope": "branch"}, "withdraw": {"reason": "outdated"}}
    for number, (who, method, deed, _) in enumerate(deeds.get(state, []), 1):
        body = {"revision": number} | more.get(deed, {})
        await who.call(method, f"/api/recommendations/{copy}/{deed}", body)
    return str(copy)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def beside(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Beside]:
    async with stage(tmp_path_factory.mktemp("beside")) as at:
        world = at.world
        copies = {state: await _recommended(at, state) for state in COPY_STATES}
        owner, desk = await world.actor(OWNER), world.services.resources.series.desk
        series = {}
        for scope in SeriesScope:
            series[scope] = await desk.create(owner, SeriesCreate(f"series-{scope}"))
            if scope is not SeriesScope.PRIVATE:
                kept = await at.school_admin.call("GET", f"/api/series/{series[scope]}")
                body = _SERIES_BODY | {"version": kept["series"]["version"], "scope": scope}
                await at.school_admin.call("PUT", f"/api/series/{series[scope]}", body)
        clients = {who: await world.sign_in(who) for who in EVERYBODY if who not in {NOBODY, ROOM}}
        clients |= {NOBODY: world.client(), ROOM: await world.terminal(ROOM)}
        yield Beside(at, clients, copies, series)


async def test_every_route_of_the_library_is_walked_here_or_there() -> None:
    routes = (*resource_routes.ROUTES, *recording_routes.ROUTES)
    walked = {*MAY, *LISTS, *PLACES, *COPIES, *SERIES}
    assert {(one.method, one.path) for one in routes} == walked


def _fits(route: Route, status: int, refused: set[int] | None) -> bool:
    if refused is not None:
        return status in refused
    return status in ({200, 206} if route[0] == "GET" else REFUSED)


async def _walk(
    beside: Beside, asked: Iterable[tuple[str, Route, Any, set[int] | None]], **ids: str
) -> None:
    """Ask all of it; `None` says that the caller is let through."""
    before, turn = await beside.rows(), asyncio.Semaphore(AT_ONCE)

    async def one(who: str, route: Route, body: Any, refused: set[int] | None) -> str | None:
        async with turn:
            status, text = await beside.ask(who, route, body, **ids)
        if _fits(route, status, refused):
            return None
        return f"{who} {route}: {status} {text[:150]}, wanted {refused or 'to be let through'}"

    told = await asyncio.gather(*(one(*each) for each in asked))
    assert [line for line in told if line is not None] == []
    assert await beside.rows() == before


async def test_who_gets_the_lists(beside: Beside) -> None:
    await _walk(
        beside,
        (
            (who, route, body, None if who in may else {401} if who == NOBODY else {403})
            for route, (may, body) in LISTS.items()
            for who in EVERYBODY
        ),
    )


async def test_lists_hold_what_is_of_ones_own_branch(beside: Beside) -> None:
    """The owner's resources, and what waits for the county, are in no other list."""
    waiting = {beside.copies[state] for state in ("in_review", "passed")}
    for who in EVERYBODY:
        if who in SIGNED_IN:
            mine = await beside.clients[who].call("GET", "/api/resources/mine")
            assert bool(mine["resources"]) is (who == OWNER), who
        if who in people(Role.RESOURCE_ADMIN):
            queue = await beside.clients[who].call("GET", "/api/recommendations")
            found = {one["reference_id"] for one in queue["entries"]}
            assert found == (waiting if who == ABOVE else set()), who


@pytest.mark.parametrize("state", COPY_STATES)
async def test_who_gets_a_recording_or_a_school(beside: Beside, state: str) -> None:
    """The state of the resource changes nothing about its recording."""
    await _walk(
        beside,
        (
            (who, route, body, None if who in may else {401} if who == NOBODY else {404})
            for route, (may, body) in PLACES.items()
            for who in EVERYBODY
        ),
        school_id=HERE.school,
        node_id=HERE.school,
        recording_id=f"to-{state}",
    )


@pytest.mark.parametrize("state", COPY_STATES)
async def test_who_gets_how_far_with_a_recommendation(beside: Beside, state: str) -> None:
    def refused(who: str, may: Collection[str]) -> set[int] | None:
        if who == NOBODY:
            return {401}
        if who in may:
            return None
        return {403} if who in WORKERS else {404}

    await _walk(
        beside,
        (
            (who, route, body, refused(who, may))
            for route, (may, body) in COPIES.items()
            for who in EVERYBODY
        ),
        reference_id=beside.copies[state],
    )


@pytest.mark.parametrize("scope", SeriesScope)
async def test_who_gets_how_far_with_a_series(beside: Beside, scope: SeriesScope) -> None:
    def refused(who: str, route: Route, may: Collection[str]) -> set[int] | None:
        if who == NOBODY and route[0] != "GET":
            return {401}
        if who not in SEES_SERIES[scope]:
            return {404}
        return None if who in may else {403}

    await _walk(
        beside,
        (
            (who, route, body, refused(who, route, may))
            for route, (may, body) in SERIES.items()
            for who in EVERYBODY
        ),
        series_id=beside.series[scope],
    )


async def test_the_walk_has_strangers_and_neighbours() -> None:
    assert {NEXT_DOOR.teacher, FAR.person(Role.RESOURCE_ADMIN)} <= set(EVERYBODY)
    assert THEIRS.person(Role.COUNTY_ADMIN) not in OURS_ALL | OPERATORS
