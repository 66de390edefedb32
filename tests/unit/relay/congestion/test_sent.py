"""Joining feedback with what was sent, whatever the feedback says."""

from __future__ import annotations

from relay.core.congestion.sent import REFERENCE_PERIOD, REMEMBERED, SentPackets
from relay.core.twcc import Feedback


def feedback(*arrivals: tuple[int, float | None]) -> Feedback:
    return Feedback(0, arrivals)


def test_results_carry_what_was_sent() -> None:
    sent = SentPackets()
    sent.on_sent(1, 100, 10.0)
    sent.on_sent(2, 200, 10.1, probe=7)
    sent.on_sent(3, 300, 10.2)
    assert sent.octets == 600
    results = sent.take(feedback((1, 50.0), (2, None), (3, 50.25)), 10.3)
    assert results == [(10.0, 50.0, 100, 0), (10.1, None, 200, 7), (10.2, 50.25, 300, 0)]


def test_each_packet_is_reported_once() -> None:
    sent = SentPackets()
    sent.on_sent(1, 100, 10.0)
    sent.on_sent(2, 100, 10.0)
    assert len(sent.take(feedback((1, 50.0), (2, None)), 10.1)) == 2
    assert sent.take(feedback((1, 50.0), (2, None)), 10.2) == []
    assert sent.unknown == 1  # the loss told twice is only a repetition
    assert sent.take(feedback((2, 50.1)), 10.3) == [(10.0, 50.1, 100, 0)]  # it was only late
    assert sent.take(feedback((2, 50.1)), 10.4) == []


def test_numbers_wrap_and_old_ones_are_forgotten() -> None:
    sent = SentPackets()
    for index in range(65_000, 65_000 + REMEMBERED + 1000):
        sent.on_sent(index & 0xFFFF, 100, index / 1000)
    now = (65_000 + REMEMBERED + 1000) / 1000
    last = (65_000 + REMEMBERED + 999) & 0xFFFF
    assert len(sent.take(feedback((65_535, 9.0), (last, 9.5)), now)) == 1
    assert sent.unknown == 1


def test_never_sent_and_long_gone_are_counted() -> None:
    sent = SentPackets()
    assert sent.take(feedback((65_535, 1.0), (0, None)), 1.0) == []
    sent.on_sent(5, 100, 10.0)
    assert sent.take(feedback((5, 20.0)), 310.0) == []  # 300 s late
    assert sent.unknown == 3


def test_reference_time_wraps() -> None:
    sent = SentPackets()
    sent.on_sent(1, 100, 10.0)
    sent.on_sent(2, 100, 11.0)
    before = REFERENCE_PERIOD / 2 - 0.5
    (first,) = sent.take(feedback((1, before)), 10.1)
    (second,) = sent.take(feedback((2, before + 1 - REFERENCE_PERIOD)), 11.1)
    assert first[1] is not None
    assert second[1] is not None
    assert abs(second[1] - first[1] - 1.0) < 1e-6
    assert sent.implausible == 0


def test_another_clock_is_believed_only_after_a_while() -> None:
    sent = SentPackets()
    taken = []
    for number in range(12):
        sent.on_sent(number, 100, 10 + number)
        arrival = 50.0 + number + (300.0 if number >= 4 else 0.0)
        taken.append(len(sent.take(feedback((number, arrival)), 10.1 + number)))
    assert taken == [1] * 4 + [0] * 4 + [1] * 4
    assert sent.epoch == 1


def test_a_wild_arrival_among_others_is_left_out() -> None:
    sent = SentPackets()
    for number in range(3):
        sent.on_sent(number, 100, 10.0)
    results = sent.take(feedback((0, 50.0), (1, 5000.0), (2, 50.1)), 10.1)
    assert [result[1] for result in results] == [50.0, 50.1]
    assert sent.implausible == 1
