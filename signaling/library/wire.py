"""The REST API's bodies about the resource library."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from signaling.base.problem_codes import ProblemCode
from signaling.lessons.wire import ClassKind


class ResourceKind(StrEnum):
    """The thing that a resource points at."""

    RECORDING = "recording"
    UPLOAD = "upload"


class ResourceState(StrEnum):
    """A resource's way to the public."""

    DRAFT = "draft"  # never published yet; follows its recording, whatever happens to it
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"  # 下架


class LibraryState(StrEnum):
    """A recording's life: recording → finishing → ready, or failed."""

    RECORDING = "recording"
    FINISHING = "finishing"
    READY = "ready"
    FAILED = "failed"


class RecordingFailure(StrEnum):
    """Reasons why a recording could not be finished. What came is kept in every case."""

    NOTHING_RECORDED = "nothing_recorded"
    DISK_FULL = "disk_full"
    FINISHING_FAILED = "finishing_failed"


class MatchedField(StrEnum):
    """A part of a resource that a search looks at."""

    TITLE = "title"
    PEOPLE = "people"  # the lead teacher
    WORDS = "words"  # subject and grade


class TextMatch(msgspec.Struct, frozen=True):
    """A place where a word of the search was found: `text[start:end]`, in Unicode characters.

    `aloud`: by pinyin or initials, so that the letters typed are not there.
    """

    field: MatchedField
    text: str
    start: int
    end: int
    aloud: bool


class RecordingSummary(msgspec.Struct, frozen=True):
    """One entry of 资源库. `matches` say why a search found it."""

    recording_id: str
    lesson_id: str
    title: str
    subject: str
    grade: str
    class_kind: ClassKind | None  # of an upload: none
    lead_teacher: str
    started_at: datetime
    duration_s: float
    state: LibraryState
    progress: float  # 0…1 of finishing
    failure: RecordingFailure | None
    retrying: bool  # failed, and the server tries again by itself
    thumbnail_url: str | None
    matches: tuple[TextMatch, ...] = ()


class RecordingList(msgspec.Struct, frozen=True):
    """Newest first; a search gives the best match first. ``next`` continues the list."""

    recordings: tuple[RecordingSummary, ...]
    next: str | None


class Span(msgspec.Struct, frozen=True):
    """An interval on the recording's timeline, in seconds from its start."""

    start_s: float
    end_s: float


class RecordingFile(msgspec.Struct, frozen=True):
    """One playable file of a source: its media time 0 lies at ``offset_s`` of the recording."""

    url: str
    mime: str
    offset_s: float
    duration_s: float
    width: int | None
    height: int | None
    has_audio: bool
    has_video: bool


class RecordingSource(msgspec.Struct, frozen=True):
    """Remains of one source: files, its times, and the gaps in its media.

    With ``damaged`` not all of it could be put into files; the rest is in ``gaps``. The storyboard
    is WebVTT: small pictures for the seek bar, each a part (``#xywh=``) of a sheet beside it. The
    waveform is JSON: ``per_s`` and ``peaks``, each 0…255. Both are null where there is none.
    """

    source_id: str
    kind: str  # camera | courseware
    name: str
    lead: bool
    files: tuple[RecordingFile, ...]
    spans: tuple[Span, ...]
    gaps: tuple[Span, ...]
    damaged: bool = False
    storyboard_url: str | None = None
    waveform_url: str | None = None


class StageSpan(msgspec.Struct, frozen=True):
    """A time of a room on stage."""

    participant_id: str
    name: str
    start_s: float
    end_s: float


class RecordingDetail(msgspec.Struct, frozen=True):
    """Everything the player needs.

    ``cuts`` are pauses whose true length nobody knows: the server's clock was set in them.
    """

    summary: RecordingSummary
    sources: tuple[RecordingSource, ...]
    stage: tuple[StageSpan, ...]
    cuts: tuple[Span, ...] = ()


class EditionState(StrEnum):
    """The life of an edition (播放版本)."""

    WAITING = "waiting"  # for a place among the jobs
    ORDERED = "ordered"  # a job makes it
    READY = "ready"
    FAILED = "failed"  # may be ordered again
    REMOVING = "removing"  # of a version that is served no longer; its files are deleted soon


class EditionStatus(msgspec.Struct, frozen=True):
    """The edition of a published version, for those who work on the resource.

    ``needed``: nothing of the version is played before the edition is there. ``progress`` is 0…1.
    ``minutes`` is how long it may still take; None where nothing is being made.
    """

    version: int
    state: EditionState
    needed: bool
    progress: float
    minutes: int | None
    problem: ProblemCode | None


class PlaybackStatus(msgspec.Struct, frozen=True):
    """State of the edition, as a viewer is told.

    ``waits``: nothing is played until it is there. ``failed``: it could not be made yet.
    """

    waits: bool
    failed: bool = False
    minutes: int | None = None


class UploadState(StrEnum):
    """An upload on its way to be kept like a recording."""

    KEEPING = "keeping"  # a job copies it and makes its previews
    READY = "ready"
    FAILED = "failed"  # may be tried again


class UploadStatus(msgspec.Struct, frozen=True):
    """The upload behind a resource. ``progress`` is 0…1."""

    state: UploadState
    file_name: str
    progress: float
    problem: ProblemCode | None
