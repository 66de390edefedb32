"""The kernel's stamps on the relay's clock, with injected clocks and control messages."""

import socket
import struct

import pytest

from relay.arrival_clock import SO_TIMESTAMPNS, Ancillary, ArrivalClock

UNIX = 1_800_000_000.0


class Clocks:
    """A monotonic and a wall clock that only move when told."""

    def __init__(self) -> None:
        self.now = 500.0
        self.unix = UNIX
        self.pause_s = 0.0  # added after each look at the wall clock, as if preempted there

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        unix = self.unix
        self.sleep(self.pause_s)
        return unix

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.unix += seconds


def stamp(unix: float) -> Ancillary:
    seconds = int(unix)
    data = struct.pack("@ll", seconds, round((unix - seconds) * 1e9))
    return [(socket.SOL_SOCKET, SO_TIMESTAMPNS, data)]


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def arrivals(clocks: Clocks) -> ArrivalClock:
    return ArrivalClock(clocks.monotonic, clocks.wall)


def test_a_packet_read_late_has_its_arrival(clocks: Clocks, arrivals: ArrivalClock) -> None:
    came = [stamp(UNIX + 0.01 * n) for n in range(10)]
    clocks.sleep(0.1)
    arrivals.align()
    got = [arrivals.arrival(one) for one in came]
    assert got == pytest.approx([500.0 + 0.01 * n for n in range(10)], abs=1e-5)


@pytest.mark.parametrize(
    "ancillary",
    [
        (),
        stamp(UNIX + 0.5),  # after now
        stamp(UNIX - 1.5),  # older than any stall worth believing in
        stamp(0.0),
        [(socket.SOL_SOCKET, SO_TIMESTAMPNS, b"short")],
        [(socket.SOL_SOCKET, SO_TIMESTAMPNS + 1, bytes(16))],
        [(socket.IPPROTO_UDP, SO_TIMESTAMPNS, bytes(16))],
    ],
)
def test_without_a_plausible_stamp_it_came_now(
    clocks: Clocks, arrivals: ArrivalClock, ancillary: Ancillary
) -> None:
    assert arrivals.arrival(ancillary) == clocks.now


def test_a_stamp_is_found_among_other_messages(clocks: Clocks, arrivals: ArrivalClock) -> None:
    other = (socket.IPPROTO_IP, 8, bytes(4))
    assert arrivals.arrival([other, *stamp(UNIX - 0.25)]) == pytest.approx(clocks.now - 0.25)


def test_being_preempted_between_two_looks_moves_nothing(
    clocks: Clocks, arrivals: ArrivalClock
) -> None:
    clocks.pause_s = 0.04
    arrivals.align()
    clocks.pause_s = 0.0
    assert arrivals.arrival(stamp(clocks.unix - 0.1)) == pytest.approx(clocks.now - 0.1, abs=1e-5)


@pytest.mark.parametrize("step", [3600.0, -3600.0, 0.2, -0.2])
def test_a_step_of_the_system_clock_is_followed(
    clocks: Clocks, arrivals: ArrivalClock, step: float
) -> None:
    clocks.unix += step
    arrivals.align()
    assert arrivals.arrival(stamp(clocks.unix - 0.1)) == pytest.approx(clocks.now - 0.1, abs=1e-5)
