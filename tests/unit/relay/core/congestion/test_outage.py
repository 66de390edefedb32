"""Conduct in an outage: less is sent, and attempts grow rare."""

from __future__ import annotations

from relay.core.congestion.outage import Outage


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
