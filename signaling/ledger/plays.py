"""What points played of pushed resources, as the ledger asks for it. Wiring hands it in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from signaling.ledger.wire import PlayedResource


@dataclass(frozen=True, slots=True)
class RoomPlayed:
    """Seconds that a room watched in a lesson, and the latest moment at which it did."""

    watched_s: float
    last_at: datetime


@dataclass(frozen=True, slots=True)
class LessonPlayed:
    """A lesson of 资源推送: the length of all that it carries, and what each room watched."""

    length_s: float = 0.0
    rooms: Mapping[str, RoomPlayed] = field(default_factory=dict)

    def watched_s(self, room_id: str) -> float:
        """Return the seconds that a room watched."""
        played = self.rooms.get(room_id)
        return 0.0 if played is None else played.watched_s


class PlayedLessons(Protocol):
    """Lessons of 资源推送."""

    async def played(
        self, session: AsyncSession, lesson_ids: Collection[str]
    ) -> Mapping[str, LessonPlayed]:
        """Return what lessons carry and what was watched; those that carry nothing are left out."""

    async def resources(
        self, session: AsyncSession, lesson_id: str, room_id: str
    ) -> Sequence[PlayedResource]:
        """Return what a room watched in a lesson, the first first."""


class NothingPlayed:
    """A county without 资源推送."""

    async def played(
        self, session: AsyncSession, lesson_ids: Collection[str]
    ) -> Mapping[str, LessonPlayed]:
        """Return nothing."""
        return {}

    async def resources(
        self, session: AsyncSession, lesson_id: str, room_id: str
    ) -> Sequence[PlayedResource]:
        """Return nothing."""
        return ()
