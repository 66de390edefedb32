"""Keeping an upload like a recording, as a job: its name, and what goes in and comes out."""

from __future__ import annotations

import msgspec

from signaling.jobs.kinds import JobKind, JobLimits


class UploadTask(msgspec.Struct, frozen=True):
    """The upload, and the facts of its resource; see `recorder.intake_api.ShelfOrder`."""

    file_id: str
    recording_id: str
    title: str
    subject: str
    grade: str
    owner_name: str
    started_at: float


class UploadKept(msgspec.Struct, frozen=True):
    """What was kept."""

    recording_id: str


# A copy of 8 GB to another disk, and previews of four hours.
KEEP_UPLOAD = JobKind(
    "resource_upload",
    UploadTask,
    UploadKept,
    JobLimits(memory_mb=4096, cpu_s=1800, wall_s=2 * 3600),
)
