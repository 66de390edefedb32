from datetime import timedelta

import pytest

from signaling.classroom.parts.hands import (
    HandRaise,
    HandsChanged,
    HandsPiece,
    LowerHand,
    RaiseHand,
)
from signaling.classroom.parts.part import RoomLimits, SavedRoom
from signaling.classroom.parts.stage import StageChanged
from signaling.lessons.wire import LessonState
from tests.unit.signaling.classroom.rooms import (
    AT,
    MEMBERS,
    do,
    hands_of,
    invite,
    refusal,
    room,
)


def test_hands_keep_the_order_in_which_they_were_raised() -> None:
    state = room()
    for index, who in enumerate("cab"):
        do(state, who, RaiseHand(1), AT + timedelta(seconds=index))
    do(state, "c", RaiseHand(1), AT + timedelta(seconds=9))
    assert hands_of(state) == ["room-c", "room-a", "room-b"]
    (first, *_) = state.snapshot("lead", AT).hands  # type: ignore[attr-defined]
    assert first.raised_at == AT
    do(state, "c", LowerHand(1))
    do(state, "c", RaiseHand(1), AT + timedelta(seconds=10))
    assert hands_of(state) == ["room-a", "room-b", "room-c"]
    do(state, "lead", LowerHand(1, "room-a"))
    assert hands_of(state) == ["room-b", "room-c"]


def test_coming_onto_the_stage_lowers_the_hand_first() -> None:
    state = room()
    do(state, "a", RaiseHand(1))
    state.take_events()
    invite(state, "room-a")
    hands, stage = state.take_events()
    assert isinstance(hands, HandsChanged)
    assert hands.hands == ()
    assert isinstance(stage, StageChanged)
    assert stage.on_stage == ("room-a",)
    assert refusal(state, "a", RaiseHand(1)).code == "on_stage"


@pytest.mark.parametrize(
    ("who", "command", "code"),
    [
        ("a", LowerHand(1, "room-b"), "forbidden"),
        ("lead", LowerHand(1, "room-z"), "unknown_participant"),
        ("lead", RaiseHand(1), "forbidden"),
        ("researcher", RaiseHand(1), "forbidden"),
    ],
)
def test_refusals(who: str, command: RaiseHand | LowerHand, code: str) -> None:
    assert refusal(room(), who, command).code == code


def test_no_hand_goes_up_before_the_lesson() -> None:
    assert refusal(room(LessonState.SCHEDULED), "a", RaiseHand(1)).code == "wrong_state"


def test_lowering_a_hand_that_is_down_tells_nothing() -> None:
    state = room()
    do(state, "a", LowerHand(1))
    assert state.take_events() == ()


def test_a_room_that_is_gone_for_long_loses_its_hand() -> None:
    state = room(limits=RoomLimits(hand_grace_s=60))
    do(state, "b", RaiseHand(1))
    state.presence.leave("room-b", 100.0)
    state.tick(160.0)
    assert hands_of(state) == ["room-b"]
    state.tick(160.1)
    assert hands_of(state) == []


def test_coming_back_in_time_saves_the_hand() -> None:
    state = room(limits=RoomLimits(hand_grace_s=60))
    do(state, "b", RaiseHand(1))
    state.presence.leave("room-b", 100.0)
    state.presence.join(MEMBERS[2])
    state.tick(1000.0)
    assert hands_of(state) == ["room-b"]


def test_a_saved_hand_of_somebody_no_longer_invited_is_left_out() -> None:
    saved = SavedRoom((HandsPiece((HandRaise("room-y", AT), HandRaise("room-a", AT))),))
    assert hands_of(room(saved=saved)) == ["room-a"]
