"""Limits of a session by kind, the news of an excess, and shares of a room's bound."""

from __future__ import annotations

import pytest

from relay.api import Excess
from relay.config import RelayConfig
from relay.limits import SHOWN_S, SessionLimits, share_room

CONFIG = RelayConfig(
    publisher_packets_per_s=1000, publisher_bps=8e6, room_packets_per_s=2000, room_bps=16e6
)


def send(limits: SessionLimits, packets: int, size: int, now: float, seconds: float = 1.0) -> int:
    """Media, evenly over the seconds that begin at `now`; returns how much of it passed."""
    return sum(limits.media.take(size, now + seconds * n / packets) for n in range(packets))


def test_who_sends_what_he_may_is_told_nothing() -> None:
    limits = SessionLimits(CONFIG, 0.0)
    for second in range(10):
        assert send(limits, 900, 1000, second) == 900
        limits.measure(0, second + 1)
        assert limits.excess is Excess.NONE
    assert limits.wanted == (900, pytest.approx(7.2e6))


@pytest.mark.parametrize(
    ("packets", "size", "excess"), [(5000, 100, Excess.PACKETS), (990, 1500, Excess.BITS)]
)
def test_an_excess_is_told_and_ends_a_while_after_it_ended(
    packets: int, size: int, excess: Excess
) -> None:
    limits = SessionLimits(CONFIG, 0.0)
    for second in range(10):
        send(limits, packets, size, second)
        limits.measure(0, second + 1)
    assert limits.excess is excess
    limits.measure(0, 10 + SHOWN_S - 0.5)
    assert limits.excess is excess
    limits.measure(0, 10 + SHOWN_S)
    assert limits.excess is Excess.NONE


def test_too_much_sound_is_told_of_as_such() -> None:
    limits = SessionLimits(CONFIG, 0.0)
    limits.measure(17, 0.5)
    assert limits.excess is Excess.SOUND
    limits.measure(17, 1.0 + SHOWN_S)
    assert limits.excess is Excess.NONE


def test_one_kind_uses_up_no_other() -> None:
    limits = SessionLimits(CONFIG, 0.0)
    kinds = (limits.media, limits.reports, limits.records, limits.checks, limits.strangers)
    for flooded in kinds:
        while flooded.take(100, 0.0):
            pass
    assert [kind.refused for kind in kinds] == [1] * 5


def seconds_of(rates: list[int], count: int = 4) -> tuple[list[SessionLimits], list[int]]:
    """A room whose sessions send so many packets/s for a while; what passed in the last second."""
    members = [SessionLimits(CONFIG, 0.0) for _ in rates]
    passed = [0] * len(rates)
    for second in range(count):
        passed = [send(one, rate, 100, second) for one, rate in zip(members, rates, strict=True)]
        for member in members:
            member.measure(0, second + 1)
        share_room(members, CONFIG)
    return members, passed


def test_a_room_within_its_bound_narrows_nobody() -> None:
    members, passed = seconds_of([900, 900, 100, 50])
    assert passed == [900, 900, 100, 50]
    assert {member.excess for member in members} == {Excess.NONE}


def test_beyond_its_bound_only_those_above_their_share_get_less() -> None:
    members, passed = seconds_of([300, 300, 900, 900, 950], count=12)
    assert passed[:2] == [300, 300]
    assert all(one <= 1400 / 3 + 1 for one in passed[2:])
    assert [member.excess for member in members[:2]] == [Excess.NONE] * 2
    assert {member.excess for member in members[2:]} == {Excess.ROOM}


def test_a_room_that_calmed_down_gets_all_again() -> None:
    members, _ = seconds_of([900, 900, 950], count=12)
    for second in (12, 13, 14):
        passed = [send(one, 500, 100, second) for one in members]
        for member in members:
            member.measure(0, second + 1)
        share_room(members, CONFIG)
    assert passed == [500, 500, 500]
    assert send(members[0], 1000, 100, 15) == 1000
