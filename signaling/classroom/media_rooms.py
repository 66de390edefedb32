"""The hub's rooms as the media wing needs them."""

from __future__ import annotations

from signaling.classroom.hub import RoomHub
from signaling.lessons.seats import LEAD_PARTICIPANT


class MediaRooms:
    """`media.live_rooms.LiveRooms` over the rooms of this process."""

    def __init__(self, hub: RoomHub) -> None:
        self._hub = hub

    def is_live(self, lesson_id: str) -> bool:
        """True if the lesson is live here."""
        room = self._hub.room(lesson_id)
        return room is not None and room.state.is_live

    def is_on_stage(self, lesson_id: str, participant_id: str) -> bool:
        """True of the lead, and of those on stage."""
        room = self._hub.room(lesson_id)
        lead = participant_id == LEAD_PARTICIPANT
        return lead or (room is not None and participant_id in room.state.on_stage)

    def note_viewer(self, lesson_id: str, participant_id: str, session_id: str) -> None:
        """A participant watches by this session from now on."""
        room = self._hub.room(lesson_id)
        if room is not None:
            room.viewer_opened(participant_id, session_id)

    def note_refused(self, lesson_id: str, participant_id: str, now: float) -> None:
        """A participant asked for media sessions too often; `now` in monotonic seconds."""
        room = self._hub.room(lesson_id)
        if room is not None:
            room.excess.note_refused(participant_id, now)
