"""The live rooms, as the ledger's board asks for them."""

from __future__ import annotations

from signaling.classroom.api import LiveLessons
from signaling.ledger.board import RoomsNow, SeatNow


class SeatsNow:
    """Participants in the open rooms."""

    def __init__(self, live: LiveLessons) -> None:
        self._live = live

    async def rooms_now(self) -> RoomsNow:
        """Return the seats of all open rooms. Raises LiveStateUnknown."""
        return {
            room.lesson_id: {
                seat.participant_id: SeatNow(seat.link, seat.headcount) for seat in room.seats
            }
            for room in await self._live.rooms()
        }
