"""Whose time is it: offsets from sender reports that come late, or from a clock that was set."""

from __future__ import annotations

import pytest

from relay.core.clock import SessionClock, unix_to_ntp

OFFSET = 7.0  # s between the publisher's clock and ours
DELAY = 0.05


def report(
    clock: SessionClock, now: float, *, delay: float = DELAY, offset: float = OFFSET
) -> None:
    """A sender report made at `now`, which arrives `delay` later."""
    clock.on_report(unix_to_ntp(1_700_000_000 + now - offset), now + delay)


def apart(clock: SessionClock) -> float:
    """How far the clock's offset is from a punctual report's."""
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
