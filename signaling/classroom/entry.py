"""The way into a live room."""

from __future__ import annotations

from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog
from signaling.classroom.hub import RoomHub
from signaling.classroom.live_room import LiveRoom
from signaling.lessons.seats import Seat
from signaling.lessons.service import LessonService


class ClassroomEntry:
    """Lets actors into the rooms of their lessons."""

    def __init__(self, lessons: LessonService, hub: RoomHub, audit: AuditLog) -> None:
        self._lessons = lessons
        self._hub = hub
        self._audit = audit

    async def enter(self, actor: Actor, lesson_id: str) -> tuple[Seat, LiveRoom]:
        """Return the actor's seat and the open room. The audit log tells of unseen observers.

        Raises:
            NotFound, Forbidden, WrongLessonState, Busy: the room cannot be entered.
        """
        lesson, seat = await self._lessons.seat(actor, lesson_id)
        room = await self._hub.enter(lesson_id)
        if not seat.visible:
            await self._audit.note(
                actor,
                AuditAction.OBSERVE,
                lesson_id,
                "channel",
                path=lesson.lead_path,
                name=lesson.title,
            )
        return seat, room
