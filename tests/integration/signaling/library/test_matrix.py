"""Every route of resources × role × place in the org tree × state: who gets how far.

The expectations are written down here by hand, independent of the table of grants. A deed that is
allowed is asked for with a revision, version or note that cannot be, so that the walk changes
nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from signaling.access.roles import Role
from signaling.audit.actions import AuditAction
from signaling.audit.tables import AuditRow
from signaling.http_face import ROUTES
from signaling.library.versions.tables import PublicationRow, ResourceVersionRow
from tests.integration.signaling.library.resource_acts import Stage, stage
from tests.support.resources import EDITS, METADATA, attached, edition_made, shelve
from tests.support.server import Client
from tests.support.two_counties import OURS, ROLES, THEIRS

pytestmark = pytest.mark.asyncio(loop_scope="module")

HERE, NEXT_DOOR, FAR = OURS.school(1), OURS.school(2), THEIRS.school(1)
NOBODY, ROOM = "nobody", HERE.room
OWNER = HERE.teacher
AT_SCHOOL = {HERE.person(role) for role in ROLES} | {ROOM}
REVIEWERS = {HERE.person(Role.RESOURCE_ADMIN), OURS.person(Role.RESOURCE_ADMIN)}
OPERATORS = {HERE.person(Role.COUNTY_ADMIN), OURS.person(Role.COUNTY_ADMIN)}
WORKERS = {OWNER} | REVIEWERS | OPERATORS  # who sees a resource at work
EVERYBODY = (
    NOBODY,
    ROOM,
    *(HERE.person(role) for role in ROLES),
    *(OURS.person(one) for one in (Role.RESOURCE_ADMIN, Role.COUNTY_ADMIN, Role.RESEARCHER)),
    *(NEXT_DOOR.person(one) for one in (Role.LEAD_TEACHER, Role.RESOURCE_ADMIN)),
    FAR.person(Role.RESOURCE_ADMIN),
    THEIRS.person(Role.COUNTY_ADMIN),
)
STATES = ("draft", "in_review", "passed", "published", "withdrawn")
REFUSED = {404, 409, 422}  # no such file, or for the state or the body
AT_ONCE = 6  # requests

ONE, SHARED = "/api/resources/{resource_id}", "/api/library/{resource_id}"
MEDIA = "/media/resources/{resource_id}/{version}/{file}"
DOWNLOAD = "/media/downloads/{resource_id}/{version}/{file}"
ATTACHMENT = "/media/attachments/{resource_id}/{version}/{file_id}"
EDITION = "/media/resources/{resource_id}/{version}/{edition_id}/{file}"
STALE = {"revision": 99}
# Each route with a resource's id → who may, and a body with which nothing comes of it.
MAY: dict[tuple[str, str], tuple[set[str], Any]] = {
    ("GET", ONE): (WORKERS, None),
    ("GET", f"{ONE}/reviewers"): (REVIEWERS, None),
    ("PUT", f"{ONE}/draft"): ({OWNER}, STALE | {"metadata": METADATA, "edits": EDITS}),
    ("POST", f"{ONE}/submit"): ({OWNER}, STALE | {"pledged": True}),
    ("POST", f"{ONE}/recall"): ({OWNER}, None),
    ("POST", f"{ONE}/versions"): ({OWNER}, None),
    ("POST", f"{ONE}/pass"): (REVIEWERS, STALE),
    ("POST", f"{ONE}/reject"): (REVIEWERS, STALE | {"reason": "x"}),
    ("POST", f"{ONE}/forward"): (REVIEWERS, STALE | {"to_person_id": "x"}),
    ("POST", f"{ONE}/publish"): (REVIEWERS, {"version": 99, "scope": "public"}),
    ("PUT", f"{ONE}/publication"): (REVIEWERS, {"scope": "password"}),
    ("GET", f"{ONE}/nominations"): (WORKERS, None),
    ("POST", f"{ONE}/nominations"): (
        REVIEWERS | OPERATORS,
        {"school_year": 2001, "reason": "x"},
    ),
    ("POST", f"{ONE}/nominations/revoke"): (
        REVIEWERS | OPERATORS,
        {"school_year": 2001, "reason": "x"},
    ),
    ("POST", f"{SHARED}/uses"): (AT_SCHOOL | WORKERS, {"seconds": -1}),
    ("GET", f"{ONE}/recommendations"): (WORKERS, None),
    ("POST", f"{ONE}/recommendations"): (REVIEWERS, {"from_node_id": HERE.school, "version": 99}),
    ("POST", f"{ONE}/edition"): (REVIEWERS, None),
    ("POST", f"{ONE}/withdraw"): ({OWNER} | REVIEWERS | OPERATORS, {"reason": "other"}),
    ("GET", f"{ONE}/retention"): (WORKERS, None),
    ("POST", f"{ONE}/legal-hold"): (OPERATORS, {"reason": "x", "until": "2020-01-01T00:00:00Z"}),
    ("POST", f"{ONE}/legal-hold/release"): (OPERATORS, {"reason": "x"}),
    ("POST", f"{ONE}/delete"): ({OWNER} | OPERATORS, {"note": ""}),
    ("GET", f"{ONE}/share-links"): ({OWNER} | REVIEWERS | OPERATORS, None),
    ("POST", f"{ONE}/share-links"): ({OWNER} | REVIEWERS | OPERATORS, {"days": 0}),
    ("POST", f"{ONE}/share-links/{{link_id}}/revoke"): ({OWNER} | REVIEWERS | OPERATORS, None),
    ("POST", f"{SHARED}/link"): (AT_SCHOOL | WORKERS, {"token": "x"}),
    ("GET", SHARED): (AT_SCHOOL | WORKERS, None),
    ("POST", f"{SHARED}/unlock"): (AT_SCHOOL | WORKERS, {"password": "x"}),
    ("GET", MEDIA): (AT_SCHOOL | WORKERS, None),
    ("GET", EDITION): (AT_SCHOOL | WORKERS, None),
    ("GET", DOWNLOAD): ((AT_SCHOOL | WORKERS) - {ROOM}, None),
    ("POST", f"{ONE}/attachments"): ({OWNER}, {"file_id": "none", "kind": "plan"}),
    ("DELETE", f"{ONE}/attachments/{{file_id}}"): ({OWNER}, None),
    ("GET", f"{ONE}/versions/{{version}}/attachments/{{file_id}}"): (WORKERS, None),
    ("GET", ATTACHMENT): (AT_SCHOOL | WORKERS, None),
    ("POST", f"{ONE}/upload"): ({OWNER}, None),
    ("GET", f"{ONE}/versions/{{version}}/film"): ({OWNER} | REVIEWERS, None),
    ("POST", f"{ONE}/versions/{{version}}/film"): ({OWNER} | REVIEWERS, None),
    ("DELETE", f"{ONE}/versions/{{version}}/film"): ({OWNER} | REVIEWERS, None),
    ("GET", f"{ONE}/versions/{{version}}/film/content"): ({OWNER} | REVIEWERS, None),
    ("GET", f"{ONE}/versions/{{version}}/captions"): (WORKERS, None),
    ("PUT", f"{ONE}/captions"): ({OWNER}, STALE),
    ("POST", f"{ONE}/captions"): ({OWNER} | REVIEWERS, STALE),
}
# Allowed deeds that need no body would be done: their states are walked by other tests.
# What is not there: whoever may fetch it is told so, and each other try is audited.
ABSENT = (("GET", f"{ONE}/versions/{{version}}/film/content"), ("GET", DOWNLOAD))
DONE = {"recall": {"in_review", "passed"}, "versions": {"published", "withdrawn"}}


@dataclass
class Walk:
    """Resources of the first school, one in each state, and everybody who may ask for them."""

    stage: Stage
    clients: dict[str, Client]
    resources: dict[str, str]
    files: dict[str, str]  # beside each of them
    editions: dict[str, str]

    async def ask(self, who: str, route: tuple[str, str], state: str) -> tuple[int, str]:
        method, path = route
        path = path.replace("{resource_id}", self.resources[state])
        edition = self.editions.get(state)
        # No film is ordered here: there is no such version.
        number = "1" if method == "GET" else "99"
        path = path.replace("{version}", number).replace("{edition_id}", edition or "0" * 32)
        path = path.replace("{file}", "a.m3u8" if "/" + (edition or "?") in path else "camera.webm")
        # A file is taken away by nobody here, so that the walk changes nothing.
        path = path.replace("{file_id}", self.files[state] if method == "GET" else "none")
        path = path.replace("{link_id}", "none-such")
        client = self.clients[who]
        headers = {"X-CSRF-Token": client.identity.get("csrf_token", "")}
        async with client.http.request(
            method, client.base + path, json=MAY[route][1], headers=headers
        ) as answer:
            return answer.status, (await answer.read()).decode(errors="replace")

    async def refusals(self) -> int:
        """How many audit rows say that somebody was refused."""
        query = select(func.count()).where(AuditRow.action == AuditAction.RESOURCE_REFUSED)
        async with self.stage.world.services.database.read() as session:
            return await session.scalar(query) or 0

    async def rows(self) -> list[str]:
        async with self.stage.world.services.database.read() as session:
            kept: list[str] = []
            for table in (ResourceVersionRow.__table__, PublicationRow.__table__):
                kept += map(repr, (await session.execute(select(table))).all())
            return sorted(kept)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def walk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Walk]:
    async with stage(tmp_path_factory.mktemp("matrix")) as at:
        world, resources, files, editions = at.world, {}, {}, {}
        owner = await world.actor(OWNER)
        for state in STATES:
            resources[state] = at.resource_id = await shelve(
                world.services, f"in-{state}", teacher=OWNER, room=ROOM
            )
            await at.save()
            files[state] = await attached(world.services, at.resource_id, owner)
            for reached, step in (
                ("in_review", at.submit),
                ("passed", at.pass_),
                ("published", lambda: at.publish("school")),
                ("withdrawn", at.withdraw),
            ):
                if STATES.index(reached) <= STATES.index(state):
                    await step()
        clients = {who: await world.sign_in(who) for who in EVERYBODY if who not in {NOBODY, ROOM}}
        clients |= {NOBODY: world.client(), ROOM: await world.terminal(ROOM)}
        editions["published"] = await edition_made(world.services, resources["published"])
        yield Walk(at, clients, resources, files, editions)


async def test_every_route_of_a_resource_is_walked() -> None:
    routes = [one for one in ROUTES if "{resource_id}" in one.path]
    # What harvesters fetch is public: tests/integration/signaling/exchange.
    walked = {(one.method, one.path) for one in routes if not one.path.startswith("/oai/")}
    assert walked == set(MAY)


def _refused_with(who: str, route: tuple[str, str], state: str) -> set[int] | None:
    """The statuses with which a request is refused; None: the caller is let through."""
    may, _ = MAY[route]
    path = route[1]
    if not path.startswith(ONE):  # the library: whoever it is not for is told of nothing
        if state != "published" or who not in may:
            # A terminal plays what it may not save.
            return {403} if (who, path, state) == (ROOM, DOWNLOAD, "published") else {404}
        return None
    if who == NOBODY:
        return {401}
    if who in may:
        return None
    return {403} if who in WORKERS else {404}


@pytest.mark.parametrize("state", STATES)
async def test_who_gets_how_far(walk: Walk, state: str) -> None:
    before, turn = await walk.rows(), asyncio.Semaphore(AT_ONCE)
    noted, refused = await walk.refusals(), 0

    async def one(who: str, route: tuple[str, str]) -> str | None:
        nonlocal refused
        wanted = _refused_with(who, route, state)
        if wanted is None and state in DONE.get(route[1].rpartition("/")[2], ()):
            return None
        async with turn:
            status, text = await walk.ask(who, route, state)
        if wanted is None:
            there = route[0] == "GET" and route not in ABSENT
            fits = status in ({200, 206} if there else REFUSED)
        else:
            fits = status in wanted
            deed = (route[0] != "GET" or route in ABSENT) and route[1].startswith(ONE)
            refused += (deed and who != NOBODY) or (wanted == {403} and route[1] == DOWNLOAD)
        return None if fits else f"{who} {route}: {status} {text[:150]}, wanted {wanted}"

    told = await asyncio.gather(*(one(who, route) for who in EVERYBODY for route in MAY))
    assert [line for line in told if line is not None] == []
    assert await walk.rows() == before
    # Each deed that somebody may not do has left one row.
    assert await walk.refusals() - noted == refused
