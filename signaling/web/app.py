"""The aiohttp application: dispatch by the route table, problems, headers, logs, metrics."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import aiohttp
import msgspec
import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from signaling.base.config import Config
from signaling.base.errors import (
    CsrfFailed,
    Malformed,
    NotSignedIn,
    PasswordChangeDue,
    UnknownHost,
    UnsupportedMediaType,
    UnusableText,
)
from signaling.base.failures import failure_of
from signaling.base.text import BadText, cleaned
from signaling.tracing.api import NO_TRACING, Tracing
from signaling.web import pages
from signaling.web.bodies import read_body
from signaling.web.connections import Gate
from signaling.web.hosts import allowed_hosts, is_allowed
from signaling.web.metrics import RequestMetrics
from signaling.web.origin import Networks, client_address, is_own_origin, is_secure, networks
from signaling.web.problems import invalid_body, problem_response
from signaling.web.routes import (
    CONFIG,
    GATE,
    Access,
    Call,
    Elsewhere,
    Endpoint,
    Login,
    Logins,
    Socket,
    check_parameters,
)
from signaling.web.traced import NOISY, end_with_upgrade, method_of, pattern_of, traced

log = structlog.get_logger(__name__)

MAX_BODY_BYTES = 256 * 1024
CLIENT_GONE = 499  # as nginx logs it; never sent
HSTS = "max-age=31536000"  # a year (RFC 6797); not for subdomains, which may be others'
HOSTS: web.AppKey[frozenset[str]] = web.AppKey("hosts", frozenset)
PROXIES: web.AppKey[Networks] = web.AppKey("proxies", tuple)
COMPRESSED_HERE_BYTES = 4096  # larger answers are compressed by a thread
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_HOST = re.compile(r"^[A-Za-z0-9.\-\[\]:_]{1,255}$")
_REQUEST_ID = re.compile(r"^[A-Za-z0-9\-]{8,64}$")
_PRIVATE_PATHS = ("/api/", "/calendar/", "/media/", "/whip/", "/whep/")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Door(Protocol):
    """Lets requests of web processes into a cell."""

    async def let_in(self, request: web.Request) -> web.Request:
        """Return a request as the handlers may see it. Raises SignalingError."""

    def refusal(self, error: Exception) -> Mapping[str, str]:
        """Return the headers by which a web process tells a refusal of the door from an answer."""


@dataclass(frozen=True, slots=True)
class Face:
    """All that answers requests.

    Attributes:
        endpoints: the wings' routes.
        sockets: the WebSockets.
        logins: finds out who makes a request.
        metrics: counts requests.
        headers: what every answer carries under a path, by the path's beginning.
        elsewhere: of a web process: answers what belongs to a lesson's cell.
        door: of a cell: lets in what web processes have signed. There are no pages behind it.
        tracing: makes a span of each request.
    """

    endpoints: Sequence[Endpoint]
    sockets: Sequence[Socket]
    logins: Logins
    metrics: RequestMetrics
    headers: Mapping[str, Mapping[str, str]]
    elsewhere: Elsewhere | None = None
    door: Door | None = None
    tracing: Tracing = NO_TRACING


_FACE: web.AppKey[Face] = web.AppKey("face", Face)


def make_app(config: Config, face: Face, gate: Gate) -> web.Application:
    """The application behind a gate that bounds its connections."""
    guard = _known_host if face.door is None else _signed(face.door)
    # A request that the guard refuses is not traced: strangers could fill the queue of spans.
    traces = () if face.tracing is NO_TRACING else (traced(face.tracing),)
    app = web.Application(
        middlewares=[_observe, guard, *traces, _problems], client_max_size=MAX_BODY_BYTES
    )
    app[CONFIG] = config
    app[GATE] = gate
    app[_FACE] = face
    # A proxy may keep its path before ours or take it away: both work.
    prefixes = tuple(dict.fromkeys(("", config.path_prefix)))
    for endpoint in face.endpoints:
        dispatcher = _dispatcher(endpoint, face, config)
        for prefix in prefixes:
            app.router.add_route(endpoint.route.method, prefix + endpoint.route.path, dispatcher)
    for prefix in prefixes:
        for sock in face.sockets:
            app.router.add_get(prefix + sock.path, _connector(sock, face, config))
    if face.door is None:
        for prefix in reversed(prefixes):  # the pages' pattern takes in whatever is left
            app.router.add_get(prefix + pages.pattern(config.path_prefix), pages.page)
    app[HOSTS] = allowed_hosts(config)
    app[PROXIES] = networks(config.trusted_proxies)
    app.on_response_prepare.append(_add_headers)
    if traces:
        app.on_response_prepare.append(end_with_upgrade)
    return app


def _dispatcher(endpoint: Endpoint, face: Face, config: Config) -> Handler:
    route, handlers = endpoint.route, endpoint.handlers
    proxies = networks(config.trusted_proxies)
    decoder: msgspec.json.Decoder[object] | None = None
    if isinstance(route.body, type):
        decoder = msgspec.json.Decoder(route.body)

    async def dispatch(request: web.Request) -> web.StreamResponse:
        call = Call(request, client_address(request, proxies))
        check_parameters(call, route)
        guarded = route.access is not Access.BEARER and route.method not in _SAFE
        if guarded and not is_own_origin(request, config):
            raise CsrfFailed("the Origin is another site's")
        await _sign_in(call, endpoint, face.logins)
        if face.elsewhere is not None and route.at_cell is not None:
            forwarded = await face.elsewhere.answer(call, route.at_cell)
            if forwarded is not None:
                return forwarded
        if route.permit is not None:
            await route.permit(handlers, call)
        if decoder is not None:
            call.body = await _body(request, decoder)
        answer = await route.handler(handlers, call)
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


async def _sign_in(call: Call, endpoint: Endpoint, logins: Logins) -> None:
    """Find the caller's login, as the route wants it. Raises SignalingError."""
    route, request = endpoint.route, call.request
    if route.access is Access.SESSION:
        call.login = login = await logins.of(request)
        structlog.contextvars.bind_contextvars(actor=login.actor.actor_id)
        request.app[GATE].know(request, login.session_hash)
        if login.password_due and not route.before_password:
            raise PasswordChangeDue()
        if route.method not in _SAFE:
            logins.demand_csrf(request, login)
    if route.access is Access.GUEST:
        call.login = await _guest(request, logins)


def _connector(sock: Socket, face: Face, config: Config) -> Handler:
    """A handler of upgrades. Whoever the cell would turn away is told so here."""
    elsewhere = face.elsewhere
    if elsewhere is None or sock.at_cell is None:
        return sock.connect
    proxies = networks(config.trusted_proxies)

    async def connect(request: web.Request) -> web.StreamResponse:
        login = await _guest(request, face.logins) if is_own_origin(request, config) else None
        if login is not None:
            call = Call(request, client_address(request, proxies), login)
            joined = await elsewhere.connect(call, sock)
            if joined is not None:
                return joined
        return await sock.connect(request)

    return connect


async def _guest(request: web.Request, logins: Logins) -> Login | None:
    """Return the login of a request to a route that is open; None if there is none to be used."""
    try:
        login = await logins.of(request)
    except (NotSignedIn, Malformed):
        return None
    request.app[GATE].know(request, login.session_hash)
    return None if login.password_due else login


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
async def _observe(request: web.Request, handler: Handler) -> web.StreamResponse:
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
        path = pattern_of(request)
        metrics = request.app[_FACE].metrics
        method = method_of(request)
        metrics.requests.labels(method, path, str(status)).inc()
        metrics.seconds.labels(path).observe(took)
        (log.debug if path in NOISY else log.info)(
            "http", method=request.method, path=path, status=status, ms=round(took * 1000, 1)
        )


@web.middleware
async def _known_host(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a request under a name that is not ours."""
    if not is_allowed(request.host, request.app[HOSTS]):
        return problem_response(UnknownHost(field="Host"))
    return await handler(request)


def _signed(door: Door) -> Middleware:
    """Refuse a request that no web process has signed."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            arrived = await door.let_in(request)
            if request.match_info.http_exception is not None:
                raise request.match_info.http_exception
        except Exception as error:
            response = problem_response(error)
            response.headers.update(door.refusal(error))
            return response
        return await handler(arrived)

    return guard


@web.middleware
async def _problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every exception with problem+json."""
    try:
        return await handler(request)
    except Exception as error:
        if _has_left(request, error):
            return web.Response(status=CLIENT_GONE)  # nobody reads it; it is for log and metrics
        response = problem_response(error)
        if response.status == 500:
            log.exception("request_failed", path=pattern_of(request))
        elif response.status == 507 or (response.status == 503 and failure_of(error)):
            log.error("request_failed", path=pattern_of(request), error=repr(error))
        return response


def _has_left(request: web.Request, error: Exception) -> bool:
    """Tell whether a client broke off its request, which is no fault of the server."""
    gone = request.transport is None or request.transport.is_closing()
    return gone and isinstance(error, ConnectionError | aiohttp.ClientError | Malformed)


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    headers = response.headers
    prefix = request.app[CONFIG].path_prefix
    for start, more in request.app[_FACE].headers.items():
        if request.path.removeprefix(prefix).startswith(start):
            headers.update(more)
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
    origin = request.app[CONFIG].recordings_origin  # a redirect to it is held to the policy, too
    store = "" if origin is None else f" {origin}"
    return (
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' data: blob:{store}; media-src 'self' blob: data: mediastream:{store}; "
        f"font-src 'self'; connect-src 'self' blob:{socket}{store}; worker-src 'self' blob:; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )
