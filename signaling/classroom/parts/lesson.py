"""The lesson's own state in its room."""

from __future__ import annotations

import msgspec

from signaling.classroom.messages import Event
from signaling.classroom.parts.part import LessonBegan, LessonNow, Opening, Part
from signaling.lessons.wire import LessonState


class LessonChanged(Event, frozen=True, tag="lesson_changed"):
    """The lesson started or ended."""

    lesson: LessonNow


class LessonPiece(msgspec.Struct, frozen=True):
    """Fields of the snapshot."""

    lesson: LessonNow


class Lesson(Part[LessonPiece]):
    """The lesson; the database tells of every change."""

    piece = LessonPiece
    events = (LessonChanged,)

    def begin(self, opening: Opening) -> LessonPiece:
        """Return the lesson as it is in the database."""
        return LessonPiece(opening.lesson)

    @property
    def is_live(self) -> bool:
        """True while the lesson is under way."""
        return self.shown.lesson.state is LessonState.LIVE

    def set(self, lesson: LessonNow) -> None:
        """Note that the lesson started or ended."""
        if lesson == self.shown.lesson:
            return
        self.emit(LessonChanged, lesson)
        if self.is_live:
            self.room.announce(LessonBegan())
