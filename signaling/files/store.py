"""Reading and writing the rows of files."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Update, delete, func, select, tuple_, update

from signaling.audit.log import Work
from signaling.base.cursors import Place
from signaling.base.database import Database
from signaling.files.records import FileRecord, Outcome
from signaling.files.rules import promised_bytes
from signaling.files.tables import FileRow
from signaling.files.wire import FileProblem, FilePurpose, FileState, VideoFacts

_ADD_LOCK = 0x544B_4649  # PostgreSQL advisory lock: the bounds of owners are counted by one at once
_EXPIRED_AT_ONCE = 50  # files of one round
_CHECKED_AT_ONCE = 50  # likewise


class FileStore:
    """Rows of files."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def file(self, file_id: str) -> FileRecord | None:
        """Return one file."""
        async with self._database.read() as session:
            row = await session.get(FileRow, file_id)
        return None if row is None else record_of(row)

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
        found = [record_of(row) for row in rows[:limit]]
        if len(rows) <= limit:
            return found, None
        return found, Place(found[-1].created_at, found[-1].file_id)

    async def of_purpose(self, owner_id: str, purpose: FilePurpose) -> Sequence[FileRecord]:
        """Return all files of an owner for a purpose that have bytes, oldest first."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(FileRow)
                .where(*_counted(owner_id, purpose))
                .order_by(FileRow.created_at, FileRow.file_id)
            )
            return [record_of(row) for row in rows]

    async def held(self, work: Work, owner_id: str, purpose: FilePurpose) -> tuple[int, int]:
        """Count an owner's files and their bytes; nobody else adds until the end of the work."""
        await self._database.serialize(work.session, _ADD_LOCK)
        counted = await work.session.execute(
            select(func.count(), func.coalesce(func.sum(FileRow.size), 0)).where(
                *_counted(owner_id, purpose)
            )
        )
        count, size = counted.one()
        return int(count), int(size)

    async def promised(self, work: Work) -> int:
        """Count the bytes that uploads under way will still put on the disk."""
        found = await work.session.execute(
            select(
                FileRow.purpose,
                FileRow.state,
                func.sum(FileRow.size),
                func.sum(FileRow.received),
            )
            .where(FileRow.state.in_((FileState.COMING, FileState.CHECKING)))
            .group_by(FileRow.purpose, FileRow.state)
        )
        return sum(
            promised_bytes(FilePurpose(purpose), FileState(state), int(size), int(received))
            for purpose, state, size, received in found
        )

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

    async def set_ready(self, file_id: str, outcome: Outcome) -> None:
        """Note that a file is whole."""
        async with self._database.write() as session:
            await session.execute(
                update(FileRow)
                .where(FileRow.file_id == file_id, FileRow.state == FileState.COMING)
                .values(**_ready(outcome), received=outcome.size)
            )

    async def set_checking(self, work: Work, file_id: str, expires_at: datetime) -> bool:
        """Note that all bytes are there; whether nobody else did."""
        return await self._changed(
            work,
            update(FileRow)
            .where(FileRow.file_id == file_id, FileRow.state == FileState.COMING)
            .values(state=FileState.CHECKING, expires_at=expires_at),
        )

    async def set_job(self, work: Work, file_id: str, job_id: str) -> None:
        """Note which job checks a file."""
        await work.session.execute(
            update(FileRow).where(FileRow.file_id == file_id).values(job_id=job_id)
        )

    async def set_taken(self, work: Work, file_id: str, outcome: Outcome) -> bool:
        """Note what a check found; whether the file still waited for it."""
        return await self._changed(
            work,
            update(FileRow)
            .where(FileRow.file_id == file_id, FileRow.state == FileState.CHECKING)
            .values(**_ready(outcome)),
        )

    async def set_refused(
        self, work: Work, file_id: str, problem: FileProblem, expires_at: datetime
    ) -> bool:
        """Note that a check refused a file; whether the file still waited for it."""
        told = msgspec.json.encode(problem).decode()
        return await self._changed(
            work,
            update(FileRow)
            .where(FileRow.file_id == file_id, FileRow.state == FileState.CHECKING)
            .values(state=FileState.REFUSED, problem=told, expires_at=expires_at),
        )

    async def checking(self) -> Sequence[FileRecord]:
        """Return files that wait for their check, some of them."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(FileRow).where(FileRow.state == FileState.CHECKING).limit(_CHECKED_AT_ONCE)
            )
            return [record_of(row) for row in rows]

    async def whole(self) -> Sequence[FileRecord]:
        """Return uploads of which all bytes are there and nobody has looked at, some of them."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(FileRow)
                .where(
                    FileRow.state == FileState.COMING,
                    FileRow.received == FileRow.size,
                    FileRow.size > 0,
                )
                .limit(_CHECKED_AT_ONCE)
            )
            return [record_of(row) for row in rows]

    async def with_parts(self, file_ids: Collection[str]) -> frozenset[str]:
        """Return those of the files that are on their way, so that their parts count."""
        async with self._database.read() as session:
            found = await session.scalars(
                select(FileRow.file_id).where(
                    FileRow.file_id.in_(file_ids),
                    FileRow.state.in_((FileState.COMING, FileState.CHECKING)),
                )
            )
            return frozenset(found)

    async def give(
        self,
        work: Work,
        file_ids: Sequence[str],
        owner_id: str,
        expires_at: datetime,
        *,
        wanted: Sequence[ColumnElement[bool]] = (),
    ) -> Sequence[FileRecord]:
        """Write the owner of finished files, and how long they are kept.

        Returns those that meet all the conditions in `wanted`; no others are changed.
        """
        changed = await work.session.scalars(
            update(FileRow)
            .where(FileRow.file_id.in_(file_ids), FileRow.state == FileState.READY, *wanted)
            .values(expires_at=expires_at, owner_id=owner_id)
            .returning(FileRow)
            .execution_options(populate_existing=True)
        )
        return [record_of(row) for row in changed.all()]

    async def keep_until(self, work: Work, file_ids: Sequence[str], expires_at: datetime) -> None:
        """Write how long finished files are kept."""
        await work.session.execute(
            update(FileRow)
            .where(FileRow.file_id.in_(file_ids), FileRow.state == FileState.READY)
            .values(expires_at=expires_at)
        )

    async def end(self, owner_id: str, file_ids: Sequence[str], now: datetime) -> Sequence[str]:
        """End the time of finished files of an owner; return those that are still the owner's.

        Nobody takes over a file whose time is over, so its bytes may be deleted after that.
        """
        statement = (
            update(FileRow)
            .where(
                FileRow.file_id.in_(file_ids),
                FileRow.owner_id == owner_id,
                FileRow.state == FileState.READY,
            )
            .values(expires_at=now)
            .returning(FileRow.file_id)
        )
        async with self._database.write() as session:
            return (await session.scalars(statement)).all()

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

    async def _changed(self, work: Work, statement: Update) -> bool:
        return await work.session.scalar(statement.returning(FileRow.file_id)) is not None


def _counted(owner_id: str, purpose: FilePurpose) -> tuple[ColumnElement[bool], ...]:
    return (
        FileRow.owner_id == owner_id,
        FileRow.purpose == purpose,
        FileRow.state != FileState.REFUSED,
    )


def _ready(outcome: Outcome) -> dict[str, Any]:
    video = None if outcome.video is None else msgspec.json.encode(outcome.video).decode()
    return {
        "state": FileState.READY,
        "size": outcome.size,
        "media_type": outcome.media_type,
        "sha256": outcome.sha256,
        "expires_at": outcome.expires_at,
        "video": video,
    }


def record_of(row: FileRow) -> FileRecord:
    """Return a row as others see it."""
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
        job_id=row.job_id,
        problem=None if row.problem is None else msgspec.json.decode(row.problem, type=FileProblem),
        video=None if row.video is None else msgspec.json.decode(row.video, type=VideoFacts),
    )
