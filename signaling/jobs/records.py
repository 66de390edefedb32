"""Jobs as the store returns them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from signaling.jobs.wire import JobProblem, JobState


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One job. `branch` is the path of the org node that it is about; empty for none."""

    job_id: str
    kind: str
    owner_id: str
    owner_name: str
    remote: str
    branch: str
    state: JobState
    progress_done: int
    progress_total: int
    tries: int
    argument: bytes
    result: bytes | None
    problem: JobProblem | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def node_id(self) -> str:
        """The org node that the job is about; empty for none."""
        return self.branch.rstrip("/").rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job: what a worker must name to write."""

    job_id: str
    run_id: str
    tries: int
