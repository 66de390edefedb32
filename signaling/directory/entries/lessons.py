"""Questions of the directory about lessons: which of them need an entry that is to be disabled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from signaling.directory.entries.wire import AffectedLesson


class LessonUser(StrEnum):
    """Nouns without which a lesson cannot be held as planned."""

    SCHOOL = "school"
    ROOM = "room"
    CLASS = "class"
    TEACHER = "teacher"


class LessonsAhead(Protocol):
    """The lessons that are scheduled or live. Wiring hands it in."""

    async def needing(
        self, session: AsyncSession, user: LessonUser, entry_id: str, now: datetime, limit: int
    ) -> tuple[Sequence[AffectedLesson], int]:
        """Return the first lessons after `now` that need the entry, and how many need it."""
