"""Taking in courseware stills: who may, how often, what is one."""

from __future__ import annotations

from typing import Protocol

from signaling.access.actions import Action
from signaling.base.clock import Clock
from signaling.base.errors import (
    Forbidden,
    NotFound,
    TooLarge,
    TooManyRequests,
    UnsupportedMediaType,
    WrongLessonState,
)
from signaling.classroom.state import RoomState
from signaling.classroom.stills.rules import MAX_STILL_BYTES, UPLOADS_PER_S, StillPicture, mime_of
from signaling.lessons.seats import Seat
from signaling.lessons.sources import SourceKind


class StillRoom(Protocol):
    """A live room, as far as stills go."""

    @property
    def state(self) -> RoomState:
        """State of the room: is it live, and what is published."""

    def admit_still(self, source_id: str) -> bool:
        """Count an attempt; tell whether it came late enough after the last one."""

    def put_still(self, still: StillPicture) -> None:
        """Keep the still and hand it out."""


class StillRooms(Protocol):
    """All open rooms."""

    def room(self, lesson_id: str) -> StillRoom | None:
        """Find the room of a lesson."""


class StillDesk:
    """Checks an upload in two steps: what can be known before its body is read, and the picture."""

    def __init__(self, rooms: StillRooms, clock: Clock) -> None:
        self.taken = 0
        self.refused = 0
        self._rooms = rooms
        self._clock = clock

    def admit(self, lesson_id: str, seat: Seat, source_id: str) -> None:
        """Let a seat upload a still of a source now, or refuse; an attempt counts.

        Raises:
            Forbidden: the source is not its own courseware.
            WrongLessonState: the lesson is not live.
            NotFound: the source is not published.
            TooManyRequests: the last one was too short a time ago.
        """
        own = f"{seat.participant_id}.{SourceKind.COURSEWARE}"
        if Action.PUBLISH_COURSEWARE not in seat.actions or source_id != own:
            raise Forbidden("not this participant's courseware", field="source_id")
        room = self._rooms.room(lesson_id)
        if room is None or not room.state.is_live:
            raise WrongLessonState("the lesson is not live")
        if not _publishes(room, source_id):
            raise NotFound("the courseware is not published", field="source_id")
        if not room.admit_still(source_id):
            raise TooManyRequests(1 / UPLOADS_PER_S)

    def put(self, lesson_id: str, source_id: str, declared: str, image: bytes) -> None:
        """Keep a still that was admitted.

        Raises:
            TooLarge: more than `MAX_STILL_BYTES`.
            UnsupportedMediaType: no picture of the declared kind.
        """
        if len(image) > MAX_STILL_BYTES:
            raise TooLarge(f"at most {MAX_STILL_BYTES} bytes", field="body")
        mime = mime_of(image)
        if mime is None or mime != declared:
            raise UnsupportedMediaType(f"the body is no {declared}", field="body")
        room = self._rooms.room(lesson_id)
        if room is not None and _publishes(room, source_id):
            room.put_still(StillPicture(source_id, self._clock.now(), mime, image))
            self.taken += 1


def _publishes(room: StillRoom, source_id: str) -> bool:
    return any(source.source_id == source_id for source in room.state.sources)
