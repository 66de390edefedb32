"""The REST API's bodies, as msgspec structs: one definition for checking, OpenAPI and TypeScript.

Times are RFC 3339 with offset. Ids are opaque strings. Errors are `Problem` (RFC 9457).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from signaling.core.actions import Action
from signaling.core.text import Word, line, paragraph, secret, word

Name = Annotated[str, line(80)]
Title = Annotated[str, line(120)]
Reason = Annotated[str, paragraph(500)]
JoinCode = Annotated[str, word(8, pattern=r"^[0-9]{8}$")]


class Role(StrEnum):
    """Who a person or terminal is."""

    COUNTY_ADMIN = "county_admin"
    LEAD_TEACHER = "lead_teacher"
    RECEIVE_ROOM = "receive_room"
    ASSISTANT = "assistant"
    RESOURCE_ADMIN = "resource_admin"
    RESEARCHER = "researcher"
    INSPECTOR = "inspector"


class ClassKind(StrEnum):
    """专递课堂 / 名师课堂 / 名校网络课堂."""

    DEDICATED = "dedicated"
    MASTER = "master"
    ELITE_SCHOOL = "elite_school"


class LessonState(StrEnum):
    """未开始 / 进行中 / 已结束 / 已取消."""

    SCHEDULED = "scheduled"
    LIVE = "live"
    ENDED = "ended"
    CANCELLED = "cancelled"


class LibraryState(StrEnum):
    """A recording on its way into the library. Review states follow READY in later work."""

    RECORDING = "recording"
    FINISHING = "finishing"
    READY = "ready"
    FAILED = "failed"


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """problem+json (RFC 9457). ``code`` is stable; ``field`` is the input at fault, dotted."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    field: str | None = None


# --- identity -------------------------------------------------------------------------------------


class LoginRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """本地账号登录."""

    login: Annotated[str, line(64)]
    password: Annotated[str, secret(256)]


class TerminalLookup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """教室终端登录, first step: which rooms does this 课程码 invite?"""

    join_code: JoinCode


class TerminalLogin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """教室终端登录: by 课程码 and room, or by a device token that an admin issued.

    ``remember`` (记住本机) sets a long-lived, http-only device cookie.
    """

    join_code: JoinCode | None = None
    room_id: Word | None = None
    device_token: Annotated[str, word(256, shortest=0)] | None = None
    remember: bool = True


class RoomRef(msgspec.Struct, frozen=True):
    """A room, with its school's name."""

    room_id: str
    name: str
    school: str


class TerminalRooms(msgspec.Struct, frozen=True):
    """The answer to `TerminalLookup`."""

    lesson_title: str
    rooms: tuple[RoomRef, ...]


class Identity(msgspec.Struct, frozen=True):
    """Who is signed in: a person, or a room's terminal (``room`` set).

    ``may`` is what the subject may do without a lesson in question. The page reckons with the
    county's ``time_zone`` (IANA) and ``server_time``, whatever its computer believes.
    """

    subject_id: str
    name: str
    roles: tuple[Role, ...]
    school: str | None
    room: RoomRef | None
    csrf_token: str
    may: tuple[Action, ...]
    time_zone: str
    server_time: datetime


class DeviceTokenIssued(msgspec.Struct, frozen=True):
    """A new device token for a room; shown once."""

    device_token: str


# --- lessons --------------------------------------------------------------------------------------


class PersonRef(msgspec.Struct, frozen=True):
    """A person, by name."""

    person_id: str
    name: str


class Lesson(msgspec.Struct, frozen=True):
    """一节课. ``join_code`` is None for those who may not hand it out.

    ``attended_rooms`` are those of ``receive_rooms`` whose page was in the room while it was live.
    ``may`` is what the reader may do with it, and ``seat`` the role in which the reader enters it.
    """

    lesson_id: str
    title: str
    class_kind: ClassKind
    subject: str
    grade: str
    state: LessonState
    starts_at: datetime
    ends_at: datetime
    held_from: datetime | None
    held_to: datetime | None
    cancel_reason: str | None
    lead_teacher: PersonRef
    lead_room: RoomRef | None
    receive_rooms: tuple[RoomRef, ...]
    attended_rooms: tuple[RoomRef, ...]
    join_code: str | None
    recording_id: str | None
    may: tuple[Action, ...]
    seat: Role | None


class LessonCreate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new lesson (临时排课)."""

    title: Title
    class_kind: ClassKind
    subject: Name
    grade: Name
    starts_at: datetime
    ends_at: datetime
    lead_teacher_id: Word
    receive_room_ids: Annotated[tuple[Word, ...], msgspec.Meta(max_length=64)]
    lead_room_id: Word | None = None


class LessonCancel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """停课: the reason is kept."""

    reason: Reason


class LessonList(msgspec.Struct, frozen=True):
    """Lessons by start time. ``server_time`` spares a kiosk from trusting its own clock.

    ``next`` continues a list that is longer than one answer.
    """

    lessons: tuple[Lesson, ...]
    server_time: datetime
    next: str | None


class School(msgspec.Struct, frozen=True):
    """A school with its rooms; kind is center_school, teaching_point or school."""

    school_id: str
    name: str
    kind: str
    rooms: tuple[RoomRef, ...]


class Directory(msgspec.Struct, frozen=True):
    """Whom and what the caller can make a lesson of: a teacher finds itself alone."""

    schools: tuple[School, ...]
    lead_teachers: tuple[PersonRef, ...]


# --- media access ---------------------------------------------------------------------------------


class MediaEndpoint(msgspec.Struct, frozen=True):
    """Where to POST an offer, and the bearer token that carries exactly that grant."""

    url: str
    token: str
    expires_at: datetime


class MediaAccess(msgspec.Struct, frozen=True):
    """A participant's media endpoints: what it may publish (by source kind), and watching."""

    camera: MediaEndpoint | None
    courseware: MediaEndpoint | None
    watch: MediaEndpoint | None


class ExternalAccess(msgspec.Struct, frozen=True):
    """For OBS, recorder hosts and players: tokens that live until the lesson's end.

    ``servers`` are the addresses under which other machines reach this one, best first: a page
    opened as localhost cannot know them.
    """

    camera: MediaEndpoint
    courseware: MediaEndpoint
    programme: MediaEndpoint
    servers: tuple[str, ...]


# --- library --------------------------------------------------------------------------------------


class RecordingSummary(msgspec.Struct, frozen=True):
    """One entry of 资源库."""

    recording_id: str
    lesson_id: str
    title: str
    subject: str
    grade: str
    class_kind: ClassKind
    lead_teacher: str
    started_at: datetime
    duration_s: float
    state: LibraryState
    progress: float  # 0…1 of finishing
    failure: str | None
    thumbnail_url: str | None


class RecordingList(msgspec.Struct, frozen=True):
    """Newest first; ``next`` continues the list."""

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
    """What one source left: files, when it was there, and where media is missing.

    With ``damaged`` not all of it could be put into files; the rest is in ``gaps``.
    """

    source_id: str
    kind: str  # camera | courseware
    name: str
    lead: bool
    files: tuple[RecordingFile, ...]
    spans: tuple[Span, ...]
    gaps: tuple[Span, ...]
    damaged: bool = False


class StageSpan(msgspec.Struct, frozen=True):
    """When a room was on stage."""

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
