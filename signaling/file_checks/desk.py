"""Files and the checks of what was uploaded, put together over one folder."""

from __future__ import annotations

from pathlib import Path

from signaling.audit.log import AuditLog
from signaling.base.clock import Clock
from signaling.base.database import Database
from signaling.base.events import Events
from signaling.file_checks.service import FileChecks, Owners
from signaling.files.checking import CheckedFiles
from signaling.files.holding import HeldFiles
from signaling.files.keeping import Files
from signaling.files.service import FileService
from signaling.files.storage import FolderFiles
from signaling.files.store import FileStore
from signaling.files.use_store import FileUseStore
from signaling.jobs.events import JobEnded
from signaling.jobs.service import JobService
from signaling.jobs.store import JobStore


class FileDesk:
    """The services over files.

    Attributes:
        store: the rows of files.
        checked: files that are being checked, and those that were.
        checks: the jobs that check uploads.
        uploads: the actions of those who upload.
        held: files that other wings hold on to.
        kept: small files of other wings, such as photographs of consent.
    """

    def __init__(
        self,
        *,
        folder: Path,
        database: Database,
        jobs: JobService,
        job_store: JobStore,
        owners: Owners,
        audit: AuditLog,
        clock: Clock,
        events: Events,
    ) -> None:
        self.store = FileStore(database)
        uses, storage = FileUseStore(database), FolderFiles(folder)
        self.checked = CheckedFiles(self.store, storage, clock)
        self.checks = FileChecks(
            jobs=jobs,
            job_store=job_store,
            files=self.checked,
            owners=owners,
            audit=audit,
            clock=clock,
        )
        self.uploads = FileService(
            store=self.store,
            uses=uses,
            storage=storage,
            checks=self.checks,
            audit=audit,
            clock=clock,
        )
        self.held = HeldFiles(self.store, uses, storage, clock)
        self.kept = Files(self.store, storage, audit, clock)
        events.subscribe(JobEnded, self.checks.on_job_ended)
