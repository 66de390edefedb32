"""An installation whose processes are started one by one, as systemd or Kubernetes does it.

async with installation(folder, redis_url, cells=2) as inst:
    teacher, lesson, rooms = await inst.web.live_lesson()
    await inst.cells["cell-1"].terminate()
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from load_tests.server import Launched, ServerProcess
from tests.support.forking import fork
from tests.support.server import REPOSITORY, TongkeServer
from tests.support.waiting import until

OF_WEB = ("--roles", "web,worker", "--node-id", "web")


class CellProcess:
    """A process with the role of a cell, in a session of its own.

    Attributes:
        node_id: its name.
        checkout: the repository whose code it runs.
    """

    def __init__(
        self,
        node_id: str,
        data: Path,
        door: Path,
        arguments: Sequence[str],
        checkout: Path = REPOSITORY,
    ) -> None:
        self.node_id = node_id
        self.checkout = checkout
        self._data = data
        self._door = door
        self._arguments = arguments
        self._process: Launched | None = None

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """What it wrote."""
        return self._log.read_text() if self._log.exists() else ""

    async def start(self) -> None:
        """Start it, and wait until it takes lessons."""
        ready = self._data / f"{self.node_id}.ready.json"
        ready.unlink(missing_ok=True)
        words = ["serve", "--roles", "cell", "--data", str(self._data), "--node-id", self.node_id]
        words += ["--door", f"unix://{self._door}", "--udp-host", "127.0.0.1", "--udp-port", "0"]
        words += ["--ready-file", str(ready), *self._arguments]
        with self._log.open("ab") as log:
            self._process = await self._launched(words, log)
        await until(lambda: self._has_told(ready))

    async def _launched(self, words: list[str], log: IO[bytes]) -> Launched:
        environment = {**os.environ, "PYTHONPATH": str(self.checkout)}
        if self.checkout == REPOSITORY:
            return await fork(words, environment, self.checkout, log)
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "signaling", *words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=self.checkout,
            env=environment,
        )

    def terminate(self) -> None:
        """SIGTERM."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.kill()

    async def wait(self) -> int:
        """Wait for its end; returns the exit status."""
        assert self._process is not None
        return await self._process.wait()

    async def stop(self) -> None:
        """End it at once, as Ctrl-C does, or hard if it does not go."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(20.0):
                await process.wait()
                return
        process.kill()
        await process.wait()

    @property
    def _log(self) -> Path:
        return self._data / f"{self.node_id}.log"

    def _has_told(self, ready: Path) -> bool:
        assert self._process is not None
        assert self._process.returncode is None, self.log
        try:
            return bool(json.loads(ready.read_text()))
        except (OSError, ValueError):
            return False


@dataclass
class Installation:
    """A web process, and cells by their names.

    Attributes:
        web: its address is that of later web processes, too.
        cells: all that were started.
        shared: words for all processes.
        sockets: the folder of the cells' doors.
        stack: what ends with the installation.
    """

    web: TongkeServer
    shared: Sequence[str]
    sockets: Path
    stack: contextlib.AsyncExitStack
    cells: dict[str, CellProcess] = field(default_factory=dict)

    async def start_cell(self, name: str, checkout: Path = REPOSITORY) -> CellProcess:
        """Start one more cell."""
        door = self.sockets / f"{name}.sock"
        cell = self.cells[name] = CellProcess(name, self.web.data, door, self.shared, checkout)
        self.stack.push_async_callback(cell.stop)
        await cell.start()
        return cell

    async def replace_web(self, checkout: Path) -> None:
        """Stop the web process, and start one of another checkout at the same address."""
        words = (*OF_WEB, *self.shared)
        successor = ServerProcess(self.web.data, words, seeded=False, checkout=checkout)
        successor.http_port = self.web.http_port
        await self.web.down()
        await self.stack.enter_async_context(successor)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database."""
        with closing(sqlite3.connect(self.web.data / "tongke.db")) as database:
            return database.execute(query, values).fetchall()

    def holder(self, lesson_id: str) -> str:
        """The cell that has a lesson, by the database; empty if none has."""
        return self.lease(lesson_id)[1]

    def lease(self, lesson_id: str) -> tuple[int, str]:
        """The epoch of a lesson, and the cell that has it; 0 and empty if none ever had it."""
        query = "SELECT epoch, cell_id FROM lesson_leases WHERE lesson_id = ?"
        for epoch, cell_id in self.rows(query, lesson_id):
            return epoch, cell_id or ""
        return 0, ""


@asynccontextmanager
async def installation(
    folder: Path, redis_url: str, *, cells: int, arguments: Sequence[str] = ()
) -> AsyncIterator[Installation]:
    """Start a web process and cells; `arguments` are those of all of them."""
    shared = ("--redis-url", redis_url, *arguments)
    async with contextlib.AsyncExitStack() as stack:
        # Paths of Unix sockets are 107 bytes long at most.
        sockets = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tongke-")))
        web = await stack.enter_async_context(TongkeServer.start(folder, (*OF_WEB, *shared)))
        made = Installation(web, shared, sockets, stack)
        for number in range(1, cells + 1):
            await made.start_cell(f"cell-{number}")
        yield made
