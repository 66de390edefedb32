"""Reading and writing the state of live rooms that survives a restart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from signaling.base.database import Database
from signaling.base.fences import NO_FENCES, Fences
from signaling.classroom.parts.part import SavedRoom
from signaling.classroom.registry import PARTS
from signaling.classroom.tables import LessonRoomStateRow


class RoomStore:
    """The saved rooms: one JSON object each, with the saved fields of every part."""

    def __init__(self, database: Database, fences: Fences = NO_FENCES) -> None:
        self._database = database
        self._fences = fences

    async def saved(self, lesson_id: str) -> SavedRoom:
        """Return what was saved of a live room."""
        async with self._database.read() as session:
            row = await session.get(LessonRoomStateRow, lesson_id)
        return SavedRoom() if row is None else saved_of(row.state)

    async def save(self, lesson_id: str, saved: SavedRoom) -> None:
        """Save what of a live room must survive a restart. Raises LeaseLost."""
        async with self._database.write() as session:
            await self._fences.check(session, lesson_id)
            await session.merge(LessonRoomStateRow(lesson_id=lesson_id, state=json_of(saved)))


def saved_of(state: Mapping[str, Any]) -> SavedRoom:
    """Return a saved room from its JSON object; a part takes its own fields or its defaults."""
    kinds = (part.saved for part in PARTS if part.saved is not None)
    return SavedRoom(tuple(msgspec.convert(state, kind) for kind in kinds))


def json_of(saved: SavedRoom) -> dict[str, Any]:
    """Return the JSON object of a saved room."""
    return {
        name: value for part in saved.parts for name, value in msgspec.to_builtins(part).items()
    }
