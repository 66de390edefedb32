"""The measurement: a lesson of 300 packets/s with viewers, first alone, then beside web load.

Each packet of picture carries the time at which it was sent, and the kernel says when it arrived
at a viewer. So the delay is the server's, even where this process is slow to look.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from load_tests.beside.county import large_county, recorded_teachers
from load_tests.beside.figures import Arrivals, phase_figures, stamped
from load_tests.beside.lessons import end_lesson, library_of, start_own_lesson, taught
from load_tests.child import Child
from load_tests.control import ApiClient
from load_tests.fanout import SETTLE_S, Feeder, cancel
from load_tests.media import MediaClock
from load_tests.publish import PublishingPeer, VideoPlan
from load_tests.rtp import RtpPacket
from load_tests.server import ServerProcess
from load_tests.watch import ViewingPeer
from signaling.command.seed import DEMO_PASSWORD

TEACHER = "wang"  # demo account of the watched lesson
VIDEO_PPS = 250  # with the sound 300 packets/s, as `fanout`
FRAMES_PER_S = 250  # a packet every 4 ms, so that a pause is seen wherever it falls
KEPT_PACKETS = 1_000_000  # of one viewer in one phase
LIBRARY = ("recorded-a", "recorded-b", "recorded-c")
FINISHED = "recorded-d"  # its recording is finished while the load runs
LIBRARY_LESSON_S, FINISHED_LESSON_S = 1.5, 8.0
STOP_TIMEOUT_S = 10.0


class Phase:
    """One phase's packets, as they are sent and arrive."""

    def __init__(self, viewers: int) -> None:
        self.sent: list[float] = []
        self.viewers = [Arrivals(KEPT_PACKETS) for _ in range(viewers)]


class WatchedLesson:
    """The lesson that is measured: its publisher and its viewers."""

    def __init__(self) -> None:
        self._phase: Phase | None = None
        self._peers: list[ViewingPeer] = []

    @asynccontextmanager
    async def running(self, client: ApiClient, viewers: int) -> AsyncIterator[None]:
        """Publish and watch."""
        async with AsyncExitStack() as stack:
            lesson_id = await start_own_lesson(client, TEACHER, DEMO_PASSWORD)
            access = await client.media_access(lesson_id)
            external = await client.external_access(lesson_id)
            assert access.camera is not None
            clock = MediaClock()
            peer = PublishingPeer(
                client.http, client.endpoint(access.camera), clock, video=VideoPlan("VP8", ())
            )
            peer.on_send = self._on_send
            await peer.start()
            stack.push_async_callback(peer.close)
            feeder = Feeder(peer, clock, VIDEO_PPS, frames_per_s=FRAMES_PER_S)
            stack.push_async_callback(cancel, asyncio.create_task(feeder.run()))
            for number in range(viewers):
                viewer = ViewingPeer(client.http, client.endpoint(external.programme), stamped=True)
                viewer.on_packet = self._taker(viewer, number)
                await viewer.start()
                stack.push_async_callback(viewer.close)
                self._peers.append(viewer)
            yield

    async def measure(self, seconds: float) -> dict[str, Any]:
        """Figures of the time from now on."""
        phase = self._phase = Phase(len(self._peers))
        await asyncio.sleep(seconds)
        self._phase = None
        return phase_figures(phase.viewers, phase.sent)

    def _on_send(self, packet: RtpPacket) -> None:
        now = time.time()
        packet.payload = stamped(packet.payload, now)
        if self._phase is not None:
            self._phase.sent.append(now)

    def _taker(self, viewer: ViewingPeer, number: int) -> Any:
        def take(_kind: str, _slot: int, packet: RtpPacket) -> None:
            if self._phase is not None:
                self._phase.viewers[number].note(packet.payload, viewer.transport.arrived_at)

        return take


async def beside(*, viewers: int, seconds: float, checkout: Path | None = None) -> dict[str, Any]:
    """Measure both phases; returns the figures of the JSON line.

    Args:
        viewers: how many watch.
        seconds: how long each phase lasts.
        checkout: the repository whose server runs; None is this one.
    """
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(ServerProcess(checkout=checkout))
        await _prepare_library(server)
        finished, finished_id = await stack.enter_async_context(
            taught(server.base_url, FINISHED, FINISHED_LESSON_S)
        )
        client = await stack.enter_async_context(ApiClient(server.base_url))
        lesson = WatchedLesson()
        await stack.enter_async_context(lesson.running(client, viewers))
        orders = {"url": server.base_url, "seconds": seconds}
        web = await stack.enter_async_context(Child("web-load", orders))
        recordings = (await web.expect("ready"))["recordings"]
        _go_first()
        await asyncio.sleep(SETTLE_S)
        quiet = await _with_cpu(server, lesson, seconds)
        async with _import(server) as running_import:
            await web.tell("begin")
            ending = asyncio.create_task(end_lesson(finished, finished_id))
            loaded = await _with_cpu(server, lesson, seconds)
            await ending
            import_s = running_import.took_s
        done = await web.expect("done")
        return {
            "test": "beside",
            "server": str(server.checkout),
            "compiled_core": '"compiled_core": true' in server.log_path.read_text(),
            "viewers": viewers,
            "seconds": seconds,
            "quiet": quiet,
            "loaded": loaded,
            "recordings": recordings,
            "library": done["library"],
            "logins": done["logins"],
            "import_s": import_s,
        }


def _go_first() -> None:
    """Real-time priority for this thread alone: publisher and viewers stand for other machines."""
    with contextlib.suppress(OSError):  # not root: the sender's own pauses are in the figures
        policy = os.SCHED_RR | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, policy, os.sched_param(1))


async def _with_cpu(server: ServerProcess, lesson: WatchedLesson, seconds: float) -> dict[str, Any]:
    before = server.usage()
    figures = await lesson.measure(seconds)
    after = server.usage()
    share = (after.cpu_s - before.cpu_s) / (after.taken_at - before.taken_at)
    return {**figures, "server_cpu_percent": round(100 * share, 1)}


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
            process.terminate()
        await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
        await cancel(watch)
