"""The REST API's bodies about harvests and federated records."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from signaling.base.fields import Name
from signaling.base.text import TextKind, Word, text_of, word
from signaling.exchange.harvests.rules import MAX_URL_CHARS


class HarvestSourceCreate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another library to be harvested. ``set_spec`` names a part of it; empty for all."""

    county_id: Word
    name: Name
    url: Annotated[str, word(MAX_URL_CHARS)]
    set_spec: Annotated[str, text_of(TextKind.WORD, 200, 0)] = ""


class HarvestSourceChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The changeable part of a source. Another address is another source.

    ``place`` is its rank among the groups of results, smallest first.
    """

    name: Name
    paused: bool
    place: Annotated[int, Meta(ge=0, le=999)]


class HarvestSource(msgspec.Struct, frozen=True):
    """A source and how its harvest stands.

    ``problem`` is the code of what stopped the last attempt; empty if nothing did. ``failures`` are
    those in a row. ``given_up`` tells that there were too many: the next attempt is made when
    somebody orders it. ``under_way`` tells that a harvest has begun and not ended. ``harvested_at``
    is the end of the last one.
    """

    source_id: str
    county_id: str
    name: str
    url: str
    set_spec: str
    records: int
    under_way: bool
    problem: str
    paused: bool
    place: int
    failures: int
    given_up: bool
    harvested_at: datetime | None
    due_at: datetime


class HarvestSourceList(msgspec.Struct, frozen=True):
    """Sources, in the order of their places and names."""

    sources: tuple[HarvestSource, ...]


class FederatedRecord(msgspec.Struct, frozen=True):
    """A record of another library. ``page_url`` leads there; empty where it named none."""

    source_id: str
    source_name: str
    source_place: int  # the order of the groups of results
    identifier: str
    datestamp: datetime
    title: str
    summary: str
    keywords: tuple[str, ...]
    subject: str
    stage: str
    grade: str
    teacher_name: str
    school_name: str
    page_url: str


class FederatedRecordList(msgspec.Struct, frozen=True):
    """A page of federated records, newest first. ``next`` begins the next page."""

    records: tuple[FederatedRecord, ...]
    next: str | None
