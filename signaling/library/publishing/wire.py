"""The REST API's bodies about what is published."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from signaling.base.text import secret
from signaling.library.versions.wire import (
    Attachment,
    Audience,
    Chapter,
    ResourceType,
    ShareScope,
    Stage,
)
from signaling.library.wire import (
    PlaybackStatus,
    RecordingSource,
    ResourceKind,
    Span,
    StageSpan,
    TextMatch,
)

SharePassword = Annotated[str, secret(64, 6)]


class ResourcePublish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """发布 of the version that was passed. A password is for its scope only."""

    version: Annotated[int, Meta(ge=1)]
    scope: ShareScope
    password: SharePassword | None = None
    expires_at: datetime | None = None


class PublicationSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Changes who may see what is published. Without ``password`` a former one stays."""

    scope: ShareScope
    password: SharePassword | None = None
    expires_at: datetime | None = None


class LibraryEntry(msgspec.Struct, frozen=True):
    """One published resource. ``locked``: its password was not given yet."""

    resource_id: str
    version: int
    kind: ResourceKind
    title: str
    summary: str
    keywords: tuple[str, ...]
    subject: str
    stage: Stage | None
    grade: str
    edition: str
    volume: str
    section: str
    teacher_name: str
    school_name: str
    kind_of_resource: ResourceType
    duration_s: float  # of what is shown
    published_at: datetime
    expires_at: datetime | None
    scope: ShareScope
    locked: bool
    thumbnail_url: str | None
    matches: tuple[TextMatch, ...] = ()


class LibraryList(msgspec.Struct, frozen=True):
    """Published resources: the newest first, or the best match first. ``next`` continues it."""

    resources: tuple[LibraryEntry, ...]
    next: str | None


class FacetCount(msgspec.Struct, frozen=True):
    """A value of a facet, and how many of the resources that the reader may see have it."""

    value: str
    count: int


class LibraryFacets(msgspec.Struct, frozen=True):
    """Facets of what the reader may see, the most frequent value first."""

    subjects: tuple[FacetCount, ...]
    stages: tuple[FacetCount, ...]
    grades: tuple[FacetCount, ...]
    editions: tuple[FacetCount, ...]
    volumes: tuple[FacetCount, ...]
    schools: tuple[FacetCount, ...]


class LibraryDownload(msgspec.Struct, frozen=True):
    """A file that viewers may save."""

    url: str
    kind: str  # camera | courseware
    name: str
    lead: bool


class LibraryFilm(msgspec.Struct, frozen=True):
    """单个 MP4 that viewers may save: its address, the name of the file, and its size in bytes."""

    url: str
    name: str
    size: int


class TreeLevel(StrEnum):
    """Levels of the textbook tree, from the top; each is a facet of that name."""

    STAGE = "stage"
    SUBJECT = "subject"
    EDITION = "edition"
    GRADE = "grade"
    VOLUME = "volume"
    SECTION = "section"


class LibraryTree(msgspec.Struct, frozen=True):
    """What lies below one node of the textbook tree; ``level`` is null below a chapter.

    ``capped``: there is more than was counted; counts are of the newest resources.
    """

    level: TreeLevel | None
    nodes: tuple[FacetCount, ...]
    capped: bool


class LibraryDetail(msgspec.Struct, frozen=True):
    """A published resource with all that a player needs; while it is locked, without files.

    ``keep`` are the parts to be shown, in order, in seconds of the recording; empty shows all.
    ``recording_s`` is the length of the recording, cut or not. Once the edition is there, all times
    are those of the edition, in which nothing is left to be cut. ``playback`` tells of an edition
    that is not there yet; with ``waits`` there are no files until then.
    """

    entry: LibraryEntry
    language: str
    audience: Audience
    copyright_note: str
    may_download: bool
    recording_s: float
    keep: tuple[Span, ...]
    chapters: tuple[Chapter, ...]
    cover_s: float | None
    sources: tuple[RecordingSource, ...]
    stage: tuple[StageSpan, ...]
    cuts: tuple[Span, ...]
    downloads: tuple[LibraryDownload, ...] = ()
    film: LibraryFilm | None = None
    attachments: tuple[Attachment, ...] = ()
    playback: PlaybackStatus | None = None
    captions_url: str | None = None  # WebVTT, at the times of what is played


class LibraryUnlock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The password of a shared resource."""

    password: Annotated[str, secret(64)]
