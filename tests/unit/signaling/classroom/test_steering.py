from signaling.classroom.parts.mute import MuteAll
from signaling.classroom.steering import audible, may_see, programme
from tests.unit.signaling.classroom.rooms import do, invite, room, seat


def test_the_stage_is_heard_after_the_leads_voice_and_before_what_is_shown() -> None:
    state = room()
    invite(state, "room-a")
    assert audible(state) == ("lead.camera", "room-a.camera", "lead.courseware")


def test_mute_all_leaves_only_the_lead_audible_and_nobody_off_stage() -> None:
    state = room()
    invite(state, "room-a")
    do(state, "lead", MuteAll(1, True))
    assert audible(state) == ("lead.camera", "lead.courseware")
    do(state, "lead", MuteAll(1, False))
    assert "room-a.camera" in audible(state)


def test_the_programme_shows_who_came_on_stage_last_then_the_lead() -> None:
    state = room()
    assert programme(state) == ("lead.camera", "lead.courseware")
    invite(state, "room-a", "room-b")
    assert programme(state) == ("room-b.camera", "room-a.camera", "lead.camera", "lead.courseware")


def test_classrooms_see_each_other_only_on_stage_the_lead_sees_all() -> None:
    state = room()
    cases = {"a": False, "assistant": False, "lead": True, "researcher": True}
    for who, sees in cases.items():
        assert may_see(state, seat(who), "room-b.camera") is sees
        assert may_see(state, seat(who), "lead.courseware")
    assert may_see(state, seat("b"), "room-b.camera")
    invite(state, "room-b")
    assert may_see(state, seat("a"), "room-b.camera")
