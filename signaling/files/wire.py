"""Files as the API shows them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class FilePurpose(StrEnum):
    """Purpose of a file: it decides who may upload it, how large it may be, and of which kind."""

    IMPORT_WORKBOOK = "import_workbook"
    EXPORT = "export"  # made by a job


class FileState(StrEnum):
    """A file on its way."""

    COMING = "coming"
    READY = "ready"


class FileInfo(msgspec.Struct, frozen=True):
    """A file of the reader's. ``received`` bytes of ``size`` are there.

    ``size``, ``media_type`` and ``sha256`` are known once it is ready; an upload tells its size
    before. It is deleted at ``expires_at``.
    """

    file_id: str
    name: str
    purpose: FilePurpose
    state: FileState
    size: int
    received: int
    media_type: str | None
    sha256: str | None
    created_at: datetime
    expires_at: datetime


class FileList(msgspec.Struct, frozen=True):
    """Files of the reader's, newest first; ``next`` continues the list."""

    files: tuple[FileInfo, ...]
    next: str | None
