"""Texts by which a resource is found, and how early it is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.database import Database
from signaling.library.references.store import shown_references
from signaling.library.references.tables import ReferenceRow
from signaling.library.references.wire import ReferenceScope
from signaling.library.search.core.documents import ANALYSER, Document, Field, read_document
from signaling.library.search.core.tokens import key
from signaling.library.search.index import SearchIndex
from signaling.library.search.postgres_index import PostgresSearchIndex
from signaling.library.search.sqlite_index import SqliteSearchIndex
from signaling.library.search.tables import DocumentRow
from signaling.library.tables import ResourceRow
from signaling.library.versions.records import metadata_of
from signaling.library.versions.tables import PublicationRow, ResourceVersionRow
from signaling.library.versions.wire import ResourceMetadata, ShareScope
from signaling.library.wire import ResourceState

_FIRST = datetime(2020, 1, 1, tzinfo=UTC)  # 教科技〔2020〕3号: no lesson of ours is older
_MINUTE = timedelta(minutes=1)
# of publications; the textbook tree goes down the first six
FACETS = ("stage", "subject", "edition", "grade", "volume", "section", "school_name")
PUBLISHED = key("in", "library")
EVERYBODY = key("for", "all")
SIGNED_IN = key("for", "known")
_STEP = 10  # documents of one transaction
_WITHOUT = ~(
    select(DocumentRow.place).where(DocumentRow.resource_id == ResourceRow.resource_id).exists()
)
# PostgreSQL advisory lock: one maker of drafts and documents at a time
RESOURCES_LOCK = 0x544B_5245


def index_of(database: Database) -> SearchIndex:
    """Return the index of this database's engine."""
    return SqliteSearchIndex() if database.is_sqlite else PostgresSearchIndex()


def document_of(
    row: ResourceRow,
    publication: PublicationRow | None = None,
    metadata: ResourceMetadata | None = None,
    references: Sequence[ReferenceRow] = (),
) -> Document:
    """Return what can be found of a resource: of what is published, or else of its recording.

    Keys name who may see what is published, and its facets. They narrow only; the condition of a
    search decides.
    """
    if publication is None or metadata is None:
        texts = {
            Field.TITLE: row.title,
            Field.PEOPLE: row.lead_teacher,
            Field.WORDS: f"{row.subject} {row.grade}",
        }
        return read_document(row.resource_id, texts, frozenset())
    m = metadata
    words = (m.subject, m.grade, *m.keywords, m.edition, m.volume, m.section, m.summary)
    texts = {
        Field.TITLE: m.title,
        Field.PEOPLE: f"{m.teacher_name} {m.school_name}".strip(),
        Field.WORDS: " ".join(filter(None, words)),
    }
    return read_document(
        row.resource_id, texts, frozenset((*_keys(publication), *map(_copy_key, references)))
    )


def _keys(publication: PublicationRow) -> Iterator[str]:
    yield PUBLISHED
    match ShareScope(publication.scope):
        case ShareScope.PUBLIC | ShareScope.PASSWORD:
            yield EVERYBODY
        case ShareScope.SIGNED_IN:
            yield SIGNED_IN
        case ShareScope.COUNTY:
            yield people_of(ShareScope.COUNTY, publication.county_id)
        case ShareScope.SCHOOL:
            yield people_of(ShareScope.SCHOOL, publication.node_id)
        case ShareScope.PRIVATE:
            pass
    yield node_key(publication.node_id)
    yield owner_key(publication.owner_id)
    for name in FACETS:
        value = getattr(publication, name)
        if value:
            yield facet_key(name, value)


def _copy_key(copy: ReferenceRow) -> str:
    """Return the key of those for whom a node further up shows a reference copy."""
    if copy.scope == ReferenceScope.PUBLIC:
        return EVERYBODY
    if copy.scope == ReferenceScope.SIGNED_IN:
        return SIGNED_IN
    return branch_key(copy.node_id)  # `private` is seen by those who work there: `node_key`


def branch_key(node_id: str) -> str:
    """Return the key of what a node shows to all who belong to its branch."""
    return key("branch", node_id)


def people_of(scope: ShareScope, node_id: str) -> str:
    """Return the key of what was published for the people of one school or county."""
    return key(f"for{scope}", node_id)


def node_key(node_id: str) -> str:
    """Return the key of what lies in an org node: those who work there see all of it."""
    return key("node", node_id)


def owner_key(person_id: str) -> str:
    """Return the key of what somebody owns."""
    return key("owner", person_id)


def facet_key(name: str, value: str) -> str:
    """Return the key of a value of a facet."""
    return key(name.replace("_", ""), value)


def score_of(row: ResourceRow) -> int:
    """Return a resource's place in the order: minutes since 2020, the newest first."""
    return max(0, (row.started_at - _FIRST) // _MINUTE)


async def put(index: SearchIndex, session: AsyncSession, row: ResourceRow) -> None:
    """Write a resource's document anew."""
    publication = metadata = None
    references: Sequence[ReferenceRow] = ()
    if row.state == ResourceState.PUBLISHED:
        publication = await session.get(PublicationRow, row.resource_id)
    if publication is not None:
        version = await session.get(ResourceVersionRow, (row.resource_id, publication.version))
        metadata = None if version is None else metadata_of(version)
        if publication.referred:
            shown = (await shown_references(session, (row.resource_id,))).get(row.resource_id, ())
            references = [one.row for one in shown]
    document = document_of(row, publication, metadata, references)
    await index.put(session, document, score_of(row))


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
