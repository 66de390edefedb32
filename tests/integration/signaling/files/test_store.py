"""Rows of files in SQLite and in PostgreSQL."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from signaling.base.database import Database
from signaling.base.ids import new_id
from signaling.files.records import FileRecord, Outcome
from signaling.files.store import FileStore
from signaling.files.wire import FilePurpose, FileState
from tests.integration.signaling.stores import work_in

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LARGE = 5 * 1024**3  # more than an INTEGER of PostgreSQL holds


@pytest.fixture
def store(database: Database) -> FileStore:
    return FileStore(database)


def _file(**more: object) -> FileRecord:
    made = FileRecord(
        file_id=new_id(),
        owner_id="wang",
        purpose=FilePurpose.IMPORT_WORKBOOK,
        state=FileState.COMING,
        name="课表.xlsx",
        media_type=None,
        size=10,
        received=0,
        sha256=None,
        created_at=NOW,
        expires_at=NOW + HOUR,
    )
    return replace(made, **more)


async def _added(database: Database, store: FileStore, **more: object) -> FileRecord:
    record = _file(**more)
    async with work_in(database) as work:
        await store.add(work, record)
    return record


async def test_a_file_grows_and_is_ready_once(database: Database, store: FileStore) -> None:
    made = await _added(database, store, size=LARGE)
    assert await store.file(made.file_id) == made
    await store.grow(made.file_id, LARGE - 1, NOW + 2 * HOUR)
    grown = replace(made, received=LARGE - 1, expires_at=NOW + 2 * HOUR)
    assert await store.file(made.file_id) == grown
    facts = {"media_type": "text/csv", "sha256": "a" * 64, "expires_at": NOW + 3 * HOUR}
    await store.set_ready(made.file_id, Outcome(size=LARGE, **facts))
    ready = replace(grown, state=FileState.READY, received=LARGE, **facts)
    assert await store.file(made.file_id) == ready
    await store.grow(made.file_id, 3, NOW)  # a request that came late
    assert await store.file(made.file_id) == ready


async def test_the_files_of_an_owner_are_counted_by_purpose(
    database: Database, store: FileStore
) -> None:
    await _added(database, store, size=LARGE)
    await _added(database, store, size=7)
    await _added(database, store, purpose=FilePurpose.EXPORT)
    await _added(database, store, owner_id="li")
    async with work_in(database) as work:
        purpose = FilePurpose.IMPORT_WORKBOOK
        assert await store.held(work, "wang", purpose) == (2, LARGE + 7)
        assert await store.held(work, "nobody", purpose) == (0, 0)


async def test_lists_come_in_pages_newest_first(database: Database, store: FileStore) -> None:
    made = [await _added(database, store, created_at=NOW + i * HOUR) for i in range(5)]
    await _added(database, store, owner_id="li")
    found, place = [], None
    while True:
        page, place = await store.page("wang", limit=2, before=place)
        found += page
        if place is None:
            break
    assert found == made[::-1]


async def test_what_is_over_is_found_and_forgotten(database: Database, store: FileStore) -> None:
    old = await _added(database, store)
    young = await _added(database, store, expires_at=NOW + 2 * HOUR)
    assert await store.expired(NOW) == []
    assert await store.expired(NOW + HOUR) == [old.file_id]
    await store.forget([old.file_id])
    assert await store.expired(NOW + 9 * HOUR) == [young.file_id]


async def test_files_of_a_purpose_come_oldest_first(database: Database, store: FileStore) -> None:
    purpose = FilePurpose.EXPORT
    made = [
        await _added(database, store, purpose=purpose, created_at=NOW - i * HOUR) for i in range(3)
    ]
    await _added(database, store)
    assert await store.of_purpose("wang", purpose) == made[::-1]
