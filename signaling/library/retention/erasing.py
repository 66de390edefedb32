"""Removes the files of deleted resources. Only the worker process loads this.

Each step may be repeated, so a run that is killed anywhere is followed by another one that ends.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from sqlalchemy import delete, or_, select, update

from recorder.api import RecordingRemover
from signaling.access.roles import ROOT_PATH
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import Work
from signaling.base.clock import Clock
from signaling.base.database import Database
from signaling.base.errors import SignalingError
from signaling.base.problem_codes import ProblemCode
from signaling.directory.tables import OrgNodeRow
from signaling.files.holding import HeldFiles
from signaling.files.storage import FileStorage
from signaling.files.store import FileStore
from signaling.files.tables import FileRow, FileUseRow
from signaling.files.use_store import FileUseStore
from signaling.jobs.kinds import JobContext
from signaling.library.retention.erasure_kind import Erased, ErasureTask
from signaling.library.retention.rules import SECOND_LOOK
from signaling.library.retention.store import unfinished
from signaling.library.tables import TombstoneRow

AT_ONCE = 500  # tombstones of one run

log = structlog.get_logger(__name__)


class ErasureFailed(SignalingError):
    """Some files could not be removed; another run may fare better."""

    status = 503
    code = ProblemCode.ERASURE_FAILED
    title = "some files could not be removed"


class Eraser:
    """Carries out the job."""

    def __init__(self, open_remover: Callable[[], RecordingRemover], storage: FileStorage) -> None:
        """Make it.

        Args:
            open_remover: called once for each job; removes what the recorder keeps.
            storage: of uploads and attachments.
        """
        self._open_remover = open_remover
        self._storage = storage

    async def carry_out(self, context: JobContext, _task: ErasureTask) -> Erased:
        """Erase all that was deleted. Raises ErasureFailed."""
        async with context.database.read() as session:
            query = (
                select(TombstoneRow)
                .where(unfinished(context.clock.now(), SECOND_LOOK))
                .order_by(TombstoneRow.decided_at)
                .limit(AT_ONCE)
            )
            rows = (await session.scalars(query)).all()
        remover, failed = self._open_remover(), 0
        try:
            for number, row in enumerate(rows):
                context.progress(number, len(rows))
                try:
                    await self._erase(context, remover, row)
                except OSError as error:
                    failed += 1
                    log.warning("erasure_failed", resource_id=row.resource_id, reason=str(error))
                    await self._note(context, row.resource_id)
        finally:
            await remover.close()
        if failed:
            raise ErasureFailed(facts={"count": failed})
        return Erased(len(rows))

    async def _erase(
        self, context: JobContext, remover: RecordingRemover, row: TombstoneRow
    ) -> None:
        """Remove the files of one, and note it. Raises OSError."""
        await remover.remove(row.recording_id)
        action = AuditAction.RESOURCE_ERASE
        async with context.audit.work(context.actor, action, row.resource_id) as work:
            files = await self._remove_files(work, context, row)
            now = context.clock.now()
            again = row.erased_at is not None
            changed = {"checked_at": now} if again else {"erased_at": now}
            await work.session.execute(
                update(TombstoneRow)
                .where(TombstoneRow.resource_id == row.resource_id)
                .values(problem="", **changed)
            )
            query = select(OrgNodeRow.path).where(OrgNodeRow.node_id == row.node_id)
            path = await work.session.scalar(query) or ROOT_PATH
            work.concerns(path, row.title or f"#{row.title_hash[:12]}")
            work.detail = detail_of(recording=row.recording_id, files=files)
            if again:
                work.nothing_to_do()  # the second look says nothing new

    async def _remove_files(self, work: Work, context: JobContext, row: TombstoneRow) -> int:
        """Delete uploads and attachments that nothing else uses; return how many."""
        files = held_files(context.database, self._storage, context.clock)
        use = FileUseRow
        of_resource = or_(
            use.holder_id == row.resource_id,
            use.holder_id.startswith(f"{row.resource_id}/", autoescape=True),
        )
        gone = set(await work.session.scalars(select(use.file_id).where(of_resource)))
        own = await work.session.get(FileRow, row.recording_id)  # the upload that it points at
        if own is not None:
            gone.add(own.file_id)
        removed = 0
        for file_id in sorted(gone):
            others = select(use.holder_id).where(use.file_id == file_id, ~of_resource).limit(1)
            if await work.session.scalar(others) is None:
                await files.destroy(work, file_id)
                removed += 1
        await work.session.execute(delete(use).where(of_resource))
        return removed

    @staticmethod
    async def _note(context: JobContext, resource_id: str) -> None:
        async with context.database.write() as session:
            await session.execute(
                update(TombstoneRow)
                .where(TombstoneRow.resource_id == resource_id)
                .values(problem=ProblemCode.ERASURE_FAILED)
            )


def held_files(database: Database, storage: FileStorage, clock: Clock) -> HeldFiles:
    """Return the files of a worker."""
    return HeldFiles(FileStore(database), FileUseStore(database), storage, clock)
