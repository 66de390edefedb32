"""Trials, where no probe can tell the link's rate."""

from __future__ import annotations

from itertools import pairwise

from relay.core.congestion.trial import Trial


def test_a_trial_that_stands_is_believed_and_the_next_may_follow_at_once() -> None:
    trial = Trial()
    assert trial.poll(600e3, 3e6, 0.0, calm=True) == 3e6
    assert trial.poll(3e6, 5e6, 1.0, calm=True) is None  # one at a time
    assert trial.poll(3e6, 5e6, 16.0, calm=True) == 5e6
    assert not trial.failed


def test_failed_trials_wait_ever_longer_up_to_five_minutes() -> None:
    trial = Trial()
    begun = [tenth / 10 for tenth in range(20_000) if trial.poll(600e3, 3e6, tenth / 10, calm=True)]
    gaps = [b - a for a, b in pairwise(begun)]
    assert trial.failed
    due = (10, 30, 90, 270, 300)
    assert all(abs(gap - wait) < 0.3 for gap, wait in zip(gaps, due, strict=False))
    assert max(gaps) < 301


def test_a_link_in_trouble_is_not_tried_nor_is_one_that_carries_all() -> None:
    trial = Trial()
    assert trial.poll(600e3, 3e6, 0.0, calm=False) is None
    assert trial.poll(3e6, 3e6, 0.0, calm=True) is None
    assert trial.poll(600e3, 3e6, 0.1, calm=True) == 3e6


def test_another_link_is_tried_at_once() -> None:
    trial = Trial()
    trial.poll(600e3, 3e6, 0.0, calm=True)
    trial.poll(500e3, 3e6, 0.1, calm=True)
    assert trial.failed
    trial.forget()
    assert trial.poll(500e3, 3e6, 0.2, calm=True) == 3e6
