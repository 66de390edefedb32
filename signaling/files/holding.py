"""Files as the wings above use them: point at them, read them, delete them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from signaling.audit.log import Work
from signaling.base.clock import Clock
from signaling.base.errors import NotFound
from signaling.base.problem_codes import ProblemCode
from signaling.files.records import IN_USE, FileRecord, Holder
from signaling.files.rules import PURPOSES
from signaling.files.storage import FileStorage
from signaling.files.store import FileStore
from signaling.files.use_store import FileUseStore
from signaling.files.wire import FilePurpose, FileState


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A finished file, to be served by range; of the shape of `recorder.api.PublishedFile`."""

    record: FileRecord
    path: Path | None
    modified_ns: int
    storage: FileStorage

    @property
    def name(self) -> str:
        """The name that its owner gave it."""
        return self.record.name

    @property
    def size(self) -> int:
        """The length in bytes."""
        return self.record.size

    @property
    def url(self) -> str | None:
        """The address at which the storage serves the file itself: none does yet."""
        return None

    @property
    def local(self) -> str | None:
        """The path on this machine; None if it lies elsewhere."""
        return None if self.path is None else str(self.path)

    def read(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """Read the bytes from `start` up to `stop`, or to the end. Raises OSError."""
        return self.storage.read(self.record.file_id, start, stop)


class HeldFiles:
    """Finished files that objects of other wings use.

    A file that something uses is never deleted by time, and its owner cannot delete it. Whether
    somebody may see it is judged by the wing that uses it.
    """

    def __init__(
        self, store: FileStore, uses: FileUseStore, storage: FileStorage, clock: Clock
    ) -> None:
        self._store = store
        self._uses = uses
        self._storage = storage
        self._clock = clock

    async def attach(
        self,
        work: Work,
        file_id: str,
        holder: Holder,
        *,
        owner_id: str | None = None,
        purpose: FilePurpose | None = None,
    ) -> FileRecord:
        """Let something use a file; may be repeated.

        Args:
            work: the unit of work to which it belongs.
            file_id: the file.
            holder: what uses it.
            owner_id: whose file it must be; None for anybody's.
            purpose: for what it must have been uploaded.

        Raises:
            NotFound: there is no such finished file.
        """
        record = await self._uses.lock(work, file_id)
        if (
            record is None
            or record.state is not FileState.READY
            or record.expires_at <= self._clock.now()
            or (owner_id is not None and record.owner_id != owner_id)
            or (purpose is not None and record.purpose is not purpose)
        ):
            raise NotFound(code=ProblemCode.FILE_NOT_FOUND)
        await self._uses.attach(work, file_id, holder, self._clock.now())
        return replace(record, expires_at=IN_USE)

    async def detach(self, work: Work, file_id: str, holder: Holder) -> bool:
        """End a use; whether there was one. A file without any is kept for its purpose's life."""
        record = await self._uses.lock(work, file_id)
        if record is None:
            return False
        end = self._clock.now() + PURPOSES[record.purpose].life
        return await self._uses.detach(work, file_id, holder, end)

    async def holders(self, file_id: str) -> Sequence[Holder]:
        """Return what uses a file, oldest first."""
        return await self._uses.holders(file_id)

    async def held_by(self, holder: Holder) -> Sequence[FileRecord]:
        """Return the files that something uses, in the order in which they came."""
        return await self._uses.held_by(holder)

    async def opened(self, file_id: str) -> HeldFile:
        """Return a finished file to be read or served. Raises NotFound."""
        record = await self._store.file(file_id)
        if record is None or record.state is not FileState.READY:
            raise NotFound(code=ProblemCode.FILE_NOT_FOUND)
        path = self._storage.local(file_id)
        modified = int(record.created_at.timestamp()) * 10**9  # a finished file never changes
        return HeldFile(record, path, modified, self._storage)

    async def destroy(self, work: Work, file_id: str) -> None:
        """Delete a file for good, whoever uses it; may be repeated. The bytes go first."""
        await self._uses.lock(work, file_id)
        await self._storage.delete(file_id)
        await self._uses.delete(work, file_id)
