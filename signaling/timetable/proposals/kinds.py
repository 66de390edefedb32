"""The jobs of 自动排课: the search, and the writing of a proposal that was accepted."""

from __future__ import annotations

import msgspec

from signaling.jobs.kinds import JobKind, JobLimits


class ProposalJob(msgspec.Struct, frozen=True):
    """The proposal that a job is about."""

    proposal_id: str


class ProposalFound(msgspec.Struct, frozen=True):
    """The end of a search."""

    proposal_id: str
    placed: int
    unplaced: int
    moved: int
    conflicts: int


class ProposalWritten(msgspec.Struct, frozen=True):
    """Outcome of an accepted proposal: plans, and lessons that were made or changed."""

    proposal_id: str
    plans_created: int
    plans_changed: int
    lessons: int


# OR-Tools brings pandas: 230 MiB of memory for 30 points, but some GiB of addresses.
SEARCH = JobKind(
    "timetable_proposal",
    ProposalJob,
    ProposalFound,
    JobLimits(memory_mb=6_144, cpu_s=400, wall_s=300),
)
ADOPTION = JobKind(
    "timetable_adoption",
    ProposalJob,
    ProposalWritten,
    JobLimits(memory_mb=2_048, cpu_s=300, wall_s=600),
)
