import pytest

from signaling.access.roles import Role
from signaling.classroom.parts.part import CommandRefused, RoomLimits
from signaling.classroom.parts.presence import Devices, DeviceState, SetDevices
from signaling.classroom.state import RoomState
from signaling.lessons.fact_records import KeptFacts
from signaling.lessons.members import Member
from signaling.lessons.wire import LessonState
from signaling.links.wire import LinkState
from tests.unit.signaling.classroom.rooms import MEMBERS, do, lesson, refusal, room


def test_the_invited_are_listed_from_the_start_as_offline() -> None:
    listed = {p.participant_id: p.online for p in room(online="").participants}
    assert listed == {"lead": True, **{f"room-{r}": False for r in "abcde"}}


def test_a_lost_page_stays_listed() -> None:
    state = room()
    state.presence.leave("room-a", 100.0)
    person = state.person("room-a")
    assert person is not None
    assert (person.online, person.link.state) == (False, LinkState.OFFLINE)
    assert state.offline_since("room-a") == 100.0


def test_leaving_of_a_stranger_tells_nothing() -> None:
    state = room()
    state.presence.leave("room-z", 0)
    assert state.take_events() == ()


def test_who_was_here_while_the_lesson_was_live_attended_it() -> None:
    state = room(LessonState.SCHEDULED, online="ab")
    state.presence.leave("room-b", now=1.0)  # looked in before it began, and left again
    assert _attended(state) == set()
    state.lesson.set(lesson(LessonState.LIVE))
    state.presence.join(MEMBERS[3])  # late
    state.presence.leave("room-c", now=2.0)
    assert _attended(state) == {"lead", "room-a", "room-c"}
    after = room(facts=KeptFacts(frozenset(_attended(state))), online="")
    assert _attended(after) == {"lead", "room-a", "room-c"}


def _attended(state: RoomState) -> set[str]:
    return {p.participant_id for p in state.participants if p.attended}


def test_devices_are_kept_until_the_page_finds_others() -> None:
    state = room()
    devices = Devices(microphone=DeviceState.SILENT)
    do(state, "a", SetDevices(1, devices))
    state.presence.leave("room-a", 1.0)
    state.presence.join(MEMBERS[1])
    person = state.person("room-a")
    assert person is not None
    assert person.devices == devices


def test_who_is_unseen_has_no_devices() -> None:
    assert refusal(room(), "researcher", SetDevices(1, Devices())).code == "forbidden"


def test_the_room_has_a_limit() -> None:
    state = room(limits=RoomLimits(max_participants=1), members=())
    state.presence.join(Member("person-1", Role.ASSISTANT, "助教", None))
    state.presence.join(Member("person-1", Role.ASSISTANT, "助教", None))
    with pytest.raises(CommandRefused, match="room_full"):
        state.presence.join(Member("person-2", Role.ASSISTANT, "助教", None))
