"""The real server as a process of its own, and what /proc says of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

import aiohttp

REPOSITORY = Path(__file__).resolve().parents[1]
READY_TIMEOUT_S = 180.0  # patience with a busy machine
STOP_TIMEOUT_S = 15.0
POLL_S = 0.05
LOG_TAIL_BYTES = 4000
CPU_CLOCK_SCHED = 2  # linux/posix-timers.h: the scheduler's own account, in nanoseconds
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class ServerFailed(Exception):
    """The server did not come up, or did not stop; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Resources that the server process holds and has used.

    Attributes:
        cpu_s: user and system time of all its threads since its start, seconds.
        rss_bytes: resident memory.
        fds: open file descriptors.
        threads: threads.
        taken_at: `time.monotonic()` of the reading.
    """

    cpu_s: float
    rss_bytes: int
    fds: int
    threads: int
    taken_at: float


def process_cpu_s(pid: int) -> float:
    """CPU seconds of a process from its POSIX CPU clock (clock_getcpuclockid(3)).

    Exact, where /proc/<pid>/stat may only count which process a 10 ms tick happened to hit.
    """
    return time.clock_gettime((~pid << 3) | CPU_CLOCK_SCHED)


def process_usage(pid: int) -> Usage:
    """Read /proc of a process."""
    proc = Path("/proc") / str(pid)
    fields = (proc / "stat").read_text().rpartition(")")[2].split()
    return Usage(
        cpu_s=process_cpu_s(pid),
        rss_bytes=int(fields[21]) * PAGE_BYTES,
        fds=len(list((proc / "fd").iterdir())),
        threads=int(fields[17]),
        taken_at=time.monotonic(),
    )


def _node_id(pid: int) -> str | None:
    """The name under which a child of a supervisor serves; None of other children."""
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    options = (word.partition("=") for word in words)
    return next((value for name, _, value in options if name == "--node-id"), None)


class Launched(Protocol):
    """A server process that was started, such as an `asyncio.subprocess.Process`."""

    pid: int

    @property
    def returncode(self) -> int | None:
        """The exit code, once it has ended."""

    def send_signal(self, number: int, /) -> None:
        """Send a signal."""

    def kill(self) -> None:
        """Send SIGKILL."""

    async def wait(self) -> int:
        """Wait for its end."""


class ServerProcess:
    """`tongke serve` on free ports with a data folder; an async context manager.

    Started again after `stop` or `kill`, it has the same data and ports.

    Args:
        data_dir: where it keeps its data; None makes a temporary folder that is removed at the end.
        arguments: more of them for the command.
        prefix: words before the command, such as those that enter a network namespace.
        seeded: with the demo county; else the county is empty.
        checkout: the repository whose server runs; None is this one.
    """

    def __init__(
        self,
        data_dir: Path | None = None,
        arguments: Sequence[str] = (),
        prefix: Sequence[str] = (),
        *,
        seeded: bool = True,
        checkout: Path | None = None,
    ) -> None:
        self._temporary = None if data_dir else tempfile.TemporaryDirectory(prefix="tongke-")
        self.data_dir = data_dir or Path(self._temporary.name if self._temporary else "")
        self.base_url = ""
        self.http_port = 0
        self.udp_port = 0
        # A former version has one demo county only, and its option takes no value.
        demo = "--seed-demo" if checkout else "--seed-demo=lessons"
        self._arguments = (*((demo,) if seeded else ()), *arguments)
        self._prefix = tuple(prefix)
        self._checkout = (checkout or REPOSITORY).resolve()
        self._process: Launched | None = None

    async def __aenter__(self) -> ServerProcess:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            self._remove()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_exc: object) -> None:
        stopped = await self.stop()
        tail = "" if stopped else self.log_tail()
        self._remove()
        if not stopped and kind is None:
            raise ServerFailed(f"the server did not stop when asked:\n{tail}")

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def checkout(self) -> Path:
        """The repository whose server runs."""
        return self._checkout

    @property
    def environment(self) -> dict[str, str]:
        """Of the server and of its commands: they find this checkout, whatever is installed."""
        return {**os.environ, "PYTHONPATH": str(self._checkout)}

    def command(self, name: str) -> list[str]:
        """The words of one `tongke` command on this server's data; to run in `checkout`."""
        return [sys.executable, "-m", "signaling", name, "--data", str(self.data_dir)]

    @property
    def log_path(self) -> Path:
        """The server's log."""
        return self.data_dir / "server.log"

    async def start(self) -> None:
        """Start and wait until it serves. Raises ServerFailed."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        ready = self.data_dir / "ready.json"
        ready.unlink(missing_ok=True)
        command = [*self._prefix, *self.command("serve"), "--http-host", "127.0.0.1"]
        command += ["--http-port", str(self.http_port), "--udp-port", str(self.udp_port)]
        command += ["--ready-file", str(ready), *self._arguments]
        with self.log_path.open("ab") as log:
            self._process = await self._launch(command, log)
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not self._read_ready(ready):
            if self._process.returncode is not None or time.monotonic() > deadline:
                raise ServerFailed(f"the server did not come up:\n{self.log_tail()}")
            await asyncio.sleep(POLL_S)

    async def _launch(self, command: Sequence[str], log: IO[bytes]) -> Launched:
        # A session of its own, so that Ctrl-C in the terminal reaches us first.
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=self._checkout,
            env=self.environment,
        )

    async def stop(self) -> bool:
        """Stop it: asked first, killed if it does not go; False if it had to be killed."""
        process = self._process
        if process is None or process.returncode is not None:
            return True
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            process.kill()
            await process.wait()
            return False
        return True

    async def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def usage(self) -> Usage:
        """Read /proc, of the process that was started alone."""
        return process_usage(self.pid)

    def usages(self) -> dict[str, Usage]:
        """Read /proc, of each process that serves, by its node id; `main` is the first one."""
        text = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        found = {"main": self.usage()}
        for child in map(int, text.split()):
            name = _node_id(child)
            if name is not None:
                found[name] = process_usage(child)
        return found

    async def metrics(self) -> dict[str, float]:
        """Samples of /metrics by name with labels; a proxy before the server tells none."""
        own = f"http://127.0.0.1:{self.http_port}/metrics"
        async with (
            aiohttp.ClientSession() as http,
            http.get(own, timeout=aiohttp.ClientTimeout(total=10)) as answer,
        ):
            text = await answer.text()
        samples = {}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                with contextlib.suppress(ValueError):
                    samples[name] = float(value)
        return samples

    def log_tail(self) -> str:
        """The end of the log."""
        if not self.log_path.exists():
            return ""
        with self.log_path.open("rb") as log:
            log.seek(max(0, self.log_path.stat().st_size - LOG_TAIL_BYTES))
            return log.read().decode(errors="replace")

    def _read_ready(self, path: Path) -> bool:
        try:
            facts = json.loads(path.read_text())
        except (OSError, ValueError):
            return False
        self.base_url = facts["url"].rstrip("/")
        self.http_port = facts["http_port"]
        self.udp_port = facts.get("udp_port", 0)  # a web process before cells has none
        return True

    def _remove(self) -> None:
        if self._temporary is not None:
            self._temporary.cleanup()
