from datetime import UTC, datetime, timedelta

import pytest

from signaling.ledger.core.today import LATE_AFTER, state_of, urgency
from signaling.ledger.today_wire import TodayState
from signaling.lessons.wire import LessonState

START = datetime(2026, 9, 21, 1, 0, tzinfo=UTC)
END = START + timedelta(minutes=40)


@pytest.mark.parametrize(
    ("state", "now", "shown"),
    [
        (LessonState.SCHEDULED, START - timedelta(hours=1), TodayState.DUE),
        (LessonState.SCHEDULED, START + LATE_AFTER, TodayState.DUE),
        (LessonState.SCHEDULED, START + LATE_AFTER + timedelta(seconds=1), TodayState.LATE),
        (LessonState.SCHEDULED, END, TodayState.LATE),
        (LessonState.SCHEDULED, END + timedelta(seconds=1), TodayState.NOT_STARTED),
        (LessonState.LIVE, END + timedelta(hours=1), TodayState.LIVE),
        (LessonState.ENDED, START, TodayState.ENDED),
        (LessonState.CANCELLED, START, TodayState.CANCELLED),
    ],
)
def test_the_state_on_the_board(state: LessonState, now: datetime, shown: TodayState) -> None:
    assert state_of(state, START, END, now) is shown


def test_what_needs_somebody_comes_first() -> None:
    assert sorted(TodayState, key=urgency)[:2] == [TodayState.LATE, TodayState.LIVE]
    assert len({urgency(state) for state in TodayState}) == len(TodayState)
