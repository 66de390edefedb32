"""Resources in the database: pages, and drafts that follow their recordings."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from signaling.access.roles import ROOT_PATH, Actor, Role, held_in
from signaling.base.database import Database
from signaling.library.store import ResourceStore
from signaling.library.tables import ResourceRow
from tests.integration.signaling.library.entries import AT, an_entry

ADMIN = Actor(
    "z",
    "z",
    frozenset({Role.RESOURCE_ADMIN}),
    grants=held_in(ROOT_PATH, [Role.RESOURCE_ADMIN]),
)


@pytest.fixture
def store(database: Database) -> ResourceStore:
    return ResourceStore(database)


async def test_pages_hold_each_resource_once_newest_first(store: ResourceStore) -> None:
    await store.follow([an_entry(f"r{n}", "l", minutes=n // 3) for n in range(8)], AT)
    seen: list[str] = []
    place = None
    while True:
        page, place = await store.page(ADMIN, limit=3, before=place)
        seen += [one.recording_id for one in page]
        if place is None:
            break
        # One that comes meanwhile is newer, and moves nothing.
        await store.follow([an_entry(f"new{len(seen)}", "l", minutes=60)], AT)
    assert seen == [f"r{n}" for n in range(7, -1, -1)]


async def test_a_recording_gets_one_draft_however_often_and_by_whom_it_is_told(
    store: ResourceStore, database: Database
) -> None:
    entries = [an_entry(f"r{n}", "l") for n in range(3)]
    others = ResourceStore(database)
    await asyncio.gather(
        *(each.follow(entries, AT) for each in (store, others) for _ in range(4)),
        *(store.follow([entry], AT) for entry in entries),
    )
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(ResourceRow)) == 3


async def test_only_a_draft_follows_its_recording(store: ResourceStore, database: Database) -> None:
    draft, published = an_entry("draft", "l"), an_entry("published", "l")
    await store.follow([draft, published], AT)
    async with database.write() as session:  # as the review will, whatever it calls the state
        await session.execute(
            update(ResourceRow)
            .where(ResourceRow.recording_id == "published")
            .values(state="published")
        )
    later = AT + timedelta(minutes=3)
    await store.follow([replace(one, started_at=later) for one in (draft, published)], later)
    async with database.read() as session:
        found = await session.execute(
            select(ResourceRow.recording_id, ResourceRow.started_at, ResourceRow.updated_at)
        )
        assert {row.recording_id: (row.started_at, row.updated_at) for row in found} == {
            "draft": (later, later),
            "published": (AT, AT),
        }
