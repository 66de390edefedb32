"""The aiohttp application: dispatch by the route table, problems, headers, logs, metrics."""

from __future__ import annotations

import asyncio
import functools
import gzip
import hashlib
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version

import aiohttp
import msgspec
import structlog
from aiohttp import web

from signaling.core.text import BadText, cleaned
from signaling.db.failures import failure_of
from signaling.errors import (
    CsrfFailed,
    Malformed,
    UnknownHost,
    UnsupportedMediaType,
    UnusableText,
)
from signaling.http import (
    health,
    identity,
    lessons,
    library,
    links,
    media,
    openapi,
    pages,
    session_cookies,
    stills,
    ws,
)
from signaling.http.bodies import read_body
from signaling.http.connections import Gate
from signaling.http.hosts import allowed_hosts, is_allowed
from signaling.http.origin import (
    Networks,
    client_address,
    is_own_origin,
    is_secure,
    networks,
)
from signaling.http.problems import invalid_body, problem_response
from signaling.http.routes import GATE, SERVICES, Access, Call, Content, Route, check_parameters
from signaling.services import Services

log = structlog.get_logger(__name__)

MAX_BODY_BYTES = 256 * 1024
CLIENT_GONE = 499  # as nginx logs it; never sent
HSTS = "max-age=31536000"  # a year (RFC 6797); not for subdomains, which may be others'
HOSTS: web.AppKey[frozenset[str]] = web.AppKey("hosts", frozenset)
PROXIES: web.AppKey[Networks] = web.AppKey("proxies", tuple)
COMPRESSED_HERE_BYTES = 4096  # larger answers are compressed by a thread
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_METHODS = _SAFE | {"POST", "PUT", "PATCH", "DELETE"}  # a client must not invent label values
_HOST = re.compile(r"^[A-Za-z0-9.\-\[\]:_]{1,255}$")
_REQUEST_ID = re.compile(r"^[A-Za-z0-9\-]{8,64}$")
_PRIVATE_PATHS = ("/api/", "/media/", "/whip/", "/whep/")
_CORS_PATHS = ("/whip/", "/whep/")


async def openapi_document(call: Call) -> web.Response:
    """This document."""
    plain, compressed, etag = _openapi()
    headers = {"Cache-Control": "no-cache", "ETag": etag, "Vary": "Accept-Encoding"}
    if call.request.headers.get("If-None-Match") == etag:
        return web.Response(status=304, headers=headers)
    if "gzip" in call.request.headers.get("Accept-Encoding", "").lower():
        headers["Content-Encoding"] = "gzip"
        return web.Response(body=compressed, content_type="application/json", headers=headers)
    return web.Response(body=plain, content_type="application/json", headers=headers)


@functools.cache
def _openapi() -> tuple[bytes, bytes, str]:
    """The document, plain and compressed, with its tag: made once, before media flow."""
    plain = msgspec.json.encode(openapi.document(ROUTES, version("tongke")))
    return plain, gzip.compress(plain), f'"{hashlib.sha256(plain).hexdigest()[:16]}"'


ROUTES: tuple[Route, ...] = (
    *identity.ROUTES,
    *lessons.ROUTES,
    *links.ROUTES,
    *library.ROUTES,
    *media.ROUTES,
    *stills.ROUTES,
    *health.ROUTES,
    Route(
        "GET",
        "/api/openapi.json",
        openapi_document,
        "OpenAPI 文档",
        Content("application/json", "OpenAPI 3.1"),
        access=Access.OPEN,
    ),
)


def make_app(services: Services, gate: Gate) -> web.Application:
    """The application over running services, behind a gate that bounds its connections."""
    app = web.Application(middlewares=[_observe, _problems], client_max_size=MAX_BODY_BYTES)
    app[SERVICES] = services
    app[GATE] = gate
    app[health.METRICS] = health.Metrics(services, gate)
    _openapi()
    # A proxy may keep its path before ours or take it away: both work.
    prefixes = tuple(dict.fromkeys(("", services.config.path_prefix)))
    for route in ROUTES:
        dispatcher = _dispatcher(route, services)
        for prefix in prefixes:
            app.router.add_route(route.method, prefix + route.path, dispatcher)
    for prefix in prefixes:
        app.router.add_get(f"{prefix}/ws/lessons/{{lesson_id}}", ws.control_channel)
    for prefix in reversed(prefixes):  # the pages' pattern takes in whatever is left
        app.router.add_get(prefix + pages.pattern(services.config.path_prefix), pages.page)
    app[HOSTS] = allowed_hosts(services.config)
    app[PROXIES] = networks(services.config.trusted_proxies)
    app.on_response_prepare.append(_add_headers)
    return app


def _dispatcher(
    route: Route, services: Services
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    proxies = networks(services.config.trusted_proxies)
    decoder: msgspec.json.Decoder[object] | None = None
    if isinstance(route.body, type):
        decoder = msgspec.json.Decoder(route.body)

    async def dispatch(request: web.Request) -> web.StreamResponse:
        call = Call(request, services, client_address(request, proxies))
        check_parameters(call, route)
        guarded = route.access is not Access.BEARER and route.method not in _SAFE
        if guarded and not is_own_origin(request, services.config):
            raise CsrfFailed("the Origin is another site's")
        if route.access is Access.SESSION:
            call.signed_in = await session_cookies.signed_in(request, services.identity)
            structlog.contextvars.bind_contextvars(subject=call.subject.subject_id)
            request.app[GATE].know(request, call.session.session_hash)
            if route.method not in _SAFE:
                services.identity.demand_csrf(call.signed_in, request.headers.get("X-CSRF-Token"))
        if route.permit is not None:
            await route.permit(call)
        if decoder is not None:
            call.body = await _body(request, decoder)
        answer = await route.handler(call)
        if isinstance(answer, web.StreamResponse):
            return answer
        response = web.Response(
            status=route.status,
            body=msgspec.json.encode(answer),
            content_type="application/json",
            zlib_executor_size=COMPRESSED_HERE_BYTES,
        )
        response.headers["Cache-Control"] = "no-store"
        response.enable_compression()
        return response

    return dispatch


async def _body(request: web.Request, decoder: msgspec.json.Decoder[object]) -> object:
    if request.content_type != "application/json":
        raise UnsupportedMediaType("expected application/json", field="Content-Type")
    try:
        return cleaned(decoder.decode(await read_body(request, MAX_BODY_BYTES)))
    except BadText as error:
        raise UnusableText(error.code, error.field or None) from None
    except msgspec.MsgspecError as error:
        raise invalid_body(error) from None
    except (UnicodeDecodeError, RecursionError):
        raise Malformed("not JSON in UTF-8") from None


@web.middleware
async def _observe(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Give the request an id, and log and count it at its end."""
    given = request.headers.get("X-Request-ID", "")
    connection, task = request.app[GATE].of(request), asyncio.current_task()
    if connection is not None and task is not None:
        connection.begin(task)
    request_id = given if _REQUEST_ID.match(given) else secrets.token_hex(8)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id)
    started = time.perf_counter()
    status = 500
    try:
        response = await handler(request)
        status = response.status
        if not response.prepared:
            response.headers["X-Request-ID"] = request_id
        return response
    finally:
        took = time.perf_counter() - started
        resource = request.match_info.route.resource
        path = resource.canonical if resource is not None else "unknown"
        path = path.removeprefix(request.app[SERVICES].config.path_prefix)
        metrics = request.app[health.METRICS]
        method = request.method if request.method in _METHODS else "other"
        metrics.requests.labels(method, path, str(status)).inc()
        metrics.seconds.labels(path).observe(took)
        noisy = path in {"/healthz", "/metrics", pages.CANONICAL}
        (log.debug if noisy else log.info)(
            "http", method=request.method, path=path, status=status, ms=round(took * 1000, 1)
        )


@web.middleware
async def _problems(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer every exception with problem+json."""
    try:
        if not is_allowed(request.host, request.app[HOSTS]):
            raise UnknownHost(field="Host")
        return await handler(request)
    except Exception as error:
        if _has_left(request, error):
            return web.Response(status=CLIENT_GONE)  # nobody reads it; it is for log and metrics
        response = problem_response(error)
        if response.status == 500:
            log.exception("request_failed", path=request.path)
        elif response.status == 507 or (response.status == 503 and failure_of(error)):
            log.error("request_failed", path=request.path, error=repr(error))
        return response


def _has_left(request: web.Request, error: Exception) -> bool:
    """Whether a client broke off its request: its own matter, and no fault of ours."""
    gone = request.transport is None or request.transport.is_closing()
    return gone and isinstance(error, ConnectionError | aiohttp.ClientError | Malformed)


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    headers = response.headers
    prefix = request.app[SERVICES].config.path_prefix
    if request.path.removeprefix(prefix).startswith(_CORS_PATHS):
        for name, value in media.CORS.items():
            headers[name] = value
    if request.path.removeprefix(prefix).startswith(_PRIVATE_PATHS):
        headers.setdefault("Cache-Control", "no-store")
    if is_secure(request, request.app[PROXIES]):
        headers["Strict-Transport-Security"] = HSTS
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    if response.content_type == "text/html":
        headers["Content-Security-Policy"] = _content_security_policy(request)
        headers["X-Frame-Options"] = "DENY"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Permissions-Policy"] = (
            "camera=(self), microphone=(self), display-capture=(self), fullscreen=(self), "
            "autoplay=(self), geolocation=(), payment=(), usb=()"
        )


def _content_security_policy(request: web.Request) -> str:
    # Chromium 80 does not count ws: among 'self', so the socket's origin is named.
    socket = f" ws://{request.host} wss://{request.host}" if _HOST.match(request.host) else ""
    return (
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; media-src 'self' blob: data: mediastream:; font-src 'self'; "
        f"connect-src 'self'{socket}; worker-src 'self' blob:; object-src 'none'; "
        "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )
