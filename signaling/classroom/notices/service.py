"""Sending a notice to the rooms of a lesson, from wherever the page is served."""

from __future__ import annotations

from signaling.access.actions import Action
from signaling.access.roles import Actor
from signaling.audit.actions import AuditAction
from signaling.audit.facts import detail_of
from signaling.audit.log import AuditLog
from signaling.base.clock import Clock
from signaling.base.errors import Invalid, WrongLessonState
from signaling.base.fences import NO_FENCES, Fences
from signaling.base.problem_codes import ProblemCode
from signaling.classroom.api import LiveLessons, LiveNotice
from signaling.classroom.notices.wire import NoticeWish
from signaling.lessons.rules import OPEN_STATES
from signaling.lessons.seats import room_participant
from signaling.lessons.service import LessonService


class NoticeDesk:
    """Sends notices."""

    def __init__(
        self,
        lessons: LessonService,
        live: LiveLessons,
        audit: AuditLog,
        clock: Clock,
        fences: Fences = NO_FENCES,
    ) -> None:
        self._lessons = lessons
        self._live = live
        self._audit = audit
        self._clock = clock
        self._fences = fences

    async def send(self, actor: Actor, lesson_id: str, wish: NoticeWish) -> None:
        """Send a notice. The audit log tells of it before the screens do.

        Raises:
            NotFound, Forbidden: not a lesson whose rooms the actor may notify.
            WrongLessonState: the lesson is over or cancelled.
            Invalid: the room is none of the lesson's.
            LeaseLost: another process has the lesson.
            LiveStateUnknown: the live rooms did not answer in time; the notice may come late.
        """
        record = await self._lessons.demand(actor, Action.SEND_NOTICE, lesson_id)
        if record.state not in OPEN_STATES:
            raise WrongLessonState(f"the lesson is {record.state}")
        participant_id, room = None, None
        if wish.room_id is not None:
            room = next((r for r in record.receive_rooms if r.room_id == wish.room_id), None)
            if room is None:
                raise Invalid(code=ProblemCode.UNKNOWN_ROOM, field="room_id")
            participant_id = room_participant(wish.room_id)
        detail = detail_of(room=None if room is None else room.title, text=wish.text)
        async with self._audit.work(actor, AuditAction.NOTICE_SEND, lesson_id, detail) as work:
            await self._fences.check(work.session, lesson_id)
            work.concerns(record.lead_path, record.title)
        notice = LiveNotice(wish.text, actor.name, self._clock.now(), participant_id)
        await self._live.notify(lesson_id, notice)
