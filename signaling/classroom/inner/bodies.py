"""Bodies between web processes and cells. No client sees them."""

from __future__ import annotations

import msgspec

from signaling.classroom.api import LiveLesson, LiveNotice


class LiveLessonList(msgspec.Struct, frozen=True):
    """The lessons whose rooms are open in a cell."""

    lessons: tuple[LiveLesson, ...]


class LoginHashes(msgspec.Struct, frozen=True):
    """Logins, by the hashes of their sessions."""

    hashes: tuple[str, ...]


class PersonNamed(msgspec.Struct, frozen=True):
    """A person."""

    person_id: str


class NoticeGiven(msgspec.Struct, frozen=True):
    """A notice for a room of a lesson."""

    notice: LiveNotice
