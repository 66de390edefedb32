"""Reading and writing epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.base.clock import Clock
from signaling.base.database import Database
from signaling.cells.core.leasing import Lease
from signaling.cells.fence import WRITER_IDLE_MS
from signaling.cells.ports import EpochEntry
from signaling.cells.tables import LessonLeaseRow

# How long a claim waits for a write of the former holder: longer than that may stand still.
CLAIM_WAIT_MS = WRITER_IDLE_MS + 1000
_BOUNDED = text("SELECT set_config('lock_timeout', :wait, true)")


class LeaseStore:
    """The epochs of lessons; the port `EpochBook` over the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def entries(self, lesson_ids: Sequence[str]) -> Mapping[str, EpochEntry]:
        """Read the rows that exist."""
        statement = select(LessonLeaseRow).where(LessonLeaseRow.lesson_id.in_(lesson_ids))
        async with self._database.read() as session:
            rows = (await session.scalars(statement)).all()
        return {row.lesson_id: EpochEntry(row.epoch, row.cell_id) for row in rows}

    async def holders(self, lesson_ids: Sequence[str]) -> Mapping[str, str]:
        """Return the cells of those lessons that have one; it may be dead."""
        entries = await self.entries(lesson_ids)
        return {one: entry.cell_id for one, entry in entries.items() if entry.cell_id is not None}

    async def advance(self, lease: Lease) -> bool:
        """Write the lease if its epoch is greater than the row's; tell whether it was."""
        async with self._database.write() as session:
            await self._bound(session)
            return await self.advance_in(session, lease)

    async def advance_in(self, session: AsyncSession, lease: Lease) -> bool:
        """Do that within a transaction of the caller."""
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        values = {
            "epoch": lease.epoch,
            "cell_id": lease.cell_id,
            "since": self._clock.now(),
        }
        statement = (
            insert(LessonLeaseRow)
            .values(lesson_id=lease.lesson_id, **values)
            .on_conflict_do_update(
                index_elements=[LessonLeaseRow.lesson_id],
                set_=values,
                where=LessonLeaseRow.epoch < lease.epoch,
            )
            .returning(LessonLeaseRow.epoch)
        )
        return (await session.execute(statement)).first() is not None

    async def give_back(self, lease: Lease) -> None:
        """Note that nobody has the lesson, if the lease is in force."""
        statement = (
            update(LessonLeaseRow)
            .where(
                LessonLeaseRow.lesson_id == lease.lesson_id,
                LessonLeaseRow.epoch == lease.epoch,
            )
            .values(cell_id=None, since=self._clock.now())
        )
        async with self._database.write() as session:
            await self._bound(session)
            await session.execute(statement)

    async def _bound(self, session: AsyncSession) -> None:
        """Let nobody wait for ever for a writer of the former holder."""
        if not self._database.is_sqlite:
            await session.execute(_BOUNDED, {"wait": str(CLAIM_WAIT_MS)})
