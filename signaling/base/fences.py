"""Fences: may this process write of a lesson? Where several share lessons, another may have it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.errors import SignalingError
from signaling.base.problem_codes import ProblemCode

MAX_TOLD = 1_000  # lessons: as many as one process has rooms


class LeaseLost(SignalingError):
    """Another cell has the lesson; nothing was written, and this cell must not go on with it."""

    status = 503
    code = ProblemCode.LESSON_MOVED
    title = "another server has taken over the lesson"


class Fences(Protocol):
    """The right of this process to write of lessons.

    Each transaction in which a cell writes of a lesson asks first, before any other statement.
    """

    async def check(self, session: AsyncSession, lesson_id: str) -> None:
        """Hold the right to write of this lesson until the end of the transaction.

        On SQLite the transaction must be a writing one from its beginning (`Database.write`).

        Raises:
            LeaseLost: this process does not have the lesson.
        """


class NoFences:
    """The fences of a process that shares its lessons with no other: it may always write."""

    async def check(self, session: AsyncSession, lesson_id: str) -> None:
        """Let it pass."""


NO_FENCES = NoFences()


async def lost_among(
    fences: Fences, session: AsyncSession, lesson_ids: Iterable[str]
) -> frozenset[str]:
    """Hold the right to write of several lessons; return those that this process does not have.

    A transaction over several lessons writes of the others only.
    """
    lost: set[str] = set()
    for lesson_id in sorted(set(lesson_ids)):
        try:
            await fences.check(session, lesson_id)
        except LeaseLost:
            lost.add(lesson_id)
    return frozenset(lost)


class ToldLosses:
    """The lessons whose loss a writer has logged, so that it says so once.

    Of more than `MAX_TOLD` it forgets the oldest, and would say it again.
    """

    def __init__(self) -> None:
        self._told: dict[str, None] = {}

    def tell(self, lesson_id: str) -> bool:
        """Note a loss; tell whether it is to be logged."""
        if lesson_id in self._told:
            return False
        if len(self._told) >= MAX_TOLD:
            del self._told[next(iter(self._told))]
        self._told[lesson_id] = None
        return True

    def wrote(self, lesson_id: str) -> None:
        """Note that the process has the lesson: its next loss is another one."""
        self._told.pop(lesson_id, None)
