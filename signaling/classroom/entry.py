"""The way into a live room."""

from __future__ import annotations

from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.log import AuditLog
from signaling.base.fences import NO_FENCES, Fences
from signaling.classroom.hub import RoomHub
from signaling.classroom.live_room import LiveRoom
from signaling.lessons.seats import Seat
from signaling.lessons.service import LessonService


class ClassroomEntry:
    """Lets actors into the rooms of their lessons."""

    def __init__(
        self, lessons: LessonService, hub: RoomHub, audit: AuditLog, fences: Fences = NO_FENCES
    ) -> None:
        self._lessons = lessons
        self._hub = hub
        self._audit = audit
        self._fences = fences

    async def enter(self, actor: Actor, lesson_id: str) -> tuple[Seat, LiveRoom]:
        """Return the actor's seat and the open room. The audit log tells of unseen observers.

        Raises:
            NotFound, Forbidden, WrongLessonState, Busy, LeaseLost: the room cannot be entered.
        """
        lesson, seat = await self._lessons.seat(actor, lesson_id)
        room = await self._hub.enter(lesson_id)
        if not seat.visible:
            async with self._audit.work(actor, AuditAction.OBSERVE, lesson_id, "channel") as work:
                await self._fences.check(work.session, lesson_id)
                work.concerns(lesson.lead_path, lesson.title)
        return seat, room
