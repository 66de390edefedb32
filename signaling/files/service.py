"""Uploads that can be resumed, and the files of an owner."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Protocol

from signaling.access.grants import demand_somewhere
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import AuditLog, Work, own_branch
from signaling.base.clock import Clock
from signaling.base.cursors import BadPlace, cursor_of, read_cursor
from signaling.base.errors import Forbidden, Invalid, NotFound, TooManyFiles, TooManyJobs
from signaling.base.ids import new_id
from signaling.base.problem_codes import ProblemCode
from signaling.files.core.sniffing import MEDIA_TYPES, FileKind, sniff
from signaling.files.core.tus import Checksum
from signaling.files.disk import delete_files, demand_space, make_room
from signaling.files.errors import (
    FileInUse,
    FileKindRefused,
    FileMixed,
    FileTooLarge,
    QuotaReached,
    UploadExpired,
    WrongOffset,
)
from signaling.files.intake import Intake
from signaling.files.records import FileRecord, Outcome
from signaling.files.rules import GIB, PURPOSES, PurposeRule, fits, short_name
from signaling.files.storage import FileStorage
from signaling.files.store import FileStore
from signaling.files.use_store import FileUseStore
from signaling.files.wire import FilePurpose, FileState


class Checks(Protocol):
    """Has jobs look at uploads that are whole."""

    async def submit(self, work: Work, actor: Actor, record: FileRecord) -> str:
        """Have an upload looked at, within a unit of work; returns the job's id."""

    async def withdraw(self, work: Work, job_id: str) -> None:
        """Cancel a job, unless it has ended."""


class FileService:
    """The actions of owners on their files. Those of others do not exist for them."""

    def __init__(
        self,
        *,
        store: FileStore,
        uses: FileUseStore,
        storage: FileStorage,
        checks: Checks,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._store = store
        self._uses = uses
        self._storage = storage
        self._checks = checks
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
            try:
                return await self.finish(actor, record)  # the server stopped before it could
            except TooManyJobs:
                # All bytes are there: housekeeping has it checked when others are. A client of tus
                # that were refused here would send gigabytes once more.
                return record
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
            TooManyFiles: the owner has as many as there may be.
            QuotaReached: the owner's files have all the bytes that there may be.
            StorageFull: the disk has no room for it beside what others were promised.
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
            expires_at=now + rule.patience,
        )
        detail = detail_of(purpose=purpose, bytes=size)
        async with self._audit.work(actor, AuditAction.FILE_UPLOAD, record.file_id, detail) as work:
            work.concerns(own_branch(actor), record.name)
            _demand_fit(rule, await self._store.held(work, actor.actor_id, purpose), size)
            promised = await self._store.promised(work)
            await demand_space(self._storage, size * rule.copies, promised)
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

        With a checksum all bytes are kept or none. Without one, each `CHECKPOINT_BYTES` are made
        safe and noted, so that a server that dies loses no more than these.

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
                patience = PURPOSES[record.purpose].patience

                async def keep(received: int) -> None:
                    await part.settle(received)
                    await self._store.grow(file_id, received, self._clock.now() + patience)

                intake = Intake(part, record, checksum, keep)
                try:
                    await intake.take(pieces)
                finally:
                    await keep(offset + intake.kept)
        except FileNotFoundError:  # somebody took the bytes away
            raise NotFound(code=ProblemCode.FILE_NOT_FOUND) from None
        return await self.get(actor, file_id)

    async def delete(self, actor: Actor, file_id: str) -> None:
        """Delete a file, or end its upload. Raises NotFound, FileInUse."""
        async with self._audit.work(actor, AuditAction.FILE_DELETE, file_id) as work:
            record = await self._uses.lock(work, file_id)
            if record is None or record.owner_id != actor.actor_id:
                raise NotFound(code=ProblemCode.FILE_NOT_FOUND)
            work.detail = record.name
            work.concerns(own_branch(actor), record.name)
            if count := await self._uses.count(work, file_id):
                raise FileInUse(facts={"count": count})
            if record.job_id is not None:
                await self._checks.withdraw(work, record.job_id)
            await self._uses.delete(work, file_id)
            await self._storage.delete(file_id)

    async def finish(self, actor: Actor, record: FileRecord) -> FileRecord:
        """Make an upload of which all came a file, or have it checked first.

        Raises:
            FileKindRefused: it is of a kind that its purpose does not take. It is deleted.
            FileMixed: it is two files in one. It is deleted.
            NotFound: somebody took it away.
        """
        try:
            edges = await self._storage.edges(record.file_id)
            kind = sniff(edges.head, edges.tail)
            if kind not in PURPOSES[record.purpose].kinds:
                await delete_files(self._store, self._storage, [record.file_id])
                if kind is FileKind.MIXED:
                    raise FileMixed()
                raise FileKindRefused(kind, facts={"kind": kind})
            if PURPOSES[record.purpose].checked:
                await self._hand_over(actor, record)
            else:
                await self._complete(record, kind)
        except FileNotFoundError:
            taken = await self._store.file(record.file_id)
            if taken is None or taken.state is FileState.COMING:
                raise NotFound(code=ProblemCode.FILE_NOT_FOUND) from None
            return taken  # housekeeping, or a request made again, was faster: the part is a file
        finished = await self._store.file(record.file_id)
        if finished is None:
            raise NotFound(code=ProblemCode.FILE_NOT_FOUND)
        return finished

    # --- inside ----------------------------------------------------------------------------------

    async def _expected(self, actor: Actor, file_id: str, offset: int) -> FileRecord:
        record = await self.get(actor, file_id)
        if record.received != offset:
            raise WrongOffset(field="Upload-Offset", facts={"offset": record.received})
        return record

    async def _complete(self, record: FileRecord, kind: FileKind) -> None:
        inspection = await self._storage.inspect(record.file_id)
        await self._storage.complete(record.file_id)
        end = self._clock.now() + PURPOSES[record.purpose].life
        outcome = Outcome(inspection.size, MEDIA_TYPES[kind], inspection.sha256, end)
        await self._store.set_ready(record.file_id, outcome)

    async def _hand_over(self, actor: Actor, record: FileRecord) -> None:
        """Have a job look at it; whoever asks again meanwhile finds it handed over."""
        end = self._clock.now() + PURPOSES[record.purpose].patience
        async with self._audit.work(actor, AuditAction.JOB_SUBMIT, record.file_id) as work:
            work.concerns(own_branch(actor), record.name)
            if await self._store.set_checking(work, record.file_id, end):
                job_id = await self._checks.submit(work, actor, record)
                await self._store.set_job(work, record.file_id, job_id)
            else:
                work.nothing_to_do()


def _demand_fit(rule: PurposeRule, held: tuple[int, int], size: int) -> None:
    """Raise TooManyFiles or QuotaReached unless an owner with so much may have a file more."""
    count, total = held
    if fits(rule, count, total, size):
        return
    if count >= rule.most_files:
        raise TooManyFiles(facts={"most": rule.most_files})
    raise QuotaReached(facts={"most_gb": rule.most_total // GIB, "used_gb": round(total / GIB)})
