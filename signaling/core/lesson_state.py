"""The life of a lesson: 未开始 → 进行中 → 已结束, or 未开始 → 已取消."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from signaling.core.resources import LessonState


class LessonDeed(StrEnum):
    """What is done to a lesson."""

    START = "start"
    END = "end"
    CANCEL = "cancel"


TRANSITIONS: Mapping[tuple[LessonState, LessonDeed], LessonState] = MappingProxyType(
    {
        (LessonState.SCHEDULED, LessonDeed.START): LessonState.LIVE,
        (LessonState.LIVE, LessonDeed.END): LessonState.ENDED,
        (LessonState.SCHEDULED, LessonDeed.CANCEL): LessonState.CANCELLED,
    }
)

# Doing again what was done is no error: pages retry after a lost answer.
ALREADY_DONE: Mapping[LessonDeed, LessonState] = MappingProxyType(
    {
        LessonDeed.START: LessonState.LIVE,
        LessonDeed.END: LessonState.ENDED,
        LessonDeed.CANCEL: LessonState.CANCELLED,
    }
)

OPEN_STATES = (LessonState.SCHEDULED, LessonState.LIVE)


class WrongState(Exception):
    """The transition table does not hold this deed."""

    code = "wrong_state"

    def __init__(self, state: LessonState, deed: LessonDeed) -> None:
        super().__init__(f"cannot {deed} a lesson that is {state}")
        self.state = state
        self.deed = deed


def after(state: LessonState, deed: LessonDeed) -> LessonState:
    """The state after a deed; the same state where it was done before.

    Raises:
        WrongState: the table does not hold it.
    """
    if ALREADY_DONE[deed] is state:
        return state
    try:
        return TRANSITIONS[state, deed]
    except KeyError:
        raise WrongState(state, deed) from None
