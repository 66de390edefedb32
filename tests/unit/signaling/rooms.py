"""A lesson room in the hands of a test: fixed people, a settable clock."""

from datetime import UTC, datetime

from signaling.core import messages as m
from signaling.core.permissions import Parties, Seat, Subject, seat_of
from signaling.core.resources import LessonState, Role
from signaling.core.room_state import Durable, Member, RoomLimits, RoomState

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
PARTIES = Parties("wang", frozenset({"a", "b", "c", "d", "e"}), frozenset({"school-a"}))
MEMBERS = (
    Member("lead", Role.LEAD_TEACHER, "王老师", "中心校"),
    *(Member(f"room-{r}", Role.RECEIVE_ROOM, f"教室{r}", f"学校{r}") for r in "abcde"),
)


def subject(who: str, *roles: Role, school: str | None = None, room: bool = False) -> Subject:
    return Subject(who, who, frozenset(roles), school, who if room else None)


def seat(who: str) -> Seat:
    found = seat_of(
        {
            "lead": subject("wang", Role.LEAD_TEACHER),
            "researcher": subject("r", Role.RESEARCHER),
            "assistant": subject("zhu", Role.ASSISTANT, school="school-a"),
        }.get(who)
        or subject(who, Role.RECEIVE_ROOM, room=True),
        PARTIES,
    )
    assert found is not None
    return found


def lesson(state: LessonState = LessonState.LIVE) -> m.LessonNow:
    return m.LessonNow("l1", "课", state, "王老师", AT, AT, None, None)


def room(
    state: LessonState = LessonState.LIVE,
    *,
    durable: Durable | None = None,
    limits: RoomLimits | None = None,
    first_seq: int = 0,
    online: str = "abcde",
) -> RoomState:
    made = RoomState(
        "i1", lesson(state), MEMBERS, durable=durable, limits=limits, first_seq=first_seq
    )
    for member in MEMBERS:
        if member.participant_id == "lead" or member.participant_id[-1] in online:
            made.join(member)
    made.take_events()
    return made
