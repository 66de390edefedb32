"""Arrival times of datagrams: the kernel's stamps, on the relay's clock.

A busy event loop reads a packet some milliseconds after it came. Stamped on reading, evenly spaced
packets look like one burst after a pause. A full link looks like that, too. A browser's bandwidth
estimate, fed by the relay's feedback, would fall, and its best layer would go. The kernel stamps
each datagram on arrival, however late the relay reads it.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Sequence

# Linux, socket(7): nanosecond stamps in a control message. Python's socket module has no name for
# it; this value and a timespec of two native longs belong together (SO_TIMESTAMPNS_OLD).
SO_TIMESTAMPNS = 35
MAX_AGE_S = 1.0  # s; an older stamp means that the system's clock was set

_TIMESPEC = struct.Struct("@ll")
ANCILLARY_BYTES = socket.CMSG_SPACE(_TIMESPEC.size) if hasattr(socket, "CMSG_SPACE") else 0

Ancillary = Sequence[tuple[int, int, bytes]]  # level, type, data, as `socket.recvmsg` gives it


def ask_for_stamps(sock: socket.socket) -> bool:
    """Have the kernel stamp what this socket receives; False where it cannot."""
    if not ANCILLARY_BYTES:
        return False
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    except OSError:
        return False
    return True


class ArrivalClock:
    """Turns the kernel's stamps (Unix time) into the relay's monotonic time.

    Args:
        clock: monotonic seconds.
        wall_clock: Unix seconds, the clock that the kernel stamps with.
    """

    __slots__ = ("_clock", "_offset", "_wall_clock")

    def __init__(self, clock: Callable[[], float], wall_clock: Callable[[], float]) -> None:
        self._clock = clock
        self._wall_clock = wall_clock
        self._offset = clock() - wall_clock()

    def align(self) -> None:
        """Compare the two clocks; once per wake-up is enough.

        The clock is read before and after the wall clock, and the true offset lies in that range.
        The known offset only moves into the range. So a process that is preempted in between does
        no harm, and a drift or a step of the system's clock is followed at once.
        """
        clock, wall_clock = (
            self._clock,
            self._wall_clock,
        )  # see `Outlet.send`
        before = clock()
        wall = wall_clock()
        after = clock()
        self._offset = min(max(self._offset, before - wall), after - wall)

    def arrival(self, ancillary: Ancillary) -> float:
        """The arrival time of a datagram with these control messages; now, if none is plausible."""
        clock = self._clock
        now = clock()
        for level, kind, data in ancillary:
            if kind == SO_TIMESTAMPNS and level == socket.SOL_SOCKET:
                if len(data) != _TIMESPEC.size:
                    continue
                seconds, nanoseconds = _TIMESPEC.unpack(data)
                at: float = seconds + nanoseconds * 1e-9 + self._offset
                return at if now - MAX_AGE_S <= at <= now else now
        return now
