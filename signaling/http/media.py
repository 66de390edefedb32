"""Routes: WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep)."""

from __future__ import annotations

import re

from aiohttp import web

from relay.api import Answer
from signaling.config import IceServer
from signaling.core.tokens import MediaAction
from signaling.errors import (
    BadToken,
    Malformed,
    NotAcceptable,
    PreconditionRequired,
    UnsupportedMediaType,
)
from signaling.http.bodies import read_body
from signaling.http.origin import limiter_key
from signaling.http.routes import Access, Call, Content, Route

# One element of a list and the comma after it; elements may be empty (RFC 9110 §5.6.1, §8.8.3).
_ENTITY_TAG = re.compile(
    r'[ \t]*(?:(?P<weak>W/)?(?P<tag>"[\x21\x23-\x7e\x80-\xff]*"))?[ \t]*(?P<end>,|$)'
)
MAX_ENTITY_TAGS = 16  # a session has one; a list of more is somebody's joke

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


async def publish(call: Call) -> web.Response:
    """Open a publishing session."""
    media = call.services.media
    token, lesson_id, source_id = _token(call), call.path("lesson_id"), call.path("source_id")
    media.demand(token, MediaAction.PUBLISH, lesson_id, source_id)
    await _demand_login(call)
    answer = media.publish(token, lesson_id, source_id, await _text(call, SDP))
    return _created(call, answer, "whip")


async def watch(call: Call) -> web.Response:
    """Open a viewing session."""
    media, token, lesson_id = call.services.media, _token(call), call.path("lesson_id")
    media.demand(token, MediaAction.WATCH, lesson_id)
    await _demand_login(call)
    answer = await media.watch(
        token,
        lesson_id,
        await _text(call, SDP),
        remote=call.remote,
        origin=limiter_key(call.remote),
    )
    return _created(call, answer, "whep")


async def patch(call: Call) -> web.Response:
    """Trickle (204) or restart ICE (200); RFC 9725 §4.3: only the latter makes a new ETag."""
    media, token, session_id = call.services.media, _token(call), call.path("session_id")
    media.demand_opener(token, session_id)
    fragment = await _text(call, SDP_FRAGMENT)
    patched = media.patch(token, session_id, fragment, _if_match(call))
    if patched.sdp_fragment is None:
        return web.Response(status=204)  # MUST NOT carry an ETag (§4.3.2)
    body = patched.sdp_fragment.encode()
    headers = {"ETag": f'"{patched.etag}"'}
    return web.Response(body=body, content_type=SDP_FRAGMENT, headers=headers)


async def close(call: Call) -> web.Response:
    """End a session."""
    call.services.media.close(_token(call), call.path("session_id"))
    return web.Response(status=200)


async def endpoint_options(call: Call) -> web.Response:
    """What the endpoint takes; also answers a CORS preflight."""
    return web.Response(status=200, headers={"Accept-Post": SDP, "Allow": "OPTIONS, POST"})


async def session_options(call: Call) -> web.Response:
    """What the session takes; also answers a CORS preflight."""
    headers = {"Accept-Patch": SDP_FRAGMENT, "Allow": "OPTIONS, PATCH, DELETE"}
    return web.Response(status=200, headers=headers)


async def _demand_login(call: Call) -> None:
    """A token handed out before its owner signed out opens nothing after."""
    session = call.services.media.login_of(_token(call))
    if session is not None and not await call.services.session_watch.is_good(session):
        raise BadToken("the login has ended")


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
    """What `If-Match` names, None for ``*`` (RFC 9725 §4.3.1)."""
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


def _created(call: Call, answer: Answer, kind: str) -> web.Response:
    response = web.Response(status=201, body=answer.sdp.encode(), content_type=SDP)
    prefix = call.services.config.path_prefix
    response.headers["Location"] = f"{prefix}/{kind}/sessions/{answer.session_id}"
    response.headers["ETag"] = f'"{answer.etag}"'
    response.headers["Accept-Patch"] = SDP_FRAGMENT
    for server in call.services.config.ice_servers:
        response.headers.add("Link", _link(server))
    return response


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


def _session_routes(kind: str) -> tuple[Route, ...]:
    path = f"/{kind}/sessions/{{session_id}}"
    return (
        Route(
            "PATCH",
            path,
            patch,
            "ICE trickle 或重启",
            _FRAGMENT,
            _FRAGMENT,
            access=Access.BEARER,
            headers=("If-Match",),
        ),
        Route("DELETE", path, close, "结束媒体会话", access=Access.BEARER),
        Route("OPTIONS", path, session_options, "所接受的内容", access=Access.OPEN),
    )


ROUTES = (
    *_session_routes("whip"),
    *_session_routes("whep"),
    Route(
        "POST",
        "/whip/{lesson_id}/{source_id}",
        publish,
        "推流 (WHIP, RFC 9725)",
        _ANSWER,
        _OFFER,
        status=201,
        access=Access.BEARER,
    ),
    Route(
        "OPTIONS",
        "/whip/{lesson_id}/{source_id}",
        endpoint_options,
        "所接受的内容",
        access=Access.OPEN,
    ),
    Route(
        "POST",
        "/whep/{lesson_id}",
        watch,
        "观看 (WHEP)",
        _ANSWER,
        _OFFER,
        status=201,
        access=Access.BEARER,
    ),
    Route("OPTIONS", "/whep/{lesson_id}", endpoint_options, "所接受的内容", access=Access.OPEN),
)
