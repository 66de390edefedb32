"""Published records in memory, and made-up ones, for tests of the exchange."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from signaling.exchange.core.records import Key, PublishedRecord, Selection, SharedMetadata

BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
SUBJECTS = ("语文", "数学", "科学", "英语")
STAGES = ("primary", "junior", "senior")


class MemoryRecords:
    """Implements `PublishedRecords` by a sorted list."""

    def __init__(self, records: Iterable[PublishedRecord] = ()) -> None:
        self.by_id: dict[str, PublishedRecord] = {}
        self._keys: list[Key] = []
        for record in records:
            self.put(record)

    def put(self, record: PublishedRecord) -> None:
        """Write a record anew."""
        old = self.by_id.get(record.resource_id)
        if old is not None:
            del self._keys[bisect.bisect_left(self._keys, old.key)]
        self.by_id[record.resource_id] = record
        bisect.insort(self._keys, record.key)

    async def page(
        self, selection: Selection, after: Key | None, limit: int
    ) -> Sequence[PublishedRecord]:
        first = 0 if after is None else bisect.bisect_right(self._keys, after)
        found: list[PublishedRecord] = []
        for key in self._keys[first:]:
            record = self.by_id[key.resource_id]
            if len(found) == limit:
                break
            if _fits(record, selection):
                found.append(record)
        return found

    async def one(self, resource_id: str) -> PublishedRecord | None:
        return self.by_id.get(resource_id)

    async def earliest(self) -> datetime | None:
        return self._keys[0].datestamp if self._keys else None

    async def subjects(self, limit: int) -> Sequence[str]:
        return sorted({r.subject for r in self.by_id.values() if r.subject})[:limit]


def _fits(record: PublishedRecord, selection: Selection) -> bool:
    return (
        (selection.since is None or record.datestamp >= selection.since)
        and (selection.before is None or record.datestamp < selection.before)
        and selection.subject in {None, record.subject}
        and selection.stage in {None, record.stage}
    )


def made_up(count: int, deleted_every: int = 17) -> list[PublishedRecord]:
    """Records, the same each time; several have the same datestamp."""
    return [_made_up(number, number % deleted_every == 0) for number in range(count)]


def _made_up(number: int, deleted: bool) -> PublishedRecord:
    subject, stage = SUBJECTS[number % 4], STAGES[number % 3]
    metadata = SharedMetadata(
        title=f"《浮力》第{number}课时 <b>&amp; 实验",
        summary="把木块放进水里,看它为什么浮起来。" * 3,
        keywords=("浮力", "实验", f"词{number % 50}"),
        subject=subject,
        stage=stage,
        grade="五年级",
        edition="人教版",
        volume="上册",
        section="第一单元",
        teacher_name="单老师",
        school_name="青山县中心校",
        kind_of_resource="lesson",
        audience="pupils",
        copyright_note="原创,县内共享",
        page_url=f"https://tongke.example/library/r{number:07}",
        duration_s=2400,
        media_type="video/mp4",
        created_on="2026-09-01",
    )
    return PublishedRecord(
        resource_id=f"r{number:07}",
        datestamp=BEGIN + timedelta(seconds=number // 7),
        subject=subject,
        stage=stage,
        metadata=None if deleted else metadata,
    )
