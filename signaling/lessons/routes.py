"""Routes: lessons."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from signaling.access.actions import Action
from signaling.audit.actions import AuditAction
from signaling.base.calendar import days, parse_day, parse_week
from signaling.base.clock import Clock
from signaling.base.config import Config
from signaling.base.errors import Invalid
from signaling.lessons import wire as r
from signaling.lessons.records import shown
from signaling.lessons.service import LessonService
from signaling.web.at_cell import AT_CELL, OPENS_AT_CELL
from signaling.web.routes import Call, Query, Route

_PART = 25  # lessons shown in one step of the loop


@dataclass(frozen=True, slots=True)
class LessonHandlers:
    """Lessons: listing, making and running them."""

    service: LessonService
    clock: Clock
    config: Config

    async def list_lessons(self, call: Call) -> r.LessonList:
        """The lessons of a day or week, a page of them."""
        start, end = self._interval(call)
        after = call.query.get("after")
        actor = call.actor
        records, following = await self.service.listed(actor, start, end, after)
        lessons: list[r.Lesson] = []
        for first in range(0, len(records), _PART):
            await asyncio.sleep(0)  # media go between the parts of a page
            lessons += [shown(record, actor) for record in records[first : first + _PART]]
        return r.LessonList(tuple(lessons), self.clock.now(), following)

    async def may_create(self, call: Call) -> None:
        """Somebody's lessons, at least. Raises Forbidden."""
        self.service.demand_may_create(call.actor)

    async def may_cancel(self, call: Call) -> None:
        """Raise NotFound or Forbidden unless the caller may cancel this lesson."""
        await self.service.demand(call.actor, Action.CANCEL_LESSON, _id(call))

    async def create_lesson(self, call: Call) -> r.Lesson:
        """临时排课."""
        record = await self.service.create(call.actor, call.body)
        return shown(record, call.actor)

    async def get_lesson(self, call: Call) -> r.Lesson:
        """One lesson."""
        return shown(await self.service.get(call.actor, _id(call)), call.actor)

    async def start_lesson(self, call: Call) -> r.Lesson:
        """开始上课."""
        return shown(await self.service.start(call.actor, _id(call)), call.actor)

    async def end_lesson(self, call: Call) -> r.Lesson:
        """下课."""
        return shown(await self.service.end(call.actor, _id(call)), call.actor)

    async def cancel_lesson(self, call: Call) -> r.Lesson:
        """停课."""
        record = await self.service.cancel(call.actor, _id(call), call.body.reason)
        return shown(record, call.actor)

    def _interval(self, call: Call) -> tuple[datetime, datetime]:
        zone = self.config.zone
        query = call.query
        day, week = query.get("day"), query.get("week")
        if day is not None and week is not None:
            raise Invalid("day or week, not both", field="week")
        try:
            if week is not None:
                return days(parse_week(week), 7, zone)
            today = self.clock.now().astimezone(zone).date()
            return days(today if day is None else parse_day(day), 1, zone)
        except (ValueError, OverflowError) as error:
            raise Invalid(str(error), field="day" if week is None else "week") from None


def _id(call: Call) -> str:
    return call.path("lesson_id")


ROUTES = (
    Route(
        "GET",
        "/api/lessons",
        LessonHandlers.list_lessons,
        "一天或一周的课",
        r.LessonList,
        query=(
            Query("day", "YYYY-MM-DD, in the county's time zone; today without"),
            Query("week", "YYYY-Www (ISO 8601)"),
            Query("after", "the `next` of the page before"),
        ),
    ),
    Route(
        "POST",
        "/api/lessons",
        LessonHandlers.create_lesson,
        "临时排课",
        r.Lesson,
        r.LessonCreate,
        status=201,
        audited=AuditAction.LESSON_CREATE,
        permit=LessonHandlers.may_create,
    ),
    Route("GET", "/api/lessons/{lesson_id}", LessonHandlers.get_lesson, "一节课", r.Lesson),
    Route(
        "POST",
        "/api/lessons/{lesson_id}/start",
        LessonHandlers.start_lesson,
        "开始上课",
        r.Lesson,
        audited=AuditAction.LESSON_START,
        at_cell=OPENS_AT_CELL,
    ),
    Route(
        "POST",
        "/api/lessons/{lesson_id}/end",
        LessonHandlers.end_lesson,
        "下课",
        r.Lesson,
        audited=AuditAction.LESSON_END,
        at_cell=AT_CELL,
    ),
    Route(
        "POST",
        "/api/lessons/{lesson_id}/cancel",
        LessonHandlers.cancel_lesson,
        "停课",
        r.Lesson,
        r.LessonCancel,
        audited=AuditAction.LESSON_CANCEL,
        at_cell=AT_CELL,
        permit=LessonHandlers.may_cancel,
    ),
)
