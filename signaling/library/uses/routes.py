"""Routes: use of what is published."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from signaling.base.config import Config
from signaling.library.publishing.reading import LibraryReader, Viewer
from signaling.library.publishing.tickets import COOKIE as TICKETS
from signaling.library.uses.service import COOKIE, UseCounter
from signaling.library.uses.wire import UseReport
from signaling.web.origin import is_secure, limiter_key, networks
from signaling.web.routes import Access, Call, Route


@dataclass(frozen=True, slots=True)
class UseHandlers:
    """Use, told by pages of viewers who are mostly not signed in."""

    counter: UseCounter
    reader: LibraryReader
    config: Config

    async def visible(self, call: Call) -> None:
        """Raise ResourceNotFound where the caller may not see the resource."""
        viewer = Viewer(call.guest, call.request.cookies.get(TICKETS))
        await self.reader.one(viewer, call.path("resource_id"))

    async def note(self, call: Call) -> web.Response:
        """Count what a page tells of its player."""
        cookie = call.request.cookies.get(COOKIE)
        noted = self.counter.note(
            cookie, limiter_key(call.remote), call.path("resource_id"), call.body
        )
        response = web.Response(status=204)
        if noted.cookie is not None:
            response.set_cookie(  # until the browser is closed: nobody is followed over days
                COOKIE,
                noted.cookie,
                path=self.config.path_prefix or "/",
                httponly=True,
                samesite="Lax",
                secure=is_secure(call.request, networks(self.config.trusted_proxies)),
            )
        return response


ROUTES = (
    Route(
        "POST",
        "/api/library/{resource_id}/uses",
        UseHandlers.note,
        "观看计数",
        None,
        UseReport,
        status=204,
        access=Access.GUEST,
        permit=UseHandlers.visible,
    ),
)
