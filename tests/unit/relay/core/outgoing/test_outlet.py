"""The way out to one viewer."""

from __future__ import annotations

from itertools import pairwise

from relay.core.congestion.pacer import Priority
from relay.core.outgoing.outlet import Outlet


def test_what_has_an_earlier_cause_leaves_after_what_was_sent_already() -> None:
    sent: list[bytes] = []
    outlet = Outlet(sent.append, lambda *_: 0, transport_cc=True, start_bps=600e3, now=1.0)
    outlet.send(bytes(1000), 0, Priority.VIDEO, 1.024)
    # Asked for by a feedback packet that was read with the tick.
    outlet.send(bytes(1000), 0, Priority.RETRANSMISSION, 1.002)
    assert len(sent) == 2  # there was room for it
    times = outlet.estimator.sent.times[1:3]
    assert all(a <= b for a, b in pairwise(times))
