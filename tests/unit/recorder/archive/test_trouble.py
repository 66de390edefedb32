"""What is told of an archive's health, and how often."""

from recorder.api import RecordingTrouble
from recorder.archive.trouble import INTERVAL_S, WELL_AFTER_S, TroubleWatch


class Told:
    """A watch with a clock to turn, and what it told."""

    def __init__(self) -> None:
        self.now = 100.0
        self.told: list[RecordingTrouble | str] = []
        self.watch = TroubleWatch(
            "r1", self.told.append, lambda: self.told.append("well"), clock=lambda: self.now
        )


def test_trouble_is_told_at_once_and_then_seldom() -> None:
    case = Told()
    for _ in range(2 * int(INTERVAL_S)):
        case.watch.complain(RecordingTrouble.DISK_FULL, "no space")
        case.now += 1
    assert case.told == [RecordingTrouble.DISK_FULL] * 2


def test_recovery_is_told_once_it_has_lasted() -> None:
    case = Told()
    case.watch.well()
    case.watch.complain(RecordingTrouble.IO_ERROR, "bad sector")
    case.now += WELL_AFTER_S - 0.1
    case.watch.well()
    assert case.told == [RecordingTrouble.IO_ERROR]
    case.now += 0.1
    case.watch.well()
    case.watch.well()
    assert case.told == [RecordingTrouble.IO_ERROR, "well"]
    # New trouble is news again, however soon.
    case.watch.complain(RecordingTrouble.IO_ERROR, "bad sector")
    assert case.told[2:] == [RecordingTrouble.IO_ERROR]
