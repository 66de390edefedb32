"""Clock offsets from sender reports that come late, or from a clock that was set."""

from __future__ import annotations

import struct

import pytest

from relay.core.incoming.clock import SessionClock, StreamClock, read_capture_time, unix_to_ntp

OFFSET = 7.0  # s between the publisher's clock and ours
DELAY = 0.05


def report(
    clock: SessionClock, now: float, *, delay: float = DELAY, offset: float = OFFSET
) -> None:
    """A sender report made at `now`, which arrives `delay` later."""
    clock.on_report(unix_to_ntp(1_700_000_000 + now - offset), now + delay)


def apart(clock: SessionClock) -> float:
    """Distance of the clock's offset from a punctual report's."""
    assert clock.offset is not None
    return clock.offset + 1_700_000_000 - OFFSET


def test_reports_that_were_held_back_do_not_move_the_clock() -> None:
    clock = SessionClock()
    for second in range(10):
        report(clock, float(second))
    for second, delay in ((10, 3.0), (11, 2.5), (12, DELAY), (13, 6.0)):
        report(clock, float(second), delay=delay)
        assert apart(clock) == pytest.approx(DELAY, abs=0.001)


def test_a_clock_that_was_set_is_believed_at_once_or_after_three_reports() -> None:
    ahead, behind = SessionClock(), SessionClock()
    for clock in (ahead, behind):
        for second in range(5):
            report(clock, float(second))
    report(ahead, 5.0, offset=OFFSET - 3600)
    assert apart(ahead) == pytest.approx(DELAY - 3600, abs=0.001)
    for second in (5, 6, 7):
        report(behind, float(second), offset=OFFSET + 3600)
    assert apart(behind) == pytest.approx(DELAY + 3600, abs=0.001)


def test_an_element_tells_the_capture_on_the_senders_clock() -> None:
    ntp = unix_to_ntp(1_700_000_000.5)
    assert read_capture_time(struct.pack(">Q", ntp)) == ntp
    ahead = round(2.5 * 2**32)  # the capturing machine's clock is so far ahead of the sender's
    assert read_capture_time(struct.pack(">Qq", ntp, ahead)) == ntp - ahead
    for malformed in (b"", bytes(7), bytes(9), bytes(15), bytes(17)):
        assert read_capture_time(malformed) is None


def told(session: SessionClock) -> StreamClock:
    """A stream with one report: what was captured at 10 s has timestamp 480,000."""
    stream = StreamClock(session, 48_000)
    report(session, 10.0, delay=0.0)
    stream.on_report(unix_to_ntp(1_700_000_010 - OFFSET), 480_000, 480_000, 10.0)
    return stream


def capture(stream: StreamClock, at: float, timestamp: int, now: float) -> bool:
    """A packet that arrives at `now` says that its `timestamp` was captured at `at`."""
    ntp = unix_to_ntp(1_700_000_000 + at - OFFSET)
    return stream.on_capture(ntp, timestamp, timestamp, now)


def test_what_packets_say_of_their_capture_goes_before_reports() -> None:
    stream = told(SessionClock())
    assert stream.capture_time(480_000) == pytest.approx(10.0, abs=1e-6)
    assert capture(stream, 9.98, 480_000, 10.01)
    assert stream.capture_time(480_000) == pytest.approx(9.98, abs=1e-6)
    stream.on_report(unix_to_ntp(1_700_000_011 - OFFSET), 528_000, 528_000, 11.0)
    assert stream.capture_time(528_000) == pytest.approx(10.98, abs=1e-6)
    # A stream that says no more goes by its reports again.
    stream.on_report(unix_to_ntp(1_700_000_031 - OFFSET), 1_488_000, 1_488_000, 31.0)
    assert stream.capture_time(1_488_000) == pytest.approx(31.0, abs=1e-6)


def test_capture_times_that_cannot_be_or_come_too_often_are_passed_over() -> None:
    session = SessionClock()
    early = StreamClock(session, 48_000)
    assert not capture(early, 9.98, 480_000, 10.0)  # no report yet: on whose clock is it?
    stream = told(session)
    for at in (-3600.0, 3600.0):
        assert not capture(stream, 10.0 + at, 480_000, 10.01)
    assert capture(stream, 9.98, 480_000, 10.01)
    taken = [capture(stream, 10 + n / 50, 480_000 + 960 * n, 10.03 + n / 50) for n in range(100)]
    assert 3 <= sum(taken) <= 4


def arriving(stream: StreamClock, delay: float) -> None:
    """A second of sound from 9 s on, each packet `delay` after its capture."""
    for number in range(450, 501):
        stream.on_arrival(960 * number, number / 50 + delay)


def tell(stream: StreamClock, how: str, at: float) -> None:
    """Say that the sample 480,000, captured at 10 s, was captured at `at`."""
    if how == "capture":
        capture(stream, at, 480_000, 10.01)
    else:
        stream.on_report(unix_to_ntp(1_700_000_000 + at - OFFSET), 480_000, 480_000, 10.01)


@pytest.mark.parametrize("how", ["report", "capture"])
@pytest.mark.parametrize("lie", [5.0, -5.0, 0.9, -1.9])
def test_what_was_told_moves_others_lip_sync_by_two_seconds_at_most(how: str, lie: float) -> None:
    stream = told(SessionClock())
    arriving(stream, delay=0.01)
    tell(stream, how, 10.0 + lie)
    timestamp = stream.timestamp_at(10.0)
    assert timestamp is not None
    assert abs(timestamp - 480_000) / 48_000 <= 2.01
    if abs(lie) < 2:
        assert timestamp == pytest.approx(480_000 - 48_000 * lie, abs=1)


@pytest.mark.parametrize("how", ["report", "capture"])
def test_media_that_take_longer_than_reports_go_by_what_was_told(how: str) -> None:
    stream = told(SessionClock())
    arriving(stream, delay=0.6)
    tell(stream, how, 10.0)
    assert stream.timestamp_at(10.0) == pytest.approx(480_000, abs=1)


def test_a_capture_in_the_future_is_believed_for_as_long_as_a_report_may_have_waited() -> None:
    assert capture(told(SessionClock()), 10.9, 480_000, 10.0)
    assert not capture(told(SessionClock()), 11.1, 480_000, 10.0)
    assert capture(told(SessionClock()), 0.1, 480_000, 10.0)
