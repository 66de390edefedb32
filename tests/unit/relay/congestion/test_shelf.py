"""How long feedback that can change nothing may lie unread."""

from __future__ import annotations

from relay.core.congestion.sent import Told
from relay.core.congestion.shelf import Shelf


def _told(packets: int = 10) -> Told:
    told = Told()
    told.sent, told.arrived, told.waits = ([0.0] * packets for _ in range(3))
    told.sizes = [1200] * packets
    return told


def _lies(shelf: Shelf, *, content: bool) -> float:
    """For how long what was put there at 0 is kept, s."""
    times = (at / 100 for at in range(300))
    return next(at for at in times if not shelf.keeps(at, content=content))


def test_what_could_be_of_use_is_read_soon_and_all_within_a_second() -> None:
    shelf = Shelf()
    shelf.put(_told(), 0.0)
    assert 0.1 < _lies(shelf, content=False) <= 0.2
    assert 0.8 < _lies(shelf, content=True) <= 1.0


def test_what_comes_later_lies_no_longer_than_what_came_first() -> None:
    shelf = Shelf()
    shelf.put(_told(), 0.0)
    assert shelf.put(_told(), 0.9) is shelf.told
    assert len(shelf.put(_told(), 0.91).sent) == 30
    assert not shelf.keeps(1.0, content=True)
    assert shelf.take() is not None
    assert shelf.told is None
    shelf.put(_told(), 1.0)
    assert shelf.keeps(1.1, content=True)


def test_what_lies_there_is_bounded() -> None:
    shelf = Shelf()
    for at in range(20):
        assert len(shelf.put(_told(100), 0.0).sent) < 1200
        if not shelf.keeps(at / 100, content=True):
            return
    raise AssertionError("it grows without a bound")


def test_only_what_lies_long_is_read_apart_from_trouble() -> None:
    shelf = Shelf()
    told = shelf.put(_told(), 0.0)
    assert shelf.take_old(0.1) is None
    assert shelf.take_old(0.3) is told
    assert shelf.take_old(0.3) is None
