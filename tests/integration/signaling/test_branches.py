"""Nobody reaches out of the own branch: every route, every role, two counties, two schools.

The routes come from the OpenAPI document. Each id in a path needs a maker in `MAKERS`, so a new
route with an id of a new kind fails here until somebody says how such an object is made.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from signaling.access.roles import Role
from signaling.access.signing import fingerprint
from signaling.directory.grants.wire import GrantGive
from signaling.exchange.harvests.wire import HarvestSourceCreate
from signaling.jobs.store import NewJob
from signaling.library.recommending.wire import ResourceRecommend
from signaling.library.series.wire import SeriesCreate, SeriesScope
from signaling.library.sharing.wire import ShareLinkMake
from signaling.timetable.imports.records import ImportRecord
from signaling.timetable.imports.store import add_import
from signaling.timetable.imports.wire import ImportCounts, ImportState
from tests.support.consents import recorded
from tests.support.resources import attached, published
from tests.support.schema_example import example
from tests.support.server import Client
from tests.support.two_counties import (
    OURS,
    ROLES,
    THEIRS,
    Place,
    World,
    held_lesson,
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
HERE, NEXT_DOOR, FAR = OURS.school(1), OURS.school(2), THEIRS.school(1)
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
PARAMETER = re.compile(r"\{(\w+)\}")
AT_ONCE = 8  # requests
NOTHING = "none-such"  # the id of nothing
PROTOCOL = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"}  # without which tus answers nothing

# --- objects --------------------------------------------------------------------------------------

Make = Callable[[World, Place], Awaitable[str]]


@dataclass(frozen=True)
class Maker:
    """How the object behind an id comes to be.

    Attributes:
        make: returns the id of an object of a school, or of its county.
        of_school: the object belongs to the school alone; what holds for the county's is not asked
            of the schools of one county.
        shared: roles that read it in their whole county, though it belongs to one school.
    """

    make: Make
    of_school: bool = True
    shared: frozenset[Role] = frozenset()


def _named(pattern: str) -> Make:
    """An object that the world is furnished with, by its id."""

    async def make(_world: World, place: Place) -> str:
        return pattern.format(county=place.county, school=place.school)

    return make


async def _grant(world: World, place: Place) -> str:
    admin = await world.actor(f"{place.county}-{Role.COUNTY_ADMIN}")
    wish = GrantGive(Role.ASSISTANT, place.school)
    grants = world.services.directory_desk.grants
    shown = await grants.give(admin, place.teacher, wish)
    return next(one.grant_id for one in shown.grants if one.role is Role.ASSISTANT)


async def _terminal(_world: World, place: Place) -> str:
    return fingerprint(place.room)


async def _recording(world: World, place: Place) -> str:
    record = await world.services.lesson_store.lesson(await _lesson(world, place))
    assert record is not None
    assert record.recording_id is not None
    await world.services.drafts.settled()
    return record.recording_id


async def _resource(world: World, place: Place) -> str:
    """A resource of the school that is published to nobody but the school."""
    kept: dict[Place, str] = world.__dict__.setdefault("resources", {})
    if place not in kept:
        kept[place] = await published(world, place)
    return kept[place]


async def _share_link(world: World, place: Place) -> str:
    admin = await world.actor(place.person(Role.RESOURCE_ADMIN))
    links = world.services.resources.sharing.links
    made = await links.make(admin, await _resource(world, place), ShareLinkMake())
    return made.link.link_id


async def _attachment(world: World, place: Place) -> str:
    kept: dict[Place, str] = world.__dict__.setdefault("attachments", {})
    if place not in kept:
        owner = await world.actor(place.teacher)
        kept[place] = await attached(world.services, await _resource(world, place), owner)
    return kept[place]


async def _reference(world: World, place: Place) -> str:
    """A recommendation of the school to its county."""
    kept: dict[Place, str] = world.__dict__.setdefault("references", {})
    if place not in kept:
        admin = await world.actor(place.person(Role.RESOURCE_ADMIN))
        resource_id, desk = await _resource(world, place), world.services.resources
        wish = ResourceRecommend(place.school, 1, f"{place.school}-note")
        await desk.recommending.recommend(admin, resource_id, wish)
        chain = await desk.recommendations.recommendations.chain(admin, resource_id)
        kept[place] = next(one.reference_id for one in chain.steps if one.reference_id)
    return kept[place]


async def _series(world: World, place: Place) -> str:
    teacher = await world.actor(place.teacher)
    wish = SeriesCreate(f"{place.school}-series", scope=SeriesScope.SCHOOL)
    return await world.services.resources.series.desk.create(teacher, wish)


async def _lesson(world: World, place: Place) -> str:
    kept: dict[Place, str] = world.__dict__.setdefault("lessons", {})
    if place not in kept:
        kept[place] = await held_lesson(world, place)
    return kept[place]


async def _job(world: World, place: Place) -> str:
    owner = await world.actor(place.person(Role.COUNTY_ADMIN))
    (path,) = {grant.path for grant in owner.grants}
    services = world.services
    async with services.audit.work(owner, "test") as work:
        job = NewJob("test", b"{}", path)
        record = await services.job_store.add(work, owner, job, services.clock.now())
    return record.job_id


async def _import(world: World, place: Place) -> str:
    owner = await world.actor(place.person(Role.COUNTY_ADMIN))
    services = world.services
    record = ImportRecord(
        import_id=f"{place.school}-import",
        county_id=place.county,
        term_id=f"{place.county}-term",
        school_id=None,
        owner_id=owner.actor_id,
        owner_name=owner.name,
        file_id=NOTHING,
        file_name="x.csv",
        remove_missing=False,
        state=ImportState.READY,
        job_id=NOTHING,
        digest="",
        counts=ImportCounts(),
        version=1,
        created_at=services.clock.now(),
    )
    async with services.audit.work(owner, "test") as work:
        await add_import(work, record)
    return record.import_id


async def _consent(world: World, place: Place) -> str:
    kept: dict[Place, str] = world.__dict__.setdefault("consents", {})
    if place not in kept:
        kept[place] = (await recorded(world, place)).consent_id
    return kept[place]


async def _consent_page(world: World, place: Place) -> str:
    consent_id = await _consent(world, place)
    admin = await world.actor(place.person(Role.COUNTY_ADMIN))
    return (await world.services.consents.reader.get(admin, consent_id)).files[0].file_id


async def _source(world: World, place: Place) -> str:
    admin = await world.actor(f"{place.county}-{Role.COUNTY_ADMIN}")
    url = f"https://{place.school}.example/oai"
    wish = HarvestSourceCreate(place.county, f"{place.county} library", url)
    return (await world.services.harvests.add(admin, wish)).source_id


_TEACHERS = frozenset({Role.LEAD_TEACHER})  # they read the directory of their county

# The path up to and including its id → how there is such an object.
MAKERS: dict[str, Maker] = {
    "/api/lessons/{lesson_id}": Maker(_lesson),
    "/api/lessons/{lesson_id}/stills/{source_id}": Maker(_named("lead.courseware")),
    "/api/recordings/{recording_id}": Maker(_recording),
    "/media/recordings/{recording_id}": Maker(_recording),
    "/media/recordings/{recording_id}/{file}": Maker(_named("thumbnail.jpg")),
    "/api/resources/{resource_id}": Maker(_resource),
    "/api/resources/{resource_id}/share-links/{link_id}": Maker(_share_link),
    "/api/caption-policies/{node_id}": Maker(_named("{school}")),
    "/api/library/{resource_id}": Maker(_resource),
    "/api/recommendations/{reference_id}": Maker(_reference),
    "/api/series/{series_id}": Maker(_series),
    "/api/coverage/schools/{school_id}": Maker(_named("{school}")),
    "/media/resources/{resource_id}": Maker(_resource),
    "/media/resources/{resource_id}/{version}": Maker(_named("1")),
    "/media/resources/{resource_id}/{version}/{file}": Maker(_named("camera.webm")),
    "/media/resources/{resource_id}/{version}/{edition_id}": Maker(_named("0" * 32)),
    "/media/resources/{resource_id}/{version}/{edition_id}/{file}": Maker(_named("a.mp4")),
    "/api/resources/{resource_id}/attachments/{file_id}": Maker(_attachment),
    "/api/resources/{resource_id}/versions/{version}": Maker(_named("1")),
    "/api/resources/{resource_id}/versions/{version}/attachments/{file_id}": Maker(_attachment),
    "/media/downloads/{resource_id}": Maker(_resource),
    "/media/downloads/{resource_id}/{version}": Maker(_named("1")),
    "/media/downloads/{resource_id}/{version}/{file}": Maker(_named("camera.webm")),
    "/media/attachments/{resource_id}": Maker(_resource),
    "/media/attachments/{resource_id}/{version}": Maker(_named("1")),
    "/media/attachments/{resource_id}/{version}/{file_id}": Maker(_attachment),
    "/api/rooms/{room_id}": Maker(_named("{school}-room")),
    "/api/rooms/{room_id}/terminals/{terminal_id}": Maker(_terminal),
    "/api/accounts/{person_id}": Maker(_named("{school}-lead_teacher")),
    "/api/people/{person_id}": Maker(_named("{school}-lead_teacher")),
    "/api/people/{person_id}/grants/{grant_id}": Maker(_grant),
    "/api/directory/nodes/{entry_id}": Maker(_named("{county}"), of_school=False),
    "/api/directory/schools/{entry_id}": Maker(_named("{school}"), shared=_TEACHERS),
    "/api/directory/rooms/{entry_id}": Maker(_named("{school}-room"), shared=_TEACHERS),
    "/api/directory/classes/{entry_id}": Maker(_named("{school}-class"), shared=_TEACHERS),
    "/api/directory/subjects/{entry_id}": Maker(_named("{county}-subject"), of_school=False),
    "/api/directory/pairings/{entry_id}": Maker(_named("{county}-pairing"), of_school=False),
    "/api/directory/teachers/{entry_id}": Maker(_named("{school}-lead_teacher")),
    "/api/counties/{county_id}": Maker(_named("{county}"), of_school=False),
    "/api/timetable/counties/{county_id}": Maker(_named("{county}"), of_school=False),
    "/api/timetable/terms/{term_id}": Maker(_named("{county}-term"), of_school=False),
    "/api/timetable/bells/{schedule_id}": Maker(_named("{county}-bells"), of_school=False),
    "/api/timetable/unwanted-periods/{wish_id}": Maker(
        _named("{county}-unwanted"), of_school=False
    ),
    "/api/timetable/plans/{plan_id}": Maker(_named("{school}-plan")),
    "/api/timetable/imports/{import_id}": Maker(_import, of_school=False),
    "/api/timetable/lessons/{lesson_id}": Maker(_lesson),
    "/api/timetable/proposals/{proposal_id}": Maker(_named("{school}-proposal")),
    "/api/ledger/units/{lesson_id}": Maker(_lesson),
    "/api/ledger/units/{lesson_id}/{room_id}": Maker(_named("{school}-room")),
    "/api/ledger/requirements/{requirement_id}": Maker(
        _named("{county}-requirement"), of_school=False
    ),
    "/api/consents/{consent_id}": Maker(_consent),
    "/api/consents/{consent_id}/files/{file_id}": Maker(_consent_page),
    "/api/consents/classes/{class_id}": Maker(_named("{school}-class")),
    "/api/harvest-sources/{source_id}": Maker(_source, of_school=False),
    "/api/jobs/{job_id}": Maker(_job),
    "/api/files/{file_id}": Maker(_named(NOTHING)),  # a file is its owner's alone
}
# Values in paths that are no ids: the object is named by the query `county`.
VALUES = {"/api/timetable/calendar/{year}": "2026", "/api/ledger/months/{month}": "2026-11"}
# Objects that nobody but the owner is told of: no admin of the own branch either.
OWNERS_ONLY = {"/api/files/{file_id}"}
# Parameters of lists that name an object, with an id of the other county.
FILTERS = {
    "node": FAR.county,
    "county_id": FAR.county,
    "county": FAR.county,
    "parent_id": FAR.county,
    "school_id": FAR.school,
    "school": FAR.school,
    "subject": f"{FAR.school}-resource",
    "center_school_id": FAR.school,
    "point_school_id": THEIRS.school(2).school,
    "subject_id": f"{FAR.county}-subject",
    "room": FAR.room,
    "teacher": FAR.teacher,
    "point": FAR.school,
    "class": f"{FAR.school}-class",
    "term": f"{FAR.county}-term",
    "whose": "branch",
}
# Lists that would wait for something new.
AT_ONCE_QUERIES = {"/api/timetable/changes": "?since=0"}
# Lists that take an object by two parameters.
MORE_QUERIES = {
    "/api/timetable/weeks": (
        f"by=teacher&id={FAR.teacher}",
        f"by=room&id={FAR.room}",
        f"by=school&id={FAR.school}",
    )
}

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
