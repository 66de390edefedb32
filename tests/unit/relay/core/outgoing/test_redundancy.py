"""Repetition of a viewer's sound, on links that lose in different ways."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from relay.core.outgoing.redundancy import (
    LADDER,
    Distances,
    Redundancy,
    SoundFates,
    affordable,
    cost,
)

PACKETS_PER_SECOND = 50
FEEDBACK = 5  # packets of sound per feedback packet: 100 ms

Fates = Callable[[random.Random], Iterator[bool]]


def at_random(loss: float) -> Fates:
    def fates(draw: random.Random) -> Iterator[bool]:
        while True:
            yield draw.random() < loss

    return fates


def in_bursts(p: float, r: float, between: int = 0) -> Fates:
    """Gilbert-Elliott: a good link turns bad with `p`, a bad one good with `r`, per packet.

    `between`: packets of pictures that cross the link between two of sound.
    """

    def fates(draw: random.Random) -> Iterator[bool]:
        bad = False
        while True:
            for _ in range(1 + between):
                bad = draw.random() >= r if bad else draw.random() < p
            yield bad

    return fates


class Trial:
    """A viewer's sound over a lossy link for some seconds, with feedback after each 100 ms."""

    def __init__(self, fates: Fates, *, most: int = 2, reach: int = 4, seed: int = 1) -> None:
        self.policy = Redundancy(reach)
        self.most = most
        self.now = 0.0
        self.sent: list[tuple[bool, Distances]] = []
        self.changes = 0
        self._fates = fates(random.Random(seed))

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * PACKETS_PER_SECOND / FEEDBACK)):
            before = self.policy.distances
            chosen = self.policy.choose(self.now, self.most)
            self.changes += chosen != before
            news = [next(self._fates) for _ in range(FEEDBACK)]
            self.sent += [(lost, chosen) for lost in news]
            self.now += FEEDBACK / PACKETS_PER_SECOND
            self.policy.on_fates(news)

    def become(self, fates: Fates) -> None:
        self._fates = fates(random.Random(99))

    def concealed(self, skip: float = 0.0) -> float:
        """The fraction for good lost: neither the packet came nor one that repeated it."""
        start = round(skip * PACKETS_PER_SECOND)
        gone = 0
        for index in range(start, len(self.sent) - 4):
            lost, _ = self.sent[index]
            gone += lost and not any(
                not self.sent[index + distance][0] and distance in self.sent[index + distance][1]
                for distance in (1, 2, 3, 4)
            )
        return gone / (len(self.sent) - 4 - start)

    def cost(self, skip: float = 0.0) -> float:
        """Frames repeated per packet, on average."""
        start = round(skip * PACKETS_PER_SECOND)
        return sum(len(chosen) for _, chosen in self.sent[start:]) / len(self.sent[start:])


def always(fates: Fates, distances: Distances, packets: int = 200_000) -> float:
    """The loss that one step of the ladder leaves, kept all the time."""
    draw = fates(random.Random(5))
    lost = [next(draw) for _ in range(packets)]
    left = sum(
        lost[i] and all(lost[i + distance] for distance in distances) for i in range(packets - 4)
    )
    return left / packets


LINKS = {
    "random 1%": at_random(0.01),
    "random 3%": at_random(0.03),
    "random 5%": at_random(0.05),
    "random 10%": at_random(0.10),
    "bursts, sound alone": in_bursts(0.01, 0.25),
    "bursts, with pictures": in_bursts(0.01, 0.25, between=3),
}
# Issue 3: at 3% random loss concealment ≤ 1.5%, with these bursts ≤ 2%. Ours are far below.
BARS = {
    "random 1%": 0.003,
    "random 3%": 0.005,
    "random 5%": 0.006,
    "random 10%": 0.008,
    "bursts, sound alone": 0.018,
    "bursts, with pictures": 0.008,
}


@pytest.mark.parametrize("link", LINKS)
def test_what_stays_lost_is_below_the_bar_from_the_first_minute_on(link: str) -> None:
    for seed in range(3):
        trial = Trial(LINKS[link], seed=seed)
        trial.run(180)
        assert trial.concealed(skip=10) < BARS[link], seed


@pytest.mark.parametrize(
    ("link", "least", "most"),
    [
        ("random 1%", 0.7, 1.4),
        ("random 3%", 0.9, 1.7),
        ("random 10%", 1.8, 2.0),
        ("bursts, sound alone", 1.5, 2.0),
    ],
)
def test_it_costs_what_the_loss_calls_for(link: str, least: float, most: float) -> None:
    trial = Trial(LINKS[link])
    trial.run(180)
    assert least <= trial.cost(skip=10) <= most


@pytest.mark.parametrize("loss", [0.0, 0.0005])
def test_a_good_link_carries_sound_once(loss: float) -> None:
    trial = Trial(at_random(loss))
    trial.run(300)
    assert trial.cost() <= 0.1


def test_a_link_that_turns_bad_is_helped_within_two_seconds() -> None:
    trial = Trial(at_random(0.0))
    trial.run(60)
    assert trial.policy.distances == ()
    trial.become(at_random(0.05))
    trial.run(2)
    assert trial.policy.distances != ()


def test_a_link_that_turns_good_carries_sound_once_again_in_half_a_minute() -> None:
    trial = Trial(at_random(0.10))
    trial.run(30)
    assert len(trial.policy.distances) == 2
    trial.become(at_random(0.0))
    trial.run(9)
    assert trial.policy.distances != (), "not at the first good second"
    trial.run(31)
    assert trial.policy.distances == ()


def test_an_outage_changes_nothing_about_the_link_around_it() -> None:
    trial = Trial(at_random(0.03))
    trial.run(60)
    before = trial.policy.distances
    assert before != ()
    for _ in range(50):
        trial.policy.on_fates([True] * 5)
        assert trial.policy.choose(trial.now, 2) == before
        trial.now += 0.1
    trial.run(20)
    assert all(chosen != () for _, chosen in trial.sent[-1000:])
    calm = Trial(at_random(0.0))
    calm.run(60)
    calm.policy.on_fates([True] * 250)
    calm.run(20)
    assert calm.cost() == 0


@pytest.mark.parametrize("link", LINKS)
def test_it_does_not_waver(link: str) -> None:
    trial = Trial(LINKS[link])
    trial.run(600)
    assert trial.changes <= 60  # one in ten seconds; a change costs nothing by itself


def test_bursts_are_met_by_later_repetitions() -> None:
    trial = Trial(in_bursts(0.02, 0.25))
    trial.run(60)
    assert trial.policy.distances == (2, 4)
    hasty = Trial(in_bursts(0.02, 0.25), reach=1)
    hasty.run(60)
    assert hasty.policy.distances == (1,), "who plays at once gets no late repetition"


@pytest.mark.parametrize("most", [0, 1])
def test_a_narrow_link_bounds_it(most: int) -> None:
    trial = Trial(at_random(0.10), most=most)
    trial.run(60)
    assert max(len(chosen) for _, chosen in trial.sent) == most


def test_a_link_that_becomes_narrow_bounds_it_at_once() -> None:
    trial = Trial(at_random(0.10))
    trial.run(60)
    assert len(trial.policy.choose(trial.now, 2)) == 2
    assert len(trial.policy.choose(trial.now + 0.001, 1)) == 1
    assert trial.policy.choose(trial.now + 0.002, 0) == ()


def test_sound_is_repeated_only_where_it_fits_twice() -> None:
    voice = 60_000  # 32 kbit/s of Opus with headers
    assert affordable(100_000, voice) == 0
    assert affordable(200_000, voice) == 1
    assert affordable(300_000, voice) == 2
    assert affordable(300_000, 3 * voice) == 0
    assert affordable(8_000_000, voice) == 2, "no step repeats more"
    assert affordable(0, voice) == 0
    assert affordable(100_000, 0) == 2, "silence costs nothing"
    assert cost(voice, ()) == voice
    assert cost(voice, (1, 2)) == pytest.approx(132_000)


class TestFates:
    def test_only_sound_counts_and_only_once(self) -> None:
        fates = SoundFates()
        for number in (1, 4, 7, 10):
            fates.on_sent(number, 0)
        arrivals: list[tuple[int, float | None]] = [
            (number, None if number in (3, 4) else 0.1) for number in range(10)
        ]
        assert fates.take(arrivals) == [False, True, False]
        assert fates.take(arrivals) == []
        assert fates.take([(10, None)]) == [True]

    def test_of_two_voices_the_busier_one_tells(self) -> None:
        fates = SoundFates()
        for number in range(20):
            fates.on_sent(number, int(number % 4 == 0))
        told = fates.take([(number, None if number % 4 == 0 else 0.1) for number in range(20)])
        assert told == [False] * 15

    def test_numbers_wrap_and_come_again(self) -> None:
        fates = SoundFates()
        for number in (0xFFFF, 0, 1):
            fates.on_sent(number, 0)
        assert fates.take([(0xFFFF, 0.1), (0, None), (1, 0.2)]) == [False, True, False]
        fates.on_sent(0, 0)
        assert fates.take([(0, 0.1)]) == [False]

    def test_without_feedback_it_stays_bounded(self) -> None:
        fates = SoundFates()
        for number in range(10_000):
            fates.on_sent(number, 0)
        told = fates.take([(number, None) for number in range(10_000)])
        assert len(told) == 512, "the oldest are forgotten"


@pytest.mark.parametrize(("fraction", "frames"), [(0.0, 0), (0.03, 1), (0.10, 2)])
def test_reports_do_where_fates_are_unknown(fraction: float, frames: int) -> None:
    policy = Redundancy()
    for second in range(30):
        policy.on_report(fraction, PACKETS_PER_SECOND)
        policy.choose(float(second), 2)
    assert len(policy.distances) == frames
    assert policy.loss == pytest.approx(fraction, abs=0.003)


def test_absurd_reports_are_bounded() -> None:
    policy = Redundancy()
    policy.on_report(1e9, 10**12)
    policy.on_report(-1e9, -5)
    policy.on_report(2.0, 1)
    assert policy.loss == 0.0
    assert policy.choose(0.0, 2) == (), "where nothing arrives nothing helps"


@pytest.mark.parametrize("link", ["random 5%", "bursts, sound alone"])
def test_what_it_expects_is_what_comes(link: str) -> None:
    for distances in LADDER:
        policy = Redundancy()
        draw = LINKS[link](random.Random(5))
        expected = 0.0
        for _ in range(100):
            policy.on_fates(next(draw) for _ in range(1000))
            expected += policy.residual(distances) / 100
        assert expected == pytest.approx(always(LINKS[link], distances), rel=0.25, abs=0.0005)
