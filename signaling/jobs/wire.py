"""Jobs as the API shows them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from signaling.access.actions import Action
from signaling.base.problem_codes import ProblemCode


class JobState(StrEnum):
    """排队 / 进行中 / 已完成 / 失败 / 已取消."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobProblem(msgspec.Struct, frozen=True):
    """Cause of a job's failure: a code, the input at fault, and values that the words may name."""

    code: ProblemCode
    field: str | None = None
    facts: dict[str, str | int] = {}


class JobSummary(msgspec.Struct, frozen=True):
    """One job of a list. ``progress_total`` is 0 until the work knows how much there is.

    ``own`` tells whether the reader submitted it, and ``may`` what the reader may do with it.
    """

    job_id: str
    kind: str
    state: JobState
    owner_name: str
    own: bool
    progress_done: int
    progress_total: int
    tries: int
    problem: JobProblem | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    may: tuple[Action, ...]


class Job(JobSummary, frozen=True):
    """One job. ``result`` is the struct of its kind once it is done, else null."""

    result: msgspec.Raw


class JobList(msgspec.Struct, frozen=True):
    """Jobs, newest first; ``next`` continues the list."""

    jobs: tuple[JobSummary, ...]
    next: str | None
