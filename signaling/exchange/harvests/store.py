"""Reading and writing sources and federated records."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, and_, delete, func, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.audit.log import Work
from signaling.base.cursors import Place
from signaling.base.database import Database
from signaling.base.search import mentions
from signaling.exchange.core.records import SharedMetadata
from signaling.exchange.core.requests import Prefix
from signaling.exchange.harvests import rules
from signaling.exchange.harvests.rules import HarvestedRecord, HarvestPlace
from signaling.exchange.harvests.tables import FederatedRecordRow, HarvestSourceRow
from signaling.jobs.rules import OPEN_STATES
from signaling.jobs.tables import JobRow

SWEPT_AT_ONCE = 500  # records of removed sources that one round of upkeep deletes
DUE_AT_ONCE = 5  # harvests that one round of upkeep submits
_AT_ONCE = 200  # rows of one statement; SQLite takes 32,766 values


@dataclass(frozen=True, slots=True)
class Source:
    """A source as its harvest needs it."""

    source_id: str
    county_id: str
    name: str
    url: str
    set_spec: str
    place: HarvestPlace
    version: int
    failures: int = 0  # in a row


@dataclass(frozen=True, slots=True)
class Found:
    """A federated record, with the source's name."""

    source_id: str
    source_name: str
    source_place: int
    identifier: str
    datestamp: datetime
    metadata: SharedMetadata

    @property
    def place(self) -> Place:
        """The place in the list, newest first."""
        return Place(self.datestamp, self.identifier)


class HarvestStore:
    """Sources and federated records."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- sources ---------------------------------------------------------------------------------

    async def source(self, source_id: str) -> Source | None:
        """Return a source that was not removed."""
        async with self._database.read() as session:
            row = await session.get(HarvestSourceRow, source_id)
        return None if row is None or row.removed_at is not None else source_of(row)

    async def rows(self, county_id: str) -> Sequence[tuple[HarvestSourceRow, int]]:
        """Return the sources of a county with the number of their records."""
        count = (
            select(func.count())
            .select_from(FederatedRecordRow)
            .where(
                FederatedRecordRow.source_id == HarvestSourceRow.source_id,
                ~FederatedRecordRow.deleted,
            )
            .scalar_subquery()
        )
        query = (
            select(HarvestSourceRow, count)
            .where(HarvestSourceRow.county_id == county_id, HarvestSourceRow.removed_at.is_(None))
            .order_by(HarvestSourceRow.place, HarvestSourceRow.name, HarvestSourceRow.source_id)
        )
        async with self._database.read() as session:
            return [(row, number) for row, number in (await session.execute(query)).all()]

    async def known(self, work: Work, county_id: str) -> Sequence[tuple[str, str]]:
        """Return url and set of each source of a county."""
        query = select(HarvestSourceRow.url, HarvestSourceRow.set_spec).where(
            HarvestSourceRow.county_id == county_id, HarvestSourceRow.removed_at.is_(None)
        )
        return [(url, spec) for url, spec in (await work.session.execute(query)).all()]

    async def due(self, now: datetime) -> Sequence[HarvestSourceRow]:
        """Return some sources whose time has come and for which no job is open."""
        query = (
            select(HarvestSourceRow)
            .outerjoin(
                JobRow,
                and_(JobRow.job_id == HarvestSourceRow.job_id, JobRow.state.in_(OPEN_STATES)),
            )
            .where(
                HarvestSourceRow.due_at <= now,
                HarvestSourceRow.removed_at.is_(None),
                ~HarvestSourceRow.paused,
                HarvestSourceRow.failures < rules.MAX_FAILURES,
                JobRow.job_id.is_(None),
            )
            .order_by(HarvestSourceRow.due_at)
            .limit(DUE_AT_ONCE)
        )
        async with self._database.read() as session:
            return (await session.scalars(query)).all()

    async def take_due(self, work: Work, source_id: str, now: datetime, next_at: datetime) -> bool:
        """Note when the next harvest is due; False if this one is no longer, or was taken."""
        done = await work.session.execute(
            update(HarvestSourceRow)
            .where(
                HarvestSourceRow.source_id == source_id,
                HarvestSourceRow.due_at <= now,
                HarvestSourceRow.removed_at.is_(None),
            )
            .values(due_at=next_at)
            .returning(HarvestSourceRow.source_id)
        )
        return done.first() is not None

    async def set_job(self, work: Work, source_id: str, job_id: str) -> None:
        """Note the job of a source."""
        await work.session.execute(
            update(HarvestSourceRow)
            .where(HarvestSourceRow.source_id == source_id)
            .values(job_id=job_id)
        )

    async def remove(self, work: Work, source_id: str, now: datetime) -> bool:
        """Take a source away; upkeep deletes its records. False if it is gone already."""
        done = await work.session.execute(
            update(HarvestSourceRow)
            .where(HarvestSourceRow.source_id == source_id, HarvestSourceRow.removed_at.is_(None))
            .values(removed_at=now, version=HarvestSourceRow.version + 1)
            .returning(HarvestSourceRow.source_id)
        )
        return done.first() is not None

    async def sweep(self) -> None:
        """Delete some records of removed sources, and the sources that have none left."""
        removed = select(HarvestSourceRow.source_id).where(HarvestSourceRow.removed_at.is_not(None))
        async with self._database.read() as session:
            sources = (await session.scalars(removed.limit(1))).all()
        for source_id in sources:
            async with self._database.write() as session:
                await _sweep(session, source_id)

    # --- harvests --------------------------------------------------------------------------------

    async def keep_page(
        self,
        source: Source,
        records: Sequence[HarvestedRecord],
        place: HarvestPlace,
        ended_at: datetime | None,
    ) -> bool:
        """Write a page and the place behind it, together or not at all.

        Returns False, and writes nothing, where another worker was here, or the source is gone.
        """
        values = _place_values(place) | {"version": source.version + 1}
        if ended_at is not None:
            values |= {"harvested_at": ended_at, "problem": "", "failures": 0}
        async with self._database.write() as session:
            done = await session.execute(
                update(HarvestSourceRow)
                .where(
                    HarvestSourceRow.source_id == source.source_id,
                    HarvestSourceRow.version == source.version,
                )
                .values(**values)
                .returning(HarvestSourceRow.source_id)
            )
            if done.first() is None:
                return False
            await self._put(session, source.source_id, records)
        return True

    async def note_failure(self, source: Source, code: str, now: datetime) -> None:
        """Note what stopped a harvest, where to go on, and when; nothing if another was here."""
        failures = source.failures + 1
        place = rules.after_failure(source.place, code, failures)
        values = _place_values(place) | {"version": source.version + 1, "problem": code}
        wait = rules.retry_in(failures)
        if wait is not None:
            values["due_at"] = now + wait
        async with self._database.write() as session:
            await session.execute(
                update(HarvestSourceRow)
                .where(
                    HarvestSourceRow.source_id == source.source_id,
                    HarvestSourceRow.version == source.version,
                )
                .values(**values, failures=failures)
            )

    async def hurry(self, source_id: str, now: datetime) -> None:
        """Let the next run of a harvest begin soon."""
        async with self._database.write() as session:
            await session.execute(
                update(HarvestSourceRow)
                .where(HarvestSourceRow.source_id == source_id)
                .values(due_at=now)
            )

    async def count(self, source_id: str) -> int:
        """Return how many records a source has, deleted ones too."""
        query = select(func.count()).where(FederatedRecordRow.source_id == source_id)
        async with self._database.read() as session:
            return await session.scalar(query) or 0

    async def _put(
        self, session: AsyncSession, source_id: str, records: Sequence[HarvestedRecord]
    ) -> None:
        rows = list({one.identifier: _row(source_id, one) for one in records}.values())
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        statement = insert(FederatedRecordRow)
        changing = ("datestamp", "deleted", "words", "metadata_json")
        statement = statement.on_conflict_do_update(
            index_elements=["source_id", "identifier"],
            set_={name: statement.excluded[name] for name in changing},
        )
        for first in range(0, len(rows), _AT_ONCE):
            await session.execute(statement, rows[first : first + _AT_ONCE])

    # --- federated records -----------------------------------------------------------------------

    async def found(
        self, counties: ColumnElement[bool], words: str, before: Place | None, limit: int
    ) -> Sequence[Found]:
        """Return records that hold all words, newest first.

        Args:
            counties: condition on `HarvestSourceRow.county_id`.
            words: that somebody typed.
            before: the place of the page; None begins.
            limit: records of the page.
        """
        row = FederatedRecordRow
        wanted = [counties, HarvestSourceRow.removed_at.is_(None), ~row.deleted]
        wanted += mentions(folded(words), (row.words,))
        place = tuple_(row.datestamp, row.identifier)
        if before is not None:
            wanted.append(place < tuple_(before.at, before.row_id))
        query = (
            select(
                row.source_id,
                row.identifier,
                row.datestamp,
                row.metadata_json,
                HarvestSourceRow.name,
                HarvestSourceRow.place,
            )
            .join(HarvestSourceRow, HarvestSourceRow.source_id == row.source_id)
            .where(*wanted)
            .order_by(row.datestamp.desc(), row.identifier.desc())
            .limit(limit)
        )
        async with self._database.read() as session:
            rows = (await session.execute(query)).all()
        return [
            Found(
                source_id,
                name,
                rank,
                identifier,
                at,
                msgspec.json.decode(written, type=SharedMetadata),
            )
            for source_id, identifier, at, written, name, rank in rows
        ]


def source_of(row: HarvestSourceRow) -> Source:
    """Return the source of a row."""
    place = HarvestPlace(
        prefix=Prefix(row.prefix),
        by_day=row.by_day,
        since=row.since,
        began=row.began,
        token=row.token,
        pages=row.pages,
        restarts=row.restarts,
    )
    return Source(
        row.source_id,
        row.county_id,
        row.name,
        row.url,
        row.set_spec,
        place,
        row.version,
        row.failures,
    )


def folded(text: str) -> str:
    """Return a text in the form in which words are looked for."""
    return unicodedata.normalize("NFKC", text).casefold()


def _place_values(place: HarvestPlace) -> dict[str, object]:
    return {
        "prefix": place.prefix,
        "by_day": place.by_day,
        "since": place.since,
        "began": place.began,
        "token": place.token,
        "pages": place.pages,
        "restarts": place.restarts,
    }


def _row(source_id: str, record: HarvestedRecord) -> dict[str, object]:
    metadata = record.metadata
    words, written = "", ""
    if metadata is not None:
        shown = (
            *(metadata.title, metadata.teacher_name, metadata.school_name, metadata.subject),
            *(metadata.grade, metadata.section, *metadata.keywords),
        )
        words = folded("\n".join(shown))
        written = msgspec.json.encode(metadata).decode()
    return {
        "source_id": source_id,
        "identifier": record.identifier,
        "datestamp": record.datestamp,
        "deleted": metadata is None,
        "words": words,
        "metadata_json": written,
    }


async def _sweep(session: AsyncSession, source_id: str) -> None:
    row = FederatedRecordRow
    some = select(row.identifier).where(row.source_id == source_id).limit(SWEPT_AT_ONCE)
    gone = await session.execute(
        delete(row)
        .where(row.source_id == source_id, row.identifier.in_(some))
        .returning(row.identifier)
    )
    if len(gone.all()) < SWEPT_AT_ONCE:
        await session.execute(
            delete(HarvestSourceRow).where(HarvestSourceRow.source_id == source_id)
        )
