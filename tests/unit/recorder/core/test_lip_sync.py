"""Sound stays with the picture whatever their sample clocks do (ITU-R BT.1359: 45 ms)."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.sample_clocks import (
    Fault,
    Link,
    LipSync,
    Reports,
    Track,
    lip_sync,
    picture,
    sound,
)

WITHIN = 0.995  # of a 40-minute lesson
SPACINGS = [0.5, 5.0]


def firefox_mix(seconds: float = 2400.0) -> list[Fault]:
    """Capture buffers lost as Firefox did under load: 3.1 s in 48 s, in steps of 0.08 to 1.36 s."""
    rng = random.Random(5)
    steps = [0.08, 0.12, 0.2, 0.36, 0.08, 0.5, 1.36, 0.16, 0.24]
    faults, at = [], 3.0
    while at < seconds - 10:
        size = rng.choice(steps)
        faults.append(Fault(at, stall=size))
        at += size + rng.uniform(1.0, 2 * 48 / len(steps) - 1.0)
    return faults


STALLS = {
    "one of 0.9 s": [Fault(1200.0, stall=0.9)],
    "ten of 0.5 s": [Fault(200.0 * n + 113.3, stall=0.5) for n in range(10)],
    "20 ms every 10 s": [Fault(10.0 * n + 4.4, stall=0.02) for n in range(239)],
    "as Firefox lost them": firefox_mix(),
}


def holds(heard: Track, seen: Track) -> LipSync:
    result = lip_sync(heard, seen)
    assert result.within >= WITHIN, result
    return result


@pytest.mark.parametrize("every_s", SPACINGS)
@pytest.mark.parametrize("name", STALLS)
def test_sound_whose_clock_stands_still(name: str, every_s: float) -> None:
    reports = Reports(every_s=every_s)
    holds(sound(faults=STALLS[name], reports=reports), picture(reports=reports))


@pytest.mark.parametrize("every_s", SPACINGS)
@pytest.mark.parametrize("drift", [2000e-6, -2000e-6])
def test_clocks_that_drift_apart(drift: float, every_s: float) -> None:
    reports = Reports(every_s=every_s)
    holds(sound(drift=drift, reports=reports), picture(drift=-drift, reports=reports))


@pytest.mark.parametrize("jump", [0.4, -0.4, 3.0, -3.0])
def test_a_clock_that_jumps_ahead_or_back(jump: float) -> None:
    holds(sound(faults=[Fault(900.0, jump=jump), Fault(1700.0, jump=-jump)]), picture())


@pytest.mark.parametrize("queue", [0.3, 1.2])
def test_a_queue_on_the_link_moves_nothing(queue: float) -> None:
    """A narrow uplink lets pictures wait behind sound: for seconds, or for minutes."""
    queues = [(n * 20.0, n * 20.0 + 3.0, queue) for n in range(10, 60)]
    seen = picture(link=Link(queues=(*queues, (1500.0, 1700.0, queue))))
    holds(sound(), seen)


@pytest.mark.parametrize("by", [0.3, -0.3, 1.5])
def test_a_wall_clock_that_was_set_moves_nothing(by: float) -> None:
    reports = Reports(wall=((1300.0, by),))
    heard, seen = sound(reports=reports), picture(reports=reports)
    assert holds(heard, seen).worst_s < 0.03
    errors = heard.errors(heard.clock())
    assert abs(errors[-1]) < 0.01


faults = st.builds(
    Fault,
    at=st.floats(10.0, 2390.0),
    stall=st.one_of(st.just(0.0), st.floats(0.02, 1.36)),
    jump=st.one_of(st.just(0.0), st.floats(-5.0, 5.0)),
)
tracks = st.fixed_dictionaries(
    {
        "faults": st.lists(faults, max_size=12),
        "drift": st.floats(-2000e-6, 2000e-6),
        "reports": st.builds(Reports, every_s=st.sampled_from([0.5, 1.0, 5.0])),
    }
)


@settings(max_examples=settings.default.max_examples // 12)
@given(heard=tracks, seen=tracks, jitter=st.sampled_from([0.001, 0.005, 0.015]))
def test_any_mix_of_faults(
    heard: dict[str, object], seen: dict[str, object], jitter: float
) -> None:
    link = Link(jitter_s=jitter)
    holds(sound(link=link, **heard), picture(link=link, **seen))
