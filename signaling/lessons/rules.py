"""The life of a lesson: 未开始 → 进行中 → 已结束, or 未开始 → 已取消."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from signaling.lessons.wire import LessonState


class LessonAction(StrEnum):
    """The actions that change a lesson's state."""

    START = "start"
    END = "end"
    CANCEL = "cancel"


TRANSITIONS: Mapping[tuple[LessonState, LessonAction], LessonState] = MappingProxyType(
    {
        (LessonState.SCHEDULED, LessonAction.START): LessonState.LIVE,
        (LessonState.LIVE, LessonAction.END): LessonState.ENDED,
        (LessonState.SCHEDULED, LessonAction.CANCEL): LessonState.CANCELLED,
    }
)

# Doing again what was done is no error: pages retry after a lost answer.
ALREADY_DONE: Mapping[LessonAction, LessonState] = MappingProxyType(
    {
        LessonAction.START: LessonState.LIVE,
        LessonAction.END: LessonState.ENDED,
        LessonAction.CANCEL: LessonState.CANCELLED,
    }
)

MAX_PUPILS = 300  # in one receive room: a class has at most 66 (大班额), a hall some classes

OPEN_STATES = (LessonState.SCHEDULED, LessonState.LIVE)


class WrongState(Exception):
    """The transition table does not hold this action."""

    def __init__(self, state: LessonState, action: LessonAction) -> None:
        super().__init__(f"cannot {action} a lesson that is {state}")
        self.state = state
        self.action = action


def after(state: LessonState, action: LessonAction) -> LessonState:
    """Return the state after an action; the same state where the action was done before.

    Raises:
        WrongState: the table does not hold the action.
    """
    if ALREADY_DONE[action] is state:
        return state
    try:
        return TRANSITIONS[state, action]
    except KeyError:
        raise WrongState(state, action) from None
