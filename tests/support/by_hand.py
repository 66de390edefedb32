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
from dataclasses import dataclass
from pathlib import Path

from tests.support.server import REPOSITORY, TongkeServer
from tests.support.waiting import until


class CellProcess:
    """A process with the role of a cell, in a session of its own."""

    def __init__(self, node_id: str, data: Path, door: Path, arguments: Sequence[str]) -> None:
        self.node_id = node_id
        self._data = data
        self._door = door
        self._arguments = arguments
        self._process: asyncio.subprocess.Process | None = None

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
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "signaling", "serve", "--roles", "cell"),
                *("--data", str(self._data), "--node-id", self.node_id),
                *("--door", f"unix://{self._door}", "--udp-host", "127.0.0.1", "--udp-port", "0"),
                *("--ready-file", str(ready), *self._arguments),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=REPOSITORY,
                env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            )
        await until(lambda: self._has_told(ready))

    def terminate(self) -> None:
        """SIGTERM."""
        assert self._process is not None
        self._process.terminate()

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
    """A web process, and cells by their names."""

    web: TongkeServer
    cells: dict[str, CellProcess]

    def holder(self, lesson_id: str) -> str:
        """The cell that has a lesson, by the database; empty if none has."""
        with closing(sqlite3.connect(self.web.data / "tongke.db")) as database:
            query = "SELECT cell_id FROM lesson_leases WHERE lesson_id = ?"
            row = database.execute(query, (lesson_id,)).fetchone()
        return (row and row[0]) or ""


@asynccontextmanager
async def installation(
    folder: Path, redis_url: str, *, cells: int, arguments: Sequence[str] = ()
) -> AsyncIterator[Installation]:
    """Start a web process and cells; `arguments` are those of all of them."""
    shared = ("--redis-url", redis_url, *arguments)
    of_web = ("--roles", "web,worker", "--node-id", "web", *shared)
    async with contextlib.AsyncExitStack() as stack:
        # Paths of Unix sockets are 107 bytes long at most.
        sockets = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tongke-")))
        web = await stack.enter_async_context(TongkeServer.start(folder, of_web))
        made: dict[str, CellProcess] = {}
        for name in (f"cell-{number}" for number in range(1, cells + 1)):
            made[name] = CellProcess(name, web.data, sockets / f"{name}.sock", shared)
            stack.push_async_callback(made[name].stop)
            await made[name].start()
        yield Installation(web, made)
