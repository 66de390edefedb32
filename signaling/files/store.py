"""Reading and writing the rows of files."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, tuple_, update

from signaling.audit.log import Work
from signaling.base.cursors import Place
from signaling.base.database import Database
from signaling.files.records import FileRecord
from signaling.files.tables import FileRow
from signaling.files.wire import FilePurpose, FileState

_ADD_LOCK = 0x544B_4649  # PostgreSQL advisory lock: the bounds of owners are counted by one at once
_EXPIRED_AT_ONCE = 50  # files of one round


class FileStore:
    """Rows of files."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def file(self, file_id: str) -> FileRecord | None:
        """Return one file."""
        async with self._database.read() as session:
            row = await session.get(FileRow, file_id)
        return None if row is None else _record(row)

    async def page(
        self, owner_id: str, *, limit: int, before: Place | None
    ) -> tuple[Sequence[FileRecord], Place | None]:
        """Return files of an owner, newest first, and the next page's place."""
        wanted = [FileRow.owner_id == owner_id]
        if before is not None:
            place = tuple_(FileRow.created_at, FileRow.file_id)
            wanted.append(place < tuple_(before.at, before.row_id))
        statement = (
            select(FileRow)
            .where(*wanted)
            .order_by(FileRow.created_at.desc(), FileRow.file_id.desc())
            .limit(limit + 1)
        )
        async with self._database.read() as session:
            rows = (await session.scalars(statement)).all()
        found = [_record(row) for row in rows[:limit]]
        if len(rows) <= limit:
            return found, None
        return found, Place(found[-1].created_at, found[-1].file_id)

    async def of_purpose(self, owner_id: str, purpose: FilePurpose) -> Sequence[FileRecord]:
        """Return all files of an owner for a purpose, oldest first."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(FileRow)
                .where(FileRow.owner_id == owner_id, FileRow.purpose == purpose)
                .order_by(FileRow.created_at, FileRow.file_id)
            )
            return [_record(row) for row in rows]

    async def held(self, work: Work, owner_id: str, purpose: FilePurpose) -> tuple[int, int]:
        """Count an owner's files and their bytes; nobody else adds until the end of the work."""
        await self._database.serialize(work.session, _ADD_LOCK)
        counted = await work.session.execute(
            select(func.count(), func.coalesce(func.sum(FileRow.size), 0)).where(
                FileRow.owner_id == owner_id, FileRow.purpose == purpose
            )
        )
        count, size = counted.one()
        return int(count), int(size)

    async def add(self, work: Work, record: FileRecord) -> None:
        """Add a file."""
        work.session.add(FileRow(**{name: getattr(record, name) for name in FileRecord.__slots__}))
        await work.session.flush()

    async def grow(self, file_id: str, received: int, expires_at: datetime) -> None:
        """Note that so many bytes are safe."""
        async with self._database.write() as session:
            await session.execute(
                update(FileRow)
                .where(FileRow.file_id == file_id, FileRow.state == FileState.COMING)
                .values(received=received, expires_at=expires_at)
            )

    async def set_ready(
        self, file_id: str, *, size: int, media_type: str, sha256: str, expires_at: datetime
    ) -> None:
        """Note that a file is whole."""
        async with self._database.write() as session:
            await session.execute(
                update(FileRow)
                .where(FileRow.file_id == file_id, FileRow.state == FileState.COMING)
                .values(
                    state=FileState.READY,
                    size=size,
                    received=size,
                    media_type=media_type,
                    sha256=sha256,
                    expires_at=expires_at,
                )
            )

    async def delete(self, work: Work, file_id: str) -> None:
        """Delete the row of a file."""
        await work.session.execute(delete(FileRow).where(FileRow.file_id == file_id))

    async def expired(self, now: datetime) -> Sequence[str]:
        """Return the ids of files whose time is over, some of them."""
        async with self._database.read() as session:
            found = await session.scalars(
                select(FileRow.file_id).where(FileRow.expires_at <= now).limit(_EXPIRED_AT_ONCE)
            )
            return found.all()

    async def forget(self, file_ids: Collection[str]) -> None:
        """Delete the rows of files whose bytes are gone."""
        async with self._database.write() as session:
            await session.execute(delete(FileRow).where(FileRow.file_id.in_(file_ids)))


def _record(row: FileRow) -> FileRecord:
    return FileRecord(
        file_id=row.file_id,
        owner_id=row.owner_id,
        purpose=FilePurpose(row.purpose),
        state=FileState(row.state),
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        received=row.received,
        sha256=row.sha256,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
