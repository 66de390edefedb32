"""A span for each request by its route."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from signaling.base.text import is_word
from signaling.tracing.api import LESSON, METHOD, ROUTE, STATUS, TRACEPARENT, Kind, Span, Tracing
from signaling.web import pages
from signaling.web.at_cell import arrival_of
from signaling.web.routes import CONFIG

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
NOISY = frozenset({"/healthz", "/metrics", pages.CANONICAL})  # asked all the time, told rarely
UNKNOWN = "unknown"  # the path of a request for which there is no route
_SPAN: web.RequestKey[Span] = web.RequestKey("span")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def method_of(request: web.Request) -> str:
    """Return a method; a client must not invent values of labels."""
    return request.method if request.method in METHODS else "other"


def pattern_of(request: web.Request) -> str:
    """Return the path as its route declares it: what is in its place may be a secret."""
    resource = request.match_info.route.resource
    path = resource.canonical if resource is not None else UNKNOWN
    return path.removeprefix(request.app[CONFIG].path_prefix)


def traced(tracing: Tracing) -> Middleware:
    """Make a span of each request.

    A `traceparent` from outside begins nothing: only that of a web process, behind the door of a
    cell, is taken up. A cell makes no span of what a web process does not trace.
    """

    @web.middleware
    async def trace(request: web.Request, handler: Handler) -> web.StreamResponse:
        arrived = arrival_of(request) is not None
        parent = request.headers.get(TRACEPARENT) if arrived else None
        pattern = pattern_of(request)
        if pattern in NOISY or (arrived and parent is None):
            return await handler(request)
        method = method_of(request)
        facts = {METHOD: method, ROUTE: pattern}
        lesson_id = request.match_info.get("lesson_id")
        if lesson_id is not None and is_word(lesson_id):
            facts[LESSON] = lesson_id
        with tracing.span(f"{method} {pattern}", Kind.SERVER, facts, parent=parent) as span:
            request[_SPAN] = span
            response = await handler(request)
            _tell(span, response)
            return response

    return trace


async def end_with_upgrade(request: web.Request, response: web.StreamResponse) -> None:
    """End the span of a request for a WebSocket: what follows may last for hours."""
    span = request.get(_SPAN)
    if span is not None and isinstance(response, web.WebSocketResponse):
        _tell(span, response)
        span.end()


def _tell(span: Span, response: web.StreamResponse) -> None:
    span.tell({STATUS: response.status}, failed=response.status >= 500)
