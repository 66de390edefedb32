"""Lessons of 资源推送, as the ledger asks for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from signaling.ledger.plays import LessonPlayed, RoomPlayed
from signaling.ledger.wire import PlayedResource
from signaling.resource_push.store import chosen_for, plays_of


class PushedPlays:
    """Lends what rooms played. Implements `PlayedLessons`."""

    async def played(
        self, session: AsyncSession, lesson_ids: Collection[str]
    ) -> Mapping[str, LessonPlayed]:
        """Return what lessons carry and what was watched; those that carry nothing are left out."""
        lists = await chosen_for(session, lesson_ids)
        rooms: dict[str, dict[str, RoomPlayed]] = defaultdict(dict)
        for row in await plays_of(session, lesson_ids):
            before = rooms[row.lesson_id].get(row.room_id)
            rooms[row.lesson_id][row.room_id] = (
                RoomPlayed(row.watched_s, row.last_at)
                if before is None
                else RoomPlayed(before.watched_s + row.watched_s, max(before.last_at, row.last_at))
            )
        return {
            lesson_id: LessonPlayed(
                sum(one.length_s for one in lists.get(lesson_id, ())), rooms.get(lesson_id, {})
            )
            for lesson_id in {*lists, *rooms}
        }

    async def resources(
        self, session: AsyncSession, lesson_id: str, room_id: str
    ) -> Sequence[PlayedResource]:
        """Return what a room watched in a lesson, the first first."""
        return [
            PlayedResource(
                row.resource_id,
                row.title,
                round(row.length_s),
                round(row.watched_s),
                row.first_at,
                row.last_at,
            )
            for row in await plays_of(session, [lesson_id], room_id)
        ]
