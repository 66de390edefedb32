from datetime import timedelta

import pytest

from signaling.core import messages as m
from signaling.core.resources import LessonState, Role
from signaling.core.room_state import (
    CommandRefused,
    Durable,
    Member,
    RoomLimits,
    RoomState,
    split_source,
)
from tests.unit.signaling.rooms import AT, MEMBERS, lesson, room, seat


def _hands(state: RoomState) -> list[str]:
    return [hand.participant_id for hand in state.hands]


def _refusal(state: RoomState, deed: str, *arguments: object) -> CommandRefused:
    before = (state.seq, state.hands, state.on_stage, state.muted_all, state.participants)
    with pytest.raises(CommandRefused) as caught:
        getattr(state, deed)(*arguments)
    assert before == (
        state.seq,
        state.hands,
        state.on_stage,
        state.muted_all,
        state.participants,
    )
    return caught.value


def test_hands_keep_the_order_in_which_they_were_raised() -> None:
    state = room()
    for index, who in enumerate("cab"):
        state.raise_hand(seat(who), AT + timedelta(seconds=index))
    state.raise_hand(seat("c"), AT + timedelta(seconds=9))
    assert _hands(state) == ["room-c", "room-a", "room-b"]
    assert state.hands[0].raised_at == AT
    state.lower_hand(seat("c"), None)
    state.raise_hand(seat("c"), AT + timedelta(seconds=10))
    assert _hands(state) == ["room-a", "room-b", "room-c"]
    state.lower_hand(seat("lead"), "room-a")
    assert _hands(state) == ["room-b", "room-c"]


def test_coming_onto_the_stage_lowers_the_hand_and_opens_the_microphone() -> None:
    state = room()
    state.raise_hand(seat("a"), AT)
    state.take_events()
    state.invite_to_stage(seat("lead"), "room-a")
    hands, stage = state.take_events()
    assert isinstance(hands, m.HandsChanged)
    assert hands.hands == ()
    assert isinstance(stage, m.StageChanged)
    assert stage.on_stage == ("room-a",)
    assert state.audible() == ("lead.camera", "room-a.camera", "lead.courseware")
    assert _refusal(state, "raise_hand", seat("a"), AT).code == "on_stage"


def test_the_programme_shows_who_came_on_stage_last_then_the_lead() -> None:
    state = room()
    assert state.programme() == ("lead.camera", "lead.courseware")
    state.invite_to_stage(seat("lead"), "room-a")
    state.invite_to_stage(seat("lead"), "room-b")
    assert state.programme() == (
        "room-b.camera",
        "room-a.camera",
        "lead.camera",
        "lead.courseware",
    )


def test_mute_all_leaves_only_the_lead_audible_and_nobody_off_stage() -> None:
    state = room()
    state.invite_to_stage(seat("lead"), "room-a")
    state.mute_all(seat("lead"), True)
    assert state.audible() == ("lead.camera", "lead.courseware")
    state.mute_all(seat("lead"), False)
    assert "room-a.camera" in state.audible()


def test_the_stage_has_a_limit_and_repeats_change_nothing() -> None:
    state = room(limits=RoomLimits(max_on_stage=2))
    for who in ("room-a", "room-b", "room-a"):
        state.invite_to_stage(seat("lead"), who)
    assert state.on_stage == ("room-a", "room-b")
    assert _refusal(state, "invite_to_stage", seat("lead"), "room-c").code == "stage_full"
    state.remove_from_stage(seat("a"), "room-a")
    state.invite_to_stage(seat("lead"), "room-c")
    assert state.on_stage == ("room-b", "room-c")


@pytest.mark.parametrize(
    ("deed", "arguments", "code"),
    [
        ("invite_to_stage", (seat("a"), "room-b"), "forbidden"),
        ("invite_to_stage", (seat("lead"), "room-z"), "unknown_participant"),
        ("invite_to_stage", (seat("lead"), "lead"), "not_a_room"),
        ("remove_from_stage", (seat("a"), "room-b"), "forbidden"),
        ("remove_from_stage", (seat("lead"), "room-z"), "unknown_participant"),
        ("mute_all", (seat("a"), True), "forbidden"),
        ("lower_hand", (seat("a"), "room-b"), "forbidden"),
        ("lower_hand", (seat("lead"), "room-z"), "unknown_participant"),
        ("raise_hand", (seat("lead"), AT), "forbidden"),
        ("raise_hand", (seat("researcher"), AT), "forbidden"),
        ("set_devices", (seat("researcher"), m.Devices()), "forbidden"),
        ("mute_all", (seat("researcher"), True), "forbidden"),
    ],
)
def test_what_may_not_be_done_changes_nothing(
    deed: str, arguments: tuple[object, ...], code: str
) -> None:
    assert _refusal(room(), deed, *arguments).code == code


@pytest.mark.parametrize(
    ("deed", "arguments"),
    [
        ("invite_to_stage", (seat("lead"), "room-a")),
        ("raise_hand", (seat("a"), AT)),
        ("mute_all", (seat("lead"), True)),
    ],
)
def test_before_the_lesson_there_is_no_stage(deed: str, arguments: tuple[object, ...]) -> None:
    assert _refusal(room(LessonState.SCHEDULED), deed, *arguments).code == "wrong_state"


def test_an_offline_room_is_called_only_if_its_picture_is_there() -> None:
    state = room(online="b")
    assert _refusal(state, "invite_to_stage", seat("lead"), "room-a").code == "participant_offline"
    state.put_source(m.Source("room-a.camera", "room-a", m.SourceKind.CAMERA, True, True, ("h",)))
    state.invite_to_stage(seat("lead"), "room-a")
    assert state.on_stage == ("room-a",)


def test_a_lost_page_keeps_its_stage_and_for_a_while_its_hand() -> None:
    state = room(limits=RoomLimits(hand_grace_s=60))
    state.invite_to_stage(seat("lead"), "room-a")
    state.raise_hand(seat("b"), AT)
    for who in ("room-a", "room-b"):
        state.leave(who, 100.0)
    state.expire(160.0)
    assert _hands(state) == ["room-b"]
    state.expire(160.1)
    assert _hands(state) == []
    assert state.on_stage == ("room-a",)
    person = state.participant("room-a")
    assert person is not None
    assert (person.online, person.link.state) == (False, m.LinkState.OFFLINE)


def test_coming_back_in_time_saves_the_hand() -> None:
    state = room(limits=RoomLimits(hand_grace_s=60))
    state.raise_hand(seat("b"), AT)
    state.leave("room-b", 100.0)
    state.join(Member("room-b", Role.RECEIVE_ROOM, "教室b", "学校b"))
    state.expire(1000.0)
    assert _hands(state) == ["room-b"]


def test_the_invited_are_listed_from_the_start_as_offline() -> None:
    state = room(online="")
    listed = {p.participant_id: p.online for p in state.participants}
    assert listed == {"lead": True, **{f"room-{r}": False for r in "abcde"}}


def test_a_resume_gets_exactly_the_missed_events() -> None:
    state = room()
    seen = state.seq
    state.raise_hand(seat("a"), AT)
    state.mute_all(seat("lead"), True)
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
        state.mute_all(seat("lead"), muted)
    assert len(state.missed("i1", seen) or ()) == 3
    state.mute_all(seat("lead"), False)
    assert state.missed("i1", seen) is None


def test_a_reopened_room_never_continues_the_numbers_of_the_one_before() -> None:
    state = RoomState("i1", lesson(), (), first_seq=100)
    assert state.missed("i1", 99) is None
    assert state.missed("i1", 100) == ()


def test_stage_hands_and_mute_outlive_a_restart() -> None:
    before = room()
    before.invite_to_stage(seat("lead"), "room-a")
    before.raise_hand(seat("b"), AT)
    before.mute_all(seat("lead"), True)
    after = room(durable=before.durable)
    assert (after.on_stage, after.hands, after.muted_all) == (
        before.on_stage,
        before.hands,
        before.muted_all,
    )


def test_who_was_here_while_the_lesson_was_live_attended_it() -> None:
    state = room(LessonState.SCHEDULED, online="ab")
    state.leave("room-b", now=1.0)  # looked in before it began, and left again
    assert state.durable.attended == ()
    state.set_lesson(lesson(LessonState.LIVE))
    state.join(MEMBERS[3])  # late
    state.leave("room-c", now=2.0)
    assert state.durable.attended == ("lead", "room-a", "room-c")
    after = room(durable=state.durable, online="")
    attended = {p.participant_id for p in after.participants if p.attended}
    assert attended == {"lead", "room-a", "room-c"}


def test_what_was_kept_of_people_no_longer_invited_is_left_out() -> None:
    kept = Durable(("room-z", "room-a"), (m.HandRaise("room-y", AT),))
    state = room(durable=kept)
    assert (state.on_stage, state.hands) == (("room-a",), ())


def test_classrooms_see_each_other_only_on_stage_the_lead_sees_all() -> None:
    state = room()
    cases = {"a": False, "assistant": False, "lead": True, "researcher": True}
    for who, sees in cases.items():
        assert state.may_see(seat(who), "room-b.camera") is sees
        assert state.may_see(seat(who), "lead.courseware")
    assert state.may_see(seat("b"), "room-b.camera")
    state.invite_to_stage(seat("lead"), "room-b")
    assert state.may_see(seat("a"), "room-b.camera")


@pytest.mark.parametrize(
    ("slots", "field"),
    [
        ((m.SlotView(-1),), "slots[0].slot"),
        ((m.SlotView(0), m.SlotView(0)), "slots[1].slot"),
        ((m.SlotView(m.MAX_SLOTS),), "slots[0].slot"),
        ((m.SlotView(0, "lead.camera", "x"),), "slots[0].max_layer"),
        ((m.SlotView(0, "lead.camera", "h", 0),), "slots[0].max_height"),
        ((m.SlotView(0, "room-z.camera"),), "slots[0].source_id"),
        ((m.SlotView(0, "lead.microphone"),), "slots[0].source_id"),
        ((m.SlotView(0, ".camera"),), "slots[0].source_id"),
        (tuple(m.SlotView(i) for i in range(17)), "slots"),
    ],
)
def test_a_bad_view_is_refused_by_the_field(slots: tuple[m.SlotView, ...], field: str) -> None:
    refusal = _refusal(room(), "check_view", slots)
    assert (refusal.field, refusal.code[:3]) in {(field, "bad"), (field, "unk")}


def test_the_room_has_a_limit() -> None:
    state = RoomState("i", lesson(), (), limits=RoomLimits(max_participants=1))
    state.join(Member("person-1", Role.ASSISTANT, "助教", None))
    state.join(Member("person-1", Role.ASSISTANT, "助教", None))
    with pytest.raises(CommandRefused, match="room_full"):
        state.join(Member("person-2", Role.ASSISTANT, "助教", None))


def test_news_that_is_none_makes_no_event() -> None:
    state = room()
    source = m.Source("lead.camera", "lead", m.SourceKind.CAMERA, True, True, ("h",))
    state.put_source(source)
    state.set_recording(m.RecordingState.RECORDING)
    state.take_events()
    state.put_source(source)
    state.set_recording(m.RecordingState.RECORDING)
    state.set_lesson(lesson())
    state.remove_source("room-a.camera")
    state.lower_hand(seat("a"), None)
    state.leave("room-z", 0)
    assert state.take_events() == ()


def test_source_ids() -> None:
    assert split_source("room-a.b.camera") == ("room-a.b", m.SourceKind.CAMERA)
    for bad in ("camera", "lead.", "", "lead.sound"):
        with pytest.raises(ValueError):
            split_source(bad)
