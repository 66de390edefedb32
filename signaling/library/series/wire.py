"""The REST API's bodies about series."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from signaling.base.fields import Title
from signaling.base.text import TextKind, Word, text_of
from signaling.library.publishing.wire import LibraryEntry

MAX_ENTRIES = 500  # of one series: a school year has some 200 lessons of a subject

_Long = Annotated[str, text_of(TextKind.PARAGRAPH, 2000, 0)]


class SeriesScope(StrEnum):
    """公开范围 of a series. What a reader may not see of its entries is not shown in any case."""

    PRIVATE = "private"  # its owner, and the resource admins of its node
    SCHOOL = "school"
    COUNTY = "county"
    SIGNED_IN = "signed_in"
    PUBLIC = "public"


class SeriesCreate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """新建专题 at the caller's own node, maybe with a first entry."""

    title: Title
    introduction: _Long = ""
    scope: SeriesScope = SeriesScope.PRIVATE
    resource_id: Word | None = None


class SeriesChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Title, introduction, scope and cover. ``cover_id`` is one of the entries."""

    version: Annotated[int, Meta(ge=1)]
    title: Title
    introduction: _Long
    scope: SeriesScope
    cover_id: Word | None = None


class SeriesOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The entries in their new order; those that are missing are taken out.

    Entries that the caller may not see stay behind the one that they followed.
    """

    version: Annotated[int, Meta(ge=1)]
    resource_ids: Annotated[tuple[Word, ...], Meta(max_length=MAX_ENTRIES)]


class SeriesAdd(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One more entry, at the end."""

    resource_id: Word


class Series(msgspec.Struct, frozen=True):
    """A series as lists show it. ``count`` is of the entries that the reader may see."""

    series_id: str
    title: str
    introduction: str
    scope: SeriesScope
    node_name: str
    owner_name: str
    count: int
    cover_url: str | None
    updated_at: datetime
    version: int
    may_edit: bool


class SeriesList(msgspec.Struct, frozen=True):
    """Series that the reader may see, what was changed last first. ``next`` continues it."""

    series: tuple[Series, ...]
    next: str | None


class SeriesDetail(msgspec.Struct, frozen=True):
    """A series with those of its entries that the reader may see, in order."""

    series: Series
    cover_id: str | None
    scopes: tuple[SeriesScope, ...]  # that the reader may give it; empty: no editor
    entries: tuple[LibraryEntry, ...]
