"""The rate that arrives, measured from feedback."""

from __future__ import annotations

import random

import pytest

from relay.core.congestion.acknowledged import AcknowledgedRate


def test_acknowledged_rate() -> None:
    rate = AcknowledgedRate()
    for index in range(200):
        rate.add_all([index * 0.01], [1250], app_limited=False)
    assert rate.bps == pytest.approx(1e6, rel=0.02)
    for index in range(200, 400):
        rate.add_all([index * 0.01], [250], app_limited=False)
    assert rate.bps == pytest.approx(2e5, rel=0.1)


def test_acknowledged_rate_falls_slowly_while_the_application_is_idle() -> None:
    idle, busy = AcknowledgedRate(), AcknowledgedRate()
    for index in range(240):
        size = 1250 if index < 200 else 250
        idle.add_all([index * 0.01], [size], app_limited=True)
        busy.add_all([index * 0.01], [size], app_limited=False)
    assert idle.bps is not None
    assert busy.bps is not None
    assert idle.bps > 1.2 * busy.bps


def test_acknowledged_rate_survives_wild_arrivals() -> None:
    rate = AcknowledgedRate()
    for arrival in (0.0, 5.0, -5.0, 1e12, 0.0, 0.0):
        rate.add_all([arrival], [1200], app_limited=False)
    assert rate.bps is None


def test_acknowledged_rate_is_the_same_however_feedback_is_cut() -> None:
    draw = random.Random(4)
    arrived = [0.0]
    for _ in range(2000):
        arrived.append(arrived[-1] + draw.choice([0.001, 0.003, 0.02, 0.09]))
    sizes = [draw.randrange(60, 1250) for _ in arrived]
    rates = set()
    for cut in (1, 7, 40, len(arrived)):
        rate = AcknowledgedRate()
        for at in range(0, len(arrived), cut):
            rate.add_all(arrived[at : at + cut], sizes[at : at + cut], app_limited=False)
        rates.add(rate.bps)
    assert len(rates) == 1
