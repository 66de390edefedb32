"""Routes: 资源推送."""

from __future__ import annotations

from dataclasses import dataclass

from signaling.access.actions import Action
from signaling.access.grants import demand_somewhere
from signaling.audit.actions import AuditAction
from signaling.lessons.service import LessonService
from signaling.resource_push import wire as w
from signaling.resource_push.service import ResourcePushes
from signaling.web.routes import Call, Route


@dataclass(frozen=True, slots=True)
class ResourcePushHandlers:
    """The resources of lessons of 资源推送."""

    pushes: ResourcePushes
    lessons: LessonService

    async def get(self, call: Call) -> w.LessonResources:
        """The list of a lesson."""
        return await self.pushes.of(call.actor, call.path("lesson_id"))

    async def choose(self, call: Call) -> w.LessonResources:
        """Write the list of a lesson."""
        return await self.pushes.choose(call.actor, call.path("lesson_id"), call.body)

    async def may_choose(self, call: Call) -> None:
        """Raise NotFound or Forbidden unless the caller may choose for this lesson."""
        await self.lessons.demand(call.actor, Action.CHOOSE_RESOURCES, call.path("lesson_id"))

    async def report(self, call: Call) -> w.PlaysKept:
        """Keep what a room played."""
        return await self.pushes.report(call.actor, call.path("lesson_id"), call.body)

    async def may_report(self, call: Call) -> None:
        """Raise NotFound or Forbidden unless the caller is a room of this lesson."""
        await self.lessons.demand(call.actor, Action.REPORT_PLAYS, call.path("lesson_id"))

    async def troubled(self, call: Call) -> w.TroubledLessons:
        """Lessons ahead that cannot be played in full."""
        return await self.pushes.troubled(call.actor)

    async def may_be_told(self, call: Call) -> None:
        """Raise Forbidden where the caller chooses for nobody."""
        demand_somewhere(call.actor, Action.CHOOSE_RESOURCES)


_RESOURCES = "/api/lessons/{lesson_id}/resources"

ROUTES = (
    Route("GET", _RESOURCES, ResourcePushHandlers.get, "一节课推送的资源", w.LessonResources),
    Route(
        "PUT",
        _RESOURCES,
        ResourcePushHandlers.choose,
        "选择推送的资源",
        w.LessonResources,
        w.ChooseResources,
        permit=ResourcePushHandlers.may_choose,
        audited=AuditAction.LESSON_RESOURCES,
    ),
    Route(
        "POST",
        "/api/lessons/{lesson_id}/plays",
        ResourcePushHandlers.report,
        "上报已观看的时长",
        w.PlaysKept,
        w.PlayReport,
        permit=ResourcePushHandlers.may_report,
    ),
    Route(
        "GET",
        "/api/resource-pushes/troubles",
        ResourcePushHandlers.troubled,
        "不能完整播放的资源推送课",
        w.TroubledLessons,
        permit=ResourcePushHandlers.may_be_told,
    ),
)
