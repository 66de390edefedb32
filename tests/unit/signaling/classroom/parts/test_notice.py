import pytest

from signaling.access.roles import Role
from signaling.classroom.parts.notice import MAX_NOTICES, DismissNotice, Notices, SendNotice
from signaling.classroom.state import RoomState
from signaling.lessons.members import Member
from signaling.lessons.wire import LessonState
from tests.unit.signaling.classroom.rooms import MEMBERS, do, refusal, room


def shown(state: RoomState) -> list[tuple[int, str]]:
    return [(one.notice_id, one.text) for one in state.notices.shown.notices]


def test_a_notice_is_shown_until_every_room_that_it_addresses_closed_it() -> None:
    state = room(LessonState.SCHEDULED, members=MEMBERS[:3])  # the lead, rooms a and b
    do(state, "lead", SendNotice(1, "请打开摄像头", "room-a"))
    do(state, "lead", SendNotice(2, "五分钟后开始"))
    do(state, "b", DismissNotice(3, 1))  # not on its screen
    assert shown(state) == [(1, "请打开摄像头"), (2, "五分钟后开始")]
    do(state, "a", DismissNotice(4, 1))
    do(state, "a", DismissNotice(5, 2))
    do(state, "a", DismissNotice(6, 2))
    assert [one.dismissed_by for one in state.notices.shown.notices] == [("room-a",)]
    do(state, "b", DismissNotice(7, 2))
    assert shown(state) == []


def test_who_sends_notices_takes_them_back_everywhere() -> None:
    state = room()
    do(state, "lead", SendNotice(1, "错了"))
    do(state, "lead", DismissNotice(2, 1))
    assert shown(state) == []


def test_the_newest_stay_and_no_number_comes_twice() -> None:
    state = room()
    for _ in range(MAX_NOTICES + 2):
        do(state, "lead", SendNotice(1, "通知"))
    numbers = [number for number, _ in shown(state)]
    assert numbers == list(range(3, MAX_NOTICES + 3))
    do(state, "lead", DismissNotice(1, numbers[-1]))
    again = room(saved=state.saved)
    assert again.part(Notices).shown == state.notices.shown
    do(again, "lead", SendNotice(1, "再来"))
    assert shown(again)[-1] == (numbers[-1] + 1, "再来")


@pytest.mark.parametrize("who", ["a", "assistant", "researcher"])
def test_nobody_else_sends(who: str) -> None:
    assert refusal(room(), who, SendNotice(1, "通知")).code == "forbidden"


def test_an_assistant_closes_nothing() -> None:
    state = room()
    do(state, "lead", SendNotice(1, "通知"))
    assert refusal(state, "assistant", DismissNotice(1, 1)).code == "forbidden"


def test_only_rooms_are_addressed() -> None:
    state = room()
    state.presence.join(Member("person-zhu", Role.ASSISTANT, "助教", None))
    for whose, code in (("room-z", "unknown_participant"), ("person-zhu", "notice_to_room")):
        assert refusal(state, "lead", SendNotice(1, "通知", whose)).code == code
