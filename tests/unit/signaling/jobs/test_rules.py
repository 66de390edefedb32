"""The life of a job, and what follows from the end of a run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.base.problem_codes import ProblemCode
from signaling.jobs.rules import (
    ENDED_STATES,
    MAX_TRIES,
    OPEN_STATES,
    TRANSITIONS,
    Ending,
    JobAction,
    RunEnd,
    states_before,
    verdict,
)
from signaling.jobs.wire import JobProblem, JobState


def test_what_has_ended_stays_so() -> None:
    assert not {state for state, _ in TRANSITIONS} & set(ENDED_STATES)
    assert {*OPEN_STATES, *ENDED_STATES} == set(JobState)


def test_it_can_be_cancelled_while_queued_and_while_running() -> None:
    assert set(states_before(JobAction.CANCEL)) == {JobState.QUEUED, JobState.RUNNING}


@pytest.mark.parametrize("ending", [Ending.DIED, Ending.BROKEN])
def test_what_may_fare_better_is_tried_three_times(ending: Ending) -> None:
    ends = [verdict(RunEnd(ending), tries) for tries in (1, 2, 3)]
    assert [end.action for end in ends] == [JobAction.RETRY, JobAction.RETRY, JobAction.FAIL]
    assert 0 < ends[0].delay_s < ends[1].delay_s
    assert ends[2].problem == JobProblem(ProblemCode.JOB_DIED)


def test_what_would_end_alike_is_not_tried_again() -> None:
    problem = JobProblem(ProblemCode.JOB_OUT_OF_MEMORY)
    end = verdict(RunEnd(Ending.FAILED, problem), 1)
    assert (end.action, end.problem) == (JobAction.FAIL, problem)


def test_a_run_that_the_server_ended_does_not_count() -> None:
    end = verdict(RunEnd(Ending.STOPPED), MAX_TRIES)
    assert (end.action, end.tries, end.delay_s) == (JobAction.RETRY, MAX_TRIES - 1, 0)


@given(st.lists(st.sampled_from([Ending.DIED, Ending.BROKEN, Ending.FAILED, Ending.DONE])))
def test_a_job_has_three_runs_at_most_and_a_failure_says_why(endings: list[Ending]) -> None:
    for tries, ending in enumerate(endings, start=1):
        end = verdict(RunEnd(ending), tries)
        assert tries <= MAX_TRIES
        assert (JobState.RUNNING, end.action) in TRANSITIONS
        assert (end.problem is not None) == (end.action is JobAction.FAIL)
        if end.action is not JobAction.RETRY:
            return
