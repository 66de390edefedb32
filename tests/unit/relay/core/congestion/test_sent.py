"""Joining feedback with what was sent, whatever the feedback says."""

from __future__ import annotations

import random

from relay.core.congestion.sent import REFERENCE_PERIOD, REMEMBERED, SentPackets, Told
from relay.core.wire.twcc import Feedback


def feedback(*arrivals: tuple[int, float | None]) -> Feedback:
    return Feedback(0, arrivals)


def received(told: Told) -> list[tuple[float, float, int]]:
    return list(zip(told.sent, told.arrived, told.sizes, strict=True))


_TOLD = ("arrived", "least", "lost", "most", "probes", "sent", "sizes", "waits")


def rows(told: Told) -> list[object]:
    return [getattr(told, name) for name in _TOLD]


def test_results_carry_what_was_sent() -> None:
    sent = SentPackets()
    sent.on_sent(1, 100, 10.0)
    sent.on_sent(2, 200, 10.1, probe=7)
    sent.on_sent(3, 300, 10.2)
    assert sent.octets == 600
    told = sent.take(feedback((1, 50.0), (2, None), (3, 50.25)), 10.3)
    assert received(told) == [(10.0, 50.0, 100), (10.2, 50.25, 300)]
    assert told.waits == [50.0 - 10.0, 50.25 - 10.2]
    assert told.lost == [(10.1, 200)]
    assert told.probes == [(10.1, None, 200, 7)]


def test_an_unbroken_run_is_read_as_packet_by_packet() -> None:
    """All that the quick way leaves to the slow one: doubles, losses, old ones, wild times."""
    draw = random.Random(3)
    quick, slow = SentPackets(), SentPackets()
    number = 64_000
    for turn in range(400):
        now = turn * 0.1
        for _ in range(20):
            number += 1
            for sent in (quick, slow):
                sent.on_sent(number & 0xFFFF, 100 + number % 1000, now, number % 97 == 0)
        first = (number - draw.choice([19, 19, 19, 19, 30, 2060, -5])) & 0xFFFF
        late = draw.choice([7.0, 7.0, 7.0, 7.0, 40.0])
        count = min(20, 0x10000 - first)
        arrivals = [now + late + index / 1000 for index in range(count)]
        pairs = tuple(zip(range(first, first + count), arrivals, strict=True))
        if draw.random() < 0.1:
            lost = feedback(*((at, None) for at, _ in pairs))
            assert rows(quick.take(lost, now + 0.1)) == rows(slow.take(lost, now + 0.1))
        told = quick.take(Feedback(0, first=first, run=arrivals), now + 0.1)
        assert rows(told) == rows(slow.take(Feedback(0, pairs), now + 0.1))
    assert (quick.unknown, quick.implausible) == (slow.unknown, slow.implausible)
    assert quick.unknown > 100 and quick.implausible > 10


def test_each_packet_is_reported_once() -> None:
    sent = SentPackets()
    sent.on_sent(1, 100, 10.0)
    sent.on_sent(2, 100, 10.0)
    told = sent.take(feedback((1, 50.0), (2, None)), 10.1)
    assert (len(told.sent), len(told.lost)) == (1, 1)
    told = sent.take(feedback((1, 50.0), (2, None)), 10.2)
    assert not told.sent and not told.lost
    assert sent.unknown == 1  # the loss told twice is only a repetition
    told = sent.take(feedback((2, 50.1)), 10.3)
    assert received(told) == [(10.0, 50.1, 100)]  # it was only late
    assert not sent.take(feedback((2, 50.1)), 10.4).sent


def test_numbers_wrap_and_old_ones_are_forgotten() -> None:
    sent = SentPackets()
    for index in range(65_000, 65_000 + REMEMBERED + 1000):
        sent.on_sent(index & 0xFFFF, 100, index / 1000)
    now = (65_000 + REMEMBERED + 1000) / 1000
    last = (65_000 + REMEMBERED + 999) & 0xFFFF
    assert len(sent.take(feedback((65_535, 9.0), (last, 9.5)), now).sent) == 1
    assert sent.unknown == 1


def test_never_sent_and_long_gone_are_counted() -> None:
    sent = SentPackets()
    assert not sent.take(feedback((65_535, 1.0), (0, None)), 1.0).sent
    sent.on_sent(5, 100, 10.0)
    assert not sent.take(feedback((5, 20.0)), 310.0).sent  # 300 s late
    assert sent.unknown == 3


def test_reference_time_wraps() -> None:
    sent = SentPackets()
    sent.on_sent(1, 100, 10.0)
    sent.on_sent(2, 100, 11.0)
    before = REFERENCE_PERIOD / 2 - 0.5
    (first,) = sent.take(feedback((1, before)), 10.1).arrived
    (second,) = sent.take(feedback((2, before + 1 - REFERENCE_PERIOD)), 11.1).arrived
    assert abs(second - first - 1.0) < 1e-6
    assert sent.implausible == 0


def test_another_clock_is_believed_only_after_a_while() -> None:
    sent = SentPackets()
    taken = []
    for number in range(12):
        sent.on_sent(number, 100, 10 + number)
        arrival = 50.0 + number + (300.0 if number >= 4 else 0.0)
        taken.append(len(sent.take(feedback((number, arrival)), 10.1 + number).sent))
    assert taken == [1] * 4 + [0] * 4 + [1] * 4
    assert sent.epoch == 1


def test_a_wild_arrival_among_others_is_left_out() -> None:
    sent = SentPackets()
    for number in range(3):
        sent.on_sent(number, 100, 10.0)
    told = sent.take(feedback((0, 50.0), (1, 5000.0), (2, 50.1)), 10.1)
    assert told.arrived == [50.0, 50.1]
    assert sent.implausible == 1
