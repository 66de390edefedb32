"""The live rooms, as far as media sessions concern them."""

from __future__ import annotations

from typing import Protocol


class LiveRooms(Protocol):
    """Live rooms by lesson. Calls about a room that is gone do nothing."""

    def is_live(self, lesson_id: str) -> bool:
        """True if the lesson is live here."""

    def is_on_stage(self, lesson_id: str, participant_id: str) -> bool:
        """True of the lead, and of those on stage."""

    def note_viewer(self, lesson_id: str, participant_id: str, session_id: str) -> None:
        """A participant watches by this session from now on."""

    def note_refused(self, lesson_id: str, participant_id: str, now: float) -> None:
        """A participant asked for media sessions too often; `now` in monotonic seconds."""
