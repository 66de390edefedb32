"""Routes: lessons, the directory they are made of, and access to their media."""

from __future__ import annotations

from datetime import datetime

from signaling.addresses import page_urls
from signaling.core import resources as r
from signaling.core.calendar import days, parse_day, parse_week
from signaling.core.permissions import Action, Relation, allows, granted, led_by
from signaling.errors import Forbidden, Invalid
from signaling.http.routes import Call, Query, Route


async def list_lessons(call: Call) -> r.LessonList:
    """The lessons of a day or week, a page of them."""
    service = call.services.lessons
    start, end = _interval(call)
    after = call.query.get("after")
    records, following = await service.listed(call.subject, start, end, after)
    return r.LessonList(
        tuple(service.resource(call.subject, record) for record in records),
        call.services.clock.now(),
        following,
    )


async def may_create(call: Call) -> None:
    """Somebody's lessons, at least. Raises Forbidden."""
    if not granted(Action.CREATE_LESSON, call.subject.roles, tuple(Relation)):
        raise Forbidden()


async def may_cancel(call: Call) -> None:
    """This lesson. Raises NotFound, Forbidden."""
    await call.services.lessons.demand(call.subject, Action.CANCEL_LESSON, _id(call))


async def create_lesson(call: Call) -> r.Lesson:
    """临时排课."""
    service = call.services.lessons
    record = await service.create(call.subject, call.body, call.remote)
    return service.resource(call.subject, record)


async def get_lesson(call: Call) -> r.Lesson:
    """One lesson."""
    service = call.services.lessons
    return service.resource(call.subject, await service.get(call.subject, _id(call)))


async def start_lesson(call: Call) -> r.Lesson:
    """开始上课."""
    service = call.services.lessons
    return service.resource(call.subject, await service.start(call.subject, _id(call), call.remote))


async def end_lesson(call: Call) -> r.Lesson:
    """下课."""
    service = call.services.lessons
    return service.resource(call.subject, await service.end(call.subject, _id(call), call.remote))


async def cancel_lesson(call: Call) -> r.Lesson:
    """停课."""
    service = call.services.lessons
    record = await service.cancel(call.subject, _id(call), call.body.reason, call.remote)
    return service.resource(call.subject, record)


async def directory(call: Call) -> r.Directory:
    """Whom and what the caller can make a lesson of."""
    if not allows(call.subject, Action.READ_DIRECTORY):
        raise Forbidden()
    schools = await call.services.people.schools()
    teachers = await call.services.people.lead_teachers()
    return r.Directory(
        tuple(
            r.School(s.school_id, s.name, s.kind, tuple(room.ref for room in s.rooms))
            for s in schools
        ),
        tuple(
            r.PersonRef(t.person_id, t.name)
            for t in teachers
            if allows(call.subject, Action.CREATE_LESSON, led_by(t.person_id))
        ),
    )


async def media_access(call: Call) -> r.MediaAccess:
    """A participant's media endpoints."""
    record, seat = await call.services.lessons.seat(call.subject, _id(call))
    return call.services.media.access(record, seat, call.session.session_hash)


async def external_access(call: Call) -> r.ExternalAccess:
    """外接设备推流地址."""
    record = await call.services.lessons.demand(
        call.subject, Action.ISSUE_EXTERNAL_ACCESS, _id(call)
    )
    return await call.services.media.external_access(call.actor, record, _servers(call))


def _servers(call: Call) -> tuple[str, ...]:
    transport = call.request.transport
    socket_name = None if transport is None else transport.get_extra_info("sockname")
    urls = page_urls(call.services.config, socket_name[1]) if socket_name else ()
    return tuple(url for url in urls if "://localhost" not in url) or urls


def _id(call: Call) -> str:
    return call.path("lesson_id")


def _interval(call: Call) -> tuple[datetime, datetime]:
    zone = call.services.config.zone
    query = call.query
    day, week = query.get("day"), query.get("week")
    if day is not None and week is not None:
        raise Invalid("day 与 week 二者取一", field="week")
    try:
        if week is not None:
            return days(parse_week(week), 7, zone)
        today = call.services.clock.now().astimezone(zone).date()
        return days(today if day is None else parse_day(day), 1, zone)
    except (ValueError, OverflowError) as error:
        raise Invalid(str(error), field="day" if week is None else "week") from None


ROUTES = (
    Route(
        "GET",
        "/api/lessons",
        list_lessons,
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
        create_lesson,
        "临时排课",
        r.Lesson,
        r.LessonCreate,
        status=201,
        audited="lesson_create",
        permit=may_create,
    ),
    Route("GET", "/api/lessons/{lesson_id}", get_lesson, "一节课", r.Lesson),
    Route(
        "POST",
        "/api/lessons/{lesson_id}/start",
        start_lesson,
        "开始上课",
        r.Lesson,
        audited="lesson_start",
    ),
    Route(
        "POST",
        "/api/lessons/{lesson_id}/end",
        end_lesson,
        "下课",
        r.Lesson,
        audited="lesson_end",
    ),
    Route(
        "POST",
        "/api/lessons/{lesson_id}/cancel",
        cancel_lesson,
        "停课",
        r.Lesson,
        r.LessonCancel,
        audited="lesson_cancel",
        permit=may_cancel,
    ),
    Route("GET", "/api/directory", directory, "学校、教室、主讲教师", r.Directory),
    Route(
        "POST",
        "/api/lessons/{lesson_id}/media-access",
        media_access,
        "本人的媒体地址与令牌",
        r.MediaAccess,
    ),
    Route(
        "POST",
        "/api/lessons/{lesson_id}/external-access",
        external_access,
        "外接设备推流与播放地址",
        r.ExternalAccess,
        audited="external_access",
    ),
)
