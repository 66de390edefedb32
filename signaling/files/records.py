"""Files as the store returns them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from signaling.files.wire import FileInfo, FileProblem, FilePurpose, FileState, VideoFacts

IN_USE = datetime(9999, 1, 1, tzinfo=UTC)  # `expires_at` of a file that something uses


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
    job_id: str | None = None
    problem: FileProblem | None = None
    video: VideoFacts | None = None

    @property
    def info(self) -> FileInfo:
        """The file as the API shows it to its owner."""
        told = {name: getattr(self, name) for name in FileInfo.__struct_fields__}
        told["expires_at"] = None if self.expires_at >= IN_USE else self.expires_at
        return FileInfo(**told)


@dataclass(frozen=True, slots=True)
class Holder:
    """Something that uses a file: the noun of a wing, and the id of the object there."""

    noun: str
    holder_id: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome for a file that is whole.

    Attributes:
        size: bytes of the file as it is kept.
        media_type: by its bytes.
        sha256: of the file as it is kept.
        expires_at: when it is deleted if nothing uses it.
        video: facts of a video.
    """

    size: int
    media_type: str
    sha256: str
    expires_at: datetime
    video: VideoFacts | None = None
