"""The fence: a write of a lesson is accepted under the epoch in force only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.fences import LeaseLost
from signaling.cells.api import Leases
from signaling.cells.tables import LessonLeaseRow

# A fenced transaction whose process stands still this long is ended by PostgreSQL. It would else
# keep the row locked, and no other cell could claim the lesson.
WRITER_IDLE_MS = 2000


@dataclass(frozen=True, slots=True)
class LeaseFence:
    """The right to write of a lesson under one epoch."""

    lesson_id: str
    epoch: int

    async def check(self, session: AsyncSession) -> None:
        """Hold the epoch in force until the end of this writing transaction.

        A claim waits for the end of the transaction. SQLite has one writer, so there the
        transaction must be a writing one from its beginning (`Database.write`).

        Raises:
            LeaseLost: another epoch is in force, or the lease was given back.
        """
        postgresql = session.get_bind().dialect.name == "postgresql"
        row = (await session.execute(self._question(postgresql=postgresql))).first()
        if row is None:
            raise LeaseLost(f"epoch {self.epoch} of lesson {self.lesson_id} is over")

    def _question(self, *, postgresql: bool) -> Select[Any]:
        statement = select(LessonLeaseRow.epoch).where(
            LessonLeaseRow.lesson_id == self.lesson_id,
            LessonLeaseRow.epoch == self.epoch,
            LessonLeaseRow.cell_id.is_not(None),
        )
        if not postgresql:
            return statement
        limit = func.set_config("idle_in_transaction_session_timeout", str(WRITER_IDLE_MS), True)
        return statement.add_columns(limit).with_for_update(read=True)


class LeaseFences:
    """The fences of a cell, by its leases; implements `base.fences.Fences`."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases

    async def check(self, session: AsyncSession, lesson_id: str) -> None:
        """Hold the epoch under which this cell has the lesson now. Raises LeaseLost."""
        await self._leases.fence(lesson_id).check(session)
