"""The HTTP server over running services: start, the addresses it got, stop."""

from __future__ import annotations

import ssl
from collections.abc import Sequence

from aiohttp import web

from signaling.addresses import page_urls
from signaling.config import Config
from signaling.core.messages import ByeReason
from signaling.http.app import make_app
from signaling.services import Services

SHUTDOWN_S = 3.0  # for answers under way; channels are told goodbye before


class HttpServer:
    """Listens and serves."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._runner = web.AppRunner(
            make_app(services), access_log=None, shutdown_timeout=SHUTDOWN_S
        )

    async def start(self) -> None:
        """Begin to listen."""
        config = self._services.config
        await self._runner.setup()
        site = web.TCPSite(
            self._runner,
            config.http_host,
            config.http_port,
            ssl_context=_tls(config),
            reuse_address=True,
        )
        await site.start()

    async def stop(self) -> None:
        """Say goodbye on the control channels, then close."""
        for room in self._services.hub.rooms:
            room.close(ByeReason.SHUTDOWN)
        await self._runner.cleanup()

    @property
    def connections(self) -> Sequence[object]:
        """The open connections."""
        server = self._runner.server
        return () if server is None else server.connections

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._runner.addresses[0][1])

    @property
    def url(self) -> str:
        """Where to go, from this machine unless a public URL is set."""
        return page_urls(self._services.config, self.port, ())[0]

    @property
    def urls(self) -> tuple[str, ...]:
        """Where to go, from this machine and from others."""
        return page_urls(self._services.config, self.port)


def _tls(config: Config) -> ssl.SSLContext | None:
    if config.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(config.tls_certificate, config.tls_key)
    return context
