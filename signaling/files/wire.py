"""Files as the API shows them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from signaling.base.problem_codes import ProblemCode


class FilePurpose(StrEnum):
    """Purpose of a file: it decides who may upload it, how large it may be, and of which kind."""

    IMPORT_WORKBOOK = "import_workbook"
    VIDEO = "video"  # a finished lesson or a 微课
    ATTACHMENT = "attachment"  # 教案, 课件, 习题
    EXPORT = "export"  # made by a job
    CONSENT_FORM = "consent_form"  # a scanned or photographed page


class FileState(StrEnum):
    """A file on its way."""

    COMING = "coming"
    CHECKING = "checking"  # all bytes are there; a job looks at them
    READY = "ready"
    REFUSED = "refused"  # by the job; the bytes are gone


class FileProblem(msgspec.Struct, frozen=True):
    """Reason why a file was refused: a code, and facts that its words may name."""

    code: ProblemCode
    facts: dict[str, str] = {}


class VideoFacts(msgspec.Struct, frozen=True):
    """Facts of a video that was taken.

    ``width`` and ``height`` are as stored, ``rotation`` is by how many degrees players turn it.
    Codecs are FFmpeg's names. ``plays`` tells whether browsers of today play it as it is.
    ``source_sha256`` is of the bytes that were uploaded, ``sha256`` of the file of the clean copy.
    """

    duration_s: float
    width: int
    height: int
    rotation: int
    video_codec: str
    audio_codec: str | None
    plays: bool
    source_sha256: str


class FileInfo(msgspec.Struct, frozen=True):
    """A file of the reader's. ``received`` bytes of an upload are there.

    ``size`` is of the file as it is kept: of a video that was taken, it is the clean copy's.
    ``media_type`` and ``sha256`` are known once it is ready. It is deleted at ``expires_at``, never
    while something uses it. ``job_id`` is of the job that checks it, ``problem`` why it refused it.
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
    expires_at: datetime | None
    job_id: str | None
    problem: FileProblem | None
    video: VideoFacts | None


class FileList(msgspec.Struct, frozen=True):
    """Files of the reader's, newest first; ``next`` continues the list."""

    files: tuple[FileInfo, ...]
    next: str | None
