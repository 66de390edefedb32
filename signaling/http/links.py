"""Routes: how good the links were, of a lesson and of the county."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from signaling.core import link_resources as r
from signaling.core.calendar import days, parse_day
from signaling.core.permissions import Action, allows, room_participant
from signaling.errors import Forbidden, Invalid
from signaling.http.routes import Call, Query, Route
from signaling.hub import members_of

DEFAULT_DAYS = 7
MAX_DAYS = 31
_AFTER = Query("after", "the `next` of the page before")


async def lesson_links(call: Call) -> r.LessonLinks:
    """The links of a lesson through its time: the lead teacher's first, then its rooms'."""
    services = call.services
    record = await services.lessons.demand(call.subject, Action.READ_LINKS, call.path("lesson_id"))
    after = call.query.get("after")
    return await services.link_history.lesson(record.lesson_id, members_of(record), after)


async def county_links(call: Call) -> r.CountyLinks:
    """The rooms of the county over an interval of days, worst link first."""
    if not allows(call.subject, Action.READ_ALL_LINKS):
        raise Forbidden()
    start, end = _interval(call)
    schools = await call.services.people.schools()
    rooms = {room_participant(x.room_id): x.ref for school in schools for x in school.rooms}
    after = call.query.get("after")
    return await call.services.link_history.county(start, end, rooms, after)


def _interval(call: Call) -> tuple[datetime, datetime]:
    zone = call.services.config.zone
    today = call.services.clock.now().astimezone(zone).date()
    try:
        last = _day(call, "to", today)
        first = _day(call, "from", last - timedelta(days=DEFAULT_DAYS - 1))
        if not 0 <= (last - first).days < MAX_DAYS:
            raise Invalid(f"须不早于 from,且至多 {MAX_DAYS} 天", field="to")
        return days(first, (last - first).days + 1, zone)
    except OverflowError as error:
        raise Invalid(str(error), field="from") from None


def _day(call: Call, name: str, default: date) -> date:
    text = call.query.get(name)
    if text is None:
        return default
    try:
        return parse_day(text)
    except ValueError as error:
        raise Invalid(str(error), field=name) from None


ROUTES = (
    Route(
        "GET",
        "/api/lessons/{lesson_id}/links",
        lesson_links,
        "一节课的网络质量",
        r.LessonLinks,
        query=(_AFTER,),
    ),
    Route(
        "GET",
        "/api/links",
        county_links,
        "各教室的网络质量,差的在前",
        r.CountyLinks,
        query=(
            Query("from", "YYYY-MM-DD, in the county's time zone; a week before `to` without"),
            Query("to", f"the last day, at most {MAX_DAYS} in all; today without"),
            _AFTER,
        ),
    ),
)
