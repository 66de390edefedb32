"""Lessons that this cell holds by lease: what the live rooms and the door ask of it."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from signaling.base.errors import CellAway
from signaling.cells.api import Leases, Refused, Standing

log = structlog.get_logger(__name__)


class LeasedLessons:
    """Implements `Tenure` of the classroom and `HeldLessons` of the door over the leases."""

    def __init__(self, leases: Leases, may_take: Callable[[], bool]) -> None:
        """`may_take` tells whether this cell takes lessons that it does not have."""
        self._leases = leases
        self._may_take = may_take

    def has(self, lesson_id: str) -> bool:
        """See `Tenure`. A lesson in doubt is still here: only the database can take it away."""
        return self._leases.standing(lesson_id) is not Standing.LOST

    async def holds(self, lesson_id: str) -> bool:
        """See `HeldLessons`."""
        return self.has(lesson_id)

    async def take(self, lesson_id: str) -> None:
        """See `Tenure`."""
        if not self.has(lesson_id) and not self._may_take():
            raise CellAway("this cell takes no lessons now")
        await self.take_again(lesson_id)

    async def take_again(self, lesson_id: str) -> None:
        """See `Tenure`."""
        found = await self._leases.claim(lesson_id)
        if isinstance(found, Refused):
            log.info("lesson_not_taken", lesson_id=lesson_id, reason=found.reason)
            raise CellAway(f"the lesson is not to be had: {found.reason}")

    async def give_back(self, lesson_id: str) -> None:
        """See `Tenure`."""
        await self._leases.release(lesson_id)
