"""The REST API's bodies about resources and their versions."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from signaling.access.actions import Action
from signaling.base.fields import Title
from signaling.base.text import TextKind, Word, line, paragraph, text_of, word
from signaling.library.wire import (
    EditionStatus,
    LibraryState,
    RecordingDetail,
    ResourceKind,
    ResourceState,
    Span,
    UploadStatus,
)

MAX_KEYWORDS = 10
MAX_KEPT = 50  # parts of a recording that one edit keeps
MAX_CHAPTERS = 200
MAX_HIDDEN = 200  # sources; a recording has one or two for each room

_Short = Annotated[str, text_of(TextKind.LINE, 80, 0)]
_Long = Annotated[str, text_of(TextKind.PARAGRAPH, 2000, 0)]
_Note = Annotated[str, text_of(TextKind.PARAGRAPH, 500, 0)]
Seconds = Annotated[float, Meta(ge=0, le=864_000)]  # ten days, longer than any recording
Revision = Annotated[int, Meta(ge=0)]


class VersionState(StrEnum):
    """A version's way to the public. The first three are the working version's."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    PASSED = "passed"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"  # a later version was published
    WITHDRAWN = "withdrawn"


class ReviewLevel(StrEnum):
    """初审 / 复审 / 终审."""

    FIRST = "first"
    SECOND = "second"
    FINAL = "final"


class Verdict(StrEnum):
    """通过 / 驳回 / 转交."""

    PASS = "pass"  # noqa: S105 - the name of a verdict
    REJECT = "reject"
    FORWARD = "forward"


class Stage(StrEnum):
    """学段: 小学 / 初中 / 高中."""

    PRIMARY = "primary"
    JUNIOR = "junior"
    SENIOR = "senior"


class ResourceType(StrEnum):
    """资源类型."""

    LESSON = "lesson"  # 课堂实录
    MICRO_LESSON = "micro_lesson"  # 微课
    CLIP = "clip"  # 课堂片段
    TALK = "talk"  # 讲座, 教研
    OTHER = "other"


class Audience(StrEnum):
    """适用对象."""

    PUPILS = "pupils"
    TEACHERS = "teachers"
    PARENTS = "parents"


class ShareScope(StrEnum):
    """公开范围: 私密 / 本校 / 本县 / 登录 / 密码 / 公开."""

    PRIVATE = "private"
    SCHOOL = "school"
    COUNTY = "county"
    SIGNED_IN = "signed_in"
    PASSWORD = "password"  # noqa: S105 - the name of a scope
    PUBLIC = "public"


class ReviewRefusal(StrEnum):
    """Reasons why a reviewer may not decide about a version."""

    OWN_RESOURCE = "own_resource"  # nobody reviews the own work
    WRONG_LEVEL = "wrong_level"  # the level needs a role further up
    REVIEWED_BEFORE = "reviewed_before"  # another level of the same submission
    OWN_RECOMMENDATION = "own_recommendation"  # nobody reviews above what he or she recommended


class WithdrawReason(StrEnum):
    """下架原因."""

    CONSENT_WITHDRAWN = "consent_withdrawn"
    COPYRIGHT = "copyright"
    PRIVACY = "privacy"
    WRONG_CONTENT = "wrong_content"
    OUTDATED = "outdated"
    DUPLICATE = "duplicate"
    BY_AUTHOR = "by_author"
    OTHER = "other"  # the note says which


class ResourceMetadata(msgspec.Struct, frozen=True):
    """元数据. A draft may leave everything but the title empty; checks tell what is missing.

    ``downloadable``: whoever may watch may also download.
    """

    title: Title
    summary: _Long = ""
    keywords: Annotated[tuple[Annotated[str, line(40)], ...], Meta(max_length=MAX_KEYWORDS)] = ()
    subject: _Short = ""
    stage: Stage | None = None
    grade: _Short = ""
    edition: _Short = ""  # 版本
    volume: _Short = ""  # 册
    section: Annotated[str, text_of(TextKind.LINE, 200, 0)] = ""  # 章节
    teacher_name: _Short = ""
    school_name: _Short = ""
    language: Annotated[str, word(35, 2, r"^[A-Za-z0-9-]+$")] = "zh-CN"  # BCP 47
    kind_of_resource: ResourceType = ResourceType.LESSON
    audience: Audience = Audience.PUPILS
    copyright_note: _Note = ""
    downloadable: bool = False


class Chapter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """打点: a named moment, in seconds of the recording."""

    at_s: Seconds
    title: Annotated[str, line(80)]


class ResourceEdits(msgspec.Struct, frozen=True):
    """剪辑. All times are seconds of the recording, cut or not.

    ``keep`` are the parts that are shown, in order; empty keeps all. ``hidden_pictures`` are
    sources of which only the sound is shown. ``cover_s`` is the moment of the cover; None leaves it
    to the server.
    """

    keep: Annotated[tuple[Span, ...], Meta(max_length=MAX_KEPT)] = ()
    chapters: Annotated[tuple[Chapter, ...], Meta(max_length=MAX_CHAPTERS)] = ()
    hidden_sources: Annotated[tuple[Word, ...], Meta(max_length=MAX_HIDDEN)] = ()
    hidden_pictures: Annotated[tuple[Word, ...], Meta(max_length=MAX_HIDDEN)] = ()
    cover_s: Seconds | None = None


class ReviewMark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A moment of the recording that a reviewer speaks of."""

    at_s: Seconds
    note: Annotated[str, line(200)]


class ReviewEntry(msgspec.Struct, frozen=True):
    """One verdict on a version. ``forwarded_to`` is the name of who shall decide instead."""

    at: datetime
    by_id: str
    by: str
    level: ReviewLevel
    verdict: Verdict
    reason: str
    marks: tuple[ReviewMark, ...] = ()
    forwarded_to: str | None = None


class AttachmentKind(StrEnum):
    """附件: 教案 / 课件 / 习题 / 其他."""

    PLAN = "plan"
    SLIDES = "slides"
    EXERCISES = "exercises"
    OTHER = "other"


class Attachment(msgspec.Struct, frozen=True):
    """A file beside a version. ``url`` only ever saves it."""

    file_id: str
    kind: AttachmentKind
    name: str
    size: int
    url: str


class AttachmentAdd(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Puts an uploaded file beside the draft."""

    file_id: Word
    kind: AttachmentKind


class ShownPeople(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Declares who is in the picture of an upload, for nobody else can know it.

    ``minors``: pupils or other minors are seen or heard. ``consent_held``: the author has the
    consent of their guardians for publishing.
    """

    minors: bool
    consent_held: bool = False


class ResourceVersion(msgspec.Struct, frozen=True):
    """One version. ``revision`` counts its changes; a deed on another revision is refused (409).

    ``level`` is set while it is in review. ``levels`` are those through which it has to go then.
    """

    number: int
    state: VersionState
    level: ReviewLevel | None
    levels: tuple[ReviewLevel, ...]
    revision: int
    metadata: ResourceMetadata
    edits: ResourceEdits
    pledged: bool  # 原创承诺
    submitted_at: datetime | None
    published_at: datetime | None
    reviews: tuple[ReviewEntry, ...] = ()
    people: ShownPeople | None = None  # as the author of an upload declared
    attachments: tuple[Attachment, ...] = ()


class CheckCode(StrEnum):
    """Kinds of what automatic checks find."""

    METADATA_MISSING = "metadata_missing"  # `field` names it
    NOT_PLEDGED = "not_pledged"
    CONSENT_MISSING = "consent_missing"  # `source_id` names what must be hidden
    VOICE_SPILL = "voice_spill"  # `name` is a room that may be heard in `spans`
    RECORDING_AWAY = "recording_away"  # it cannot be read now, so most checks were not made
    SOURCE_DAMAGED = "source_damaged"
    SILENCE = "silence"
    BLACK_PICTURE = "black_picture"
    DUPLICATE = "duplicate"
    CAPTION_WORDS = "caption_words"
    MINORS_SHOWN = "minors_shown"  # the author declares minors in an upload, and consent
    ATTACHMENT_KIND = "attachment_kind"  # `name` is a file that is `content` by its bytes
    NO_MINORS = "no_minors"  # the author declares that there are none


class CheckWeight(StrEnum):
    """Weight of a finding."""

    NOTE = "note"
    WARNING = "warning"
    STOPS = "stops"  # it cannot be submitted or published so


class CheckFinding(msgspec.Struct, frozen=True):
    """One finding of an automatic check.

    Where consent is missing, ``allowed`` is the widest scope that needs nothing hidden, and
    ``picture_only`` says that the sound may stay.
    """

    code: CheckCode
    weight: CheckWeight
    field: str | None = None
    source_id: str | None = None
    name: str | None = None  # of the source, the room, or the other resource
    spans: tuple[Span, ...] = ()
    allowed: ShareScope | None = None
    picture_only: bool = False
    content: str | None = None  # of a file, as at the end of a name; empty: of no known kind


class WorkingBrief(msgspec.Struct, frozen=True):
    """The working version, as lists show it. ``rejected``: it came back from review."""

    number: int
    state: VersionState
    level: ReviewLevel | None
    submitted_at: datetime | None
    rejected: bool


class PublishedBrief(msgspec.Struct, frozen=True):
    """Publication, as lists show it."""

    version: int
    scope: ShareScope
    published_at: datetime
    expires_at: datetime | None


class ResourceSummary(msgspec.Struct, frozen=True):
    """One line of 我的资源. ``working`` is None between a publication and a new version.

    ``may`` is what the reader may do with it as things are now.
    """

    resource_id: str
    kind: ResourceKind
    state: ResourceState
    recording_id: str
    lesson_id: str
    title: str
    subject: str
    grade: str
    teacher_name: str
    school_name: str
    started_at: datetime
    duration_s: float
    recording_state: LibraryState | None  # None: the recorder knows nothing of it
    thumbnail_url: str | None
    working: WorkingBrief | None
    published: PublishedBrief | None
    may: tuple[Action, ...]


class ResourceList(msgspec.Struct, frozen=True):
    """Resources, the newest lesson first. ``next`` continues the list."""

    resources: tuple[ResourceSummary, ...]
    next: str | None


class ResourceDetail(msgspec.Struct, frozen=True):
    """A resource at work, for its owner and its reviewers.

    ``recording`` has all sources, hidden or not, and is None while there is none to be shown.
    ``proposed_chapters`` come from what happened in the lesson. ``review_refused`` says why
    the reader may not review it now, though the reader is a reviewer.
    """

    summary: ResourceSummary
    working: ResourceVersion | None
    versions: tuple[ResourceVersion, ...]  # the others, the newest first
    recording: RecordingDetail | None
    findings: tuple[CheckFinding, ...]
    proposed_chapters: tuple[Chapter, ...]
    review_refused: ReviewRefusal | None
    withdrawn_reason: WithdrawReason | None
    withdrawn_note: str
    edition: EditionStatus | None = None  # of what is published
    upload: UploadStatus | None = None  # behind an upload


class DraftSave(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """保存草稿. ``revision`` is the one that was read."""

    revision: Revision
    metadata: ResourceMetadata
    edits: ResourceEdits


class ResourceSubmit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """提交审核. ``pledged`` is the 原创承诺, without which nothing is submitted.

    ``people`` is declared with it for an upload.
    """

    revision: Revision
    pledged: bool
    people: ShownPeople | None = None


class ResourceWithdraw(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """下架."""

    reason: WithdrawReason
    note: Annotated[str, text_of(TextKind.PARAGRAPH, 500, 0)] = ""


Remark = Annotated[str, paragraph(1000)]
