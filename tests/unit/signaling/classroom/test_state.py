import json

from signaling.classroom.parts.hands import LowerHand, RaiseHand
from signaling.classroom.parts.mute import MuteAll
from signaling.classroom.parts.part import RoomLimits
from signaling.classroom.parts.published import Source
from signaling.classroom.parts.recording import RecordingState
from signaling.classroom.store import json_of, saved_of
from signaling.lessons.sources import SourceKind
from tests.unit.signaling.classroom.rooms import AT, do, hands_of, invite, lesson, room


def test_a_resume_gets_exactly_the_missed_events() -> None:
    state = room()
    seen = state.seq
    do(state, "a", RaiseHand(1))
    do(state, "lead", MuteAll(1, True))
    missed = state.missed("i1", seen)
    assert missed is not None
    assert [event.seq for event in missed] == [seen + 1, seen + 2]
    assert state.missed("i1", state.seq) == ()
    for instance, seq in (("i0", seen), ("i1", state.seq + 1), ("i1", -1), ("i1", None)):
        assert state.missed(instance, seq) is None


def test_too_old_a_client_gets_a_snapshot() -> None:
    state = room(limits=RoomLimits(history=3))
    seen = state.seq
    for muted in (True, False, True):
        do(state, "lead", MuteAll(1, muted))
    assert len(state.missed("i1", seen) or ()) == 3
    do(state, "lead", MuteAll(1, False))
    assert state.missed("i1", seen) is None


def test_a_reopened_room_never_continues_the_numbers_of_the_one_before() -> None:
    state = room(first_seq=100, members=())
    assert state.missed("i1", 99) is None
    assert state.missed("i1", 100) == ()


def test_stage_hands_and_mute_outlive_a_restart() -> None:
    before = room()
    invite(before, "room-a")
    do(before, "b", RaiseHand(1))
    do(before, "lead", MuteAll(1, True))
    stored = json.loads(json.dumps(json_of(before.saved)))
    expected = {
        "hands": [{"participant_id": "room-b", "raised_at": "2026-11-22T08:00:00Z"}],
        "on_stage": ["room-a"],
        "muted_all": True,
    }
    assert {name: stored[name] for name in expected} == expected  # as former versions wrote it
    after = room(saved=saved_of(stored))
    assert after.saved == before.saved
    assert (after.on_stage, hands_of(after)) == (("room-a",), ["room-b"])


def test_a_row_of_an_earlier_version_brings_what_it_has() -> None:
    after = room(saved=saved_of({"on_stage": ["room-a"], "former": 1}))
    assert (after.on_stage, hands_of(after)) == (("room-a",), [])


def test_news_that_is_none_makes_no_event() -> None:
    state = room()
    source = Source("lead.camera", "lead", SourceKind.CAMERA, True, True, ("h",))
    state.published.put(source)
    state.recording.set(RecordingState.RECORDING)
    state.take_events()
    state.published.put(source)
    state.recording.set(RecordingState.RECORDING)
    state.lesson.set(lesson())
    state.published.remove("room-a.camera")
    do(state, "a", LowerHand(1))
    assert state.take_events() == ()


def test_a_snapshot_says_whose_it_is_and_when() -> None:
    snapshot = room(first_seq=7).snapshot("room-a", AT)
    assert (snapshot.you, snapshot.instance, snapshot.server_time) == ("room-a", "i1", AT)
