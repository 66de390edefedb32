"""Routes: how good the links were, of a lesson and of the county."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from signaling.access.actions import Action
from signaling.access.grants import branches_granted, demand_somewhere
from signaling.base.calendar import days, parse_day
from signaling.base.clock import Clock
from signaling.base.config import Config
from signaling.base.errors import Invalid
from signaling.directory.store import PeopleStore
from signaling.directory.visibility import schools_in
from signaling.lessons.members import members_of
from signaling.lessons.seats import room_participant
from signaling.lessons.service import LessonService
from signaling.links import wire as r
from signaling.links.service import LinkHistory
from signaling.web.routes import Call, Query, Route

DEFAULT_DAYS = 7
MAX_DAYS = 31
_AFTER = Query("after", "the `next` of the page before")


@dataclass(frozen=True, slots=True)
class LinkHandlers:
    """Link quality of a lesson and of the county."""

    history: LinkHistory
    lessons: LessonService
    people: PeopleStore
    clock: Clock
    config: Config

    async def lesson_links(self, call: Call) -> r.LessonLinks:
        """The links of a lesson through its time: the lead teacher's first, then its rooms'."""
        record = await self.lessons.demand(call.actor, Action.READ_LINKS, call.path("lesson_id"))
        after = call.query.get("after")
        return await self.history.lesson(record.lesson_id, members_of(record), after)

    async def county_links(self, call: Call) -> r.CountyLinks:
        """The rooms of the county over an interval of days, worst link first."""
        demand_somewhere(call.actor, Action.READ_ALL_LINKS)
        start, end = self._interval(call)
        paths = branches_granted(call.actor, Action.READ_ALL_LINKS)
        schools = await self.people.schools(schools_in(paths))
        rooms = {room_participant(x.room_id): x.ref for school in schools for x in school.rooms}
        after = call.query.get("after")
        return await self.history.county(call.actor, start, end, rooms, after)

    def _interval(self, call: Call) -> tuple[datetime, datetime]:
        zone = self.config.zone
        today = self.clock.now().astimezone(zone).date()
        try:
            last = _day(call, "to", today)
            first = _day(call, "from", last - timedelta(days=DEFAULT_DAYS - 1))
            if not 0 <= (last - first).days < MAX_DAYS:
                raise Invalid(f"not before `from`, and at most {MAX_DAYS} days", field="to")
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
        LinkHandlers.lesson_links,
        "一节课的网络质量",
        r.LessonLinks,
        query=(_AFTER,),
    ),
    Route(
        "GET",
        "/api/links",
        LinkHandlers.county_links,
        "各教室的网络质量,差的在前",
        r.CountyLinks,
        query=(
            Query("from", "YYYY-MM-DD, in the county's time zone; a week before `to` without"),
            Query("to", f"the last day, at most {MAX_DAYS} in all; today without"),
            _AFTER,
        ),
    ),
)
