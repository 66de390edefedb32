"""Uploads that wait for their check, as the wing that checks them sees them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import structlog

from signaling.audit.log import Work
from signaling.base.clock import Clock
from signaling.files.records import FileRecord, Outcome
from signaling.files.rules import PURPOSES, REFUSED_LIFE
from signaling.files.storage import Bench, FileStorage
from signaling.files.store import FileStore
from signaling.files.wire import FileProblem, FileState, VideoFacts

log = structlog.get_logger(__name__)

_AT_ONCE = 200  # files of one question to the database


class CheckedFiles:
    """Uploads of which all bytes are there, and the decision about each."""

    def __init__(self, store: FileStore, storage: FileStorage, clock: Clock) -> None:
        self._store = store
        self._storage = storage
        self._clock = clock

    async def waiting(self, file_id: str) -> FileRecord | None:
        """Return an upload that waits for its check; None if it does no longer."""
        record = await self._store.file(file_id)
        return record if record is not None and record.state is FileState.CHECKING else None

    async def all_waiting(self) -> Sequence[FileRecord]:
        """Return uploads that wait for their check, some of them."""
        return await self._store.checking()

    async def not_handed_over(self) -> Sequence[FileRecord]:
        """Return uploads of which all came while the server stopped, some of them."""
        found = await self._store.whole()
        return [one for one in found if one.expires_at > self._clock.now()]

    def bench(self, record: FileRecord) -> Bench:
        """Return where the bytes lie, and where the check may work."""
        return self._storage.bench(record.file_id)

    async def take(
        self,
        work: Work,
        record: FileRecord,
        made: Path,
        *,
        size: int,
        media_type: str,
        sha256: str,
        video: VideoFacts,
    ) -> bool:
        """Put a clean copy in the upload's place; whether the upload still waited.

        The row is locked first, so that whoever deletes the upload deletes the copy, too.
        """
        end = self._clock.now() + PURPOSES[record.purpose].life
        outcome = Outcome(size, media_type, sha256, end, video)
        if not await self._store.set_taken(work, record.file_id, outcome):
            return False
        await self._storage.put(record.file_id, made)
        return True

    async def refuse(self, work: Work, file_id: str, problem: FileProblem) -> bool:
        """Note why an upload is refused; whether it still waited."""
        end = self._clock.now() + REFUSED_LIFE
        return await self._store.set_refused(work, file_id, problem, end)

    async def again(self, work: Work, file_id: str, job_id: str) -> None:
        """Note that another job checks an upload."""
        await self._store.set_job(work, file_id, job_id)

    async def tidy(self, file_id: str) -> None:
        """Delete what a check leaves; after a decision, the uploaded bytes are left over."""
        await self._storage.tidy(file_id)

    async def tidy_all(self) -> None:
        """Delete parts and benches of files that are not on their way; for a start."""
        found = await self._storage.unfinished()
        for begin in range(0, len(found), _AT_ONCE):
            some = found[begin : begin + _AT_ONCE]
            wanted = await self._store.with_parts(some)
            for file_id in some:
                if file_id not in wanted:
                    log.info("upload_left_over", file_id=file_id)
                    await self._storage.tidy(file_id)
