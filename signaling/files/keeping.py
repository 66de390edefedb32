"""Files as other wings and their jobs use them: read uploads, keep exports."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import structlog

from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog, Work, own_branch
from signaling.base.clock import Clock
from signaling.base.errors import NotFound
from signaling.base.ids import new_id
from signaling.base.problem_codes import ProblemCode
from signaling.files.disk import delete_files, demand_space, make_room
from signaling.files.errors import FileTooLarge
from signaling.files.records import FileRecord, Outcome
from signaling.files.rules import PURPOSES, UPLOAD_LIFE, short_name
from signaling.files.storage import FileStorage
from signaling.files.store import FileStore
from signaling.files.tables import FileRow
from signaling.files.wire import FilePurpose, FileState

log = structlog.get_logger(__name__)

MAX_READ_BYTES = 256 * 1024 * 1024  # of a file that a job takes into its memory; a video may not be


class Files:
    """Finished files, and the making of exports."""

    def __init__(
        self, store: FileStore, storage: FileStorage, audit: AuditLog, clock: Clock
    ) -> None:
        self._store = store
        self._storage = storage
        self._audit = audit
        self._clock = clock

    async def ready(
        self, owner_id: str, file_id: str, purpose: FilePurpose | None = None
    ) -> FileRecord:
        """Return a finished file of an owner, and of a purpose. Raises NotFound."""
        record = await self._store.file(file_id)
        if record is None or record.owner_id != owner_id or not self._is_there(record):
            raise NotFound(code=ProblemCode.FILE_NOT_FOUND)
        if purpose is not None and record.purpose is not purpose:
            raise NotFound(code=ProblemCode.FILE_NOT_FOUND)
        return record

    async def read(self, owner_id: str, file_id: str) -> bytes:
        """Return the whole of a finished file. Raises NotFound, FileTooLarge."""
        record = await self.ready(owner_id, file_id)
        if record.size > MAX_READ_BYTES:
            raise FileTooLarge(field="file_id", facts={"most": MAX_READ_BYTES})
        pieces = bytearray()
        try:
            async for piece in self._storage.read(record.file_id):
                pieces += piece
        except FileNotFoundError:
            raise NotFound(code=ProblemCode.FILE_NOT_FOUND) from None
        return bytes(pieces)

    async def content(self, owner_id: str, file_id: str) -> tuple[FileRecord, Path | None]:
        """Return a finished file of an owner, and its path if it lies here. Raises NotFound."""
        record = await self.ready(owner_id, file_id)
        return record, self._storage.local(file_id)

    def pieces(self, record: FileRecord) -> AsyncIterator[bytes]:
        """Read a finished file in pieces."""
        return self._storage.read(record.file_id)

    async def take_over(
        self,
        work: Work,
        former_owner_id: str,
        file_ids: Sequence[str],
        purpose: FilePurpose,
        *,
        owner_id: str,
        expires_at: datetime,
    ) -> Mapping[str, FileRecord]:
        """Give finished files to another owner, such as the object to which they belong.

        The former owner finds them no longer, and they count no longer for the bounds.

        Returns:
            The files by id. One that is not the former owner's, of another purpose, or past its
            time is not among them, and stays as it is.
        """
        wanted = (
            FileRow.owner_id == former_owner_id,
            FileRow.purpose == purpose,
            FileRow.expires_at > self._clock.now(),
        )
        found = await self._store.give(work, file_ids, owner_id, expires_at, wanted=wanted)
        return {one.file_id: one for one in found}

    async def keep_until(self, work: Work, file_ids: Sequence[str], expires_at: datetime) -> None:
        """Keep files until a time; one that is past has them deleted soon."""
        await self._store.keep_until(work, file_ids, expires_at)

    async def keep(
        self,
        actor: Actor,
        name: str,
        media_type: str,
        chunks: AsyncIterable[bytes] | Iterable[bytes],
    ) -> FileRecord:
        """Keep a file that a job made, for the actor to download. The oldest one may give way.

        Raises:
            FileTooLarge: it has more bytes than an export may have; nothing is kept.
            StorageFull: the disk must not take it.
        """
        purpose = FilePurpose.EXPORT
        now = self._clock.now()
        await demand_space(self._storage, 0)
        await make_room(self._store, self._storage, actor.actor_id, purpose, size=0, now=now)
        record = FileRecord(
            file_id=new_id(),
            owner_id=actor.actor_id,
            purpose=purpose,
            state=FileState.COMING,
            name=short_name(name),
            media_type=None,
            size=0,
            received=0,
            sha256=None,
            created_at=now,
            expires_at=now + UPLOAD_LIFE,
        )
        action = AuditAction.FILE_EXPORT
        async with self._audit.work(actor, action, record.file_id, record.name) as work:
            work.concerns(own_branch(actor), record.name)
            await self._store.add(work, record)
        try:
            await self._write(record.file_id, chunks)
        except BaseException:
            await delete_files(self._store, self._storage, [record.file_id])
            raise
        inspection = await self._storage.inspect(record.file_id)
        await self._storage.complete(record.file_id)
        end = now + PURPOSES[purpose].life
        outcome = Outcome(inspection.size, media_type, inspection.sha256, end)
        await self._store.set_ready(record.file_id, outcome)
        return await self.ready(actor.actor_id, record.file_id)

    async def delete_expired(self) -> None:
        """Delete files whose time is over: their bytes first, then their rows."""
        expired = await self._store.expired(self._clock.now())
        await delete_files(self._store, self._storage, expired)
        if expired:
            log.info("files_expired", count=len(expired))

    def _is_there(self, record: FileRecord) -> bool:
        return record.state is FileState.READY and record.expires_at > self._clock.now()

    async def _write(self, file_id: str, chunks: AsyncIterable[bytes] | Iterable[bytes]) -> None:
        most = PURPOSES[FilePurpose.EXPORT].most_bytes
        size = 0
        async with self._storage.growing(file_id, 0) as part:
            async for chunk in _each(chunks):
                size += len(chunk)
                if size > most:
                    raise FileTooLarge(facts={"most": most})
                await part.write(chunk)
            await part.settle(size)


async def _each(chunks: AsyncIterable[bytes] | Iterable[bytes]) -> AsyncIterator[bytes]:
    if isinstance(chunks, AsyncIterable):
        async for chunk in chunks:
            yield chunk
    else:
        for chunk in chunks:
            yield chunk
