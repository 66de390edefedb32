import pytest

from signaling.classroom.parts.part import RoomLimits, SavedRoom
from signaling.classroom.parts.published import Source
from signaling.classroom.parts.stage import StageInvite, StagePiece, StageRemove
from signaling.lessons.sources import SourceKind
from signaling.lessons.wire import LessonState
from tests.unit.signaling.classroom.rooms import do, invite, refusal, room


def test_the_stage_has_a_limit_and_repeats_change_nothing() -> None:
    state = room(limits=RoomLimits(max_on_stage=2))
    invite(state, "room-a", "room-b", "room-a")
    assert state.on_stage == ("room-a", "room-b")
    assert refusal(state, "lead", StageInvite(1, "room-c")).code == "stage_full"
    do(state, "a", StageRemove(1, "room-a"))
    invite(state, "room-c")
    assert state.on_stage == ("room-b", "room-c")


@pytest.mark.parametrize(
    ("who", "command", "code"),
    [
        ("a", StageInvite(1, "room-b"), "forbidden"),
        ("lead", StageInvite(1, "room-z"), "unknown_participant"),
        ("lead", StageInvite(1, "lead"), "not_a_room"),
        ("a", StageRemove(1, "room-b"), "forbidden"),
        ("lead", StageRemove(1, "room-z"), "unknown_participant"),
    ],
)
def test_refusals(who: str, command: StageInvite | StageRemove, code: str) -> None:
    assert refusal(room(), who, command).code == code


def test_before_the_lesson_there_is_no_stage() -> None:
    state = room(LessonState.SCHEDULED)
    assert refusal(state, "lead", StageInvite(1, "room-a")).code == "wrong_state"


def test_an_offline_room_is_called_only_if_its_picture_is_there() -> None:
    state = room(online="b")
    assert refusal(state, "lead", StageInvite(1, "room-a")).code == "participant_offline"
    camera = Source("room-a.camera", "room-a", SourceKind.CAMERA, True, True, ("h",))
    state.published.put(camera)
    invite(state, "room-a")
    assert state.on_stage == ("room-a",)


def test_a_lost_page_keeps_its_place() -> None:
    state = room()
    invite(state, "room-a")
    state.presence.leave("room-a", 100.0)
    state.tick(100_000.0)
    assert state.on_stage == ("room-a",)


def test_a_saved_room_that_is_no_longer_invited_is_left_out() -> None:
    saved = SavedRoom((StagePiece(("room-z", "room-a")),))
    assert room(saved=saved).on_stage == ("room-a",)
