"""Declarations of routes, each for the dispatcher, the checks and the OpenAPI document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from aiohttp import web

from signaling.access.roles import Actor
from signaling.base.config import Config
from signaling.base.errors import NotFound, NotSignedIn, UnusableText
from signaling.base.text import MAX_PARAMETER_CHARS, BadText, TextKind, clean, is_word
from signaling.web.at_cell import AtCell, arrival_of
from signaling.web.connections import Gate

CONFIG: web.AppKey[Config] = web.AppKey("config", Config)
GATE: web.AppKey[Gate] = web.AppKey("gate", Gate)

_Handlers = TypeVar("_Handlers")  # the object whose methods answer a wing's routes


class Login(Protocol):
    """A session that a request came with."""

    @property
    def actor(self) -> Actor:
        """A signed-in person or terminal."""

    @property
    def session_hash(self) -> str:
        """The session as it is kept, and as channels and media sessions remember it."""

    @property
    def password_due(self) -> bool:
        """Tell whether the person must change the password before anything else."""


class Logins(Protocol):
    """Finds the login of a request."""

    async def of(self, request: web.Request) -> Login:
        """Find the caller of a request. Raises NotSignedIn, Malformed."""

    def demand_csrf(self, request: web.Request, login: Login) -> None:
        """Raises CsrfFailed unless the request carries the login's CSRF token."""


class Access(StrEnum):
    """Ways in which a route knows its caller."""

    OPEN = "open"
    GUEST = "guest"  # as SESSION where there is one; nobody else is turned away
    SESSION = "session"  # the cookie; unsafe methods also need the CSRF token
    BEARER = "bearer"  # a media token, checked by the handler


@dataclass(frozen=True, slots=True)
class Query:
    """A query parameter."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Content:
    """A body that is not JSON."""

    media_type: str
    description: str


@dataclass(slots=True)
class Call:
    """One request on its way through a handler."""

    request: web.Request
    remote: str
    login: Login | None = None
    body: Any = None
    query: dict[str, str] = field(default_factory=dict)  # what the route declares, cleaned

    @property
    def session(self) -> Login:
        """The session. Raises NotSignedIn."""
        if self.login is None:
            raise NotSignedIn()
        return self.login

    @property
    def actor(self) -> Actor:
        """The caller, with the address. Raises NotSignedIn."""
        return self.session.actor.at(self.remote)

    @property
    def guest(self) -> Actor | None:
        """The caller, with the address; None for one who is not signed in."""
        return None if self.login is None else self.login.actor.at(self.remote)

    @property
    def port(self) -> int | None:
        """The port at which the client reached this server, or the web process before it."""
        arrival = arrival_of(self.request)
        if arrival is not None:
            return arrival.port
        name = self.request.get_extra_info("sockname")
        return int(name[1]) if isinstance(name, tuple) else None

    def path(self, name: str) -> str:
        """A part of the path."""
        return self.request.match_info[name]


@dataclass(frozen=True, slots=True)
class Route(Generic[_Handlers]):
    """One route.

    Attributes:
        handler: a method of the wing's handlers, unbound. It returns the body (a struct, None for
            no content) or a whole response.
        answer: the body's struct, a `Content`, or None.
        permit: raises where the caller may not do this; asked before the body is read.
        audited: the action of the one audit row that a successful request leaves; the service that
            does it writes the row. None: it changes nothing that is kept.
        before_password: answers also those who must change their password first.
        at_cell: only the process of a lesson's live room answers. None: any process does.
    """

    method: str
    path: str
    handler: Callable[[_Handlers, Call], Awaitable[Any]]
    summary: str
    answer: type | Content | None = None
    body: type | Content | None = None
    status: int = 200
    access: Access = Access.SESSION
    query: tuple[Query, ...] = ()
    headers: tuple[str, ...] = field(default=())
    permit: Callable[[_Handlers, Call], Awaitable[object]] | None = None
    audited: str | None = None  # an `audit.actions.AuditAction`
    before_password: bool = False
    at_cell: AtCell | None = None


AnyRoute = Route[Any]


@dataclass(frozen=True, slots=True)
class Socket:
    """A WebSocket.

    Attributes:
        path: where it is opened.
        connect: answers the upgrade; a refused one is its to explain.
        at_cell: see `Route`.
        max_message_bytes: of a message from the client; a larger one closes the socket.
    """

    path: str
    connect: Callable[[web.Request], Awaitable[web.StreamResponse]]
    at_cell: AtCell | None
    max_message_bytes: int


class Elsewhere(Protocol):
    """Answers, in a web process, by the cell of a lesson."""

    async def answer(self, call: Call, at: AtCell) -> web.StreamResponse | None:
        """Return the cell's answer; None where no cell has the lesson, so that any may answer.

        Raises:
            CellAway: the lesson has a cell, or should have one, and none can be reached.
        """

    async def connect(self, call: Call, sock: Socket) -> web.StreamResponse | None:
        """Join a client's WebSocket to the cell's until one of them closes. As `answer`."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A route, and the object whose method answers it."""

    route: AnyRoute
    handlers: object


def bind(routes: Iterable[Route[_Handlers]], handlers: _Handlers) -> tuple[Endpoint, ...]:
    """The routes of a wing, answered by its handlers."""
    return tuple(Endpoint(route, handlers) for route in routes)


def check_parameters(call: Call, route: AnyRoute) -> None:
    """Look at the parts of the path, and take in the declared query.

    Raises:
        NotFound: a part of the path is the id of nothing.
        UnusableText: a query parameter cannot be taken.
    """
    for name, part in call.request.match_info.items():
        if not is_word(part):
            raise NotFound(field=name)
    for query in route.query:
        value = call.request.query.get(query.name)
        if value is not None:
            try:
                call.query[query.name] = clean(value, TextKind.LINE, MAX_PARAMETER_CHARS)
            except BadText as error:
                raise UnusableText(error.code, query.name) from None
