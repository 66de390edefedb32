"""A real Redis on loopback: in a folder of its own, stopped by its id."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.nginx import free_port
from tests.support.waiting import READY_S

BINARY = shutil.which("redis-server")


class RedisServer:
    """One server, which can be frozen, killed, and started from a dump that it wrote before."""

    def __init__(self, folder: Path, options: Sequence[str] = ()) -> None:
        assert BINARY is not None, "redis-server is missing: run .ci/install-system"
        self._folder = folder
        self._options = options
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def dump(self) -> Path:
        """The dump that it reads when it starts, and writes at SAVE."""
        return self._folder / "dump.rdb"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [str(BINARY), "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--dir", str(self._folder), "--save", "", "--daemonize", "no", *self._options]
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        until = time.monotonic() + READY_S
        while not self.ask("PING").startswith((b"+PONG", b"-NOAUTH")):
            assert self._process.poll() is None, "redis-server did not start"
            assert time.monotonic() < until, "redis-server does not answer"
            time.sleep(0.02)

    def kill(self) -> None:
        """End it as a power cut does: it writes nothing any more."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Let it keep its connections and answer nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def ask(self, *words: str) -> bytes:
        """Send one command, beside every client that is tested; the first line of the answer."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as link:
                link.sendall(" ".join(words).encode() + b"\r\n")
                return link.recv(4096).split(b"\r\n")[0]
        except ConnectionError:
            return b""


@contextmanager
def redis_server(folder: Path, *options: str) -> Iterator[RedisServer]:
    """Run a server meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    server = RedisServer(folder, options)
    server.start()
    try:
        yield server
    finally:
        server.kill()
