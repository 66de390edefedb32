"""Writes made-up records into a database, in parts; what is there already is kept."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from load_tests.search.made import (
    COUNTIES,
    SCHOOLS,
    Record,
    county_id,
    record,
    school_id,
)
from signaling.base.database import Database
from signaling.directory.tree import add_county, add_school
from signaling.library.indexing import document_of, score_of
from signaling.library.search.core.documents import tokens_of
from signaling.library.search.index import row_of
from signaling.library.search.tables import DocumentRow
from signaling.library.tables import ResourceRow
from signaling.library.versions.tables import PublicationRow, ResourceVersionRow
from signaling.library.versions.wire import (
    ResourceMetadata,
    ShareScope,
    Stage,
    VersionState,
)
from signaling.library.wire import ResourceKind, ResourceState

PART = 4_000  # records of one transaction
CACHE_KB = 400_000  # of SQLite while records are written: their indexes are all over the place
_TABLES = (ResourceRow, ResourceVersionRow, PublicationRow)
_TEXTS = text("INSERT INTO bench_texts VALUES (:place, :county_id, :title, :people, :words)")
_TOKENS = text("INSERT INTO search_tokens(rowid, tokens) VALUES (:place, :tokens)")
_GIN = "ix_search_documents_tokens"


async def written(database: Database) -> int:
    """Return how many records are there; the first call makes the places."""
    async with database.write() as session:
        await session.execute(
            text(
                "CREATE TABLE IF NOT EXISTS bench_texts (place BIGINT PRIMARY KEY,"
                " county_id TEXT, title TEXT, people TEXT, words TEXT)"
            )
        )
        number = await session.scalar(text("SELECT count(*) FROM bench_texts")) or 0
        if number == 0:
            await _places(session)
    return int(number)


async def fill(database: Database, upto: int, told: Callable[[int], None]) -> int:
    """Write the records that are missing, then what the planner must know.

    Args:
        database: migrated.
        upto: how many records there shall be.
        told: hears how many there are, after each part.

    Returns:
        How many there are.
    """
    first = await written(database)
    if first >= upto:
        return first
    if not database.is_sqlite:
        async with database.write() as session:
            await session.execute(text(f"DROP INDEX IF EXISTS {_GIN}"))
    for start in range(first, upto, PART):
        async with database.write() as session:
            if database.is_sqlite:
                await session.execute(text(f"PRAGMA cache_size = -{CACHE_KB}"))
            await _write(database, session, start, min(upto, start + PART))
        told(min(upto, start + PART))
    async with database.write() as session:
        if not database.is_sqlite:
            await session.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
            gin = f"CREATE INDEX IF NOT EXISTS {_GIN} ON search_documents USING gin (tokens)"
            await session.execute(text(gin))
        await session.execute(
            text("CREATE INDEX IF NOT EXISTS bench_counties ON bench_texts (county_id, place)")
        )
        if not database.is_sqlite:
            await session.execute(text("ANALYZE"))
    return upto


async def _places(session: AsyncSession) -> None:
    for county in range(COUNTIES):
        await add_county(session, county_id(county), f"县{county}")
        for number in range(SCHOOLS):
            school = school_id(county, number)
            await add_school(session, school, county_id(county), school, "center_school")


async def _write(database: Database, session: AsyncSession, start: int, end: int) -> None:
    rows: dict[Any, list[dict[str, Any]]] = {
        ResourceRow: [], ResourceVersionRow: [], PublicationRow: [], DocumentRow: []
    }  # fmt: skip
    texts, tokens = [], []
    for number in range(start, end):
        one = record(number)
        meta = _metadata(one)
        made = resource_rows(one, meta)
        for table, values in zip(_TABLES, made, strict=True):
            rows[table].append(values)
        resource: Any = SimpleNamespace(**made[0])
        publication: Any = SimpleNamespace(**made[2])
        document = document_of(resource, publication, meta)
        kept = row_of(document, score_of(resource))
        if database.is_sqlite:
            tokens.append({"place": kept.place, "tokens": " ".join(tokens_of(document))})
        else:
            kept.tokens = list(tokens_of(document))
        rows[DocumentRow].append(_values(kept))
        folded = {str(field): shown.folded.text for field, shown in document.fields.items()}
        texts.append({"place": kept.place, "county_id": publication.county_id, **folded})
    for table, some in rows.items():
        await session.execute(insert(table), some)
    if tokens:
        await session.execute(_TOKENS, tokens)
    await session.execute(_TEXTS, texts)


def _values(row: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in type(row).__table__.columns}


def resource_rows(one: Record, meta: ResourceMetadata) -> tuple[dict[str, Any], ...]:
    """Return the rows of the resource, its version and its publication."""
    resource_id, at = f"r{one.number:08}", one.started_at
    resource = {
        "resource_id": resource_id, "kind": ResourceKind.RECORDING,
        "state": ResourceState.PUBLISHED, "recording_id": resource_id, "lesson_id": resource_id,
        "lead_teacher_id": one.teacher_id, "title": one.title, "subject": one.subject,
        "grade": one.grade, "class_kind": "dedicated", "lead_teacher": one.teacher,
        "started_at": at, "node_id": one.school_id, "created_at": at, "updated_at": at,
    }  # fmt: skip
    version = {
        "resource_id": resource_id, "number": 1, "state": VersionState.PUBLISHED, "level": None,
        "levels": 1, "revision": 1, "meta": msgspec.json.encode(meta).decode(), "edits": "{}",
        "pledged": True, "submission": 1, "submitted_at": at, "assigned_to": None,
        "assigned_name": None, "rejected": False, "published_at": at, "created_at": at,
        "updated_at": at,
    }  # fmt: skip
    publication = {
        "resource_id": resource_id, "version": 1, "scope": ShareScope.COUNTY,
        "password_hash": None, "published_at": at, "expires_at": None, "expired": False,
        "changed_at": at, "withdrawn_at": None, "withdraw_reason": None, "withdraw_note": "",
        "was_public": False, "node_id": one.school_id, "county_id": one.county_id,
        "owner_id": one.teacher_id, "shown_s": 2400.0, "has_cover": True, "title": one.title,
        "subject": one.subject, "stage": Stage(one.stage), "grade": one.grade,
        "edition": one.edition, "volume": one.volume, "section": one.section,
        "school_name": one.school,
    }  # fmt: skip
    return resource, version, publication


def _metadata(one: Record) -> ResourceMetadata:
    return ResourceMetadata(
        title=one.title,
        keywords=one.keywords,
        subject=one.subject,
        stage=Stage(one.stage),
        grade=one.grade,
        edition=one.edition,
        volume=one.volume,
        section=one.section,
        teacher_name=one.teacher,
        school_name=one.school,
    )
