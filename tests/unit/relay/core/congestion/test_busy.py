"""The rate of the link while packets queue."""

from __future__ import annotations

import pytest

from relay.core.congestion.busy import BusyRate


def test_busy_rate_is_the_links_though_little_is_sent() -> None:
    """A frame of ten packets each 100 ms, leaving a 1 Mbit/s link one after the other."""
    busy = BusyRate()
    for frame in range(10):
        for packet in range(10):
            arrival = frame * 0.1 + packet * 0.005
            busy.add(arrival, 625, packet * 0.005)
    assert busy.bps(0.95) == pytest.approx(1e6, rel=0.01)
    assert busy.bps(2.0) is None
