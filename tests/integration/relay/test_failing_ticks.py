"""A defect in what the relay does at each tick: seen in the log, but not fifty times a second."""

import asyncio
import time
from typing import cast

from structlog.testing import capture_logs
from structlog.typing import EventDict

from relay.arrival_clock import ArrivalClock
from relay.config import RelayConfig
from relay.core.counters import Counters
from relay.core.room import Room
from relay.driver import UdpDriver
from relay.events import EventQueue
from relay.rooms import RoomTable
from relay.transport_counters import TransportCounters

TICKS = 10


class _Defect:
    """Instead of a room."""

    def on_timer(self, now: float) -> None:
        raise RuntimeError("a defect")


def _shouted(logs: list[EventDict]) -> list[int]:
    return [entry["count"] for entry in logs if entry["log_level"] in {"warning", "error"}]


async def test_a_tick_that_always_fails_is_logged_ever_more_seldom() -> None:
    counters = TransportCounters()
    enough = asyncio.Event()

    def fail() -> float:
        if counters.ticks_failed == TICKS - 1:
            enough.set()
        raise RuntimeError("a defect")

    driver = UdpDriver(
        RelayConfig(hosts=("127.0.0.1",), udp_port=0, tick_s=0.001),
        on_datagram=lambda *_: None,
        on_tick=fail,
        arrivals=ArrivalClock(time.monotonic, time.time),
        counters=counters,
    )
    with capture_logs() as logs:
        driver.open()
        async with asyncio.timeout(60):
            await enough.wait()
        driver.close()
    failures = [entry for entry in logs if entry["event"] == "tick failed"]
    assert len(failures) == counters.ticks_failed == TICKS
    assert _shouted(failures) == [1, 2, 4, 8]


def test_a_room_whose_timer_always_fails_is_logged_ever_more_seldom() -> None:
    table = RoomTable(lambda: 0.0, EventQueue(TransportCounters()), Counters(), lambda: 0.0)
    entry = table.obtain("room")

    entry.room = cast(Room, _Defect())
    with capture_logs() as logs:
        for tick in range(TICKS):
            table.on_timer(tick * 0.02)
    assert _shouted(logs) == [1, 2, 4, 8]
