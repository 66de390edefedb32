"""Health of each part. Callers ask the server often, the server asks the parts seldom."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import structlog

from signaling.base.clock import Clock
from signaling.base.database import Database
from signaling.base.failures import failure_of

log = structlog.get_logger(__name__)

CHECK_TIMEOUT_S = 2.0  # for one part
KEPT_FOR_S = 5.0  # one reading answers everybody for so long
PROBE_BYTES = 4096  # one block, so that a full disk shows
OK, BUSY = "ok", "busy"  # a database that somebody writes to for long is busy, and well


class HealthCheck:
    """Tries the parts: writes a file and a row, and asks the others."""

    def __init__(
        self,
        data: Path,
        database: Database,
        probes: Mapping[str, Callable[[], Awaitable[object]]],
        clock: Clock,
    ) -> None:
        """Make it.

        Args:
            data: the data folder.
            database: the database.
            probes: for a part, by name, what fails where it does not do what it promises. A probe
                may return a word for what is wrong.
            clock: the time.
        """
        self._data = data
        self._database = database
        self._probes = probes
        self._clock = clock
        self._trying = asyncio.Lock()
        self._found: dict[str, str] = {}
        self._found_at = 0.0
        self.free_bytes: int | None = None  # for the data folder, as found last

    @property
    def latest(self) -> Mapping[str, str]:
        """What `parts` has answered last; empty before the first time."""
        return self._found

    async def parts(self) -> dict[str, str]:
        """For each part ``ok``, ``busy``, or what is wrong. At most `KEPT_FOR_S` old."""
        async with self._trying:
            now = self._clock.monotonic()
            if not self._found or now - self._found_at >= KEPT_FOR_S:
                before, self._found = self._found, await self._try_all()
                self._found_at = now
                if before and before != self._found:
                    log.warning("health_changed", **self._found)
            return dict(self._found)

    async def _try_all(self) -> dict[str, str]:
        database, disk, *others = await asyncio.gather(
            self._database_state(),
            _try(asyncio.to_thread(self._try_disk)),
            *(_try(probe()) for probe in self._probes.values()),
        )
        return {"database": database, "disk": disk, **dict(zip(self._probes, others, strict=True))}

    def _try_disk(self) -> None:
        disk = os.statvfs(self._data)
        self.free_bytes = disk.f_bavail * disk.f_frsize
        _write_probe(self._data)

    async def _database_state(self) -> str:
        read = await _try(self._database.ping())
        if read != OK:
            return read
        written = await _try(self._database.try_writing())
        return BUSY if written in {"timeout", BUSY} else written


async def _try(probe: Awaitable[Any]) -> str:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            found = await probe
    except TimeoutError:
        return "timeout"
    except Exception as error:
        failure = failure_of(error)
        return type(error).__name__ if failure is None else failure.code
    return found if isinstance(found, str) else OK


def _write_probe(folder: Path) -> None:
    """Write a block to the data folder's disk and take it away again."""
    path = folder / f".health-{os.getpid()}"
    try:
        with path.open("wb") as file:
            file.write(b"\0" * PROBE_BYTES)
            file.flush()
            os.fsync(file.fileno())
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
