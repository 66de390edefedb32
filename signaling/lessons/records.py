"""Lessons as the store returns them, and as the API shows them."""

from __future__ import annotations

from signaling.access.actions import Action
from signaling.access.grants import granted
from signaling.access.roles import Actor
from signaling.directory.records import RoomRecord
from signaling.lessons.parties import Parties, lesson_actions, standing_in
from signaling.lessons.seats import seat_role
from signaling.lessons.wire import Lesson, LessonFacts


class LessonRecord(LessonFacts, frozen=True, kw_only=True):
    """One lesson, with the people and rooms that belong to it."""

    lead_school: str | None
    lead_path: str  # of the org node where the lead teacher belongs
    lead_room: RoomRecord | None
    receive_rooms: tuple[RoomRecord, ...]
    attended_rooms: tuple[RoomRecord, ...]
    join_code: str
    recording_id: str | None

    @property
    def parties(self) -> Parties:
        """The people, rooms and schools that take part, as permissions ask for them."""
        rooms = (
            self.receive_rooms if self.lead_room is None else (*self.receive_rooms, self.lead_room)
        )
        return Parties(
            lead_teacher_id=self.lead_teacher.person_id,
            receive_room_ids=frozenset(room.room_id for room in self.receive_rooms),
            school_ids=frozenset(room.school_id for room in rooms),
            branches=frozenset({self.lead_path, *(room.path for room in rooms)}),
        )


def shown(record: LessonRecord, actor: Actor) -> Lesson:
    """Return a lesson as the API shows it to an actor."""
    parties = record.parties
    stands = standing_in(actor, parties)
    sees_code = granted(Action.SEE_JOIN_CODE, stands)
    facts = {name: getattr(record, name) for name in LessonFacts.__struct_fields__}
    return Lesson(
        **facts,
        lead_room=None if record.lead_room is None else record.lead_room.ref,
        receive_rooms=tuple(room.ref for room in record.receive_rooms),
        attended_rooms=tuple(room.ref for room in record.attended_rooms),
        join_code=record.join_code if sees_code else None,
        recording_id=record.recording_id,
        may=lesson_actions(stands),
        seat=seat_role(actor, parties),
    )
