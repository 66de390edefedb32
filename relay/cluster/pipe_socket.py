"""The UDP socket of all pipes of a process: opened with the first pipe, closed after the last."""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import socket
from typing import Protocol

import structlog

from relay.arrival_clock import ANCILLARY_BYTES, ArrivalClock, ask_for_stamps
from relay.cluster.ends import PIPE_ID_BYTES
from relay.config import RelayConfig
from relay.sockets import bind_one, local_addresses
from relay.transport_counters import TransportCounters

_RECEIVE_BYTES = 2048  # as `relay.driver`
_BATCH = 64  # datagrams of one wake-up, as there

_log = structlog.get_logger("relay.cluster")


class PipeReceiver(Protocol):
    """One end of a pipe here."""

    def on_datagram(self, data: bytes, now: float) -> None:
        """Take what follows the pipe's id in one datagram that arrived at `now`."""


class PipeSocket:
    """Hands datagrams to pipes by their ids.

    Attributes:
        host: to be told to other relays, while open.
        port: likewise.
    """

    def __init__(
        self, config: RelayConfig, arrivals: ArrivalClock, counters: TransportCounters
    ) -> None:
        self._config = config
        self._arrivals = arrivals
        self._counters = counters
        self._receivers: dict[bytes, PipeReceiver] = {}
        self._socket: socket.socket | None = None
        self._stamped = False
        self.host = ""
        self.port = 0

    @property
    def version(self) -> int:
        """The IP version of all pipes."""
        return ipaddress.ip_address(self._config.pipe_host).version

    def add(self, receiver: PipeReceiver) -> bytes:
        """Register an end under a fresh id, which is returned.

        Raises:
            OSError: the socket cannot be opened.
        """
        if self._socket is None:
            self._open()
        pipe_id = secrets.token_bytes(PIPE_ID_BYTES)
        while pipe_id in self._receivers:
            pipe_id = secrets.token_bytes(PIPE_ID_BYTES)
        self._receivers[pipe_id] = receiver
        return pipe_id

    def remove(self, pipe_id: bytes) -> None:
        """Forget an end; without any the socket is closed."""
        self._receivers.pop(pipe_id, None)
        if not self._receivers:
            self._close()

    def _open(self) -> None:
        config = self._config
        sock = bind_one(config.pipe_host, config.pipe_port, config.socket_buffer_bytes)
        self._stamped = ask_for_stamps(sock)
        self._socket = sock
        self.host = config.announced_pipe_host or local_addresses([sock])[0]
        self.port = sock.getsockname()[1]
        asyncio.get_running_loop().add_reader(sock.fileno(), self._readable)
        _log.info("pipes listen", host=self.host, port=self.port)

    def _close(self) -> None:
        sock, self._socket = self._socket, None
        if sock is not None:
            asyncio.get_running_loop().remove_reader(sock.fileno())
            sock.close()

    def send(self, datagram: memoryview, address: tuple[str, int]) -> None:
        """Send, or count why not. Media that cannot leave now is better lost."""
        sock = self._socket
        if sock is None:
            return
        try:
            sock.sendto(datagram, address)
        except OSError:
            self._counters.pipe_send_failed += 1

    def _readable(self) -> None:
        self._arrivals.align()
        for _ in range(_BATCH):
            sock = self._socket
            if sock is None:
                return  # the last datagram closed the last pipe
            try:
                datagram, ancillary, _, _ = sock.recvmsg(
                    _RECEIVE_BYTES, ANCILLARY_BYTES if self._stamped else 0
                )
            except BlockingIOError:
                return
            except OSError:
                self._counters.receive_failed += 1  # such as an ICMP answer to what was sent
                return
            self._counters.pipe_datagrams_in += 1
            self._take(datagram, self._arrivals.arrival(ancillary))

    def _take(self, datagram: bytes, arrival: float) -> None:
        receiver = self._receivers.get(datagram[:PIPE_ID_BYTES])
        if receiver is None:
            self._counters.pipe_unknown += 1
            return
        try:
            receiver.on_datagram(datagram[PIPE_ID_BYTES:], arrival)
        except Exception:
            self._counters.datagrams_failed += 1
            count = self._counters.datagrams_failed
            log = _log.warning if count & (count - 1) == 0 else _log.debug  # as `relay.driver`
            log("datagram of a pipe failed", count=count, exc_info=True)
