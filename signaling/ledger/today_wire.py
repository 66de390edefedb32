"""The REST API's bodies of 今日看板."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec

from signaling.lessons.wire import DeliveryMode
from signaling.links.wire import LinkState


class TodayState(StrEnum):
    """今日看板: 待开, 进行中, 迟到, 未开始, 已结束, 已取消."""

    DUE = "due"
    LIVE = "live"
    LATE = "late"  # its time has come, and it has not begun
    NOT_STARTED = "not_started"  # its time is over
    ENDED = "ended"
    CANCELLED = "cancelled"


class TodayRoom(msgspec.Struct, frozen=True):
    """A receive room of a lesson of today; ``online`` None: the live room did not answer."""

    room_id: str
    name: str
    school: str
    online: bool | None
    link: LinkState | None
    headcount: int | None
    watched_minutes: int | None  # 资源推送: of the resources, so far; None for other lessons


class TodayLesson(msgspec.Struct, frozen=True):
    """A lesson on the board. ``may_substitute``: nobody has begun it, and it can still be held."""

    lesson_id: str
    title: str
    subject: str
    grade: str
    state: TodayState
    starts_at: datetime
    ends_at: datetime
    held_from: datetime | None
    lead_teacher: str
    lead_online: bool | None
    delivery_mode: DeliveryMode
    rooms: tuple[TodayRoom, ...]
    may_notify: bool
    may_cancel: bool
    may_substitute: bool


class TodayCounts(msgspec.Struct, frozen=True):
    """Lessons of the day by state, and rooms of live lessons that are offline."""

    due: int
    live: int
    late: int
    not_started: int
    ended: int
    cancelled: int
    rooms_offline: int


class TodayBoard(msgspec.Struct, frozen=True):
    """今日看板: what needs somebody first, in each group by time.

    The groups are late, live with somebody offline, live, due, and the rest.
    """

    day: date
    now: datetime
    counts: TodayCounts
    lessons: tuple[TodayLesson, ...]
    next: str | None
