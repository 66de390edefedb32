"""The right of this process to hold lessons. A lesson's room is in one process at a time."""

from __future__ import annotations

from typing import Protocol

from signaling.base.errors import CellAway


class Tenure(Protocol):
    """Knows which lessons this process may hold."""

    def has(self, lesson_id: str) -> bool:
        """Tell whether this process has a lesson now."""

    async def take(self, lesson_id: str) -> None:
        """Take a lesson, before its room opens. Nothing happens if it is here already.

        Raises:
            CellAway: another process has it, or nobody can tell.
        """

    async def take_again(self, lesson_id: str) -> None:
        """Take a lesson that nobody else wanted, even if this process takes nothing new.

        Raises:
            CellAway: another process has it, or nobody can tell.
        """

    async def give_back(self, lesson_id: str) -> None:
        """Give a lesson back, after the last write of its room."""


class EveryLesson:
    """The tenure of a server that is one process."""

    def has(self, lesson_id: str) -> bool:
        """See `Tenure`."""
        del lesson_id
        return True

    async def take(self, lesson_id: str) -> None:
        """See `Tenure`."""

    async def take_again(self, lesson_id: str) -> None:
        """See `Tenure`."""

    async def give_back(self, lesson_id: str) -> None:
        """See `Tenure`."""


class NoLesson:
    """The tenure of a process that holds no lessons: it answers pages, or carries out jobs."""

    def has(self, lesson_id: str) -> bool:
        """See `Tenure`."""
        del lesson_id
        return False

    async def take(self, lesson_id: str) -> None:
        """See `Tenure`."""
        raise CellAway(f"lesson {lesson_id} belongs to a cell")

    async def take_again(self, lesson_id: str) -> None:
        """See `Tenure`."""
        await self.take(lesson_id)

    async def give_back(self, lesson_id: str) -> None:
        """See `Tenure`."""
