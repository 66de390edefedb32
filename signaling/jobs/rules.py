"""The life of a job: queued → running → done, failed or cancelled; and back to queued."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

from signaling.base.problem_codes import ProblemCode
from signaling.jobs.wire import JobProblem, JobState

MAX_TRIES = 3  # runs of one job; then it has failed
RETRY_S = 5.0  # s until the second run; the third waits twice as long
MAX_ARGUMENT_BYTES = 64 * 1024  # of an argument as JSON: what is larger is a file
MAX_RESULT_BYTES = 1024 * 1024  # of a result as JSON: what is larger is a file


class JobAction(StrEnum):
    """Action that changes the state of a job."""

    START = "start"
    FINISH = "finish"
    FAIL = "fail"
    RETRY = "retry"
    CANCEL = "cancel"


TRANSITIONS: Mapping[tuple[JobState, JobAction], JobState] = MappingProxyType(
    {
        (JobState.QUEUED, JobAction.START): JobState.RUNNING,
        (JobState.QUEUED, JobAction.CANCEL): JobState.CANCELLED,
        (JobState.RUNNING, JobAction.FINISH): JobState.DONE,
        (JobState.RUNNING, JobAction.FAIL): JobState.FAILED,
        (JobState.RUNNING, JobAction.RETRY): JobState.QUEUED,
        (JobState.RUNNING, JobAction.CANCEL): JobState.CANCELLED,
    }
)

OPEN_STATES = (JobState.QUEUED, JobState.RUNNING)
ENDED_STATES = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


def states_before(action: JobAction) -> tuple[JobState, ...]:
    """Return the states in which an action is possible."""
    return tuple(state for state, possible in TRANSITIONS if possible is action)


class Ending(StrEnum):
    """Ways in which one run of a job ends."""

    DONE = "done"  # the result is in the database
    FAILED = "failed"  # another run would end alike
    BROKEN = "broken"  # another run may fare better: the database was busy, say
    DIED = "died"  # the process is gone, and said nothing
    STOPPED = "stopped"  # by the server, which stops; no fault of the job


class RunEnd(msgspec.Struct, frozen=True):
    """The end of one run; the problem tells why it was not done."""

    ending: Ending
    problem: JobProblem | None = None


class Verdict(msgspec.Struct, frozen=True):
    """Consequence of the end of a run.

    Attributes:
        action: the transition.
        problem: why the job has failed.
        tries: the runs that count.
        delay_s: seconds until the next run.
    """

    action: JobAction
    problem: JobProblem | None
    tries: int
    delay_s: float = 0.0


def verdict(end: RunEnd, tries: int) -> Verdict:
    """Return what follows from the end of the run number `tries`."""
    if end.ending is Ending.DONE:
        return Verdict(JobAction.FINISH, None, tries)
    if end.ending is Ending.STOPPED:
        return Verdict(JobAction.RETRY, None, tries - 1)
    if end.ending is not Ending.FAILED and tries < MAX_TRIES:
        return Verdict(JobAction.RETRY, None, tries, RETRY_S * tries)
    return Verdict(JobAction.FAIL, end.problem or JobProblem(ProblemCode.JOB_DIED), tries)
