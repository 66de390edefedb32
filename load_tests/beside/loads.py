"""The loads that may run beside the lesson: each is prepared once, and runs once in each round."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from load_tests.beside.county import large_county, recorded_teachers
from load_tests.beside.lessons import end_lesson, library_of, taught
from load_tests.beside.processes import Watch, child_of, told_of
from load_tests.child import Child
from load_tests.control import ApiClient
from load_tests.fanout import cancel
from load_tests.publishing import Office, write_lesson
from load_tests.server import ServerProcess
from load_tests.sound import Babble, FileSound, Sound
from signaling.library.versions.wire import ShareScope

LIBRARY = ("recorded-a", "recorded-b", "recorded-c")
FINISHED = "recorded-d"  # its recording is finished while the load runs
LIBRARY_LESSON_S, FINISHED_LESSON_S = 1.5, 8.0
STOP_TIMEOUT_S = 10.0
SAID = "Good morning children. Today we learn about water and why a ship of iron can swim."
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


class Job(Protocol):
    """A job of the server's worker, once in each round."""

    async def ready(self, office: Office, film: Path, rounds: int) -> None:
        """Make ready what the rounds need."""

    async def done(self) -> None:
        """Order it, and wait until it is done."""

    def watch(self, server: ServerProcess) -> Watch:
        """Return what looks at its processes."""


class Preview:
    """A film that is put on the shelf: it is checked, and gets a storyboard and a waveform."""

    async def ready(self, office: Office, film: Path, rounds: int) -> None:
        """See `Job`."""
        self._office, self._film = office, film

    async def done(self) -> None:
        """See `Job`."""
        await self._office.shelve(self._film, "课")

    def watch(self, server: ServerProcess) -> Watch:
        """See `Job`."""
        return Watch("recorder.intake.", told_of(server.data_dir))


class OfDrafts:
    """Drafts with films on the shelf, one for each round, as jobs of such films share them."""

    async def ready(self, office: Office, film: Path, rounds: int) -> None:
        """See `Job`."""
        self._office = office
        self._drafts = [await office.shelve(film, f"课 {number}") for number in range(rounds)]


class Transcode(OfDrafts):
    """The edition of a film in VP8, of which every picture is coded anew."""

    async def done(self) -> None:
        """See `Job`."""
        draft = self._drafts.pop()
        await self._office.publish(draft, "课", ShareScope.PUBLIC)
        await self._office.edition_ready(draft)

    def watch(self, server: ServerProcess) -> Watch:
        """See `Job`."""
        return Watch("recorder.editions.worker", told_of(server.data_dir))


class Captions(OfDrafts):
    """The captions of a film with words, by the model that `make captions` brings."""

    async def done(self) -> None:
        """See `Job`."""
        await self._office.captions_ready(self._drafts.pop())

    def watch(self, server: ServerProcess) -> Watch:
        """See `Job`."""
        return Watch("signaling.command.work", child_of(server.pid))


class JobLoad:
    """A job beside the lesson. Its film is VP8 in 720p, and has words where there is espeak-ng."""

    def __init__(self, job: Job) -> None:
        self._job = job

    @asynccontextmanager
    async def prepared(
        self, server: ServerProcess, *, seconds: float, rounds: int
    ) -> AsyncIterator[None]:
        """See `Load`."""
        self._server = server
        film = server.data_dir / "film.webm"
        voice = await _spoken(server.data_dir)
        await asyncio.to_thread(write_lesson, film, FILM_S, codec="libvpx", voice=voice)
        async with ApiClient(server.base_url) as author, ApiClient(server.base_url) as reviewer:
            office = Office(author, reviewer)
            await office.sign_in()
            await self._job.ready(office, film, rounds)
            yield

    @asynccontextmanager
    async def running(self) -> AsyncIterator[dict[str, Any]]:
        """See `Load`. A job that outlasts the phase goes on to its end before the next one."""
        told: dict[str, Any] = {}
        ending = asyncio.create_task(self._job.done())
        watch = self._job.watch(self._server)
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


async def _spoken(folder: Path) -> Sound:
    """Return speech, without which no model has anything to do; a voice without words otherwise."""
    espeak, path = shutil.which("espeak-ng"), folder / "said.wav"
    if espeak is None:
        return Babble()
    saying = await asyncio.create_subprocess_exec(espeak, "-v", "en-us", "-w", str(path), SAID)
    if await saying.wait():
        raise RuntimeError("espeak-ng could not speak")
    return await asyncio.to_thread(FileSound, path)


LOADS = {
    "web": WebLoad,
    "transcode": lambda: JobLoad(Transcode()),
    "captions": lambda: JobLoad(Captions()),
    "previews": lambda: JobLoad(Preview()),
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
