"""Telling the pages that wait which lessons have changed."""

from __future__ import annotations

from datetime import tzinfo

from signaling.base.database import Database
from signaling.lessons.events import LessonChanged
from signaling.lessons.tables import LessonRow
from signaling.timetable.events import TimetableChanged
from signaling.timetable.news import ChangeBoard
from signaling.timetable.planning import change_of
from signaling.timetable.scopes import paths_of
from signaling.timetable.standing import load_standing


class ChangeReporter:
    """Follows events of the timetable and of lessons."""

    def __init__(self, database: Database, board: ChangeBoard, zone: tzinfo) -> None:
        self._database = database
        self._board = board
        self._zone = zone

    async def timetable_changed(self, event: TimetableChanged) -> None:
        """Tell of planned, changed and cancelled lessons."""
        async with self._database.read() as session:
            paths = await paths_of(session, [event.county_id])
        self._board.add(event, next(iter(paths), ""))

    async def lesson_changed(self, event: LessonChanged) -> None:
        """Tell of a lesson that was started, ended or cancelled by its people."""
        async with self._database.read() as session:
            found = await load_standing(session, self._zone, LessonRow.lesson_id == event.lesson_id)
        for lesson in found:
            if lesson.county_id:
                await self.timetable_changed(change_of(lesson.county_id, [lesson]))
