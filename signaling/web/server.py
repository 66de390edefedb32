"""The HTTP server over running services: start, the addresses it got, stop."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Sequence

import structlog
from aiohttp import web

from signaling.base.config import Config
from signaling.base.open_files import connections_within, open_files_limit
from signaling.web.addresses import page_urls
from signaling.web.app import Face, make_app
from signaling.web.connection_book import Bounds
from signaling.web.connections import Gate, Patience
from signaling.web.listeners import bind_all
from signaling.web.origin import networks

log = structlog.get_logger(__name__)

LINGERING_S = 5.0  # to read what a client still sends though it was answered
STRANGERS_PART = 0.75  # of all connections; the rest is for people who are signed in
SHUTDOWN_S = 3.0  # for answers under way; channels are told goodbye before


class HttpServer:
    """Listens and serves."""

    def __init__(
        self,
        config: Config,
        face: Face,
        gate: Gate,
        goodbye: Callable[[], None],
        bind: Callable[[], list[socket.socket]] | None = None,
    ) -> None:
        """Make it.

        Args:
            config: the settings.
            face: what answers.
            gate: bounds the connections.
            goodbye: called before the connections close.
            bind: makes the bound sockets; None: the TCP port of the settings.
        """
        self._config = config
        self._bind = bind or (lambda: bind_all(config.http_hosts, config.http_port))
        self._gate = gate
        self._goodbye = goodbye
        self._runner = web.AppRunner(
            make_app(config, face, gate),
            access_log=None,
            shutdown_timeout=SHUTDOWN_S,
            keepalive_timeout=config.http_idle_s,
            lingering_time=LINGERING_S,
            auto_decompress=False,  # a body may be inflated only once it is known whose it is
        )
        self._port = 0

    async def start(self) -> None:
        """Begin to listen. Raises OSError."""
        sockets = self._bind()
        names = [sock.getsockname() for sock in sockets]
        self._port = 0 if isinstance(names[0], str) else names[0][1]
        try:
            await self._runner.setup()
        except BaseException:
            _close(sockets)
            raise
        assert self._runner.server is not None
        self._gate.listen(sockets, self._runner.server)
        bounds = self._gate.book.bounds
        log.info(
            "http_listening",
            hosts=[name if isinstance(name, str) else name[0] for name in names],
            port=self._port,
            open_files=open_files_limit(),
            connections=bounds.total,
            strangers=bounds.strangers,
        )

    async def stop(self) -> None:
        """Say goodbye on the control channels, then close."""
        self._gate.stop_listening()
        self._goodbye()
        await self._runner.cleanup()
        await self._gate.close()

    @property
    def connections(self) -> Sequence[object]:
        """The open connections."""
        server = self._runner.server
        return () if server is None else server.connections

    @property
    def port(self) -> int:
        """The port it listens on; 0 for a Unix socket."""
        return self._port

    @property
    def url(self) -> str:
        """Address of the pages, from this machine unless a public URL is set."""
        return page_urls(self._config, self.port, ())[0]

    @property
    def urls(self) -> tuple[str, ...]:
        """Addresses of the pages, from this machine and from others."""
        return page_urls(self._config, self.port)


def make_gate(config: Config) -> Gate:
    """The gate that bounds connections and their patience."""
    return Gate(
        _bounds(config),
        _patience(config),
        networks(config.trusted_proxies),
        _tls(config),
    )


def make_door_gate(config: Config) -> Gate:
    """The gate of a cell's door. All connections are web processes', so that none has a share."""
    total = connections_within(open_files_limit(), config.http_connections)
    return Gate(Bounds(total, total, total), _patience(config), (), None)


def _tls(config: Config) -> ssl.SSLContext | None:
    if config.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(config.tls_certificate, config.tls_key)
    return context


def _patience(config: Config) -> Patience:
    return Patience(
        handshake_s=config.tls_handshake_s,
        headers_s=config.http_headers_s,
        idle_s=config.http_idle_s,
        stall_s=config.http_stall_s,
    )


def _bounds(config: Config) -> Bounds:
    total = connections_within(open_files_limit(), config.http_connections)
    strangers = int(total * STRANGERS_PART)
    return Bounds(total, strangers, min(config.http_connections_per_address, strangers))


def _close(sockets: Sequence[socket.socket]) -> None:
    for sock in sockets:
        sock.close()
