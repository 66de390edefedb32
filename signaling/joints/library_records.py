"""Records that the library publishes to anybody, as the exchange hands it on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from signaling.exchange.core.records import Key, PublishedRecord, Selection, SharedMetadata
from signaling.library.publishing.records import PublicRecords, RecordFacts
from signaling.library.versions.wire import ResourceMetadata

AT_ONCE = 10  # rows of one query: a hundred of them held the event loop for 10 ms
PAGE = "/library/{resource_id}"  # of the web client


class LibraryRecords:
    """Lends the library's public records. Implements `PublishedRecords`."""

    def __init__(self, records: PublicRecords, site: str | None, zone: tzinfo) -> None:
        """Make it.

        Args:
            records: of the library.
            site: the address of the pages, if it is known.
            zone: the county's time zone, whose day a lesson names.
        """
        self._records = records
        self._zone = zone
        self._site = (site or "").rstrip("/")

    async def page(
        self, selection: Selection, after: Key | None, limit: int
    ) -> Sequence[PublishedRecord]:
        """Return the first records behind a key, read a few at a time."""
        found: list[PublishedRecord] = []
        while len(found) < limit:
            wanted = min(AT_ONCE, limit - len(found))
            some = await self._some(selection, after, wanted)
            found += some
            if len(some) < wanted:
                break
            after = some[-1].key
        return found

    async def one(self, resource_id: str) -> PublishedRecord | None:
        """Return a record, also a deleted one."""
        found = await self._records.one(resource_id)
        return None if found is None else self._record(found)

    async def earliest(self) -> datetime | None:
        """Return the oldest datestamp."""
        return await self._records.earliest()

    async def subjects(self, limit: int) -> Sequence[str]:
        """Return the subjects of all records."""
        return await self._records.subjects(limit)

    async def _some(
        self, selection: Selection, after: Key | None, limit: int
    ) -> Sequence[PublishedRecord]:
        found = await self._records.page(
            None if after is None else (after.datestamp, after.resource_id),
            since=selection.since,
            before=selection.before,
            subject=selection.subject,
            stage=selection.stage,
            limit=limit,
        )
        return [self._record(one) for one in found]

    def _record(self, facts: RecordFacts) -> PublishedRecord:
        metadata = facts.metadata
        return PublishedRecord(
            resource_id=facts.resource_id,
            datestamp=facts.datestamp,
            subject=facts.subject,
            stage=facts.stage,
            metadata=None if metadata is None else self._shared(metadata, facts),
        )

    def _shared(self, metadata: ResourceMetadata, facts: RecordFacts) -> SharedMetadata:
        url = self._site + PAGE.format(resource_id=facts.resource_id) if self._site else ""
        return SharedMetadata(
            title=metadata.title,
            summary=metadata.summary,
            keywords=metadata.keywords,
            subject=metadata.subject,
            stage=str(metadata.stage or ""),
            grade=metadata.grade,
            edition=metadata.edition,
            volume=metadata.volume,
            section=metadata.section,
            teacher_name=metadata.teacher_name,
            school_name=metadata.school_name,
            language=metadata.language,
            kind_of_resource=str(metadata.kind_of_resource),
            audience=str(metadata.audience),
            copyright_note=metadata.copyright_note,
            page_url=url,
            duration_s=round(facts.shown_s),
            created_on=facts.started_at.astimezone(self._zone).date().isoformat(),
        )
