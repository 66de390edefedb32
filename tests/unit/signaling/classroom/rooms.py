"""A lesson room in the hands of a test: fixed people, a settable clock."""

from datetime import UTC, datetime

import pytest

from signaling.access.roles import Actor, Role, held_in
from signaling.classroom.messages import Command
from signaling.classroom.parts.hands import Hands
from signaling.classroom.parts.part import (
    Asked,
    CommandRefused,
    LessonNow,
    Opening,
    RoomLimits,
    SavedRoom,
)
from signaling.classroom.parts.stage import StageInvite
from signaling.classroom.state import RoomState
from signaling.lessons.fact_records import KeptFacts
from signaling.lessons.members import Member
from signaling.lessons.parties import Parties
from signaling.lessons.seats import Seat, seat_of
from signaling.lessons.wire import LessonState

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
COUNTY = "/cn/county/"
PARTIES = Parties(
    "wang",
    frozenset({"a", "b", "c", "d", "e"}),
    frozenset({"school-a"}),
    frozenset({f"{COUNTY}school-lead/", f"{COUNTY}school-a/"}),
)
MEMBERS = (
    Member("lead", Role.LEAD_TEACHER, "王老师", "中心校"),
    *(Member(f"room-{r}", Role.RECEIVE_ROOM, f"教室{r}", f"学校{r}") for r in "abcde"),
)


def subject(
    who: str, *roles: Role, school: str | None = None, room: bool = False, branch: str = COUNTY
) -> Actor:
    held = frozenset() if room else held_in(branch, roles)
    return Actor(
        who, who, frozenset(roles), school, who if room else None, grants=held, county=COUNTY
    )


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


def lesson(state: LessonState = LessonState.LIVE) -> LessonNow:
    return LessonNow("l1", "课", state, "王老师", AT, AT, None, None)


def room(
    state: LessonState = LessonState.LIVE,
    *,
    saved: SavedRoom | None = None,
    facts: KeptFacts | None = None,
    limits: RoomLimits | None = None,
    first_seq: int = 0,
    online: str = "abcde",
    members: tuple[Member, ...] = MEMBERS,
) -> RoomState:
    opening = Opening(lesson(state), members, saved or SavedRoom(), facts or KeptFacts())
    made = RoomState("i1", opening, limits=limits, first_seq=first_seq)
    for member in members:
        if member.participant_id == "lead" or member.participant_id[-1] in online:
            made.presence.join(member)
    made.take_events()
    return made


def do(state: RoomState, who: str, command: Command, at: datetime = AT) -> None:
    """Carry out a command for a seat. Raises CommandRefused."""
    state.carry_out(command, Asked(seat(who), at, 0.0))


def invite(state: RoomState, *who: str) -> None:
    for one in who:
        do(state, "lead", StageInvite(1, one))


def refusal(state: RoomState, who: str, command: Command) -> CommandRefused:
    """The refusal of a command, which changes nothing."""
    before = (state.snapshot("lead", AT), state.saved)
    with pytest.raises(CommandRefused) as caught:
        do(state, who, command)
    assert before == (state.snapshot("lead", AT), state.saved)
    return caught.value


def hands_of(state: RoomState) -> list[str]:
    return [hand.participant_id for hand in state.part(Hands).shown.hands]
