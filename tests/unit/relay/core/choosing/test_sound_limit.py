"""The number of sounds that a viewer's link carries, on a virtual clock."""

from __future__ import annotations

from relay.core.choosing.sound_limit import SoundLimit

ONE = 55e3  # bit/s that a sound takes


class Link:
    """Looks ten times a second."""

    def __init__(self, *rates: float) -> None:
        self.limit = SoundLimit()
        self.rates = list(rates)
        self.now = self.pictures = 0.0

    @property
    def heard(self) -> int:
        return min(self.limit.most, len(self.rates))

    def carries(self, bps: float, seconds: float) -> list[int]:
        """The sounds heard after each change, while the link carries so much."""
        changes = []
        for _ in range(round(10 * seconds)):
            self.now += 0.1
            if self.limit.look(self.rates, bps, self.now, self.pictures):
                changes.append(self.heard)
        return changes


def test_who_is_too_much_for_the_link_is_left_out_at_once() -> None:
    link = Link(ONE, ONE, ONE)
    assert link.carries(1e6, 5) == []
    assert link.carries(130e3, 1) == [2]
    assert link.carries(60e3, 1) == [1]


def test_one_is_heard_whatever_the_link_carries() -> None:
    link = Link(ONE, ONE, ONE)
    assert link.carries(10e3, 60) == [1]
    assert Link().carries(10e3, 60) == []


def test_a_dip_of_the_estimate_silences_nobody() -> None:
    link = Link(ONE, ONE, ONE)
    for _ in range(20):
        assert link.carries(130e3, 0.4) == []
        assert link.carries(1e6, 1) == []


def test_what_is_not_looked_at_is_not_counted() -> None:
    link = Link(ONE, ONE)
    link.carries(50e3, 0.3)
    link.limit.pause()
    link.now += 10
    assert link.carries(50e3, 0.4) == []
    assert link.carries(50e3, 0.2) == [1]
    link.carries(1e6, 1.5)
    link.limit.pause()
    link.now += 10
    assert link.carries(1e6, 1.5) == []
    assert link.carries(1e6, 1) == [2]


def test_another_is_heard_only_with_room_to_spare_for_a_while() -> None:
    link = Link(ONE, ONE)
    link.carries(50e3, 1)
    assert link.limit.wanted_bps == 1.3 * 2 * ONE
    assert link.carries(1.25 * 2 * ONE, 60) == []
    assert link.carries(1.35 * 2 * ONE, 1.9) == []
    assert link.carries(50e3, 0.3) == []  # and begins anew
    assert link.carries(1.35 * 2 * ONE, 1.9) == []
    assert link.carries(1.35 * 2 * ONE, 1) == [2]
    link.carries(1e6, 0.1)
    assert link.limit.wanted_bps == 0


def test_who_comes_back_drives_no_picture_away() -> None:
    link = Link(ONE, ONE)
    link.carries(50e3, 1)
    link.pictures = 80e3
    assert link.carries(1.25 * 2 * ONE + 80e3, 60) == []
    assert link.carries(1.35 * 2 * ONE + 80e3, 3) == [2]
    assert link.carries(80e3, 1) == [1]  # but pictures are no reason to be heard


def test_a_dear_sound_costs_nobody_before_it_his_voice() -> None:
    link = Link(50e3, 50e3, 50e3, 250e3)
    assert link.carries(270e3, 300) == [3]
    link = Link(50e3, 250e3, 50e3)
    assert link.carries(170e3, 300) == [1]  # in the order of what matters


def test_who_is_silent_does_not_vouch_for_the_next_one() -> None:
    """DTX: next to nothing just now, a voice the moment somebody speaks."""
    link = Link(ONE, ONE)
    link.carries(50e3, 1)
    link.rates = [5e3, 5e3]
    assert link.carries(100e3, 60) == []


def test_who_had_to_go_again_soon_waits_ever_longer() -> None:
    link = Link(ONE, ONE)
    link.carries(50e3, 1)
    waits = []
    for _ in range(7):
        begun = link.now
        while not link.carries(200e3, 0.1):
            assert link.now - begun < 70
        waits.append(round(link.now - begun))
        link.carries(100e3, 1)
    assert waits == [2, 4, 8, 16, 32, 60, 60]
    while not link.carries(200e3, 0.1):
        pass
    link.carries(200e3, 40)  # held: that was no mistake
    link.carries(100e3, 1)
    begun = link.now
    while not link.carries(200e3, 0.1):
        pass
    assert link.now - begun < 3


def test_nobody_waits_where_all_are_heard() -> None:
    link = Link(ONE, ONE)
    link.carries(50e3, 1)
    link.rates = [ONE]
    assert link.carries(1e6, 30) == []
    link.rates = [ONE, ONE]
    assert link.carries(1e6, 1) == []  # what comes then, comes as any other
    assert link.carries(1e6, 2) == [2]
