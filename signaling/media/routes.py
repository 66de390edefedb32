"""Routes of media: WHIP (RFC 9725), WHEP (draft-ietf-wish-whep), their addresses and tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from relay.api import Answer
from signaling.access.actions import Action
from signaling.audit.actions import AuditAction
from signaling.base.config import Config, IceServer
from signaling.base.errors import (
    BadToken,
    Malformed,
    NotAcceptable,
    PreconditionRequired,
    UnsupportedMediaType,
)
from signaling.lessons.service import LessonService
from signaling.media.service import MediaDesk
from signaling.media.tokens import MediaAction, MediaGrant
from signaling.media.wire import ExternalAccess, MediaAccess
from signaling.web.addresses import page_urls
from signaling.web.at_cell import AT_CELL
from signaling.web.bodies import read_body
from signaling.web.origin import limiter_key
from signaling.web.routes import Access, Call, Content, Route

# One element of `If-Match` and the comma after it; elements may be empty (RFC 9110 §5.6.1, §8.8.3).
_ENTITY_TAG = re.compile(
    r'[ \t]*(?:(?P<weak>W/)?(?P<tag>"[\x21\x23-\x7e\x80-\xff]*"))?[ \t]*(?P<end>,|$)'
)
MAX_ENTITY_TAGS = 16  # a session has one; no honest client lists more

SDP = "application/sdp"
SDP_FRAGMENT = "application/trickle-ice-sdpfrag"
MAX_SDP_BYTES = 64 * 1024
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "OPTIONS, POST, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
    "Access-Control-Expose-Headers": "Location, ETag, Link, Accept-Post, Accept-Patch, Retry-After",
    "Access-Control-Max-Age": "86400",
}


class Seats(Protocol):
    """Knows which seats are still held. `turn` grows whenever seats or logins are ended."""

    @property
    def turn(self) -> int:
        """The number of the turn."""

    async def holds(self, grant: MediaGrant) -> bool:
        """Return whether the login and the seat for which a grant was made still hold."""


@dataclass(frozen=True, slots=True)
class MediaHandlers:
    """WHIP, WHEP, and the addresses and tokens for both."""

    media: MediaDesk
    seats: Seats
    lessons: LessonService
    config: Config

    async def media_access(self, call: Call) -> MediaAccess:
        """Return the caller's own media addresses and tokens."""
        record, seat = await self.lessons.seat(call.actor, call.path("lesson_id"))
        return self.media.access(record, seat, call.session.session_hash)

    async def external_access(self, call: Call) -> ExternalAccess:
        """外接设备推流地址."""
        record = await self.lessons.demand(
            call.actor, Action.ISSUE_EXTERNAL_ACCESS, call.path("lesson_id")
        )
        return await self.media.external_access(call.actor, record, self._servers(call))

    def _servers(self, call: Call) -> tuple[str, ...]:
        urls = () if call.port is None else page_urls(self.config, call.port)
        return tuple(url for url in urls if "://localhost" not in url) or urls

    async def publish(self, call: Call) -> web.Response:
        """Open a publishing session."""
        media = self.media
        token, lesson_id, source_id = _token(call), call.path("lesson_id"), call.path("source_id")
        bearer = media.demand(token, MediaAction.PUBLISH, lesson_id, source_id)
        offer = await _text(call, SDP)  # a slow one must not come between check and session
        await self._demand_seat(bearer.grant)
        answer = media.publish(token, lesson_id, source_id, offer)
        return self._created(call, answer, "whip")

    async def watch(self, call: Call) -> web.Response:
        """Open a viewing session."""
        media, token, lesson_id = self.media, _token(call), call.path("lesson_id")
        grant = media.demand(token, MediaAction.WATCH, lesson_id).grant
        offer = await _text(call, SDP)
        turn = await self._demand_seat(grant)
        origin = limiter_key(call.remote)
        answer = await media.watch(token, lesson_id, offer, remote=call.remote, origin=origin)
        if self.seats.turn != turn:  # while the audit log was written
            try:
                await self._demand_seat(grant)
            except BaseException:
                media.close(token, answer.session_id)
                raise
        return self._created(call, answer, "whep")

    async def patch(self, call: Call) -> web.Response:
        """Trickle (204) or restart ICE (200); RFC 9725 §4.3: only the latter makes a new ETag."""
        media, token, session_id = self.media, _token(call), call.path("session_id")
        media.demand_opener(token, session_id, call.path("lesson_id"))
        fragment = await _text(call, SDP_FRAGMENT)
        patched = await media.patch(token, session_id, fragment, _if_match(call))
        if patched.sdp_fragment is None:
            return web.Response(status=204)  # MUST NOT carry an ETag (§4.3.2)
        body = patched.sdp_fragment.encode()
        headers = {"ETag": f'"{patched.etag}"'}
        return web.Response(body=body, content_type=SDP_FRAGMENT, headers=headers)

    async def close(self, call: Call) -> web.Response:
        """End a session."""
        token, session_id = _token(call), call.path("session_id")
        self.media.demand_opener(token, session_id, call.path("lesson_id"))
        self.media.close(token, session_id)
        return web.Response(status=200)

    async def endpoint_options(self, call: Call) -> web.Response:
        """Say which bodies the endpoint takes; also answers a CORS preflight."""
        return web.Response(status=200, headers={"Accept-Post": SDP, "Allow": "OPTIONS, POST"})

    async def session_options(self, call: Call) -> web.Response:
        """Say which bodies the session takes; also answers a CORS preflight."""
        headers = {"Accept-Patch": SDP_FRAGMENT, "Allow": "OPTIONS, PATCH, DELETE"}
        return web.Response(status=200, headers=headers)

    async def _demand_seat(self, grant: MediaGrant) -> int:
        """Refuse a token whose owner has signed out, or lost the seat, since it was handed out.

        Returns the turn in which it holds: nothing was ended since it was looked up.
        """
        while True:
            turn = self.seats.turn
            if not await self.seats.holds(grant):
                raise BadToken("the login or the seat is gone")
            if self.seats.turn == turn:
                return turn

    def _created(self, call: Call, answer: Answer, kind: str) -> web.Response:
        response = web.Response(status=201, body=answer.sdp.encode(), content_type=SDP)
        path = f"{self.config.path_prefix}/{kind}/{call.path('lesson_id')}"
        response.headers["Location"] = f"{path}/sessions/{answer.session_id}"
        response.headers["ETag"] = f'"{answer.etag}"'
        response.headers["Accept-Patch"] = SDP_FRAGMENT
        for server in self.config.ice_servers:
            response.headers.add("Link", _link(server))
        return response


def _token(call: Call) -> str | None:
    scheme, _, token = call.request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


async def _text(call: Call, content_type: str) -> str:
    request = call.request
    if request.content_type != content_type:
        raise UnsupportedMediaType(f"expected {content_type}", field="Content-Type")
    accept = request.headers.get("Accept")
    if accept is not None and not _accepts(accept, content_type):
        raise NotAcceptable(f"the answer is {content_type}", field="Accept")
    body = await read_body(request, MAX_SDP_BYTES)
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Malformed("not UTF-8") from None


def _accepts(accept: str, content_type: str) -> bool:
    wanted = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    return bool(wanted & {content_type, "application/*", "*/*", ""})


def _if_match(call: Call) -> tuple[str, ...] | None:
    """Entity tags that `If-Match` names, None for ``*`` (RFC 9725 §4.3.1)."""
    fields = call.request.headers.getall("If-Match", [])
    if not fields:
        raise PreconditionRequired(field="If-Match")
    return if_match(", ".join(fields))


def if_match(header: str) -> tuple[str, ...] | None:
    """The strong entity tags of an `If-Match`, None for ``*``.

    A weak one never matches: the comparison is the strong one (RFC 9110 §13.1.1, §8.8.3.2).

    Raises:
        Malformed: neither ``*`` nor a list of entity tags.
    """
    header = header.strip(" \t")
    if header == "*":
        return None
    strong, place = [], 0
    while place < len(header):
        tag = _ENTITY_TAG.match(header, place)
        if tag is None or (not tag["tag"] and not tag["end"]):
            raise Malformed("not a list of entity tags", field="If-Match")
        if tag["tag"] and not tag["weak"]:
            strong.append(tag["tag"][1:-1])
        place = tag.end()
    return tuple(strong[:MAX_ENTITY_TAGS])


def _link(server: IceServer) -> str:
    """An ice-server link (RFC 9725 §4.6)."""
    link = f'<{server.url}>; rel="ice-server"'
    if server.username is not None:
        link += f'; username="{server.username}"; credential="{server.credential or ""}"'
        link += '; credential-type="password"'
    return link


_OFFER = Content(SDP, "the SDP offer")
_ANSWER = Content(SDP, "the SDP answer")
_FRAGMENT = Content(SDP_FRAGMENT, "an SDP fragment (RFC 8840)")


def _session_routes(kind: str) -> tuple[Route[MediaHandlers], ...]:
    # The lesson is in the path, so that a web process knows the cell without asking anybody.
    path = f"/{kind}/{{lesson_id}}/sessions/{{session_id}}"
    return (
        Route(
            "PATCH",
            path,
            MediaHandlers.patch,
            "ICE trickle 或重启",
            _FRAGMENT,
            _FRAGMENT,
            access=Access.BEARER,
            headers=("If-Match",),
            at_cell=AT_CELL,
        ),
        Route(
            "DELETE",
            path,
            MediaHandlers.close,
            "结束媒体会话",
            access=Access.BEARER,
            at_cell=AT_CELL,
        ),
        Route("OPTIONS", path, MediaHandlers.session_options, "所接受的内容", access=Access.OPEN),
    )


ROUTES = (
    *_session_routes("whip"),
    *_session_routes("whep"),
    Route(
        "POST",
        "/whip/{lesson_id}/{source_id}",
        MediaHandlers.publish,
        "推流 (WHIP, RFC 9725)",
        _ANSWER,
        _OFFER,
        status=201,
        access=Access.BEARER,
        at_cell=AT_CELL,
    ),
    Route(
        "OPTIONS",
        "/whip/{lesson_id}/{source_id}",
        MediaHandlers.endpoint_options,
        "所接受的内容",
        access=Access.OPEN,
    ),
    Route(
        "POST",
        "/whep/{lesson_id}",
        MediaHandlers.watch,
        "观看 (WHEP)",
        _ANSWER,
        _OFFER,
        status=201,
        access=Access.BEARER,
        at_cell=AT_CELL,
    ),
    Route(
        "OPTIONS",
        "/whep/{lesson_id}",
        MediaHandlers.endpoint_options,
        "所接受的内容",
        access=Access.OPEN,
    ),
    Route(
        "POST",
        "/api/lessons/{lesson_id}/media-access",
        MediaHandlers.media_access,
        "本人的媒体地址与令牌",
        MediaAccess,
        at_cell=AT_CELL,
    ),
    Route(
        "POST",
        "/api/lessons/{lesson_id}/external-access",
        MediaHandlers.external_access,
        "外接设备推流与播放地址",
        ExternalAccess,
        audited=AuditAction.EXTERNAL_ACCESS,
        at_cell=AT_CELL,
    ),
)
