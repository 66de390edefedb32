"""Taps go on steadily while the machine's clock is set; the next one begins at the new time."""

from __future__ import annotations

from structlog.testing import capture_logs

from relay.api import CloseReason, TapTrack
from relay.core.counters import Counters
from relay.events import EventQueue
from relay.rooms import RoomTable
from relay.transport_counters import TransportCounters
from relay.wall_clock import WallClock

HOUR = 3600.0
START = 1_700_000_000.0


class Hands:
    """A steady clock and a wall clock, both turned by hand."""

    def __init__(self) -> None:
        self.steady = 100.0
        self.wall = START

    def pass_by(self, seconds: float) -> None:
        self.steady += seconds
        self.wall += seconds


class Sink:
    def on_track(self, track: TapTrack, now: float) -> None: ...

    def on_packet(self, track_id: int, packet: bytes, now: float) -> None: ...

    def on_clock(
        self, track_id: int, rtp_timestamp: int, capture_time: float, now: float
    ) -> None: ...

    def on_track_end(self, track_id: int, reason: CloseReason, now: float) -> None: ...


def test_a_clock_that_is_set_tears_no_tap_and_dates_the_next() -> None:
    hands = Hands()
    wall = WallClock(lambda: hands.steady, lambda: hands.wall)
    table = RoomTable(
        wall.offset, EventQueue(TransportCounters()), Counters(), lambda: hands.steady
    )
    early = table.add_tap("room", Sink())
    hands.pass_by(60.0)
    hands.wall += 3 * HOUR
    late = table.add_tap("room", Sink())
    hands.pass_by(1.0)
    assert early.now() == START + 61.0
    assert late.now() == START + 61.0 + 3 * HOUR


def test_a_clock_that_was_set_is_logged_once_and_slewing_is_not() -> None:
    hands = Hands()
    wall = WallClock(lambda: hands.steady, lambda: hands.wall)
    with capture_logs() as logs:
        for _ in range(100):
            hands.pass_by(0.5)
            hands.wall += 0.0002
            wall.offset()
        assert logs == []
        hands.wall -= 10.0
        wall.offset()
        wall.offset()
    assert [(log["event"], log["by_s"]) for log in logs] == [("wall_clock_set", -10.0)]
