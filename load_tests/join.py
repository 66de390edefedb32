"""Time to the first picture of a late joiner, and what joining and leaving leaves behind."""

from __future__ import annotations

import asyncio
import math
import statistics
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import aiohttp

from load_tests.control import ApiClient
from load_tests.failures import FAILURES
from load_tests.media import CAMERA_LAYERS, MediaClock
from load_tests.participants import CAMERA_FPS, LiveSource, publish_live, start_bare_lesson
from load_tests.peer import Endpoint
from load_tests.picture import CameraScene
from load_tests.server import ServerProcess, Usage
from load_tests.sound import Babble
from load_tests.watch import ViewingPeer

FRAME_TIMEOUT_S = 10.0
POLL_S = 0.002
PAUSE_S = 0.7  # between joins, with a changing part: a joiner meets any phase of the stream
CHURN_PARALLEL = 4
WARM_UP_SESSIONS = 20  # caches, allocator and thread pools fill once; that is no leak
DRAIN_TIMEOUT_S = 20.0
HOLDINGS = frozenset(
    f"tongke_{name}"
    for name in (
        "rooms",
        "control_channels",
        "control_waiting_bytes",
        "media_sessions",
        "tasks",
        "relay_sessions",
        "relay_rooms",
        "relay_addresses",
    )
)


async def _publish(client: ApiClient, stack: AsyncExitStack, lesson_id: str) -> LiveSource:
    access = await client.media_access(lesson_id)
    assert access.camera is not None
    top = CAMERA_LAYERS[-1]
    source = await publish_live(
        client, client.endpoint(access.camera), MediaClock(),
        CameraScene(top.width, top.height), Babble(), CAMERA_LAYERS, fps=CAMERA_FPS,
    )  # fmt: skip
    stack.push_async_callback(source.stop)
    return source


async def join(*, times: int) -> dict[str, Any]:
    """Join again and again; returns the figures of the JSON line."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(ServerProcess())
        client = await stack.enter_async_context(ApiClient(server.base_url))
        lesson = await start_bare_lesson(client)
        source = await _publish(client, stack, lesson.lesson_id)
        external = await client.external_access(lesson.lesson_id)
        endpoint = client.endpoint(external.programme)
        await asyncio.sleep(1.0)
        from_up, from_post = [], []
        for number in range(times):
            peer = await _first_frame(client, endpoint)
            stats = peer.video(0)
            assert stats.first_frame_at and peer.up_at and peer.posted_at
            from_up.append((stats.first_frame_at - peer.up_at) * 1000)
            from_post.append((stats.first_frame_at - peer.posted_at) * 1000)
            await peer.close()
            await asyncio.sleep(PAUSE_S * (0.5 + (number * 0.37) % 1))
        return {
            "test": "join",
            "times": times,
            "first_frame_after_up_ms": spread(from_up),
            "first_frame_after_post_ms": spread(from_post),
            "key_frames_asked": sum(source.peer.stats.plis.values()),
        }


async def _first_frame(client: ApiClient, endpoint: Endpoint) -> ViewingPeer:
    peer = ViewingPeer(client.http, endpoint)
    await peer.start()
    deadline = time.monotonic() + FRAME_TIMEOUT_S
    while peer.video(0).first_frame_at is None:
        if time.monotonic() > deadline:
            await peer.close()
            raise TimeoutError("no first frame")
        await asyncio.sleep(POLL_S)
    return peer


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile and worst of values in ms."""
    ordered = sorted(values)
    return {
        "median": round(statistics.median(ordered), 1),
        "p95": round(ordered[math.ceil(len(ordered) * 0.95) - 1], 1),  # nearest rank
        "max": round(ordered[-1], 1),
    }


async def churn(*, sessions: int) -> dict[str, Any]:
    """Join and leave; returns what the server holds before and after."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(ServerProcess())
        client = await stack.enter_async_context(ApiClient(server.base_url))
        lesson = await start_bare_lesson(client)
        await _publish(client, stack, lesson.lesson_id)
        external = await client.external_access(lesson.lesson_id)
        endpoint = client.endpoint(external.programme)
        await _join_and_leave(endpoint, WARM_UP_SESSIONS)
        gauges, before = await _settled(server)
        started = time.monotonic()
        failed = await _join_and_leave(endpoint, sessions)
        took = time.monotonic() - started
        gauges_after, after = await _settled(server)
        held = {
            name.removeprefix("tongke_"): [gauges[name], gauges_after[name]]
            for name in sorted(HOLDINGS & gauges.keys() & gauges_after.keys())
        }
        return {
            "test": "churn",
            "sessions": sessions,
            "failed": failed,
            "seconds": round(took, 1),
            "fds": [before.fds, after.fds],
            "threads": [before.threads, after.threads],
            "rss_mib": [round(u.rss_bytes / 2**20, 1) for u in (before, after)],
            "held": held,
        }


async def _join_and_leave(endpoint: Endpoint, sessions: int) -> int:
    """Each third session ends without DELETE, by DTLS alone; returns how many never came up."""
    left = iter(range(sessions))
    failed = 0

    async def worker(http: aiohttp.ClientSession) -> None:
        nonlocal failed
        for number in left:
            peer = ViewingPeer(http, endpoint, count_only=True)
            try:
                await peer.start()
                await asyncio.sleep(0.05)
            except FAILURES:
                failed += 1
            finally:
                if number % 3 == 0:
                    peer.location = None
                await peer.close()

    async with aiohttp.ClientSession() as http:
        await asyncio.gather(*(worker(http) for _ in range(CHURN_PARALLEL)))
    return failed


async def _settled(server: ServerProcess) -> tuple[dict[str, float], Usage]:
    """Gauges and /proc once the descriptors stand still."""
    deadline = time.monotonic() + DRAIN_TIMEOUT_S
    usage = server.usage()
    while time.monotonic() < deadline:
        await asyncio.sleep(1.0)
        now = server.usage()
        if now.fds == usage.fds:
            break
        usage = now
    return await server.metrics(), server.usage()
