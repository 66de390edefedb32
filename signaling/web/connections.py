"""The gate of the HTTP server: accepts connections, bounds them, and closes those that stand still.

aiohttp closes only idle connections. So each of its protocols stands behind a `Connection`, which
sees the bytes; the application tells when a request begins and whose it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import structlog
from aiohttp import web

from signaling.web.connection_book import Bounds, ConnectionBook, Entry, Stage
from signaling.web.origin import Networks, limiter_key, within
from signaling.web.socket_queue import unsent_bytes

log = structlog.get_logger(__name__)

BACKLOG = 1024  # connections that the kernel keeps while the loop is busy; capped by somaxconn
ACCEPTS = 16  # per wake-up, so that media gets its turn
PAUSE_S = 1.0  # without accepting, after the system had no file or memory left
LEAST_DRAINED_BYTES = 4096  # a reader that takes less in one `stall_s` stands still
TIMED_STAGES = ("handshake", "headers", "idle", "stalled")  # keys of `Gate.timeouts`
SHUTDOWN_S = 2.0  # for the closing handshake of TLS


@dataclass(frozen=True, slots=True)
class Patience:
    """Deadlines of the stages of a connection, seconds.

    Attributes:
        handshake_s: for a TLS handshake.
        headers_s: for the headers of a request, from the connection or their first byte on.
        idle_s: between two requests.
        stall_s: for a client that takes nothing of its answer.
    """

    handshake_s: float
    headers_s: float
    idle_s: float
    stall_s: float


class Connection(asyncio.Protocol):
    """One connection: aiohttp's protocol, with a deadline for each stage."""

    def __init__(self, gate: Gate, entry: Entry, inner: asyncio.Protocol) -> None:
        self.entry = entry
        self._gate = gate
        self._inner = inner
        self._transport: asyncio.Transport | None = None
        self._answering: asyncio.Task[object] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._buffered = 0  # bytes that waited to be sent when the reader was last looked at

    # --- asyncio.Protocol ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a request."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance
        self._gate.opened(transport, self)
        self.enter(Stage.HEADERS)
        self._inner.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of it."""
        self._cancel()
        if self._transport is not None:
            self._gate.closed(self._transport, self.entry)
            self._transport = None
        self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Pass bytes on; the first of a request begin the time for its headers."""
        if self.entry.stage is Stage.IDLE:
            self.enter(Stage.HEADERS)
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Pass it on."""
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        """The client does not take what it asked for: watch it."""
        self._inner.pause_writing()
        if self.entry.stage is Stage.ANSWERING:
            self.enter(Stage.STALLED)
        self._watch_reader()

    def resume_writing(self) -> None:
        """The client takes it."""
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
        if self.entry.stage is Stage.STALLED:
            self.enter(Stage.ANSWERING)
        self._inner.resume_writing()

    # --- of the application ----------------------------------------------------------------------

    def begin(self, task: asyncio.Task[object]) -> None:
        """A request has its headers; `task` answers it to the last byte."""
        self._gate.request_began(self.entry)
        self._answering = task
        self.enter(Stage.ANSWERING)
        task.add_done_callback(self._ended)

    def enter(self, stage: Stage) -> None:
        """Be in another stage, with its deadline."""
        self._gate.book.move(self.entry, stage)
        if self._deadline is not None:
            self._deadline.cancel()
        wait = self._gate.wait_in(stage)
        loop = asyncio.get_running_loop()
        self._deadline = None if wait is None else loop.call_later(wait, self._expire)

    @property
    def is_open(self) -> bool:
        """Tell whether the connection can carry requests: after the TLS handshake."""
        return self._transport is not None

    def abort(self) -> None:
        """Cut it off."""
        if self._transport is not None:
            self._transport.abort()

    # --- inside ----------------------------------------------------------------------------------

    def _ended(self, task: asyncio.Task[object]) -> None:
        # The next request may have begun already: since Python 3.12 such tasks start at once.
        if task is self._answering:
            self._answering = None
            if self._transport is not None:
                self.enter(Stage.IDLE)

    def _expire(self) -> None:
        self._deadline = None
        self._gate.timed_out(self.entry.stage.name.lower())
        self.abort()

    def _watch_reader(self) -> None:
        if self._transport is not None:
            self._buffered = unsent_bytes(self._transport)
            loop = asyncio.get_running_loop()
            self._stall = loop.call_later(self._gate.patience.stall_s, self._judge_reader)

    def _judge_reader(self) -> None:
        self._stall = None
        if self._transport is None:
            return
        drained = self._buffered - unsent_bytes(self._transport)
        if drained >= LEAST_DRAINED_BYTES:
            self._watch_reader()
        else:
            self._gate.timed_out("stalled")
            self.abort()

    def _cancel(self) -> None:
        for timer in (self._deadline, self._stall):
            if timer is not None:
                timer.cancel()
        self._deadline = self._stall = None


class Gate:
    """Accepts connections for a protocol factory, such as `aiohttp.web.Server`.

    Attributes:
        refused, evicted: newcomers that found no place, and strangers that made one.
        timeouts: closed for standing still, by stage.
    """

    def __init__(
        self, bounds: Bounds, patience: Patience, proxies: Networks, tls: ssl.SSLContext | None
    ) -> None:
        self.book = ConnectionBook(bounds)
        self.patience = patience
        self.refused = self.evicted = 0
        self.timeouts: Counter[str] = Counter()
        self._proxies = proxies
        self._tls = tls
        self._factory: Callable[[], asyncio.Protocol] | None = None
        self._listeners: list[socket.socket] = []
        self._pauses: set[asyncio.TimerHandle] = set()
        self._connections: dict[Entry, Connection] = {}
        self._by_transport: dict[asyncio.BaseTransport, Connection] = {}
        self._opening: dict[Entry, asyncio.Task[None]] = {}

    # --- listening -------------------------------------------------------------------------------

    def listen(
        self, sockets: Sequence[socket.socket], factory: Callable[[], asyncio.Protocol]
    ) -> None:
        """Accept on bound sockets; they are the gate's from now on."""
        self._factory = factory
        for listener in sockets:
            listener.setblocking(False)
            listener.listen(BACKLOG)
            self._listeners.append(listener)
            self._accept_again(listener)

    def stop_listening(self) -> None:
        """Accept no more; open connections stay."""
        for pause in self._pauses:
            pause.cancel()
        self._pauses.clear()
        for listener in self._listeners:
            asyncio.get_running_loop().remove_reader(listener.fileno())
            listener.close()
        self._listeners.clear()

    async def close(self) -> None:
        """Cut off what is still open."""
        opening = tuple(self._opening.values())
        for entry in (*self._opening, *self._connections):
            self._cut(entry)
        await asyncio.gather(*opening, return_exceptions=True)

    # --- of the application ----------------------------------------------------------------------

    def of(self, request: web.Request) -> Connection | None:
        """The connection that a request came by; None once it is gone."""
        transport = request.transport
        return None if transport is None else self._by_transport.get(transport)

    def know(self, request: web.Request, login: str) -> None:
        """Note that a request is of somebody who is signed in."""
        connection = self.of(request)
        if connection is not None:
            self.book.know(connection.entry, login)

    @contextlib.contextmanager
    def awaiting_body(self, request: web.Request) -> Iterator[None]:
        """Note, for as long, that the body of a request is being read."""
        connection = self.of(request)
        if connection is not None:
            connection.enter(Stage.BODY)
        try:
            yield
        finally:
            if connection is not None:
                connection.enter(Stage.ANSWERING)

    # --- of its connections ----------------------------------------------------------------------

    def opened(self, transport: asyncio.BaseTransport, connection: Connection) -> None:
        """The connection can carry requests."""
        self._by_transport[transport] = connection

    def closed(self, transport: asyncio.BaseTransport, entry: Entry) -> None:
        """The connection is gone."""
        self._by_transport.pop(transport, None)
        self._forget(entry)

    def request_began(self, entry: Entry) -> None:
        """Behind a proxy the next request may be another person's."""
        if entry.address is None:
            self.book.forget_login(entry)

    def wait_in(self, stage: Stage) -> float | None:
        """The time that a connection may spend in a stage."""
        if stage is Stage.HEADERS:
            return self.patience.headers_s
        return self.patience.idle_s if stage is Stage.IDLE else None

    def timed_out(self, why: str) -> None:
        """Count a connection that stood still."""
        self.timeouts[why] += 1
        log.debug("connection_timed_out", why=why)

    # --- inside ----------------------------------------------------------------------------------

    def _accept_again(self, listener: socket.socket) -> None:
        asyncio.get_running_loop().add_reader(listener.fileno(), self._accept, listener)

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(ACCEPTS):
            try:
                accepted, peer = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._pause(listener, error)
                return
            self._admit(accepted, peer[0] if isinstance(peer, tuple) else "")

    def _pause(self, listener: socket.socket, error: OSError) -> None:
        """No file or memory is left, say: trying on would only keep the loop busy."""
        log.error("cannot_accept", error=str(error))
        loop = asyncio.get_running_loop()
        loop.remove_reader(listener.fileno())

        def again() -> None:
            self._pauses.discard(pause)
            self._accept_again(listener)

        pause = loop.call_later(PAUSE_S, again)
        self._pauses.add(pause)

    def _admit(self, accepted: socket.socket, peer: str) -> None:
        proxied = within(peer, self._proxies)
        entry = Entry(
            None if proxied else limiter_key(peer),
            Stage.HEADERS if self._tls is None else Stage.HANDSHAKE,
        )
        verdict = self.book.admit(entry)
        if not verdict.admitted:
            self.refused += 1
            self._warn("connection_refused", peer)
            accepted.close()
            return
        if verdict.evicted is not None:
            self.evicted += 1
            self._warn("connection_evicted", peer)
            self._cut(verdict.evicted)
        accepted.setblocking(False)
        assert self._factory is not None
        connection = self._connections[entry] = Connection(self, entry, self._factory())
        opening = asyncio.create_task(self._open(connection, accepted), name="connection")
        opening.add_done_callback(partial(self._opened, entry, accepted))
        self._opening[entry] = opening

    async def _open(self, connection: Connection, accepted: socket.socket) -> None:
        handshake = {}
        if self._tls is not None:
            handshake["ssl_handshake_timeout"] = self.patience.handshake_s
            handshake["ssl_shutdown_timeout"] = SHUTDOWN_S
        await asyncio.get_running_loop().connect_accepted_socket(
            lambda: connection, accepted, ssl=self._tls, **handshake
        )

    def _opened(self, entry: Entry, accepted: socket.socket, opening: asyncio.Task[None]) -> None:
        """Note that the connection carries requests, failed its handshake, or lost its place."""
        del self._opening[entry]
        error = None if opening.cancelled() else opening.exception()
        if error is not None:
            log.debug("connection_not_opened", error=repr(error))
            if isinstance(error, (TimeoutError, ConnectionAbortedError)):  # uvloop: the latter
                self.timeouts["handshake"] += 1
        if error is not None or opening.cancelled():
            accepted.close()
            self._forget(entry)

    def _cut(self, entry: Entry) -> None:
        connection = self._connections.get(entry)
        opening = self._opening.get(entry)
        if connection is not None and connection.is_open:
            connection.abort()
        elif opening is not None:
            opening.cancel()

    def _forget(self, entry: Entry) -> None:
        self.book.remove(entry)
        self._connections.pop(entry, None)

    def _warn(self, event: str, peer: str) -> None:
        """The 1st, 2nd, 4th, 8th … is a warning: a flood must not fill the log, too."""
        count = self.refused + self.evicted
        write = log.warning if count & (count - 1) == 0 else log.debug
        write(event, peer=peer, count=count, connections=len(self.book), known=self.book.known)
