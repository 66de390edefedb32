"""A TCP Cubic flow that competes on the link: plain sockets, bounded in time and bytes."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

from load_tests.link.namespaces import socket_in

CROSS_PORT = 5201
BLOCK = bytes(16_384)
MAX_BYTES = 1 << 30
BUFFER_BYTES = 4 << 20  # above any bandwidth-delay product here, so that only Cubic limits the flow
POLL_S = 0.2


class CubicFlow:
    """Sends from the good side to the poor side from `start` to `stop`.

    Args:
        good: path of the sender's namespace.
        poor: path of the receiver's namespace.
        address: the receiver's address.
    """

    def __init__(self, good: str, poor: str, address: str) -> None:
        self._address = (address, CROSS_PORT)
        self._stopping = threading.Event()
        self._listener = socket_in(poor, socket.SOCK_STREAM)
        self._sender = socket_in(good, socket.SOCK_STREAM)
        self._threads = [
            threading.Thread(target=self._receive, name="cubic-in", daemon=True),
            threading.Thread(target=self._send, name="cubic-out", daemon=True),
        ]
        self.failure: OSError | None = None

    def start(self) -> None:
        """Begin to send; returns at once."""
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self._listener.bind(self._address)
        self._listener.listen(1)
        self._listener.settimeout(POLL_S)
        self._sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")
        self._sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the flow and its threads."""
        self._stopping.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(5)
        self._sender.close()
        self._listener.close()

    def _send(self) -> None:
        sent = 0
        try:
            self._sender.settimeout(10)
            self._sender.connect(self._address)
            self._sender.settimeout(POLL_S)
            while not self._stopping.is_set() and sent < MAX_BYTES:
                with contextlib.suppress(TimeoutError):
                    sent += self._sender.send(BLOCK)
        except OSError as error:
            self._note(error)

    def _note(self, error: OSError) -> None:
        """Keep what went wrong, but not that the other end stopped sooner than this one."""
        if not self._stopping.is_set():
            self.failure = error

    def _receive(self) -> None:
        connection: socket.socket | None = None
        deadline = time.monotonic() + 60
        try:
            while connection is None and not self._stopping.is_set():
                with contextlib.suppress(TimeoutError):
                    connection, _ = self._listener.accept()
                if time.monotonic() > deadline:
                    return
            assert connection is not None or self._stopping.is_set()
            while connection is not None and not self._stopping.is_set():
                connection.settimeout(POLL_S)
                with contextlib.suppress(TimeoutError):
                    if not connection.recv(1 << 16):
                        return
        except OSError as error:
            self._note(error)
        finally:
            if connection is not None:
                connection.close()
