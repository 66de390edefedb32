"""Transport-wide feedback: arrivals, losses, bounds."""

from __future__ import annotations

import struct

import pytest

from relay.core.wire import rtcp, rtcp_writer, twcc


def feedback(log: twcc.ArrivalLog) -> list[twcc.Feedback]:
    made = []
    for body in log.feedback():
        (packet,) = rtcp.parse(rtcp_writer.transport_feedback(1, 2, body))
        assert isinstance(packet, rtcp.TransportFeedback)
        made.append(twcc.parse(packet.body))
    return made


def test_arrivals_and_losses_are_reported_with_their_times() -> None:
    log = twcc.ArrivalLog()
    times = {65530: 10.0, 65531: 10.01, 65534: 10.5, 0: 10.5005, 3: 10.4}
    for number, at in times.items():
        log.add(number, at)
    (told,) = feedback(log)
    arrivals = dict(told.arrivals)
    assert list(arrivals) == [*range(65530, 65536), 0, 1, 2, 3]
    for number, at in times.items():
        assert arrivals[number] == pytest.approx(at, abs=1 / twcc.TICKS_PER_SECOND)
    assert [number for number, at in arrivals.items() if at is None] == [65532, 65533, 65535, 1, 2]


def test_the_next_feedback_goes_on_where_the_last_ended() -> None:
    log = twcc.ArrivalLog()
    log.add(1, 1.0)
    log.add(4, 1.0)
    assert [number for number, _ in feedback(log)[0].arrivals] == [1, 2, 3, 4]
    log.add(7, 1.1)
    log.add(3, 1.1)  # late: told by itself, so that 4 is not called lost
    late, next_one = feedback(log)
    assert [number for number, _ in late.arrivals] == [3]
    assert [number for number, at in next_one.arrivals if at is None] == [5, 6]
    assert (late.count, next_one.count) == (1, 2)
    assert feedback(log) == []


def test_long_runs_and_long_pauses_are_split_as_the_format_needs() -> None:
    log = twcc.ArrivalLog()
    for number in range(1500):
        log.add(number, 5 + number * 0.0003)
    log.add(1500, 60.0)  # further than a delta reaches
    told = feedback(log)
    received = [number for one in told for number, at in one.arrivals if at is not None]
    assert received == list(range(1501))
    assert len(told) == 3


def test_a_jump_of_the_number_does_not_make_a_huge_report() -> None:
    log = twcc.ArrivalLog()
    log.add(0, 1.0)
    feedback(log)
    log.add(30_000, 1.1)
    (told,) = feedback(log)
    assert [number for number, _ in told.arrivals] == [30_000]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        struct.pack("!HHI", 1, 2000, 0),
        struct.pack("!HHI", 1, 5, 0),
        struct.pack("!HHIH", 1, 5, 0, 0x0000),  # a run of nothing
        struct.pack("!HHIH", 1, 5, 0, 0x2005),  # deltas missing
    ],
)
def test_damaged_feedback_is_refused(body: bytes) -> None:
    with pytest.raises(rtcp.RtcpError):
        twcc.parse(body)
