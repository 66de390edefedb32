"""Resources of uploads: made of what was checked, and followed until it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
from msgspec.structs import replace
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from recorder.api import RecorderError
from signaling.access.actions import Action
from signaling.access.grants import granted
from signaling.access.roles import ROOT_PATH, Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import SYSTEM, Work
from signaling.base.errors import Forbidden, Taken
from signaling.base.ids import new_id
from signaling.base.problem_codes import ProblemCode
from signaling.directory.tables import ROOT_NODE, OrgNodeRow, PersonRow
from signaling.files.holding import HeldFiles
from signaling.files.records import Holder
from signaling.files.wire import FilePurpose
from signaling.jobs.events import JobEnded
from signaling.jobs.records import JobRecord
from signaling.jobs.rules import ENDED_STATES
from signaling.jobs.service import JobService
from signaling.jobs.store import JobStore
from signaling.jobs.wire import JobState
from signaling.library.indexing import put
from signaling.library.media_shelf import MediaShelf
from signaling.library.tables import ResourceRow
from signaling.library.uploads.kind import KEEP_UPLOAD, UploadTask
from signaling.library.uploads.tables import ResourceUploadRow
from signaling.library.uploads.wire import UploadResource
from signaling.library.versions.ground import ResourceGround, WrongResourceState
from signaling.library.versions.proposals import proposed_metadata
from signaling.library.versions.records import Held
from signaling.library.versions.store import levels_for, new_version
from signaling.library.versions.visibility import standing_at_work
from signaling.library.versions.wire import ResourceEdits
from signaling.library.wire import ResourceKind, ResourceState, UploadState, UploadStatus

log = structlog.get_logger(__name__)

HOLDER = "resource_upload"  # the noun under which a resource uses its file
_AT_ONCE = 50  # uploads that one round looks at


@dataclass(frozen=True, slots=True)
class Uploads:
    """The actions on uploads that become resources."""

    ground: ResourceGround
    shelf: MediaShelf
    files: HeldFiles
    jobs: JobService
    job_store: JobStore

    async def make(self, actor: Actor, wish: UploadResource) -> str:
        """Make a draft of an upload, and have its video kept. Returns the resource's id.

        Raises:
            NotFound: the actor has no such upload that was taken.
            Forbidden: the actor may have no resources.
            Taken: there is a resource of it already.
            TooManyJobs: the actor has all the jobs under way that there may be.
        """
        async with self.ground.audit.work(actor, AuditAction.RESOURCE_UPLOAD) as work:
            session = work.session
            node_id, path = await _place(session, actor)
            if not granted(Action.EDIT_RESOURCE, standing_at_work(actor, actor.actor_id, path)):
                raise Forbidden()
            row = self._draft(actor, wish, node_id)
            file = await self.files.attach(
                work,
                wish.file_id,
                Holder(HOLDER, row.resource_id),
                owner_id=actor.actor_id,
                purpose=FilePurpose.VIDEO,
            )
            if await _known(session, wish.file_id):
                raise Taken(field="file_id")
            session.add(row)
            await session.flush()
            await self._first_version(session, row, path, wish)
            upload = ResourceUploadRow(
                resource_id=row.resource_id,
                file_id=wish.file_id,
                file_name=file.name,
                state=UploadState.KEEPING,
                changed_at=self.ground.clock.now(),
            )
            upload.job_id = (await self._submit(work, actor, row, wish.file_id, path)).job_id
            session.add(upload)
            await put(self.ground.index, session, row)
            work.target = row.resource_id
            work.concerns(path, wish.title)
            work.detail = detail_of(file=file.name)
        return row.resource_id

    async def keep_again(self, actor: Actor, resource_id: str) -> None:
        """Have a video kept once more, after it failed.

        Raises:
            ResourceNotFound, Forbidden: as of a draft that is edited.
            WrongResourceState: it did not fail.
        """
        async with self.ground.opened(
            actor, AuditAction.RESOURCE_UPLOAD, Action.EDIT_RESOURCE, resource_id
        ) as (work, held):
            row = await work.session.get(ResourceUploadRow, resource_id)
            if row is None or row.state != UploadState.FAILED:
                raise WrongResourceState()
            job = await self._submit(work, actor, held.row, row.file_id, held.path)
            row.state, row.job_id, row.problem = UploadState.KEEPING, job.job_id, None
            row.changed_at = self.ground.clock.now()
            work.detail = detail_of(file=row.file_name)

    async def status(self, held: Held) -> UploadStatus | None:
        """Tell about the upload behind a resource; None of a recording."""
        if held.row.kind != ResourceKind.UPLOAD:
            return None
        async with self.ground.database.read() as session:
            row = await session.get(ResourceUploadRow, held.resource_id)
        if row is None:
            return None
        progress = 1.0 if row.state == UploadState.READY else 0.0
        if row.state == UploadState.KEEPING and row.job_id is not None:
            job = await self.job_store.job(row.job_id)
            if job is not None and job.progress_total:
                progress = round(job.progress_done / job.progress_total, 3)
        problem = None if row.problem is None else ProblemCode(row.problem)
        return UploadStatus(UploadState(row.state), row.file_name, progress, problem)

    # --- what the server does by itself ----------------------------------------------------------

    async def on_job_ended(self, event: JobEnded) -> None:
        """Take up what was kept, or note why it was not."""
        if event.kind != KEEP_UPLOAD.name:
            return
        query = select(ResourceUploadRow).where(ResourceUploadRow.job_id == event.job_id)
        async with self.ground.database.read() as session:
            row = (await session.scalars(query)).first()
        job = await self.job_store.job(event.job_id)
        if row is not None and job is not None:
            await self._settle(row, job)

    async def keep_up(self) -> None:
        """Take up what no event told of."""
        query = (
            select(ResourceUploadRow)
            .where(ResourceUploadRow.state == UploadState.KEEPING)
            .order_by(ResourceUploadRow.changed_at)
            .limit(_AT_ONCE)
        )
        async with self.ground.database.read() as session:
            rows = (await session.scalars(query)).all()
        for row in rows:
            job = await self.job_store.job(row.job_id or "")
            if job is None:
                await self._fail(row, ProblemCode.JOB_NOT_FOUND)
            elif job.state in ENDED_STATES:
                await self._settle(row, job)

    # --- inside ----------------------------------------------------------------------------------

    def _draft(self, actor: Actor, wish: UploadResource, node_id: str) -> ResourceRow:
        now = self.ground.clock.now()
        begin = now.replace(microsecond=now.microsecond // 1000 * 1000)  # as the recorder keeps it
        return ResourceRow(
            resource_id=new_id(),
            kind=ResourceKind.UPLOAD,
            state=ResourceState.DRAFT,
            recording_id=f"u-{new_id()}",
            lesson_id="",
            lead_teacher_id=actor.actor_id,
            title=wish.title,
            subject=wish.subject,
            grade=wish.grade,
            class_kind="",
            lead_teacher=actor.name,
            started_at=begin,
            node_id=node_id,
            created_at=now,
            updated_at=now,
        )

    async def _first_version(
        self, session: AsyncSession, row: ResourceRow, path: str, wish: UploadResource
    ) -> None:
        """Write the draft with what the author has said, so that it waits to be filled in."""
        metadata = replace(
            await proposed_metadata(session, row), kind_of_resource=wish.kind_of_resource
        )
        levels = await levels_for(session, path)
        now = self.ground.clock.now()
        session.add(
            new_version(
                Held(row, path),
                1,
                metadata=metadata,
                edits=ResourceEdits(),
                levels=levels,
                now=now,
            )
        )
        await session.flush()

    async def _submit(
        self, work: Work, actor: Actor, row: ResourceRow, file_id: str, path: str
    ) -> JobRecord:
        task = UploadTask(
            file_id=file_id,
            recording_id=row.recording_id,
            title=row.title,
            subject=row.subject,
            grade=row.grade,
            owner_name=row.lead_teacher,
            started_at=row.started_at.timestamp(),
        )
        return await self.jobs.submit(actor, KEEP_UPLOAD, task, branch=path, work=work)

    async def _settle(self, row: ResourceUploadRow, job: JobRecord) -> None:
        if job.state is not JobState.DONE:
            problem = ProblemCode.JOB_OVER if job.problem is None else job.problem.code
            await self._fail(row, problem)
            return
        async with self.ground.database.read() as session:
            resource = await session.get(ResourceRow, row.resource_id)
        if resource is None:
            return
        try:
            await self.shelf.adopt(resource.recording_id)
        except RecorderError as error:  # its storage is away: the next round tries
            log.warning("upload_not_adopted", resource_id=row.resource_id, reason=repr(error))
            return
        async with self.ground.audit.work(
            SYSTEM, AuditAction.FILE_DELETE, row.file_id, "kept as a recording"
        ) as work:
            work.concerns(job.branch, row.file_name)
            if await self._bring(work.session, row, UploadState.READY):
                await self.files.destroy(work, row.file_id)  # its bytes are among the recordings
            else:
                work.nothing_to_do()

    async def _fail(self, row: ResourceUploadRow, problem: ProblemCode) -> None:
        log.warning("upload_not_kept", resource_id=row.resource_id, code=problem)
        async with self.ground.database.write() as session:
            await self._bring(session, row, UploadState.FAILED, problem=problem)

    async def _bring(
        self, session: AsyncSession, row: ResourceUploadRow, state: UploadState, **values: Any
    ) -> bool:
        """Bring an upload that is being kept to another state; whether it still was."""
        written = await session.scalar(
            update(ResourceUploadRow)
            .where(
                ResourceUploadRow.resource_id == row.resource_id,
                ResourceUploadRow.state == UploadState.KEEPING,
                ResourceUploadRow.job_id == row.job_id,
            )
            .values(state=state, changed_at=self.ground.clock.now(), **values)
            .returning(ResourceUploadRow.resource_id)
            .execution_options(synchronize_session=False)
        )
        return written is not None


async def _place(session: AsyncSession, actor: Actor) -> tuple[str, str]:
    """Return the org node in which an author's resources lie, and its path."""
    query = (
        select(PersonRow.node_id, OrgNodeRow.path)
        .join(OrgNodeRow, OrgNodeRow.node_id == PersonRow.node_id)
        .where(PersonRow.person_id == actor.actor_id)
    )
    found = (await session.execute(query)).first()
    return (ROOT_NODE, ROOT_PATH) if found is None else (found.node_id, found.path)


async def _known(session: AsyncSession, file_id: str) -> bool:
    query = select(ResourceUploadRow.resource_id).where(ResourceUploadRow.file_id == file_id)
    return (await session.execute(query)).first() is not None
