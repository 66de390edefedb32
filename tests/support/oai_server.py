"""A server of nothing but OAI-PMH, in this process: its routes and checks are the real ones."""

from __future__ import annotations

from aiohttp import web

from signaling.base.config import Config
from signaling.exchange import routes
from signaling.exchange.routes import OaiHandlers
from signaling.web.app import Face
from signaling.web.metrics import RequestMetrics
from signaling.web.routes import Login, bind
from signaling.web.server import HttpServer, make_gate


class NoLogins:
    """Nobody is signed in."""

    async def of(self, request: web.Request) -> Login:
        raise NotImplementedError

    def demand_csrf(self, request: web.Request, login: Login) -> None:
        raise NotImplementedError


def oai_server(config: Config, handlers: OaiHandlers) -> HttpServer:
    """A server of nothing but the provider."""
    face = Face(bind(routes.ROUTES, handlers), (), NoLogins(), RequestMetrics(), {})
    return HttpServer(config, face, make_gate(config), lambda: None)
