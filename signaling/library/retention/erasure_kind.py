"""The removal of deleted resources' files as a job: its name, and what goes in and comes out."""

from __future__ import annotations

import msgspec

from signaling.jobs.kinds import JobKind, JobLimits


class ErasureTask(msgspec.Struct, frozen=True):
    """Nothing: a job erases whatever was deleted and still has files."""


class Erased(msgspec.Struct, frozen=True):
    """How many resources have no file any more."""

    erased: int


# A bucket may answer slowly, and an archive may have a thousand segments.
ERASURE = JobKind("resource_erasure", ErasureTask, Erased, JobLimits(cpu_s=1_800, wall_s=4 * 3_600))
