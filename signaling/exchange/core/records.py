"""Values that this wing hands on and takes in, and the Protocol by which the library lends them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import msgspec


class SharedMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """Metadata of a resource, as LOM and Dublin Core show it.

    Attributes:
        stage: 学段: primary, junior or senior.
        edition: 版本 of the textbook; `volume` is its 册, `section` its 章节.
        kind_of_resource: such as lesson or micro_lesson.
        audience: such as pupils or teachers.
        page_url: where the resource is shown; empty where nobody knows.
        duration_s: length of what is played; 0 where it has none.
        media_type: of what is played; empty where it is no media.
        created_on: the day of the lesson, as YYYY-MM-DD; empty where nobody knows.
    """

    title: str
    summary: str = ""
    keywords: tuple[str, ...] = ()
    subject: str = ""
    stage: str = ""
    grade: str = ""
    edition: str = ""
    volume: str = ""
    section: str = ""
    teacher_name: str = ""
    school_name: str = ""
    language: str = "zh-CN"
    kind_of_resource: str = ""
    audience: str = ""
    copyright_note: str = ""
    page_url: str = ""
    duration_s: int = 0
    media_type: str = ""
    created_on: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """A record's place in a list: oldest change first, then by id."""

    datestamp: datetime
    resource_id: str


@dataclass(frozen=True, slots=True)
class PublishedRecord:
    """A resource that is published to anybody, or was.

    Attributes:
        datestamp: when the record last became what it is; taken within its transaction.
        subject: 学科, also of a deleted record; names a set.
        stage: 学段, likewise.
        metadata: None says that the record is deleted.
    """

    resource_id: str
    datestamp: datetime
    subject: str = ""
    stage: str = ""
    metadata: SharedMetadata | None = None

    @property
    def key(self) -> Key:
        """The record's place in a list."""
        return Key(self.datestamp, self.resource_id)


@dataclass(frozen=True, slots=True)
class Selection:
    """The records that are asked for.

    Attributes:
        since: records changed then or later.
        before: records changed earlier.
        subject: of this 学科 only; None for any.
        stage: of this 学段 only; None for any.
    """

    since: datetime | None = None
    before: datetime | None = None
    subject: str | None = None
    stage: str | None = None


class PublishedRecords(Protocol):
    """The records that anybody may have, as the library lends them."""

    async def page(
        self, selection: Selection, after: Key | None, limit: int
    ) -> Sequence[PublishedRecord]:
        """Return the first records behind a key, in the order of keys, deleted ones too."""

    async def one(self, resource_id: str) -> PublishedRecord | None:
        """Return a record, also a deleted one. None if there never was one."""

    async def earliest(self) -> datetime | None:
        """Return the oldest datestamp; None where there is no record."""

    async def subjects(self, limit: int) -> Sequence[str]:
        """Return the subjects of all records, at most so many, each once."""
