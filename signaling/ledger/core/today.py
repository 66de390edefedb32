"""The state of a lesson on 今日看板."""

from __future__ import annotations

from datetime import datetime, timedelta

from signaling.ledger.today_wire import TodayState
from signaling.lessons.wire import LessonState

LATE_AFTER = timedelta(minutes=2)  # nobody needs to be asked before

_SETTLED = {
    LessonState.LIVE: TodayState.LIVE,
    LessonState.ENDED: TodayState.ENDED,
    LessonState.CANCELLED: TodayState.CANCELLED,
}
# What needs somebody first.
_ORDER = (
    TodayState.LATE,
    TodayState.LIVE,
    TodayState.DUE,
    TodayState.NOT_STARTED,
    TodayState.ENDED,
    TodayState.CANCELLED,
)


def state_of(
    state: LessonState, starts_at: datetime, ends_at: datetime, now: datetime
) -> TodayState:
    """Return the state of a lesson at a moment."""
    settled = _SETTLED.get(state)
    if settled is not None:
        return settled
    if now > ends_at:
        return TodayState.NOT_STARTED
    return TodayState.LATE if now > starts_at + LATE_AFTER else TodayState.DUE


def state_of_push(
    state: LessonState, starts_at: datetime, ends_at: datetime, now: datetime, *, played: bool
) -> TodayState:
    """Return the state of a lesson of 资源推送, which nobody begins: `played` by any room."""
    if played and state is LessonState.SCHEDULED:
        return TodayState.ENDED if now > ends_at else TodayState.LIVE
    return state_of(state, starts_at, ends_at, now)


def urgency(state: TodayState) -> int:
    """Return the place of a state in the order of the board."""
    return _ORDER.index(state)
