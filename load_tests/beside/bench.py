"""The measurement: a lesson of 300 packets/s with viewers, alone and beside a load in turn.

Each packet of picture carries the time at which it was sent, and the kernel says when it arrived
at a viewer. So the delay is the server's, even where this process is slow to look.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from load_tests.beside.figures import Arrivals, phase_figures, stamped, together
from load_tests.beside.lessons import start_own_lesson
from load_tests.beside.loads import LOADS, Load
from load_tests.control import ApiClient
from load_tests.fanout import SETTLE_S, Feeder, cancel
from load_tests.media import MediaClock
from load_tests.publish import PublishingPeer, VideoPlan
from load_tests.redis import redis_server
from load_tests.rtp import RtpPacket
from load_tests.server import ServerProcess
from load_tests.watch import ViewingPeer
from signaling.command.seed import DEMO_PASSWORD

TEACHER = "wang"  # demo account of the watched lesson
VIDEO_PPS = 250  # with the sound 300 packets/s, as `fanout`
FRAMES_PER_S = 250  # a packet every 4 ms, so that a pause is seen wherever it falls
SETTLED_SHARE = 0.99  # of the packets that were sent: some are on their way
SETTLED_TIMEOUT_S = 60.0  # on a busy machine
KEPT_PACKETS = 1_000_000  # of one viewer in one phase


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

    async def settled(self) -> None:
        """Wait until viewers get all that is sent: the relay adds pictures as it learns the line.

        Raises TimeoutError.
        """
        async with asyncio.timeout(SETTLED_TIMEOUT_S):
            while True:
                figures = await self.measure(SETTLE_S)
                if figures["packets"] >= figures["due"] * SETTLED_SHARE > 0:
                    return

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


async def beside(
    *,
    viewers: int,
    seconds: float,
    checkout: Path | None = None,
    load: str = "web",
    rounds: int = 1,
    cells: int = 0,
) -> dict[str, Any]:
    """Measure phases without and with the load in turn; returns the figures of the JSON line.

    Args:
        viewers: how many watch.
        seconds: how long each phase lasts.
        checkout: the repository whose server runs; None is this one.
        load: a name in `LOADS`.
        rounds: each has a phase without the load, then one with it.
        cells: lesson cells beside a web process; 0 is one process for all.
    """
    made: Load = LOADS[load]()
    quiet, loaded, told = [], [], []
    async with AsyncExitStack() as stack:
        arguments = await _of_cells(stack, cells)
        server = await stack.enter_async_context(ServerProcess(None, arguments, checkout=checkout))
        await stack.enter_async_context(made.prepared(server, seconds=seconds, rounds=rounds))
        client = await stack.enter_async_context(ApiClient(server.base_url))
        lesson = WatchedLesson()
        await stack.enter_async_context(lesson.running(client, viewers))
        go_first()
        await lesson.settled()
        for _ in range(rounds):
            quiet.append(await _with_cpu(server, lesson, seconds))
            async with made.running() as facts:
                loaded.append(await _with_cpu(server, lesson, seconds))
            told.append(facts)
        return {
            "test": "beside",
            "load": load,
            "cells": cells,
            "server": str(server.checkout),
            "compiled_core": '"compiled_core": true' in server.log_path.read_text(),
            "machine_load": round(os.getloadavg()[0], 1),
            "viewers": viewers,
            "seconds": seconds,
            "quiet": together(quiet),
            "loaded": together(loaded),
            "rounds": [
                {"quiet": a, "loaded": b, "load": c}
                for a, b, c in zip(quiet, loaded, told, strict=True)
            ],
        }


def go_first() -> None:
    """Real-time priority for this thread alone: publisher and viewers stand for other machines."""
    with contextlib.suppress(OSError):  # not root: the sender's own pauses are in the figures
        policy = os.SCHED_RR | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, policy, os.sched_param(1))


async def _of_cells(stack: AsyncExitStack, cells: int) -> tuple[str, ...]:
    """The options of a server with cells, and the Redis that they need."""
    if not cells:
        return ()
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tongke-redis-"))
    redis = await stack.enter_async_context(redis_server(Path(folder)))
    return ("--cells", str(cells), "--redis-url", redis.url, "--node-id", "bench")


async def _with_cpu(server: ServerProcess, lesson: WatchedLesson, seconds: float) -> dict[str, Any]:
    before = server.usages()
    figures = await lesson.measure(seconds)
    after = server.usages()
    shares = {
        name: (after[name].cpu_s - one.cpu_s) / (after[name].taken_at - one.taken_at)
        for name, one in before.items()
    }
    percent = {name: round(100 * share, 1) for name, share in shares.items()}
    return {
        **figures,
        "server_cpu_percent": round(sum(percent.values()), 1),
        "process_cpu_percent": percent,
    }
