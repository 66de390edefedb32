"""Checks of uploads: submitted with the last byte, and seen to their end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

import msgspec
import structlog

from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.log import SYSTEM, AuditLog, Work, own_branch
from signaling.base.clock import Clock
from signaling.base.errors import SignalingError
from signaling.base.problem_codes import ProblemCode
from signaling.file_checks.kind import FILE_CHECK
from signaling.file_checks.wire import CheckWish
from signaling.files.checking import CheckedFiles
from signaling.files.records import FileRecord
from signaling.files.wire import FileProblem
from signaling.jobs.events import JobEnded
from signaling.jobs.records import JobRecord
from signaling.jobs.rules import ENDED_STATES
from signaling.jobs.service import JobService
from signaling.jobs.store import JobStore
from signaling.jobs.wire import JobState

log = structlog.get_logger(__name__)

RETRY = timedelta(minutes=10)  # between two checks of an upload, while the disk is full, say
# Reasons for which a check failed that have nothing to do with the upload.
_PASSING = frozenset(
    (
        ProblemCode.STORAGE_FULL,
        ProblemCode.BUSY,
        ProblemCode.DATABASE_UNAVAILABLE,
        ProblemCode.READ_ONLY,
    )
)

Owners = Callable[[str], Awaitable[Actor | None]]


class Finisher(Protocol):
    """Hands over uploads that are whole."""

    async def finish(self, actor: Actor, record: FileRecord) -> FileRecord:
        """See `FileService.finish`."""


class FileChecks:
    """Has jobs check uploads. Implements `files.service.Checks`."""

    def __init__(
        self,
        *,
        jobs: JobService,
        job_store: JobStore,
        files: CheckedFiles,
        owners: Owners,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        """Make it; `owners` finds an account with its grants of now, None if it is closed."""
        self._jobs = jobs
        self._job_store = job_store
        self._files = files
        self._owners = owners
        self._audit = audit
        self._clock = clock

    async def submit(self, work: Work, actor: Actor, record: FileRecord) -> str:
        """See `files.service.Checks`. Raises TooManyJobs."""
        wish, branch = CheckWish(record.file_id), own_branch(actor)
        job = await self._jobs.submit(actor, FILE_CHECK, wish, branch=branch, work=work)
        work.detail = FILE_CHECK.name
        work.target = job.job_id
        return job.job_id

    async def withdraw(self, work: Work, job_id: str) -> None:
        """See `files.service.Checks`."""
        await self._jobs.withdraw(work, job_id)

    async def on_job_ended(self, event: JobEnded) -> None:
        """Decide about an upload whose check was given up."""
        if event.kind != FILE_CHECK.name:
            return
        job = await self._job_store.job(event.job_id)
        if job is None:
            return
        wish = msgspec.json.decode(job.argument, type=CheckWish)
        record = await self._files.waiting(wish.file_id)
        if record is not None and record.job_id == job.job_id:
            await self._decide(job, record)

    async def continue_all(self, finisher: Finisher) -> None:
        """Hand over what was not, and check again what could not be checked for a while."""
        for record in await self._files.not_handed_over():
            owner = await self._owners(record.owner_id)
            if owner is not None:
                try:
                    await finisher.finish(owner, record)
                except SignalingError as error:  # refused by its edges, or too many jobs now
                    log.info("upload_not_handed_over", file_id=record.file_id, code=error.code)
        for record in await self._files.all_waiting():
            job = await self._job_store.job(record.job_id or "")
            try:
                if job is None:
                    await self._submit_again(record)
                elif job.state in ENDED_STATES:
                    await self._decide(job, record)
            except SignalingError as error:  # too many jobs of its owner now
                log.info("upload_not_checked_again", file_id=record.file_id, code=error.code)

    async def _decide(self, job: JobRecord, record: FileRecord) -> None:
        problem = None if job.problem is None else job.problem.code
        if job.state is JobState.FAILED and problem in _PASSING:
            if job.ended_at is None or job.ended_at + RETRY <= self._clock.now():
                await self._submit_again(record)
            return
        log.warning("upload_check_failed", file_id=record.file_id, job_id=job.job_id)
        refusal = FileProblem(ProblemCode.FILE_CHECK_FAILED)
        async with self._audit.work(SYSTEM, AuditAction.FILE_CHECK, record.file_id) as work:
            work.concerns(job.branch, record.name)
            work.detail = refusal.code
            if not await self._files.refuse(work, record.file_id, refusal):
                work.nothing_to_do()
        await self._files.tidy(record.file_id)

    async def _submit_again(self, record: FileRecord) -> None:
        owner = await self._owners(record.owner_id)
        if owner is None:
            return  # its time ends
        async with self._audit.work(owner, AuditAction.JOB_SUBMIT, record.file_id) as work:
            work.concerns(own_branch(owner), record.name)
            job_id = await self.submit(work, owner, record)
            await self._files.again(work, record.file_id, job_id)
