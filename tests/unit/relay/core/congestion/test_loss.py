"""Losses of the link are borne; losses of a queue bound the rate."""

from __future__ import annotations

import math
import random

import pytest

from relay.core.congestion.loss import LossControl


def lossy(
    loss: LossControl,
    probability: float,
    sent_bps: float,
    link_bps: float,
    seconds: float,
    start: float = 0.0,
) -> None:
    """Feed what a link of `link_bps` with random loss would do to 1000-byte packets."""
    rng = random.Random(5)
    step = 0.1
    for index in range(round(seconds / step)):
        packets = round(sent_bps * step / 8000)
        excess = max(0.0, 1 - link_bps / sent_bps)
        lost = sum(rng.random() < excess + (1 - excess) * probability for _ in range(packets))
        loss.add(
            packets,
            lost,
            packets * 1000,
            delay_bps=1.5e6,
            acked_bps=8000 * (packets - lost) / step,
            queued=False,
            now=start + index * step,
        )


@pytest.mark.parametrize("probability", [0.01, 0.03, 0.1])
def test_random_loss_is_put_down_to_the_link(probability: float) -> None:
    loss = LossControl()
    lossy(loss, probability, 800e3, math.inf, 20)
    assert loss.bps > 800e3
    assert loss.loss == pytest.approx(probability, abs=0.03)
    assert loss.inherent == pytest.approx(loss.loss, abs=0.02)


def test_loss_that_comes_with_the_rate_is_congestion() -> None:
    """A link without queue polices at 1 Mbit/s: seen to be clean below and lossy above."""
    loss = LossControl()
    lossy(loss, 0.0, 800e3, 1e6, 4)
    lossy(loss, 0.0, 1.3e6, 1e6, 4, start=4.0)
    assert 0.5e6 < loss.bps < 1.05e6


def test_half_lost_bounds_the_rate() -> None:
    loss = LossControl()
    lossy(loss, 0.5, 1.4e6, math.inf, 20)
    assert loss.bps < 300e3


def overflowing(loss: LossControl, sent_bps: float, link_bps: float, seconds: float) -> float:
    """Feed what a link does whose queue is full, then 1.5 s of the same without queue."""
    now = 0.0
    for index in range(round(10 * (seconds + 1.5))):
        now = index / 10
        full = now < seconds
        packets = round(sent_bps / 10 / 1000)  # of 125 bytes, as sound
        lost = round(packets * (1 - link_bps / sent_bps)) if full else 0
        loss.add(
            packets,
            lost,
            packets * 125,
            delay_bps=200e3,
            acked_bps=link_bps if full else sent_bps,
            queued=full,
            now=now,
        )
    return now


def test_losses_of_a_queue_that_is_gone_hold_nobody_down() -> None:
    loss = LossControl()
    overflowing(loss, 120e3, 50e3, 9)
    held = loss.bps
    assert held < 180e3
    assert loss.loss > 0.2
    loss.on_proven(70e3)  # hardly more than what it carried then: proves nothing
    assert loss.bps == held
    loss.on_proven(180e3)
    assert loss.bps >= 180e3
    for index in range(4):
        loss.add(30, 0, 3750, delay_bps=200e3, acked_bps=12e4, queued=False, now=10.7 + index * 0.3)
    assert loss.bps == math.inf
    assert loss.loss == 0


def test_losses_without_a_queue_are_the_links_whatever_a_probe_shows() -> None:
    loss = LossControl()
    lossy(loss, 0.2, 800e3, math.inf, 10)
    before = loss.bps
    loss.on_proven(8e6)
    assert loss.bps == before
    assert loss.loss > 0.15


def test_what_a_queue_lost_is_past_a_second_after_it() -> None:
    loss = LossControl()
    overflowing(loss, 120e3, 50e3, 5)
    assert loss.is_past
    loss.add(1, 1, 125, delay_bps=200e3, acked_bps=12e4, queued=False, now=6.6)
    assert not loss.is_past
    for index in range(8):  # that one was the air's
        loss.add(30, 0, 3750, delay_bps=200e3, acked_bps=12e4, queued=False, now=6.9 + index * 0.3)
        assert not loss.is_past


def test_no_loss_no_limit() -> None:
    loss = LossControl()
    lossy(loss, 0.0, 800e3, math.inf, 5)
    assert loss.bps == math.inf
