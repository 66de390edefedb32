import asyncio

from prometheus_client import CollectorRegistry, generate_latest

from signaling.base.loop_watch import BOUNDS_S, LoopWatch
from signaling.web.process_figures import LoopFigures


def test_lateness_is_counted_up_to_each_bound() -> None:
    watch = LoopWatch()
    for late_s in (-1.0, 0.0, 0.001, 0.03, 7.0):
        watch.note(late_s)
    registry = CollectorRegistry()
    registry.register(LoopFigures(watch))
    text = generate_latest(registry).decode()
    assert 'tongke_loop_late_seconds_bucket{le="0.001"} 3.0' in text
    assert 'tongke_loop_late_seconds_bucket{le="0.02"} 3.0' in text
    assert 'tongke_loop_late_seconds_bucket{le="0.05"} 4.0' in text
    assert 'tongke_loop_late_seconds_bucket{le="+Inf"} 5.0' in text
    assert "tongke_loop_late_seconds_count 5.0" in text


async def test_a_loop_that_stood_still_shows() -> None:
    watch, loop = LoopWatch(), asyncio.get_running_loop()
    watch.start()
    until = loop.time() + 0.3
    while loop.time() < until:  # the loop is held up, as by work that belongs elsewhere
        pass
    await asyncio.sleep(0.001)
    watch.stop()
    assert sum(watch.counts[BOUNDS_S.index(0.2) :]) == 1
    before = list(watch.counts)
    await asyncio.sleep(0.1)
    assert watch.counts == before
