"""Uploads that can be resumed, and the files of an owner."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from signaling.access.grants import demand_somewhere
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import AuditLog, own_branch
from signaling.base.clock import Clock
from signaling.base.cursors import BadPlace, cursor_of, read_cursor
from signaling.base.errors import Forbidden, Invalid, NotFound, TooLarge, TooManyFiles
from signaling.base.ids import new_id
from signaling.base.problem_codes import ProblemCode
from signaling.files.core.sniffing import MEDIA_TYPES, sniff
from signaling.files.core.tus import Checksum
from signaling.files.disk import delete_files, make_room
from signaling.files.errors import (
    FileKindRefused,
    FileTooLarge,
    UploadDamaged,
    UploadExpired,
    WrongOffset,
)
from signaling.files.records import FileRecord
from signaling.files.rules import PURPOSES, UPLOAD_LIFE, fits, short_name
from signaling.files.storage import FileStorage, GrowingPart
from signaling.files.store import FileStore
from signaling.files.wire import FilePurpose, FileState


class FileService:
    """The actions of owners on their files. Those of others do not exist for them."""

    def __init__(
        self, store: FileStore, storage: FileStorage, audit: AuditLog, clock: Clock
    ) -> None:
        self._store = store
        self._storage = storage
        self._audit = audit
        self._clock = clock

    # --- reading ---------------------------------------------------------------------------------

    async def listed(
        self, actor: Actor, *, limit: int, cursor: str | None
    ) -> tuple[Sequence[FileRecord], str | None]:
        """Return the actor's files, newest first, and the next page's cursor. Raises Invalid."""
        try:
            place = None if cursor is None else read_cursor(cursor)
        except BadPlace:
            raise Invalid(code=ProblemCode.BAD_CURSOR, field="before") from None
        found, following = await self._store.page(actor.actor_id, limit=limit, before=place)
        return found, None if following is None else cursor_of(following)

    async def get(self, actor: Actor, file_id: str) -> FileRecord:
        """Return a file of the actor's. An upload of which all came is finished now.

        Raises:
            NotFound: no such file, or another's.
            UploadExpired: its time is over.
        """
        record = await self._store.file(file_id)
        if record is None or record.owner_id != actor.actor_id:
            raise NotFound(code=ProblemCode.FILE_NOT_FOUND)
        if record.expires_at <= self._clock.now():
            if record.state is FileState.COMING:
                raise UploadExpired()
            raise NotFound(code=ProblemCode.FILE_NOT_FOUND)
        if record.state is FileState.COMING and 0 < record.size == record.received:
            return await self._finish(record)  # the server stopped before it could
        return record

    async def content(self, actor: Actor, file_id: str) -> tuple[FileRecord, Path | None]:
        """Return a finished file of the actor's, and its path if it lies here. Raises NotFound."""
        record = await self.get(actor, file_id)
        if record.state is not FileState.READY:
            raise NotFound(code=ProblemCode.FILE_NOT_FOUND)
        return record, self._storage.local(file_id)

    def pieces(self, record: FileRecord) -> AsyncIterator[bytes]:
        """Read a finished file."""
        return self._storage.read(record.file_id)

    # --- actions ---------------------------------------------------------------------------------

    async def create(self, actor: Actor, purpose: FilePurpose, name: str, size: int) -> FileRecord:
        """Begin an upload of so many bytes.

        Raises:
            Forbidden: not for this purpose.
            Invalid: it is empty, or larger than the purpose allows.
            TooManyFiles: the owner has all that there may be.
            StorageFull: the disk has no room for it.
        """
        rule = PURPOSES[purpose]
        if rule.upload is None:
            raise Forbidden()
        demand_somewhere(actor, rule.upload)
        if size == 0:
            raise Invalid(code=ProblemCode.FILE_EMPTY, field="Upload-Length")
        if size > rule.most_bytes:
            raise FileTooLarge(field="Upload-Length", facts={"most": rule.most_bytes})
        now = self._clock.now()
        await make_room(self._store, self._storage, actor.actor_id, purpose, size=size, now=now)
        record = FileRecord(
            file_id=new_id(),
            owner_id=actor.actor_id,
            purpose=purpose,
            state=FileState.COMING,
            name=short_name(name),
            media_type=None,
            size=size,
            received=0,
            sha256=None,
            created_at=now,
            expires_at=now + UPLOAD_LIFE,
        )
        detail = detail_of(purpose=purpose, bytes=size)
        async with self._audit.work(actor, AuditAction.FILE_UPLOAD, record.file_id, detail) as work:
            work.concerns(own_branch(actor), record.name)
            count, total = await self._store.held(work, actor.actor_id, purpose)
            if not fits(rule, count, total, size):
                raise TooManyFiles(facts={"most": rule.most_files})
            await self._store.add(work, record)
        return record

    async def append(
        self,
        actor: Actor,
        file_id: str,
        offset: int,
        pieces: AsyncIterator[bytes],
        checksum: Checksum | None,
    ) -> FileRecord:
        """Take in the bytes from an offset on. Those that came before a break are kept.

        With a checksum all bytes are kept or none.

        Raises:
            WrongOffset: the upload ends elsewhere.
            UploadInUse: another request writes to it.
            UploadDamaged: the checksum is another.
            TooLarge: there are more bytes than were announced; none is kept.
            FileKindRefused: the file is whole, and of a kind that is not taken. It is deleted.
        """
        record = await self._expected(actor, file_id, offset)
        if record.state is FileState.READY:
            return record  # a request that is made again after a lost answer
        try:
            async with self._storage.growing(file_id, offset) as part:
                record = await self._expected(actor, file_id, offset)
                intake = _Intake(part, record, checksum)
                try:
                    await intake.take(pieces)
                finally:
                    await part.settle(offset + intake.kept)
                    expires_at = self._clock.now() + UPLOAD_LIFE
                    await self._store.grow(file_id, offset + intake.kept, expires_at)
        except FileNotFoundError:  # somebody took the bytes away
            raise NotFound(code=ProblemCode.FILE_NOT_FOUND) from None
        return await self.get(actor, file_id)

    async def delete(self, actor: Actor, file_id: str) -> None:
        """Delete a file, or end its upload. Raises NotFound."""
        record = await self._store.file(file_id)
        if record is None or record.owner_id != actor.actor_id:
            raise NotFound(code=ProblemCode.FILE_NOT_FOUND)
        async with self._audit.work(actor, AuditAction.FILE_DELETE, file_id, record.name) as work:
            work.concerns(own_branch(actor), record.name)
            await self._store.delete(work, file_id)
            await self._storage.delete(file_id)

    # --- inside ----------------------------------------------------------------------------------

    async def _expected(self, actor: Actor, file_id: str, offset: int) -> FileRecord:
        record = await self.get(actor, file_id)
        if record.received != offset:
            raise WrongOffset(field="Upload-Offset", facts={"offset": record.received})
        return record

    async def _finish(self, record: FileRecord) -> FileRecord:
        """Make an upload of which all came a file, if it is of a kind that its purpose takes."""
        rule = PURPOSES[record.purpose]
        try:
            inspection = await self._storage.inspect(record.file_id)
            kind = sniff(inspection.head, inspection.tail)
            if kind not in rule.kinds:
                await delete_files(self._store, self._storage, [record.file_id])
                raise FileKindRefused(kind, facts={"kind": kind})
            await self._storage.complete(record.file_id)
        except FileNotFoundError:
            raise NotFound(code=ProblemCode.FILE_NOT_FOUND) from None
        await self._store.set_ready(
            record.file_id,
            size=inspection.size,
            media_type=MEDIA_TYPES[kind],
            sha256=inspection.sha256,
            expires_at=self._clock.now() + rule.life,
        )
        ready = await self._store.file(record.file_id)
        if ready is None:
            raise NotFound(code=ProblemCode.FILE_NOT_FOUND)
        return ready


class _Intake:
    """The bytes of one request on their way into a part; `kept` counts those that stay."""

    def __init__(self, part: GrowingPart, record: FileRecord, checksum: Checksum | None) -> None:
        self._part = part
        self._room = record.size - record.received
        self._checksum = checksum
        self.kept = 0

    async def take(self, pieces: AsyncIterator[bytes]) -> None:
        """Write all pieces. Raises UploadDamaged, TooLarge, and what the pieces raise."""
        digest = None if self._checksum is None else hashlib.new(self._checksum.algorithm)
        came = 0
        async for piece in pieces:
            came += len(piece)
            if came > self._room:
                self.kept = 0
                raise TooLarge(f"{self._room} bytes were to come")
            await self._part.write(piece)
            if digest is None:
                self.kept = came
            else:
                digest.update(piece)
        if self._checksum is not None and digest is not None:
            if digest.digest() != self._checksum.digest:
                raise UploadDamaged(field="Upload-Checksum")
            self.kept = came
