"""When a datagram arrived: the kernel's stamp, on the relay's clock.

A busy event loop reads a packet some milliseconds after it came. Stamped on reading, a train of
packets that came evenly spaced looks like one burst after a pause, which is what a full link looks
like: a browser's bandwidth estimate (fed by our transport-cc feedback) falls and its best layer
goes. The kernel stamps each datagram on arrival, however late it is read.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Sequence

# Linux, socket(7): nanosecond stamps in a control message. Python's socket module has no name for
# it; this value and a timespec of two native longs belong together (SO_TIMESTAMPNS_OLD).
SO_TIMESTAMPNS = 35
MAX_AGE_S = 1.0  # an older stamp means that the system's clock was set, not that we slept

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

        The true offset lies between what is read before and after the wall clock. The known one is
        only moved into that range: being preempted in between thus does no harm, while a drift or
        a step of the system's clock is followed at once.
        """
        clock, wall_clock = self._clock, self._wall_clock  # see `relay.core.outlet.Outlet.send`
        before = clock()
        wall = wall_clock()
        after = clock()
        self._offset = min(max(self._offset, before - wall), after - wall)

    def arrival(self, ancillary: Ancillary) -> float:
        """When the datagram with these control messages came; now, if no stamp is plausible."""
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
