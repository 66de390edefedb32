"""The rate by delay: steps down by what arrives, climbs back near capacity."""

from __future__ import annotations

import pytest

from relay.core.congestion.aimd import RateControl
from relay.core.congestion.delay import Usage


def test_overuse_steps_down_to_085_of_what_arrives() -> None:
    control = RateControl(1e6, 3e4, 8e6)
    control.update(Usage.OVERUSE, 800e3, 0.1, 1.0)
    assert control.bps == pytest.approx(680e3)


@pytest.mark.parametrize("rtt", [0.05, 0.6])
def test_near_capacity_it_climbs_back_within_seconds(rtt: float) -> None:
    control = RateControl(1e6, 3e4, 8e6)
    control.update(Usage.OVERUSE, 1e6, rtt, 1.0)
    control.update(Usage.NORMAL, 850e3, rtt, 1.1)
    for index in range(60):
        control.update(Usage.NORMAL, control.bps, rtt, 1.2 + index * 0.1)
    assert 1e6 < control.bps < 1.5e6


def test_it_does_not_rise_past_what_is_sent() -> None:
    control = RateControl(300e3, 3e4, 8e6)
    for index in range(600):
        control.update(Usage.NORMAL, 200e3, 0.1, index * 0.1)
    assert control.bps <= 1.5 * 200e3 + 10e3
    assert control.application_limited
