"""The jobs through which an upload goes until it is played, in this process."""

from __future__ import annotations

from collections.abc import Callable

from recorder.editions.maker import Maker
from recorder.intake.process import IntakeProcess
from recorder.intake.shelving import Shelf
from recorder.intake_api import VideoShelf
from recorder.storage.folder import FolderStorage
from signaling.file_checks.checking import FileChecker
from signaling.file_checks.kind import FILE_CHECK
from signaling.files.storage import FolderFiles
from signaling.jobs.kinds import JobKinds
from signaling.library.renditions import renditions_handler
from signaling.library.renditions_kind import RENDITIONS
from signaling.library.uploads.keeping import upload_handler
from signaling.library.uploads.kind import KEEP_UPLOAD
from signaling.wiring import Services


def upload_kinds(services: Services, shelf: Callable[[], VideoShelf] | None = None) -> JobKinds:
    """Return check, keeping and renditions as the worker has them."""
    files = FolderFiles(services.config.files)
    storage = FolderStorage(services.config.data / "recordings")
    return (
        JobKinds()
        .add(FILE_CHECK, FileChecker(IntakeProcess(), files).check)
        .add(KEEP_UPLOAD, upload_handler(files, shelf or (lambda: Shelf(storage, reserve_bytes=0))))
        .add(RENDITIONS, renditions_handler(lambda: Maker(storage, reserve_bytes=0)))
    )
