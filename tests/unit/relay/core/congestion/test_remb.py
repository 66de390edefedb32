"""The receiver's own estimate: clamped, and fading where it is not renewed."""

from __future__ import annotations

import pytest

from relay.core.congestion.estimator import MAX_BPS, MIN_BPS, START_BPS
from relay.core.congestion.remb import RembControl


@pytest.mark.parametrize(("named", "target"), [(0.0, MIN_BPS), (2.0**60, START_BPS), (4e5, 4e5)])
def test_remb_is_clamped(named: float, target: float) -> None:
    control = RembControl(START_BPS, MIN_BPS, MAX_BPS)
    control.on_remb(named, 0.0, 1.0)
    assert control.bps == target


def test_missing_remb_fades_slowly_to_half() -> None:
    control = RembControl(1e6, MIN_BPS, MAX_BPS)
    control.on_remb(800e3, 0.0, 0.0)
    for index in range(1, 100):
        control.on_timer(0.1, index * 0.1)
    assert control.bps == 800e3
    for index in range(100, 1000):
        control.on_timer(0.1, index * 0.1)
    assert control.bps == pytest.approx(400e3)
