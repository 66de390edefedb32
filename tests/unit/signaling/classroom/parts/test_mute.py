import pytest

from signaling.classroom.parts.mute import Mute, MuteAll
from signaling.lessons.wire import LessonState
from tests.unit.signaling.classroom.rooms import do, refusal, room


def test_the_lead_teacher_mutes_all_and_lifts_it() -> None:
    state = room()
    for muted in (True, True, False):
        do(state, "lead", MuteAll(1, muted))
        assert state.part(Mute).shown.muted_all is muted
    assert len(state.take_events()) == 2


@pytest.mark.parametrize("who", ["a", "assistant", "researcher"])
def test_nobody_else_does(who: str) -> None:
    assert refusal(room(), who, MuteAll(1, True)).code == "forbidden"


def test_nobody_is_muted_before_the_lesson() -> None:
    assert refusal(room(LessonState.SCHEDULED), "lead", MuteAll(1, True)).code == "wrong_state"
