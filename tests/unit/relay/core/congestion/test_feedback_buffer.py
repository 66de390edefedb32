"""Feedback that can change nothing waits unread, but not for long."""

from __future__ import annotations

from relay.core.congestion.feedback_buffer import FeedbackBuffer
from relay.core.congestion.sent import Told


def _told(packets: int = 10) -> Told:
    told = Told()
    told.sent, told.arrived, told.waits = ([0.0] * packets for _ in range(3))
    told.sizes = [1200] * packets
    return told


def _held_for(buffer: FeedbackBuffer, *, content: bool) -> float:
    """Seconds for which feedback of time 0 is held."""
    times = (at / 100 for at in range(300))
    return next(at for at in times if not buffer.holds(at, content=content))


def test_what_could_be_of_use_is_read_soon_and_all_within_a_second() -> None:
    buffer = FeedbackBuffer()
    buffer.put(_told(), 0.0)
    assert 0.1 < _held_for(buffer, content=False) <= 0.2
    assert 0.8 < _held_for(buffer, content=True) <= 1.0


def test_what_comes_later_held_for_no_longer_than_what_came_first() -> None:
    buffer = FeedbackBuffer()
    buffer.put(_told(), 0.0)
    assert buffer.put(_told(), 0.9) is buffer.told
    assert len(buffer.put(_told(), 0.91).sent) == 30
    assert not buffer.holds(1.0, content=True)
    assert buffer.take() is not None
    assert buffer.told is None
    buffer.put(_told(), 1.0)
    assert buffer.holds(1.1, content=True)


def test_what_held_for_there_is_bounded() -> None:
    buffer = FeedbackBuffer()
    for at in range(20):
        assert len(buffer.put(_told(100), 0.0).sent) < 1200
        if not buffer.holds(at / 100, content=True):
            return
    raise AssertionError("it grows without a bound")


def test_only_what_held_for_long_is_read_apart_from_trouble() -> None:
    buffer = FeedbackBuffer()
    told = buffer.put(_told(), 0.0)
    assert buffer.take_old(0.1) is None
    assert buffer.take_old(0.3) is told
    assert buffer.take_old(0.3) is None
