"""What of a resource can be found, and how early it is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.database import Database
from signaling.library.search.core.documents import ANALYSER, Document, Field, read_document
from signaling.library.search.index import SearchIndex
from signaling.library.search.postgres_index import PostgresSearchIndex
from signaling.library.search.sqlite_index import SqliteSearchIndex
from signaling.library.search.tables import DocumentRow
from signaling.library.tables import ResourceRow

_FIRST = datetime(2020, 1, 1, tzinfo=UTC)  # 教科技〔2020〕3号: no lesson of ours is older
_MINUTE = timedelta(minutes=1)
_STEP = 10  # documents of one transaction
_WITHOUT = ~(
    select(DocumentRow.place).where(DocumentRow.resource_id == ResourceRow.resource_id).exists()
)
# PostgreSQL advisory lock: one maker of drafts and documents at a time
RESOURCES_LOCK = 0x544B_5245


def index_of(database: Database) -> SearchIndex:
    """Return the index of this database's engine."""
    return SqliteSearchIndex() if database.is_sqlite else PostgresSearchIndex()


def document_of(row: ResourceRow) -> Document:
    """Return what can be found of a resource."""
    texts = {
        Field.TITLE: row.title,
        Field.PEOPLE: row.lead_teacher,
        Field.WORDS: f"{row.subject} {row.grade}",
    }
    return read_document(row.resource_id, texts, frozenset())


def score_of(row: ResourceRow) -> int:
    """Return a resource's place in the order: minutes since 2020, the newest first."""
    return max(0, (row.started_at - _FIRST) // _MINUTE)


async def put(index: SearchIndex, session: AsyncSession, row: ResourceRow) -> None:
    """Write a resource's document anew."""
    await index.put(session, document_of(row), score_of(row))


async def index_missing(
    database: Database,
    index: SearchIndex,
    told: Callable[[int], None] = lambda _: None,
    turn: asyncio.Lock | None = None,
) -> None:
    """Write the documents of resources that have none, or one by another analyser.

    Args:
        database: where the resources are.
        index: its index.
        told: hears after each step how many documents were written in it.
        turn: held while a transaction is open; see `end_between_turns`.
    """
    turn = turn or asyncio.Lock()
    other = select(DocumentRow.place).where(DocumentRow.analyser != ANALYSER).limit(1)
    async with database.read() as session:
        is_old = await session.scalar(other) is not None
    if is_old:
        async with turn, database.write() as session:
            await database.serialize(session, RESOURCES_LOCK)
            await index.clear(session)
    last = ""
    while ids := await _missing(database, last):
        async with turn:
            written = await _write_some(database, index, ids)
        told(written)
        last = ids[-1]
        await asyncio.sleep(0)


async def _missing(database: Database, last: str) -> Sequence[str]:
    """Return the next resources without a document, so that none is looked at twice."""
    query = (
        select(ResourceRow.resource_id)
        .where(ResourceRow.resource_id > last, _WITHOUT)
        .order_by(ResourceRow.resource_id)
        .limit(_STEP)
    )
    async with database.read() as session:
        return (await session.scalars(query)).all()


async def _write_some(database: Database, index: SearchIndex, ids: Sequence[str]) -> int:
    query = select(ResourceRow).where(ResourceRow.resource_id.in_(ids), _WITHOUT)
    async with database.write() as session:
        await database.serialize(session, RESOURCES_LOCK)
        rows = (await session.scalars(query)).all()
        for row in rows:
            await put(index, session, row)
        return len(rows)
