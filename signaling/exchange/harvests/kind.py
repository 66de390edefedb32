"""A harvest as a job: its name, and what goes in and comes out."""

from __future__ import annotations

import msgspec

from signaling.jobs.kinds import JobKind, JobLimits


class HarvestTask(msgspec.Struct, frozen=True):
    """The source to be harvested."""

    source_id: str


class Harvested(msgspec.Struct, frozen=True):
    """Outcome of one run. ``ended`` is False where the next run goes on."""

    pages: int
    records: int
    ended: bool


HARVEST = JobKind("harvest", HarvestTask, Harvested, JobLimits(cpu_s=600, wall_s=1200))
