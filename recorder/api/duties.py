"""The duties of a recorder among several, and what its owner hands in for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from enum import Flag, auto
from typing import Any, Protocol


class RecorderDuty(Flag):
    """The work of one recorder. Several recorders may share one database and one storage.

    Each of them reads. One without any duty (`RecorderDuty(0)`) reads only. A recorder with all
    duties must be alone.
    """

    RECORD = auto()  # live lessons, in the process that holds them
    FINISH = auto()  # archives that were closed or left behind, for all recorders


ALL_DUTIES = RecorderDuty.RECORD | RecorderDuty.FINISH


class LessonGuard(Protocol):
    """Keeps a process from writing about a lesson that it has lost to another one."""

    async def check(self, session: Any, lesson_id: str) -> None:
        """Hold the right to the lesson until the writing transaction of `session` ends.

        `session` is SQLAlchemy's `AsyncSession`, which pure packages must not know.

        Raises:
            Exception: the lesson is lost. The recorder takes each error for that, but those of the
                database and of the network (`SQLAlchemyError`, `OSError`).
        """


# Picks those lessons that are still live, or may be continued by a process. It may take its time;
# while it fails, all count as going on.
GoesOn = Callable[[Collection[str]], Awaitable[Collection[str]]]
