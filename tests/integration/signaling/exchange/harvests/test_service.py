"""Harvests of another library in both databases: whole, incremental, resumed, removed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import func, select

from signaling.access.signing import Keyring
from signaling.audit.actions import AuditAction
from signaling.command import seed
from signaling.command.work import job_kinds
from signaling.exchange.core.answers import Repository
from signaling.exchange.core.records import PublishedRecord, SharedMetadata
from signaling.exchange.harvests import carrying, rules, service
from signaling.exchange.harvests import store as stores
from signaling.exchange.harvests.carrying import Harvester
from signaling.exchange.harvests.kind import HARVEST, HarvestTask
from signaling.exchange.harvests.rules import BadSource
from signaling.exchange.harvests.store import HarvestStore, source_of
from signaling.exchange.harvests.tables import FederatedRecordRow, HarvestSourceRow
from signaling.exchange.provider import OaiProvider
from signaling.jobs.kinds import JobKinds
from signaling.wiring import Services
from tests.integration.signaling.stores import on_both_stores
from tests.support.jobs import carry_out_jobs
from tests.support.oai_records import MemoryRecords, made_up
from tests.support.server import Client, ProblemError
from tests.support.services import ManualClock, served

COUNTY = seed.COUNTY[0]
PATH = "/api/harvest-sources"
THERE = Repository("邻县", "https://other.example/oai", "a@other.example", "other.example")
WISH = {"county_id": COUNTY, "name": "邻县资源库", "url": "https://other.example/oai"}


class Killed(BaseException):
    """The process ends here."""


class OtherLibrary:
    """Another library of our own kind. Implements `Fetcher`.

    Attributes:
        deadly: requests, by their number, at which the asking process is killed.
        broken: the code with which the next request fails.
    """

    def __init__(self, records: MemoryRecords, page: int = 20) -> None:
        self.clock = ManualClock()
        self.provider = OaiProvider(records, Keyring(b"k" * 32), self.clock, page)
        self.requests: list[dict[str, str]] = []
        self.deadly: set[int] = set()
        self.broken = ""
        self.broken_from = 0  # the first request that is refused; 0 for none

    async def fetch(self, url: str, arguments: Mapping[str, str]) -> bytes:
        assert url == WISH["url"]
        self.requests.append(dict(arguments))
        if len(self.requests) in self.deadly:
            raise Killed
        if 0 < self.broken_from <= len(self.requests):
            raise BadSource("harvest_refused")
        if self.broken:
            raise BadSource(self.broken)
        return await self.provider.answer([*arguments.items()], THERE)


class World:
    """Services, their admin and another library."""

    def __init__(self, services: Services, admin: Client, teacher: Client) -> None:
        self.services = services
        self.admin = admin
        self.teacher = teacher
        self.records = MemoryRecords(made_up(100))
        self.other = OtherLibrary(self.records)

    async def upkeep(self, **hours: float) -> None:
        """A round of upkeep, after some time, and the jobs that it submits."""
        self.services.clock.advance(**hours)  # type: ignore[attr-defined]
        self.other.clock.advance(**hours)
        await self.services.harvests.submit_due()
        kinds = JobKinds().add(HARVEST, Harvester(self.other).harvest)
        await carry_out_jobs(self.services, kinds)

    async def kept(self) -> dict[str, bool]:
        """Identifier of each federated record, and whether it is deleted."""
        async with self.services.database.read() as session:
            rows = (await session.scalars(select(FederatedRecordRow))).all()
        return {row.identifier: row.deleted for row in rows}

    def wanted(self) -> dict[str, bool]:
        """What the other library has."""
        return {
            f"oai:other.example:{key}": record.metadata is None
            for key, record in self.records.by_id.items()
        }

    async def shown(self) -> dict[str, Any]:
        listed = await self.admin.call("GET", f"{PATH}?county_id={COUNTY}")
        (source,) = listed["sources"]
        return dict(source)


@pytest.fixture
async def world(tmp_path: Path, store: dict[str, str]) -> AsyncIterator[World]:
    async with (
        served(tmp_path, **store) as (services, teacher, _),
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http,
    ):
        admin = Client(teacher.base, http)
        await admin.login("xianguan")
        yield World(services, admin, teacher)


@on_both_stores
async def test_a_source_is_harvested_whole_and_then_what_has_changed(world: World) -> None:
    await world.admin.call("POST", PATH, WISH)
    await world.upkeep()
    assert await world.kept() == world.wanted()
    source = await world.shown()
    assert (source["records"], source["under_way"], source["problem"]) == (94, False, "")
    assert source["harvested_at"]
    count = len(world.other.requests)
    await world.upkeep(hours=1)
    assert len(world.other.requests) == count  # not yet due
    now = world.other.clock.now()
    world.records.put(PublishedRecord("r0000001", now))
    world.records.put(PublishedRecord("new", now, metadata=SharedMetadata(title="新课")))
    await world.upkeep(hours=24)
    assert len(world.other.requests) == count + 1
    assert await world.kept() == world.wanted()
    found = await world.teacher.call("GET", "/api/federated-records?q=新课")
    assert [one["identifier"] for one in found["records"]] == ["oai:other.example:new"]
    assert found["records"][0]["source_name"] == "邻县资源库"


async def test_a_source_whose_clock_was_ahead_for_once_is_not_deaf_afterwards(world: World) -> None:
    await world.admin.call("POST", PATH, WISH)
    world.other.clock.advance(days=400)
    await world.upkeep()
    world.other.clock.advance(days=-400)
    now = world.other.clock.now()
    world.records.put(PublishedRecord("new", now, metadata=SharedMetadata(title="新课")))
    await world.upkeep(hours=24)
    assert "oai:other.example:new" in await world.kept()


class Run:
    """What the harvester needs of a job's context."""

    def __init__(self, services: Services) -> None:
        self.database = services.database
        self.clock = services.clock

    def progress(self, done: int, total: int) -> None:
        pass


@on_both_stores
async def test_a_killed_harvest_goes_on_where_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before the first page, in the middle, and between fetching and writing."""
    source = await world.admin.call("POST", PATH, WISH)
    world.other.deadly = {1, 3, 6}
    write = HarvestStore.keep_page
    kills: list[int] = []

    async def keep_page(self: HarvestStore, *arguments: Any) -> bool:
        if len(world.other.requests) == 5 and len(kills) == 2:
            raise Killed
        return await write(self, *arguments)

    monkeypatch.setattr(HarvestStore, "keep_page", keep_page)
    run: Any = Run(world.services)
    while not (await world.shown())["harvested_at"]:
        try:
            await Harvester(world.other).harvest(run, HarvestTask(source["source_id"]))
        except Killed:
            kills.append(len(await world.kept()))
    assert kills == [0, 20, 40, 40]
    assert await world.kept() == world.wanted()
    assert sum("metadataPrefix" in one for one in world.other.requests) == 2  # the first, again
    assert len(world.other.requests) == 5 + 4  # each kill cost one request, and no more


@on_both_stores
async def test_two_servers_submit_a_due_harvest_once(world: World) -> None:
    await world.admin.call("POST", PATH, WISH)
    harvests = world.services.harvests
    due, now = await harvests._store.due(world.services.clock.now()), world.services.clock.now()
    assert len(due) == 1
    await asyncio.gather(*(harvests._submit(row, now) for row in due * 3))
    submitted = await world.services.audit.entries(AuditAction.JOB_SUBMIT)
    assert len(submitted) == 1


async def test_where_too_many_harvests_are_under_way_the_others_wait(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signaling.jobs.service.MAX_OPEN_JOBS", 1)
    for name in ("a", "b"):
        await world.admin.call("POST", PATH, WISH | {"set_spec": name})
    await world.services.harvests.submit_due()
    assert len(await world.services.audit.entries(AuditAction.JOB_SUBMIT)) == 1
    waiting = await HarvestStore(world.services.database).due(world.services.clock.now())
    assert len(waiting) == 1


@on_both_stores
async def test_two_workers_never_write_the_same_page(world: World) -> None:
    await world.admin.call("POST", PATH, WISH)
    async with world.services.database.read() as session:
        row = (await session.scalars(select(HarvestSourceRow))).one()
    source, store = source_of(row), HarvestStore(world.services.database)
    page = await Harvester(world.other)._page(source)
    step = rules.after(source.place, page)
    both = [store.keep_page(source, page.records, step.place, None) for _ in range(2)]
    assert sorted(await asyncio.gather(*both)) == [False, True]
    assert len(await world.kept()) == 20


async def test_a_long_harvest_gives_others_their_turn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "RUN_PAGES", 2)
    await world.admin.call("POST", PATH, WISH)
    await world.upkeep()
    assert (await world.shown())["under_way"]
    assert len(await world.kept()) == 40
    await world.upkeep()
    await world.upkeep()
    assert not (await world.shown())["under_way"]
    assert await world.kept() == world.wanted()


async def test_what_stops_a_harvest_is_told_and_it_is_tried_again(world: World) -> None:
    await world.admin.call("POST", PATH, WISH)
    world.other.broken = "harvest_own_network"
    await world.upkeep()
    assert (await world.shown())["problem"] == "harvest_own_network"
    world.other.broken = ""
    await world.upkeep(hours=1)
    source = await world.shown()
    assert (source["problem"], source["records"]) == ("", 94)


async def test_a_harvest_that_always_fails_is_left_and_can_be_ordered_again(world: World) -> None:
    made = await world.admin.call("POST", PATH, WISH)
    world.other.broken = "harvest_refused"
    asked: list[int] = []
    for _ in range(20):
        before = len(world.other.requests)
        await world.upkeep(days=3)
        asked.append(len(world.other.requests) - before)
    await world.admin.login("xianguan")  # two months later
    assert asked == [1] * rules.MAX_FAILURES + [0] * (20 - rules.MAX_FAILURES)
    source = await world.shown()
    assert (source["problem"], source["failures"]) == ("harvest_refused", rules.MAX_FAILURES)
    assert source["given_up"]
    world.other.broken = ""
    await world.admin.call("POST", f"{PATH}/{made['source_id']}/harvest")
    await world.upkeep()
    source = await world.shown()
    assert (source["problem"], source["failures"], source["given_up"]) == ("", 0, False)
    assert await world.kept() == world.wanted()


async def test_a_place_that_is_refused_is_left_and_the_harvest_begins_anew(world: World) -> None:
    await world.admin.call("POST", PATH, WISH)
    world.other.broken_from = 3  # the first two pages come
    await world.upkeep()
    assert (await world.shown())["problem"] == "harvest_refused"
    assert len(await world.kept()) == 40
    world.other.broken_from = 0
    await world.upkeep(hours=1)
    assert "resumptionToken" not in world.other.requests[3]
    assert await world.kept() == world.wanted()


async def test_the_worker_itself_reaches_no_own_network(world: World) -> None:
    """The kinds of the real worker, without an allow-list."""
    port = world.teacher.base.rpartition(":")[2]
    wish = WISH | {"url": f"http://127.0.0.1:{port}/oai"}
    await world.admin.call("POST", PATH, wish)
    await world.services.harvests.submit_due()
    await carry_out_jobs(world.services, job_kinds(world.services.config))
    assert (await world.shown())["problem"] == "harvest_own_network"


@on_both_stores
async def test_a_removed_source_is_not_found_and_its_records_go(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "SWEPT_AT_ONCE", 40)
    source = await world.admin.call("POST", PATH, WISH)
    await world.upkeep()
    await world.admin.call("DELETE", f"{PATH}/{source['source_id']}")
    assert (await world.admin.call("GET", f"{PATH}?county_id={COUNTY}"))["sources"] == []
    assert (await world.teacher.call("GET", "/api/federated-records"))["records"] == []
    counts = []
    for _ in range(4):
        await world.services.harvests.submit_due()
        counts.append(len(await world.kept()))
    assert counts == [60, 20, 0, 0]
    async with world.services.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(HarvestSourceRow)) == 0
    with pytest.raises(ProblemError, match="source_not_found"):
        await world.admin.call("POST", f"{PATH}/{source['source_id']}/harvest")


@on_both_stores
async def test_federated_records_are_found_by_words_page_by_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signaling.exchange.harvests.routes.PAGE_RECORDS", 9)
    await world.admin.call("POST", PATH, WISH)
    await world.upkeep()
    seen: list[str] = []
    query = "/api/federated-records?q=数学 浮力"
    following = ""
    while True:
        page = await world.teacher.call("GET", query + following)
        seen += [one["identifier"] for one in page["records"]]
        if page["next"] is None:
            break
        following = f"&before={page['next']}"
    wanted = {
        f"oai:other.example:{one.resource_id}"
        for one in made_up(100)
        if one.metadata is not None and one.subject == "数学"
    }
    assert (set(seen), len(seen)) == (wanted, len(wanted))
    assert (await world.teacher.call("GET", "/api/federated-records?q=%25"))["records"] == []


async def test_a_source_that_cannot_be_is_refused_by_field(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for more, field, code in (
        ({"url": "file:///etc/passwd"}, "url", "harvest_bad_url"),
        ({"url": "http://a:b@other.example/"}, "url", "harvest_bad_url"),
        ({"set_spec": "a::b"}, "set_spec", "invalid"),
        ({"county_id": "nowhere"}, "county_id", "unknown_county"),
    ):
        with pytest.raises(ProblemError) as caught:
            await world.admin.call("POST", PATH, WISH | more)
        assert (caught.value.field, caught.value.code) == (field, code)
    await world.admin.call("POST", PATH, WISH)
    with pytest.raises(ProblemError, match="taken"):
        await world.admin.call("POST", PATH, WISH)
    with pytest.raises(ProblemError, match="403"):
        await world.teacher.call("POST", PATH, WISH)
    monkeypatch.setattr(service, "MAX_SOURCES", 1)
    with pytest.raises(ProblemError, match="too_many_sources"):
        await world.admin.call("POST", PATH, WISH | {"set_spec": "other"})
    assert len(await world.services.audit.entries(AuditAction.HARVEST_SOURCE_ADD)) == 1
