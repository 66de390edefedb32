"""Links over time: what becomes of a second's reading."""

import asyncio

import pytest

from signaling.links.rules import Seen
from signaling.links.samples import OFFLINE, LinkReading, LinkSample, LinkTally
from signaling.links.service import LinkHistory
from signaling.links.wire import LinkLimit, LinkState
from tests.support.services import ManualClock

START = 1_700_000_000.0  # on the grid of ten seconds


def _reading(seen: Seen | None = Seen.HIGH, **figures: object) -> LinkReading:
    return LinkReading(**{"state": LinkState.GOOD, "seen": seen, **figures})  # type: ignore[arg-type]


def _samples(readings: list[LinkReading], start: float = START) -> list[LinkSample]:
    """One reading a second; the samples that came of them, the last one as far as it goes."""
    tally = LinkTally("room-a")
    came = [tally.add(reading, start + second) for second, reading in enumerate(readings)]
    return [sample for sample in (*came, tally.close()) if sample is not None]


def test_ten_seconds_become_one_sample_of_means_and_extremes() -> None:
    readings = [
        _reading(carries_bps=1_000_000 * (1 + second % 2), queue_ms=float(second), loss=0.1)
        for second in range(20)
    ]
    first, second = _samples(readings)
    assert (first.at_s, second.at_s) == (int(START), int(START) + 10)
    assert (first.carries_min_bps, first.carries_mean_bps) == (1_000_000, 1_500_000)
    assert (first.queue_ms, second.queue_ms) == (9.0, 19.0)
    assert first.loss == pytest.approx(0.1)
    assert first.rtt_ms is None
    assert second.seen_s == {Seen.HIGH: pytest.approx(10.0)}
    assert first.link_s == {LinkState.GOOD: pytest.approx(9.0)}  # nobody knows of before the first


def test_time_is_counted_by_what_was_seen_and_changes_are() -> None:
    ladder = [Seen.HIGH, Seen.LOW, Seen.STILLS, Seen.SOUND, Seen.SOUND]
    (sample,) = _samples([_reading(), *(_reading(seen) for seen in ladder), OFFLINE])
    assert sample.seen_s == {
        Seen.HIGH: 1.0,
        Seen.LOW: 1.0,
        Seen.STILLS: 1.0,
        Seen.SOUND: 2.0,
        Seen.OFFLINE: 1.0,
    }
    assert sample.link_s == {LinkState.GOOD: 5.0, LinkState.OFFLINE: 1.0}
    assert sample.switches == 4


def test_nothing_to_see_is_neither_sound_only_nor_a_change() -> None:
    (sample,) = _samples([_reading(), _reading(None), _reading(None), _reading()])
    assert sample.seen_s == {Seen.HIGH: 1.0}
    assert sample.switches == 0


def test_the_worst_limit_and_uplink_stand() -> None:
    (sample,) = _samples(
        [
            _reading(uplink=LinkState.GOOD),
            _reading(uplink=LinkState.POOR, limit=LinkLimit.OUTAGE),
            _reading(uplink=LinkState.FAIR, limit=LinkLimit.RATE),
        ]
    )
    assert (sample.limit, sample.uplink) == (LinkLimit.OUTAGE, LinkState.POOR)
    (silent,) = _samples([_reading()])
    assert (silent.limit, silent.uplink) == (LinkLimit.NONE, None)


def test_a_server_that_stood_still_makes_up_no_time() -> None:
    tally = LinkTally("room-a")
    tally.add(_reading(), START)
    tally.add(_reading(), START + 9)
    sample = tally.close()
    assert sample is not None
    assert sample.link_s == {LinkState.GOOD: 3.0}
    assert tally.close() is None


def test_an_estimate_of_zero_is_the_least() -> None:
    (sample,) = _samples([_reading(carries_bps=0), _reading(carries_bps=50_000)])
    assert sample.carries_min_bps == 0


class _Store:
    """What a `LinkStore` is asked to keep."""

    def __init__(self) -> None:
        self.samples: list[LinkSample] = []
        self.forgotten: list[int] = []

    async def add(self, samples: list[tuple[str, LinkSample]]) -> frozenset[str]:
        self.samples += [sample for _, sample in samples]
        return frozenset()

    async def forget_before(self, at_s: int) -> None:
        self.forgotten.append(at_s)


@pytest.mark.parametrize("set_by_h", [3.0, -3.0])
async def test_a_clock_that_is_set_takes_no_sample_of_a_running_lesson(set_by_h: float) -> None:
    store, clock = _Store(), ManualClock()
    history = LinkHistory(store, clock, keep_days=30)  # type: ignore[arg-type]
    for second in range(40):
        if second == 15:
            clock.set(hours=set_by_h)
        history.note("lesson", [("room-a", _reading())])
        clock.advance(seconds=1)
    history.close("lesson")
    await history.write()
    times = [sample.at_s for sample in store.samples]
    assert len(times) == 4 and times == list(range(times[0], times[0] + 40, 10))
    assert sum(sample.link_s[LinkState.GOOD] for sample in store.samples) == pytest.approx(39.0)


async def test_old_samples_are_forgotten_hourly_also_after_the_clock_was_set_back() -> None:
    store, clock = _Store(), ManualClock()
    history = LinkHistory(store, clock, keep_days=30)  # type: ignore[arg-type]
    await history.forget_old()
    clock.set(days=-365)
    clock.advance(hours=2)
    await history.forget_old()
    assert len(store.forgotten) == 2


async def test_of_two_writers_the_later_one_waits_for_what_the_earlier_has_taken() -> None:
    """A lesson is given back after its last samples are written."""
    may_write = asyncio.Event()

    class Slow(_Store):
        async def add(self, samples: list[tuple[str, LinkSample]]) -> frozenset[str]:
            await may_write.wait()
            return await super().add(samples)

    store = Slow()
    history = LinkHistory(store, ManualClock(), keep_days=30)  # type: ignore[arg-type]
    history.note("lesson", [("room-a", _reading())])
    history.close("lesson")
    earlier = asyncio.create_task(history.write())
    await asyncio.sleep(0)  # it has taken the batch
    later = asyncio.create_task(history.write())
    await asyncio.sleep(0)
    assert not later.done()
    may_write.set()
    await asyncio.gather(earlier, later)
    assert len(store.samples) == 1
