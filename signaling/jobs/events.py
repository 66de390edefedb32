"""Events of jobs."""

from __future__ import annotations

from dataclasses import dataclass

from signaling.jobs.wire import JobState


@dataclass(frozen=True, slots=True)
class JobSubmitted:
    """A job waits."""

    job_id: str


@dataclass(frozen=True, slots=True)
class JobEnded:
    """A job is done, has failed or was cancelled. `node_id` is the org node that it is about."""

    job_id: str
    kind: str
    node_id: str
    owner_id: str
    state: JobState
