"""Probes find what could be used, and become rare where they fail or do harm."""

from __future__ import annotations

from itertools import pairwise

import pytest

from relay.core.congestion.heartbeat import Heartbeat
from relay.core.congestion.probe import Outcome, Prober


def send_probe(prober: Prober, estimate: float, link: float, now: float) -> Outcome | None:
    """Poll once and let a link of `link` bit/s carry what comes of it."""
    probe = prober.poll(estimate, 8e6, 0.1, now)
    if probe is None:
        return None
    assert probe.size_bytes * 8 * (1 / estimate - 1 / probe.bps) < 0.1  # s of queue at most
    sent, free, size = now, now, max(probe.size_bytes // 10, 60)
    for _ in range(12):
        free = max(free, sent) + 8 * size / link
        prober.add((sent, free + 5.0, size, probe.number))
        sent += 8 * size / probe.bps
    result = prober.evaluate(estimate, 0.0, now + 0.2)
    assert result is not None
    return result.outcome


def test_the_first_probe_aims_at_all_that_could_be_used() -> None:
    first = Prober().poll(600e3, 8e6, 0.1, 0.0)
    assert first is not None
    assert first.bps == pytest.approx(2.4e6)
    modest = Prober().poll(600e3, 2e6, 0.1, 0.0)
    assert modest is not None
    assert modest.bps == pytest.approx(2.2e6)


def test_a_first_probe_that_found_the_link_is_followed_at_once() -> None:
    """The first probe is short, so its result is only a step up; the second is believed."""
    prober = Prober()
    assert send_probe(prober, 600e3, 1.5e6, 0.0) is Outcome.FULL
    assert not prober.starting
    assert prober.failed == 0
    assert send_probe(prober, 1.4e6, 1.5e6, 0.4) is Outcome.FULL
    assert prober.failed == 1
    assert prober.poll(1.4e6, 8e6, 0.1, 2.0) is None


def test_a_first_probe_that_could_not_be_sent_is_repeated_as_it_was() -> None:
    prober = Prober()
    assert prober.poll(600e3, 8e6, 0.1, 0.0) is not None
    prober.abandon(0.1)
    again = prober.poll(600e3, 8e6, 0.1, 0.5)
    assert again is not None
    assert again.bps == pytest.approx(2.4e6)


def test_a_first_probe_of_which_little_came_back_is_not_repeated_as_steep_for_ever() -> None:
    """A queue of a few packets: each burst would cost sound that is in it."""
    prober = Prober()
    steps = []
    for index in range(4000):
        probe = prober.poll(600e3, 8e6, 0.1, index * 0.02)
        if probe is None:
            continue
        steps.append(probe.bps / 600e3)
        for place in range(10):
            at = index * 0.02 + place * 0.0015
            arrived = at + 5.0 if place % 5 < 3 else None
            prober.add((at, arrived, probe.size_bytes // 10 + 1, probe.number))
        assert prober.evaluate(600e3, 0.0, index * 0.02 + 0.2) is not None
    assert steps[0] == pytest.approx(4.0)
    assert max(steps[2:]) <= 2.0
    assert not prober.starting


def test_a_first_probe_that_filled_a_queue_is_no_success() -> None:
    prober = Prober()
    probe = prober.poll(600e3, 8e6, 0.1, 0.0)
    assert probe is not None
    prober.on_overuse(0.2, 0.1)
    free = 0.0
    for place in range(12):
        free += 8 * probe.size_bytes / 10 / 700e3
        prober.add((place * 0.0015, free + 5.0, probe.size_bytes // 10, probe.number))
    result = prober.evaluate(600e3, 0.0, 0.3)
    assert result is not None
    assert result.outcome is Outcome.FULL
    assert prober.failed == 1
    assert prober.poll(650e3, 8e6, 0.1, 2.0) is None


def test_nothing_is_probed_that_nobody_wants() -> None:
    prober = Prober()
    assert prober.poll(600e3, 600e3, 0.1, 0.0) is None


def test_failed_probes_become_rare_and_gentle() -> None:
    prober = Prober()
    times = []
    for index in range(6000):
        now = index * 0.02
        outcome = send_probe(prober, 450e3, 500e3, now)
        if outcome is not None:
            assert outcome is Outcome.FULL
            times.append(now)
    gaps = [round(b - a, 1) for a, b in pairwise(times)][1:]  # the first found a little more
    assert gaps[0] > 2.5
    assert gaps == sorted(gaps)
    assert gaps[-1] > 6
    assert prober.poll(530e3, 8e6, 0.1, times[-1] + 0.5) is not None  # the estimate rose


def test_a_probe_that_could_hardly_show_a_rise_is_no_failure() -> None:
    """The next layer's rate is unknown at first; once known, it is probed for."""
    prober = Prober()
    small = prober.poll(600e3, 605e3, 0.1, 0.0)
    assert small is not None
    for place in range(12):
        at = place * 8 * 800 / small.bps
        prober.add((at, at + 5.0, 800, small.number))
    result = prober.evaluate(650e3, 0.0, 0.2)  # it rose by itself meanwhile
    assert result is not None
    assert result.outcome is Outcome.REACHED
    assert prober.failed == 0
    assert prober.poll(650e3, 1.2e6, 0.1, 0.6) is not None


def test_probes_that_tell_nothing_are_tried_again_soon_then_rarely() -> None:
    prober = Prober()
    times = []
    for index in range(3000):
        now = index * 0.02
        if prober.poll(450e3, 8e6, 0.1, now) is not None:
            times.append(now)
            prober.abandon(now)
    gaps = [round(b - a, 1) for a, b in pairwise(times)]
    assert gaps[0] < 0.5
    assert gaps == sorted(gaps)
    assert gaps[-1] > 6


def test_no_probe_has_the_number_of_a_heartbeat() -> None:
    """Else padding that is sent meanwhile would be measured as a part of it."""
    prober, heartbeat = Prober(), Heartbeat(0.0)
    beat = heartbeat.poll(1.0)
    assert beat is not None
    numbers = set()
    for index in range(300):
        now = index * 60.0
        probe = prober.poll(450e3, 8e6, 0.1, now)
        assert probe is not None
        numbers.add(probe.number)
        prober.abandon(now)
    assert numbers == set(range(1, 256)) - {beat.number}


def test_probes_that_do_harm_become_very_rare() -> None:
    prober = Prober()
    times = []
    for index in range(20_000):
        now = index * 0.02
        probe = prober.poll(450e3, 8e6, 0.1, now)
        if probe is None:
            continue
        times.append(now)
        prober.on_overuse(0.2, now + 0.1)
        for place in range(12):
            at = now + place * 0.004
            prober.add((at, at * 2, probe.size_bytes // 10 + 1, probe.number))
        prober.evaluate(450e3, 0.0, now + 0.2)
    gaps = [round(b - a, 1) for a, b in pairwise(times)]
    assert max(gaps) > 50


def test_an_unanswered_probe_is_given_up() -> None:
    prober = Prober()
    assert prober.poll(450e3, 8e6, 0.1, 0.0) is not None
    assert prober.poll(450e3, 8e6, 0.1, 1.0) is None
    assert prober.poll(450e3, 8e6, 0.1, 1.7) is None
    assert prober.poll(450e3, 8e6, 0.1, 6.0) is not None
