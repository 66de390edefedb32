"""What is done where no probe can tell what a link carries."""

from __future__ import annotations

from itertools import pairwise

from relay.core.congestion.heartbeat import Heartbeat
from relay.core.congestion.outage import Outage
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


def test_a_heart_beats_in_silence_alone_and_does_not_count_as_sound() -> None:
    heartbeat, octets, beats = Heartbeat(0.0), 0, 0
    for tick in range(1, 300):
        now = tick * 0.02
        if now < 2.0:
            octets += 100
        heartbeat.look(octets, now)
        if heartbeat.poll(now) is not None:
            beats += 1
            octets += 64
    assert 14 <= beats <= 17
    assert heartbeat.quiet_since < 2.01


def test_attempts_in_an_outage_grow_rare_and_start_anew_after_a_sign_of_life() -> None:
    outage = Outage()
    outage.begin(0.0)
    attempts = [at for at in range(300) if outage.may_attempt(float(at))]
    assert attempts[:4] == [1, 3, 7, 15]
    assert attempts[-1] - attempts[-2] == 60
    outage.end()
    outage.begin(400.0)
    assert not outage.may_attempt(400.5)
    assert outage.may_attempt(401.0)


def test_the_target_of_an_outage_halves_each_tenth_of_a_second() -> None:
    outage = Outage()
    outage.begin(10.0)
    assert outage.decayed(800e3, 30e3, 10.31) == 100e3
    assert outage.decayed(100e3, 30e3, 12.0) == 30e3
