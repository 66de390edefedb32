"""Files as the store returns them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from signaling.files.wire import FileInfo, FilePurpose, FileState


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file; see `wire.FileInfo`."""

    file_id: str
    owner_id: str
    purpose: FilePurpose
    state: FileState
    name: str
    media_type: str | None
    size: int
    received: int
    sha256: str | None
    created_at: datetime
    expires_at: datetime

    @property
    def info(self) -> FileInfo:
        """The file as the API shows it to its owner."""
        return FileInfo(**{name: getattr(self, name) for name in FileInfo.__struct_fields__})
