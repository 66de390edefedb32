"""The loads that may run beside the lesson: each is prepared once, and runs once in each round."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from load_tests.beside.county import large_county, recorded_teachers
from load_tests.beside.lessons import end_lesson, library_of, taught
from load_tests.beside.processes import Watch
from load_tests.child import Child
from load_tests.control import ApiClient
from load_tests.fanout import cancel
from load_tests.publishing import Office, write_lesson
from load_tests.server import ServerProcess
from signaling.library.versions.wire import ShareScope

LIBRARY = ("recorded-a", "recorded-b", "recorded-c")
FINISHED = "recorded-d"  # its recording is finished while the load runs
LIBRARY_LESSON_S, FINISHED_LESSON_S = 1.5, 8.0
STOP_TIMEOUT_S = 10.0
FILM_S = 60  # of a film that is coded anew: longer than a phase, on any machine


class Load(Protocol):
    """Something that the server has to do beside the lesson."""

    def prepared(self, server: ServerProcess, *, seconds: float, rounds: int) -> Any:
        """Make ready what the rounds need; an async context manager."""

    @asynccontextmanager
    def running(self) -> AsyncIterator[dict[str, Any]]:
        """Run it; what is yielded holds its figures when the context has ended."""


class WebLoad:
    """Library requests, logins, a lesson that is finished, and an import of a county.

    It runs in one round alone: a lesson ends once.
    """

    def __init__(self) -> None:
        self._facts: dict[str, Any] = {}

    @asynccontextmanager
    async def prepared(
        self, server: ServerProcess, *, seconds: float, rounds: int
    ) -> AsyncIterator[None]:
        """See `Load`."""
        if rounds != 1:
            raise ValueError("the web load has one round")
        async with AsyncExitStack() as stack:
            self._server = server
            await _prepare_library(server)
            self._finished = await stack.enter_async_context(
                taught(server.base_url, FINISHED, FINISHED_LESSON_S)
            )
            orders = {"url": server.base_url, "seconds": seconds}
            self._web = await stack.enter_async_context(Child("web-load", orders))
            self._facts["recordings"] = (await self._web.expect("ready"))["recordings"]
            yield

    @asynccontextmanager
    async def running(self) -> AsyncIterator[dict[str, Any]]:
        """See `Load`."""
        told = dict(self._facts)
        async with _import(self._server) as running_import:
            await self._web.tell("begin")
            ending = asyncio.create_task(end_lesson(*self._finished))
            yield told
            await ending
            told["import_s"] = running_import.took_s
        done = await self._web.expect("done")
        told |= {"library": done["library"], "logins": done["logins"]}


class JobLoad:
    """A job of the worker: a film that is put on the shelf, or the edition of one.

    Its pictures are VP8 in 720p, so that every one of an edition is coded anew.
    """

    def __init__(self, *, edition: bool) -> None:
        self._edition = edition
        self._drafts: list[str] = []

    @asynccontextmanager
    async def prepared(
        self, server: ServerProcess, *, seconds: float, rounds: int
    ) -> AsyncIterator[None]:
        """See `Load`."""
        self._film = server.data_dir / "film.webm"
        await asyncio.to_thread(write_lesson, self._film, FILM_S, codec="libvpx")
        async with ApiClient(server.base_url) as author, ApiClient(server.base_url) as reviewer:
            self._office = Office(author, reviewer)
            await self._office.sign_in()
            self._server = server
            if self._edition:
                for number in range(rounds):
                    draft = await self._office.shelve(self._film, f"课 {number}")
                    self._drafts.append(draft)
            yield

    @asynccontextmanager
    async def running(self) -> AsyncIterator[dict[str, Any]]:
        """See `Load`. A job that outlasts the phase goes on to its end before the next one."""
        told: dict[str, Any] = {}
        if self._edition:
            draft = self._drafts.pop()
            await self._office.publish(draft, "课", ShareScope.PUBLIC)
            ending = asyncio.create_task(self._office.edition_ready(draft))
            watch = Watch("recorder.editions.worker", self._server.data_dir)
        else:
            ending = asyncio.create_task(_shelved(self._office, self._film))
            watch = Watch("recorder.intake.", self._server.data_dir)
        try:
            await watch.begun()
            before = watch.usage()
            yield told
            told |= watch.between(before, watch.usage())
            began = time.monotonic()
            await ending
            told["went_on_s"] = round(time.monotonic() - began, 1)
        finally:
            await cancel(ending)


async def _shelved(office: Office, film: Path) -> None:
    await office.shelve(film, "课")


LOADS = {
    "web": WebLoad,
    "transcode": lambda: JobLoad(edition=True),
    "previews": lambda: JobLoad(edition=False),
}


async def _prepare_library(server: ServerProcess) -> None:
    """Teachers with lessons of their own, and short recordings of all but one."""
    begun = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
    async with _import(server, recorded_teachers((*LIBRARY, FINISHED), begun)) as running:
        if await running.process.wait():
            raise RuntimeError("the recorded teachers could not be imported")
    await library_of(server.base_url, list(LIBRARY), LIBRARY_LESSON_S)


class RunningImport:
    """`tongke import` as a process. `took_s` is None as long as it has not ended well."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.took_s: float | None = None
        self._begun = time.monotonic()

    async def watch(self) -> None:
        """Note when it ends."""
        if await self.process.wait() == 0:
            self.took_s = round(time.monotonic() - self._begun, 1)


@asynccontextmanager
async def _import(server: ServerProcess, text: str = "") -> AsyncIterator[RunningImport]:
    file = server.data_dir / "county.toml"
    file.write_text(text or large_county())
    process = await asyncio.create_subprocess_exec(
        *server.command("import"), str(file), cwd=server.checkout, env=server.environment,
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    running = RunningImport(process)
    watch = asyncio.create_task(running.watch())
    try:
        yield running
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
        await cancel(watch)
