"""Missing packets are asked for, a bounded number of times."""

from __future__ import annotations

from itertools import pairwise

import pytest

from relay.core.incoming.missing import MissingPackets


def test_missing_packets_are_asked_for_a_bounded_number_of_times() -> None:
    missing = MissingPackets()
    assert missing.on_gap(100, 102, 0.0)
    assert missing.due(0.005) == ([], 0)
    asked = []
    given_up = 0
    for tick in range(1, 100):
        wanted, lost = missing.due(tick * 0.02)
        asked.extend(wanted)
        given_up += lost
    assert given_up == 2
    assert 5 <= asked.count(100) <= 10
    assert not missing


def test_answers_that_take_longer_than_known_are_waited_for() -> None:
    missing = MissingPackets()
    missing.on_gap(1, 2, 0.0)
    asked = [tick for tick in range(1, 60) if missing.due(tick * 0.02)[0]]
    waits = [b - a for a, b in pairwise(asked)]
    assert waits == sorted(waits)
    assert waits[-1] > 1.5 * waits[0]


def test_a_hole_too_large_is_not_repaired() -> None:
    missing = MissingPackets()
    assert missing.on_gap(0, 200, 0.0)
    assert not missing.on_gap(200, 300, 0.0)
    assert not missing


def test_repairs_time_the_link() -> None:
    missing = MissingPackets()
    missing.on_gap(1, 2, 0.0)
    missing.due(0.02)
    missing.on_packet(1, 0.07)
    assert missing.rtt == pytest.approx(0.05)
