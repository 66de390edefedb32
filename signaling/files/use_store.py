"""Reading and writing who uses which file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update

from signaling.audit.log import Work
from signaling.base.database import Database
from signaling.files.records import IN_USE, FileRecord, Holder
from signaling.files.store import record_of
from signaling.files.tables import FileRow, FileUseRow
from signaling.files.wire import FileState


class FileUseStore:
    """Rows of uses. A file's row is locked before its uses change, so that none is overlooked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def lock(self, work: Work, file_id: str) -> FileRecord | None:
        """Return a file that nobody else changes until the end of the work."""
        row = await work.session.get(FileRow, file_id, with_for_update=True, populate_existing=True)
        return None if row is None else record_of(row)

    async def attach(self, work: Work, file_id: str, holder: Holder, at: datetime) -> None:
        """Add a use, unless it is there."""
        if await work.session.get(FileUseRow, (file_id, holder.noun, holder.holder_id)) is None:
            work.session.add(
                FileUseRow(file_id=file_id, noun=holder.noun, holder_id=holder.holder_id, at=at)
            )
            await work.session.flush()
        await self._set_end(work, file_id, IN_USE)

    async def detach(self, work: Work, file_id: str, holder: Holder, expires_at: datetime) -> bool:
        """Take a use away; without another one the file expires. Whether there was the use."""
        use = await work.session.get(FileUseRow, (file_id, holder.noun, holder.holder_id))
        if use is None:
            return False
        await work.session.delete(use)
        await work.session.flush()
        if await self.count(work, file_id) == 0:
            await self._set_end(work, file_id, expires_at)
        return True

    async def count(self, work: Work, file_id: str) -> int:
        """Count the uses of a file."""
        counted = await work.session.scalar(
            select(func.count()).select_from(FileUseRow).where(FileUseRow.file_id == file_id)
        )
        return counted or 0

    async def holders(self, file_id: str) -> Sequence[Holder]:
        """Return what uses a file, oldest first."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(FileUseRow)
                .where(FileUseRow.file_id == file_id)
                .order_by(FileUseRow.at, FileUseRow.noun, FileUseRow.holder_id)
            )
            return [Holder(row.noun, row.holder_id) for row in rows]

    async def held_by(self, holder: Holder) -> Sequence[FileRecord]:
        """Return the files that something uses, in the order in which they came."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(FileRow)
                .join(FileUseRow, FileUseRow.file_id == FileRow.file_id)
                .where(FileUseRow.noun == holder.noun, FileUseRow.holder_id == holder.holder_id)
                .order_by(FileUseRow.at, FileRow.file_id)
            )
            return [record_of(row) for row in rows]

    async def delete(self, work: Work, file_id: str) -> None:
        """Delete a file's row with its uses."""
        await work.session.execute(delete(FileUseRow).where(FileUseRow.file_id == file_id))
        await work.session.execute(delete(FileRow).where(FileRow.file_id == file_id))

    async def _set_end(self, work: Work, file_id: str, expires_at: datetime) -> None:
        await work.session.execute(
            update(FileRow)
            .where(FileRow.file_id == file_id, FileRow.state == FileState.READY)
            .values(expires_at=expires_at)
        )
