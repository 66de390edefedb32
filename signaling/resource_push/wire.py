"""The REST API's bodies about lessons that carry published resources."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from signaling.base.text import Word

MAX_RESOURCES = 10  # of one lesson: a period has time for a few
MAX_WATCHED_S = 24 * 3600.0  # of one report; a resource is as long as a lesson or two


class PushTrouble(StrEnum):
    """The reason why a room cannot play a resource that was chosen."""

    WITHDRAWN = "withdrawn"  # 已下架, or deleted
    EXPIRED = "expired"
    ENDS_EARLY = "ends_early"  # its time is over before the lesson is
    NEEDS_PASSWORD = "needs_password"  # noqa: S105 - a kiosk has nobody who types one
    NOT_FOR_ROOM = "not_for_room"  # published to others than this room
    NONE_CHOSEN = "none_chosen"  # of a whole lesson: nobody chose anything


class PushedResource(msgspec.Struct, frozen=True):
    """One resource of the list. `version` is the published one, None where there is none.

    `rooms` name those that may not see it.
    """

    resource_id: str
    title: str
    length_s: float
    version: int | None
    expires_at: datetime | None
    trouble: PushTrouble | None
    rooms: tuple[str, ...] = ()


class RoomPlay(msgspec.Struct, frozen=True):
    """Seconds that a room watched of one resource; each second of it counts once."""

    room_id: str
    resource_id: str
    watched_s: float
    last_at: datetime


class LessonResources(msgspec.Struct, frozen=True):
    """The ordered list of a lesson, and what was played of it.

    A room sees only its own plays. Playing counts from `opens_at` until `closes_at`.
    """

    lesson_id: str
    revision: int
    resources: tuple[PushedResource, ...]
    plays: tuple[RoomPlay, ...]
    opens_at: datetime
    closes_at: datetime
    may_choose: bool


class ChooseResources(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The resources that a lesson is to carry, in order; `revision` is the one that was shown."""

    revision: Annotated[int, Meta(ge=0)]
    resource_ids: Annotated[tuple[Word, ...], Meta(max_length=MAX_RESOURCES)]


class PlayClaim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds of a resource that a room has watched so far, and when it watched last."""

    resource_id: Word
    watched_s: Annotated[float, Meta(ge=0, le=MAX_WATCHED_S)]
    at: Annotated[datetime, Meta(tz=True)]


class PlayReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a kiosk played. It may be sent again: the greatest number holds."""

    plays: Annotated[tuple[PlayClaim, ...], Meta(min_length=1, max_length=MAX_RESOURCES)]


class PlaysKept(msgspec.Struct, frozen=True):
    """What counts for the room after a report."""

    plays: tuple[RoomPlay, ...]


class TroubledLesson(msgspec.Struct, frozen=True):
    """A lesson ahead whose rooms could not play all that they should."""

    lesson_id: str
    title: str
    starts_at: datetime
    lead_teacher: str
    trouble: PushTrouble
    resource: str  # its title; empty where nothing was chosen


class TroubledLessons(msgspec.Struct, frozen=True):
    """Lessons ahead with troubles, the next one first. `more`: there are others."""

    lessons: tuple[TroubledLesson, ...]
    more: bool
