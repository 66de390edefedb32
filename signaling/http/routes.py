"""What a route is: one declaration serves the dispatcher, the checks and the OpenAPI document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from aiohttp import web

from signaling.core.permissions import Subject
from signaling.core.text import MAX_PARAMETER_CHARS, BadText, TextKind, clean, is_word
from signaling.db.audit_log import Actor
from signaling.errors import NotFound, NotSignedIn, UnusableText
from signaling.http.connections import Gate
from signaling.identity import SignedIn
from signaling.services import Services

SERVICES: web.AppKey[Services] = web.AppKey("services", Services)
GATE: web.AppKey[Gate] = web.AppKey("gate", Gate)


class Access(StrEnum):
    """How a route knows its caller."""

    OPEN = "open"
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
    services: Services
    remote: str
    signed_in: SignedIn | None = None
    body: Any = None
    query: dict[str, str] = field(default_factory=dict)  # what the route declares, cleaned

    @property
    def session(self) -> SignedIn:
        """The session. Raises NotSignedIn."""
        if self.signed_in is None:
            raise NotSignedIn()
        return self.signed_in

    @property
    def actor(self) -> Actor:
        """Who calls, as the audit log names them. Raises NotSignedIn."""
        return Actor.of(self.subject, self.remote)

    @property
    def subject(self) -> Subject:
        """Who calls. Raises NotSignedIn."""
        return self.session.subject

    def path(self, name: str) -> str:
        """A part of the path."""
        return self.request.match_info[name]


@dataclass(frozen=True, slots=True)
class Route:
    """One route.

    Attributes:
        handler: returns the body (a struct, None for no content) or a whole response.
        answer: the body's struct, a `Content`, or None.
        permit: raises where the caller may not do this; asked before the body is read.
        audited: the action of the one audit row that a successful request leaves; the service that
            does it writes the row. None: it changes nothing that is kept.
    """

    method: str
    path: str
    handler: Callable[[Call], Awaitable[Any]]
    summary: str
    answer: type | Content | None = None
    body: type | Content | None = None
    status: int = 200
    access: Access = Access.SESSION
    query: tuple[Query, ...] = ()
    headers: tuple[str, ...] = field(default=())
    permit: Callable[[Call], Awaitable[object]] | None = None
    audited: str | None = None


def check_parameters(call: Call, route: Route) -> None:
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
