"""Routes: 日历订阅."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import ETag, web

from signaling.audit.actions import AuditAction
from signaling.timetable.feeds.owners import FeedOwner, owner_of
from signaling.timetable.feeds.service import CalendarFeeds
from signaling.timetable.feeds.wire import CalendarFeed
from signaling.web.origin import limiter_key
from signaling.web.routes import Access, Call, Content, Route

COMPRESSED_HERE_BYTES = 4096  # larger answers are compressed by a thread
FEED_PATH = "/calendar/{secret}.ics"


@dataclass(frozen=True, slots=True)
class FeedHandlers:
    """Calendar feeds. `prefix` is what a proxy puts before every path."""

    feeds: CalendarFeeds
    prefix: str

    async def read_feed(self, call: Call) -> web.StreamResponse:
        """A calendar for programs; the secret in the path is all that they need."""
        given = call.request.if_none_match or ()
        known = {tag.value for tag in given}
        text = await self.feeds.read(call.path("secret"), limiter_key(call.remote), known)
        if text.body is None:
            response = web.Response(status=304)
        else:
            response = web.Response(
                body=text.body,
                content_type="text/calendar",
                charset="utf-8",
                zlib_executor_size=COMPRESSED_HERE_BYTES,
            )
            response.enable_compression()
        response.etag = ETag(text.etag, is_weak=True)  # the same calendar, packed or not
        response.headers["Cache-Control"] = "private, no-cache"  # kept, but asked for each time
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    async def own_feed(self, call: Call) -> CalendarFeed:
        """Tell whether the caller has a feed."""
        return CalendarFeed(await self.feeds.made_at(call.actor, owner_of(call.actor)))

    async def renew_own(self, call: Call) -> CalendarFeed:
        """The caller's feed, anew."""
        return await self._renewed(call, owner_of(call.actor))

    async def revoke_own(self, call: Call) -> web.Response:
        """End the caller's feed."""
        return await self._revoked(call, owner_of(call.actor))

    async def room_feed(self, call: Call) -> CalendarFeed:
        """Tell whether a room has a feed."""
        return CalendarFeed(await self.feeds.made_at(call.actor, _room(call)))

    async def renew_room(self, call: Call) -> CalendarFeed:
        """A room's feed, anew."""
        return await self._renewed(call, _room(call))

    async def revoke_room(self, call: Call) -> web.Response:
        """End a room's feed."""
        return await self._revoked(call, _room(call))

    async def revoke_person(self, call: Call) -> web.Response:
        """End a person's feed."""
        return await self._revoked(call, _person(call))

    async def _renewed(self, call: Call, owner: FeedOwner) -> CalendarFeed:
        secret, made_at = await self.feeds.renew(call.actor, owner)
        return CalendarFeed(made_at, self.prefix + FEED_PATH.format(secret=secret))

    async def _revoked(self, call: Call, owner: FeedOwner) -> web.Response:
        await self.feeds.revoke(call.actor, owner)
        return web.Response(status=204)


def _room(call: Call) -> FeedOwner:
    return FeedOwner(room_id=call.path("room_id"))


def _person(call: Call) -> FeedOwner:
    return FeedOwner(person_id=call.path("person_id"))


ROUTES = (
    Route(
        "GET",
        FEED_PATH,
        FeedHandlers.read_feed,
        "日历订阅: iCalendar (RFC 5545)",
        Content("text/calendar", "one VEVENT per lesson; 304 where `If-None-Match` names it"),
        access=Access.OPEN,
    ),
    Route("GET", "/api/calendar-feed", FeedHandlers.own_feed, "自己的日历订阅", CalendarFeed),
    Route(
        "POST",
        "/api/calendar-feed",
        FeedHandlers.renew_own,
        "生成或更换自己的日历订阅地址",
        CalendarFeed,
        audited=AuditAction.CALENDAR_FEED_MAKE,
    ),
    Route(
        "DELETE",
        "/api/calendar-feed",
        FeedHandlers.revoke_own,
        "停用自己的日历订阅",
        status=204,
        audited=AuditAction.CALENDAR_FEED_REVOKE,
    ),
    Route(
        "GET",
        "/api/rooms/{room_id}/calendar-feed",
        FeedHandlers.room_feed,
        "教室的日历订阅",
        CalendarFeed,
    ),
    Route(
        "POST",
        "/api/rooms/{room_id}/calendar-feed",
        FeedHandlers.renew_room,
        "生成或更换教室的日历订阅地址",
        CalendarFeed,
        audited=AuditAction.CALENDAR_FEED_MAKE,
    ),
    Route(
        "DELETE",
        "/api/rooms/{room_id}/calendar-feed",
        FeedHandlers.revoke_room,
        "停用教室的日历订阅",
        status=204,
        audited=AuditAction.CALENDAR_FEED_REVOKE,
    ),
    Route(
        "DELETE",
        "/api/people/{person_id}/calendar-feed",
        FeedHandlers.revoke_person,
        "停用某人的日历订阅",
        status=204,
        audited=AuditAction.CALENDAR_FEED_REVOKE,
    ),
)
