"""What the stores return: plain values, detached from the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from signaling.core.permissions import Parties, Subject
from signaling.core.resources import ClassKind, LessonState, PersonRef, Role, RoomRef


@dataclass(frozen=True, slots=True)
class RoomRecord:
    """A room with its school."""

    room_id: str
    name: str
    school_id: str
    school: str

    @property
    def ref(self) -> RoomRef:
        """As the API names it."""
        return RoomRef(self.room_id, self.name, self.school)


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """A person with an account."""

    person_id: str
    login: str
    name: str
    password_hash: str
    school_id: str | None
    school: str | None
    active: bool
    roles: frozenset[Role]

    @property
    def subject(self) -> Subject:
        """As permissions know it."""
        return Subject(self.person_id, self.name, self.roles, self.school_id)


@dataclass(frozen=True, slots=True)
class LessonRecord:
    """One lesson, with the people and rooms that belong to it."""

    lesson_id: str
    title: str
    class_kind: ClassKind
    subject: str
    grade: str
    state: LessonState
    starts_at: datetime
    ends_at: datetime
    held_from: datetime | None
    held_to: datetime | None
    cancel_reason: str | None
    lead_teacher: PersonRef
    lead_school: str | None
    lead_room: RoomRecord | None
    receive_rooms: tuple[RoomRecord, ...]
    attended_rooms: tuple[RoomRecord, ...]
    join_code: str
    recording_id: str | None

    @property
    def parties(self) -> Parties:
        """As permissions know it."""
        rooms = (
            self.receive_rooms if self.lead_room is None else (*self.receive_rooms, self.lead_room)
        )
        return Parties(
            lead_teacher_id=self.lead_teacher.person_id,
            receive_room_ids=frozenset(room.room_id for room in self.receive_rooms),
            school_ids=frozenset(room.school_id for room in rooms),
        )
