"""A loss that is not repaired in time is told once."""

from recorder.core.loss_watch import MAX_MISSING, REPAIR_TIME_S, LossWatch


def test_a_repaired_loss_is_none() -> None:
    watch = LossWatch()
    for sequence in (65534, 65535, 1, 0, 2):
        watch.on_packet(sequence, 1.0)
    assert not watch.take_unrepaired(9.0)


def test_an_unrepaired_loss_is_told_once() -> None:
    watch = LossWatch()
    for sequence in (10, 11, 14):
        watch.on_packet(sequence, 1.0)
    assert not watch.take_unrepaired(1.0 + REPAIR_TIME_S / 2)
    assert watch.take_unrepaired(1.1 + REPAIR_TIME_S)
    assert not watch.take_unrepaired(9.0)


def test_a_flood_of_holes_is_bounded() -> None:
    watch = LossWatch()
    for number in range(5000):
        watch.on_packet((number * 7) & 0xFFFF, 1.0)
    assert len(watch._missing) <= MAX_MISSING
