"""Making captions as a job: its name, and what goes in and comes out."""

from __future__ import annotations

import msgspec

from signaling.jobs.kinds import JobKind, JobLimits

_LONGEST_S = 6 * 3600 - 60  # s; the supervisor ends any job after 6 h


class CaptionTask(msgspec.Struct, frozen=True):
    """The version, and the revision of its captions that are to be replaced."""

    resource_id: str
    recording_id: str
    version: int
    revision: int


class CaptionsMade(msgspec.Struct, frozen=True):
    """How many cues were made; `kept` says whether they were taken over."""

    cues: int
    kept: bool


# The base model computes half as long as the sound lasts, on one core. It takes some 0.5 GB of
# memory; libraries reserve four times as many addresses.
CAPTIONS = JobKind(
    "resource_captions",
    CaptionTask,
    CaptionsMade,
    JobLimits(memory_mb=8192, cpu_s=_LONGEST_S, wall_s=_LONGEST_S),
)
