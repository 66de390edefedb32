"""Records of what is published to anybody, for those who hand it on (OAI-PMH)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, select, tuple_

from signaling.base.clock import Clock
from signaling.base.database import Database
from signaling.library.publishing.visibility import open_to_all, shown_to_all
from signaling.library.tables import ResourceRow, TombstoneRow
from signaling.library.versions.records import metadata_of
from signaling.library.versions.tables import PublicationRow, ResourceVersionRow
from signaling.library.versions.wire import ResourceMetadata
from signaling.library.wire import ResourceKind


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """A resource that is published to anybody, or was.

    Attributes:
        datestamp: when it last became what it is.
        subject: 学科, also of what is gone; `stage` is its 学段.
        metadata: None says that nobody may have it any more.
        shown_s: how long that is which is played.
        started_at: when the lesson began.
    """

    resource_id: str
    datestamp: datetime
    subject: str
    stage: str
    metadata: ResourceMetadata | None
    shown_s: float
    started_at: datetime
    kind: ResourceKind


class PublicRecords:
    """Reads what is or was public; another scope, 下架 and an end in time make it deleted.

    An end in time counts at once. The datestamp follows when `Publishing.notice_expired` has seen
    it, so that harvesters that ask for changes hear of it, too.

    What was deleted for good stays a deleted record for ever: its tombstone is one.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def page(
        self,
        after: tuple[datetime, str] | None,
        *,
        since: datetime | None = None,
        before: datetime | None = None,
        subject: str | None = None,
        stage: str | None = None,
        limit: int,
    ) -> Sequence[RecordFacts]:
        """Return the first records behind a place, the oldest change first.

        Args:
            after: datestamp and id of the last record; None begins.
            since: changed then or later.
            before: changed earlier.
            subject: of this 学科 only.
            stage: of this 学段 only.
            limit: most records.
        """
        wanted = _Wanted(after, since, before, subject, stage)
        row, gone = PublicationRow, TombstoneRow
        there = (
            self._records()
            .where(row.was_public.is_(True), *wanted.of(row))
            .order_by(row.changed_at, row.resource_id)
            .limit(limit)
        )
        deleted = (
            select(gone)
            .where(gone.was_public.is_(True), *wanted.of(gone))
            .order_by(gone.changed_at, gone.resource_id)
            .limit(limit)
        )
        async with self._database.read() as session:
            found = [_facts(*one) for one in (await session.execute(there)).all()]
            found += map(_deleted, await session.scalars(deleted))
        found.sort(key=lambda one: (one.datestamp, one.resource_id))
        return found[:limit]

    async def one(self, resource_id: str) -> RecordFacts | None:
        """Return a record, also of what is gone; None if it never was public."""
        row = PublicationRow
        query = self._records().where(row.was_public, row.resource_id == resource_id)
        async with self._database.read() as session:
            found = (await session.execute(query)).first()
            if found is not None:
                return _facts(*found)
            gone = await session.get(TombstoneRow, resource_id)
        return None if gone is None or not gone.was_public else _deleted(gone)

    async def earliest(self) -> datetime | None:
        """Return the oldest datestamp; None where there is no record."""
        async with self._database.read() as session:
            first = [
                await session.scalar(select(func.min(row.changed_at)).where(row.was_public))
                for row in (PublicationRow, TombstoneRow)
            ]
        return min((one for one in first if one is not None), default=None)

    async def subjects(self, limit: int) -> Sequence[str]:
        """Return the 学科 of all records, each once, at most so many."""
        found: set[str] = set()
        async with self._database.read() as session:
            for row in (PublicationRow, TombstoneRow):
                query = (
                    select(row.subject)
                    .where(row.was_public, row.subject != "")
                    .distinct()
                    .order_by(row.subject)
                    .limit(limit)
                )
                found.update(await session.scalars(query))
        return sorted(found)[:limit]

    def _records(self) -> Select[PublicationRow, ResourceRow, ResourceVersionRow, bool]:
        return (
            select(
                PublicationRow,
                ResourceRow,
                ResourceVersionRow,
                open_to_all(self._clock.now()).label("is_there"),
            )
            .join(ResourceRow, ResourceRow.resource_id == PublicationRow.resource_id)
            .join(
                ResourceVersionRow,
                and_(
                    ResourceVersionRow.resource_id == PublicationRow.resource_id,
                    ResourceVersionRow.number == shown_to_all(self._clock.now()),
                ),
            )
        )


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The arguments of a page."""

    after: tuple[datetime, str] | None
    since: datetime | None
    before: datetime | None
    subject: str | None
    stage: str | None

    def of(self, row: type[PublicationRow | TombstoneRow]) -> list[ColumnElement[bool]]:
        """Return the conditions on the rows of one of the two tables."""
        wanted: list[ColumnElement[bool]] = []
        if self.after is not None:
            wanted.append(tuple_(*self.after) < tuple_(row.changed_at, row.resource_id))
        if self.since is not None:
            wanted.append(row.changed_at >= self.since)
        if self.before is not None:
            wanted.append(row.changed_at < self.before)
        if self.subject is not None:
            wanted.append(row.subject == self.subject)
        if self.stage is not None:
            wanted.append(row.stage == self.stage)
        return wanted


def _facts(
    publication: PublicationRow,
    resource: ResourceRow,
    version: ResourceVersionRow,
    is_there: bool,
) -> RecordFacts:
    return RecordFacts(
        resource_id=publication.resource_id,
        datestamp=publication.changed_at,
        subject=publication.subject,
        stage=publication.stage or "",
        metadata=metadata_of(version) if is_there else None,
        shown_s=publication.shown_s,
        started_at=resource.started_at,
        kind=ResourceKind(resource.kind),
    )


def _deleted(row: TombstoneRow) -> RecordFacts:
    return RecordFacts(
        resource_id=row.resource_id,
        datestamp=row.changed_at,
        subject=row.subject,
        stage=row.stage,
        metadata=None,
        shown_s=0.0,
        started_at=row.decided_at,
        kind=ResourceKind(row.kind),
    )
