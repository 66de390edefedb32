"""The people and rooms that a lesson's room lists."""

from __future__ import annotations

from dataclasses import dataclass

from signaling.access.roles import Role
from signaling.lessons.records import LessonRecord
from signaling.lessons.seats import LEAD_PARTICIPANT, Seat, room_participant


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who belongs to the lesson and is listed from the start, present or not."""

    participant_id: str
    role: Role
    name: str
    school: str | None


def members_of(record: LessonRecord) -> tuple[Member, ...]:
    """Return who is listed from the start: the lead teacher and the invited rooms."""
    lead = Member(LEAD_PARTICIPANT, Role.LEAD_TEACHER, record.lead_teacher.name, record.lead_school)
    rooms = (
        Member(room_participant(room.room_id), Role.RECEIVE_ROOM, room.name, room.school)
        for room in record.receive_rooms
    )
    return (lead, *rooms)


def member_of(seat: Seat, school: str | None) -> Member:
    """Return a seat as the room lists it."""
    return Member(seat.participant_id, seat.role, seat.name, school)
