"""OAI-PMH over what the library has published, in both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, update

from signaling.access.signing import Keyring
from signaling.base.database import Database
from signaling.exchange.core.answers import Repository
from signaling.exchange.core.nodes import Node
from signaling.exchange.core.records import Key, Selection
from signaling.exchange.harvests import rules
from signaling.exchange.provider import OaiProvider
from signaling.exchange.reading import read_xml
from signaling.joints.library_records import LibraryRecords
from signaling.library.publishing.records import PublicRecords
from signaling.library.versions.tables import PublicationRow
from signaling.library.versions.wire import ShareScope
from tests.support.made_once import put_schema, sqlite_url
from tests.support.publications import BEGIN, publish, resource_id
from tests.support.services import ManualClock

HERE = Repository("库", "https://tongke.example/oai", "a@tongke.example", "tongke.example")


class Library:
    """The library's records and a provider over them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        zone = ZoneInfo("Asia/Shanghai")
        self.clock = ManualClock()
        public = PublicRecords(database, self.clock)
        self.records = LibraryRecords(public, "https://tongke.example/", zone)
        self.provider = OaiProvider(self.records, Keyring(b"k" * 32), ManualClock(), 9)

    async def change(self, number: int, **values: Any) -> None:
        async with self.database.write() as session:
            await session.execute(
                update(PublicationRow)
                .where(PublicationRow.resource_id == resource_id(number))
                .values(**values)
            )

    async def ask(self, **arguments: str) -> Node:
        return read_xml(await self.provider.answer([*arguments.items()], HERE))

    async def harvest(self, **arguments: str) -> dict[str, bool]:
        """Each identifier, and whether it is deleted; fails where one comes twice."""
        found: list[tuple[str, bool]] = []
        arguments = {"verb": "ListRecords", "metadataPrefix": "lom"} | arguments
        while True:
            page = rules.page_of(await self.ask(**arguments))
            assert not page.error, page.error
            found += [(one.identifier, one.metadata is None) for one in page.records]
            if not page.token:
                assert len(dict(found)) == len(found)
                return dict(found)
            arguments = {"verb": "ListRecords", "resumptionToken": page.token}


@pytest.fixture
def library(database: Database) -> Library:
    return Library(database)


def identifier(number: int) -> str:
    return f"oai:tongke.example:{resource_id(number)}"


async def test_each_public_resource_is_harvested_once(library: Library) -> None:
    await publish(library.database, 100)
    everything = {identifier(number): False for number in range(100)}
    assert await library.harvest() == everything
    listed = list((await library.ask(verb="ListSets")).all("ListSets", "set"))
    (spec,) = [one.says("setSpec") for one in listed if one.says("setName") == "数学"]
    odd = {identifier(number): False for number in range(1, 100, 2)}
    assert await library.harvest(set=spec) == odd
    assert len(await library.harvest(set="stage.primary")) == 100


async def test_what_is_no_longer_for_anybody_is_told_as_deleted(library: Library) -> None:
    await publish(library.database, 6)
    later = BEGIN + timedelta(hours=1)
    await library.change(0, withdrawn_at=later, changed_at=later)
    await library.change(1, scope=ShareScope.COUNTY, changed_at=later)
    ended = library.clock.now()
    await library.change(2, expires_at=ended, expired=True, changed_at=later)
    await library.change(3, scope=ShareScope.COUNTY, was_public=False)
    wanted = {identifier(number): number < 3 for number in (0, 1, 2, 4, 5)}
    assert await library.harvest() == wanted
    since = {"from": "2026-09-02T00:30:00Z"}
    assert await library.harvest(**since) == {identifier(number): True for number in range(3)}
    assert await library.records.one(resource_id(3)) is None
    one = await library.records.one(resource_id(0))
    assert one is not None
    assert (one.metadata, one.subject, one.datestamp) == (None, "语文", later)


async def test_what_has_just_ended_is_deleted_at_once(library: Library) -> None:
    await publish(library.database, 3)
    now = library.clock.now()
    await library.change(0, expires_at=now)
    await library.change(1, expires_at=now + timedelta(seconds=1))
    assert await library.harvest() == {identifier(n): n == 0 for n in range(3)}
    library.clock.advance(seconds=1)
    one = await library.records.one(resource_id(1))
    assert one is not None
    assert one.metadata is None


async def test_metadata_is_that_of_the_published_version(library: Library) -> None:
    await publish(library.database, 1)
    one = await library.records.one(resource_id(0))
    assert one is not None
    assert one.metadata is not None
    shared = one.metadata
    assert (shared.title, shared.keywords) == ("浮力 0", ("浮力", "实验"))
    assert shared.page_url == "https://tongke.example/library/r0000000"
    assert (shared.created_on, shared.duration_s) == ("2026-09-02", 2400)
    assert (shared.stage, shared.kind_of_resource, shared.audience) == (
        "primary",
        "lesson",
        "pupils",
    )


async def test_pages_are_cut_by_datestamp_and_id(library: Library) -> None:
    await publish(library.database, 30)
    whole = await library.records.page(Selection(), None, 100)
    keys = [one.key for one in whole]
    assert keys == sorted(keys)
    for place in (0, 6, 7, 13, 28):
        rest = await library.records.page(Selection(), keys[place], 100)
        assert [one.key for one in rest] == keys[place + 1 :]
    assert await library.records.page(Selection(), keys[-1], 100) == []
    window = Selection(since=keys[7].datestamp, before=keys[14].datestamp)
    assert [one.key for one in await library.records.page(window, None, 100)] == keys[7:14]
    assert await library.records.earliest() == keys[0].datestamp
    assert isinstance(keys[0], Key)
    assert isinstance(keys[0].datestamp, datetime)


@pytest.mark.parametrize("subject", [None, "数学"])
@pytest.mark.parametrize("after", [None, (BEGIN, "")])
async def test_sqlite_sorts_nothing_for_a_page_though_it_has_no_statistics(
    tmp_path: Path, subject: str | None, after: tuple[datetime, str] | None
) -> None:
    await put_schema(tmp_path / "tongke.db")
    database = Database(sqlite_url(tmp_path / "tongke.db"))
    asked: list[tuple[str, Any]] = []

    @event.listens_for(database.engine.sync_engine, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        asked.append((statement, values))

    await PublicRecords(database, ManualClock()).page(after=after, subject=subject, limit=100)
    (statement, values) = next(one for one in asked if "FROM publications" in one[0])
    async with database.engine.connect() as connection:
        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        steps = [str(one[-1]) for one in plan]
    await database.close()
    assert any("publications USING INDEX ix_publications_" in one for one in steps), steps
    assert not any("ORDER BY" in one for one in steps), steps
