"""Route: 通知 to a lesson's rooms."""

from __future__ import annotations

from dataclasses import dataclass

from signaling.access.actions import Action
from signaling.audit.actions import AuditAction
from signaling.classroom.notices.service import NoticeDesk
from signaling.classroom.notices.wire import NoticeWish
from signaling.lessons.service import LessonService
from signaling.web.at_cell import OPENS_AT_CELL
from signaling.web.routes import Call, Route


@dataclass(frozen=True, slots=True)
class NoticeHandlers:
    """Sending notices."""

    lessons: LessonService
    desk: NoticeDesk

    async def may_send(self, call: Call) -> None:
        """Raise NotFound or Forbidden unless the caller may notify this lesson's rooms."""
        await self.lessons.demand(call.actor, Action.SEND_NOTICE, call.path("lesson_id"))

    async def send_notice(self, call: Call) -> None:
        """Show a text on the screen of one receive room, or of all, until it is closed there."""
        await self.desk.send(call.actor, call.path("lesson_id"), call.body)


ROUTES = (
    Route(
        "POST",
        "/api/lessons/{lesson_id}/notices",
        NoticeHandlers.send_notice,
        "给教室发通知",
        body=NoticeWish,
        status=204,
        audited=AuditAction.NOTICE_SEND,
        permit=NoticeHandlers.may_send,
        at_cell=OPENS_AT_CELL,
    ),
)
