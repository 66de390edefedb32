"""The REST API's bodies, as msgspec structs: one definition for checking, OpenAPI and TypeScript.

Times are RFC 3339 with offset. Ids are opaque strings. Errors are `Problem` (RFC 9457).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from signaling.access.actions import Action
from signaling.access.roles import Role
from signaling.base.fields import Name, Reason, Title
from signaling.base.text import Word
from signaling.directory.wire import PersonRef, RoomRef


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


class HeadcountChange(msgspec.Struct, frozen=True):
    """One entry of 到课人数: who entered which number in place of which, and when.

    ``by_id`` is the participant id of the one who did.
    """

    at: datetime
    by_id: str
    by: str
    former: int | None
    pupils: int


class Headcount(msgspec.Struct, frozen=True):
    """到课人数 of a receive room, with every change, the first one first."""

    participant_id: str
    pupils: int
    changes: tuple[HeadcountChange, ...]


class DeliveryMode(StrEnum):
    """授课方式: 主讲教室有生 / 无生 / 资源推送."""

    LEAD_WITH_PUPILS = "lead_with_pupils"
    LEAD_WITHOUT_PUPILS = "lead_without_pupils"
    RESOURCE_PUSH = "resource_push"


class LessonFacts(msgspec.Struct, frozen=True):
    """The facts of a lesson that are the same for every reader."""

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
    delivery_mode: DeliveryMode


class Lesson(LessonFacts, frozen=True):
    """一节课. ``join_code`` is None for those who may not hand it out.

    ``attended_rooms`` are those of ``receive_rooms`` whose page was in the room while it was live.
    ``may`` is what the reader may do with it, and ``seat`` the role in which the reader enters it.
    """

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
    delivery_mode: DeliveryMode = DeliveryMode.LEAD_WITH_PUPILS


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
