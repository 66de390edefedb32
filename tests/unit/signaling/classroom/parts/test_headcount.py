import pytest

from signaling.access.roles import Role
from signaling.classroom.parts.headcount import MAX_CHANGES, Headcounts, SetHeadcount
from signaling.lessons.fact_records import KeptFacts
from signaling.lessons.members import Member
from signaling.lessons.rules import MAX_PUPILS
from signaling.lessons.wire import Headcount, HeadcountChange, LessonState
from tests.unit.signaling.classroom.rooms import AT, do, refusal, room, seat


def test_a_room_enters_its_headcount_before_the_lesson_and_its_teacher_corrects_it() -> None:
    state = room(LessonState.SCHEDULED)
    do(state, "a", SetHeadcount(1, 12))
    do(state, "a", SetHeadcount(2, 12))  # the same again is no change
    do(state, "lead", SetHeadcount(3, 11, "room-a"))
    expected = (
        HeadcountChange(AT, "room-a", seat("a").name, None, 12),
        HeadcountChange(AT, "lead", seat("lead").name, 12, 11),
    )
    assert state.headcounts.shown.headcounts == (Headcount("room-a", 11, expected),)
    assert len(state.take_events()) == 2


@pytest.mark.parametrize(
    ("who", "whose", "code"),
    [
        ("a", "room-b", "forbidden"),
        ("assistant", None, "forbidden"),
        ("researcher", "room-a", "forbidden"),
        ("lead", "lead", "forbidden"),
        ("lead", "room-z", "unknown_participant"),
    ],
)
def test_nobody_else_counts(who: str, whose: str | None, code: str) -> None:
    assert refusal(room(), who, SetHeadcount(1, 3, whose)).code == code


def test_people_are_not_counted() -> None:
    state = room()
    state.presence.join(Member("person-zhu", Role.ASSISTANT, "助教", None))
    assert refusal(state, "lead", SetHeadcount(1, 3, "person-zhu")).code == "headcount_of_room"


def test_corrections_have_a_bound() -> None:
    state = room()
    for pupils in range(MAX_CHANGES):
        do(state, "a", SetHeadcount(1, pupils))
    assert refusal(state, "a", SetHeadcount(1, MAX_PUPILS)).code == "headcount_too_often"


def test_a_room_that_opens_again_has_the_headcounts_of_the_lesson() -> None:
    known = Headcount("room-a", 9, (HeadcountChange(AT, "room-a", "教室a", None, 9),))
    state = room(facts=KeptFacts(headcounts=(known,), class_sizes={"room-a": 12}))
    assert state.part(Headcounts).of("room-a") == known
    do(state, "a", SetHeadcount(1, 10))
    assert state.headcounts.shown.class_sizes == {"room-a": 12}
