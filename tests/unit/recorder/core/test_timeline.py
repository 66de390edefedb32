"""RTP timestamps come to lie where they belong."""

import random

import pytest

from recorder.core.timeline import TrackClock, TrackClockBuilder

START = 1_700_000_000.0
RATE = 90_000


def build(
    *,
    seconds: float = 60.0,
    drift: float = 0.0,
    report_jitter: float = 0.0,
    reports_from: float = 0.5,
    latency: float = 0.05,
    wall_jump: tuple[float, float] | None = None,
    rtp_jump: tuple[float, int] | None = None,
) -> TrackClock:
    """A track of 25 frames/s with reports each second; see `rtp_at` for its timestamps."""
    rng = random.Random(1)
    builder = TrackClockBuilder(RATE)
    for number in range(round(seconds * 25)):
        time = number / 25
        builder.add_arrival(
            rtp_at(time, drift, rtp_jump), START + time + latency + rng.random() / 20
        )
    time = reports_from
    while time < seconds:
        capture = START + time + rng.uniform(-report_jitter, report_jitter)
        if wall_jump is not None and time >= wall_jump[0]:
            capture += wall_jump[1]
        builder.add_anchor(rtp_at(time, drift, rtp_jump), capture, START + time + latency)
        time += 1.0
    return builder.build()


def rtp_at(time: float, drift: float = 0.0, jump: tuple[float, int] | None = None) -> int:
    extra = jump[1] if jump is not None and time >= jump[0] else 0
    return 5_000_000 + round(time * RATE * (1 + drift)) + extra


def error(clock: TrackClock, time: float, **kwargs: object) -> float:
    rtp = rtp_at(time, **kwargs)  # type: ignore[arg-type]
    return clock.time_at(rtp, START + time + 0.06) - (START + time)


def test_reports_give_exact_times_before_the_first_one_too() -> None:
    clock = build()
    assert max(abs(error(clock, t)) for t in (0.0, 0.3, 10.0, 59.9)) < 1e-4


def test_jitter_of_reports_is_averaged_out() -> None:
    clock = build(report_jitter=0.01)
    assert max(abs(error(clock, t)) for t in (0.0, 30.0, 59.9)) < 0.006


@pytest.mark.parametrize("drift", [100e-6, -100e-6])
def test_a_sampling_clock_that_drifts_is_followed(drift: float) -> None:
    clock = build(seconds=600, drift=drift, report_jitter=0.003)
    assert max(abs(error(clock, t, drift=drift)) for t in (0.0, 300.0, 599.0)) < 0.003


def test_a_jump_of_the_senders_wall_clock_moves_nothing() -> None:
    clock = build(wall_jump=(48.0, 2.0))
    assert max(abs(error(clock, t)) for t in (0.0, 29.0, 31.0, 59.0)) < 1e-4


def test_an_offset_that_is_mended_early_counts_for_all() -> None:
    """The relay's first guess of a sender's offset may be late by a queue's length."""
    rng = random.Random(2)
    builder = TrackClockBuilder(RATE)
    builder.add_arrival(rtp_at(0.0), START)
    for second in range(60):
        late = 0.3 if second < 8 else rng.uniform(0, 0.002)
        builder.add_anchor(rtp_at(second), START + second + late, START + second + 0.05 + late)
    clock = builder.build()
    assert max(abs(error(clock, t)) for t in (0.0, 5.0, 30.0, 59.0)) < 0.005


@pytest.mark.parametrize("ticks", [800_000, -400_000, 200_000])
def test_a_jump_of_the_rtp_clock_is_followed(ticks: int) -> None:
    jump = (30.2, ticks)
    clock = build(rtp_jump=jump)
    for time in (0.0, 29.0, 31.0, 59.0):
        assert abs(error(clock, time, jump=jump)) < 1e-4
    assert abs(error(clock, 30.0, jump=jump)) < 0.1  # between two reports: the better fit
    assert abs(error(clock, 30.4, jump=jump)) < 0.1


def test_without_reports_the_least_delayed_arrival_must_do() -> None:
    clock = build(reports_from=1e9)
    assert all(0.045 <= error(clock, t) < 0.06 for t in (0.0, 30.0, 59.0))


def test_nothing_lies_far_from_its_arrival() -> None:
    clock = build()
    assert clock.time_at(2**40, START + 20) == START + 20
    assert TrackClockBuilder(RATE).build().time_at(5, 7.0) == 7.0


def test_absurd_reports_are_passed_over() -> None:
    builder = TrackClockBuilder(RATE)
    builder.add_arrival(0, START)
    builder.add_anchor(0, START - 3600, START)
    assert builder.build().time_at(RATE, START + 1.0) == START + 1.0
