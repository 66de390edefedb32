"""What forwarding asks of lessons: whether one is open, and how large it will be."""

from __future__ import annotations

from signaling.forwarding.places import LessonSize
from signaling.lessons.rules import OPEN_STATES
from signaling.lessons.store import LessonStore
from signaling.lessons.wire import LessonState


class StoredLessons:
    """Implements `OpenLessons` over the lessons of the database."""

    def __init__(self, lessons: LessonStore) -> None:
        self._lessons = lessons

    async def size(self, lesson_id: str) -> LessonSize | None:
        """See `OpenLessons`. The lead room counts, too."""
        record = await self._lessons.lesson(lesson_id)
        if record is None or record.state not in OPEN_STATES:
            return None
        return LessonSize(len(record.receive_rooms) + 1, record.state is LessonState.LIVE)
