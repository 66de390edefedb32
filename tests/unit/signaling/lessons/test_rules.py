"""The life of a lesson: which state follows which action."""

import itertools

import pytest

from signaling.lessons.rules import TRANSITIONS, LessonAction, WrongState, after
from signaling.lessons.wire import LessonState


@pytest.mark.parametrize(
    ("state", "deed"), list(itertools.product(LessonState, LessonAction)), ids=str
)
def test_every_pair_of_state_and_deed_is_decided(state: LessonState, deed: LessonAction) -> None:
    done = {
        LessonAction.START: LessonState.LIVE,
        LessonAction.END: LessonState.ENDED,
        LessonAction.CANCEL: LessonState.CANCELLED,
    }[deed]
    if (state, deed) in TRANSITIONS or state is done:
        assert after(state, deed) is done
    else:
        with pytest.raises(WrongState):
            after(state, deed)
