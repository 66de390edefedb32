"""The web load, in a process of its own: library requests and logins at a fixed rate."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec

from load_tests.beside.figures import percentile
from load_tests.control import ApiClient, ApiRefused
from signaling.command.seed import DEMO_PASSWORD
from signaling.identity.wire import LoginRequest
from signaling.library.wire import LibraryState, RecordingDetail

LIBRARY_PER_S = 20
LOGINS_PER_S = 1
CONNECTIONS = 4  # kept open, as a browser does
RANGE_BYTES = 1 << 16  # of a file, as a player asks for
LIBRARIAN, VISITOR = "ziyuan", "jiaoyan"  # demo accounts: resource admin, researcher
REFUSED = (ApiRefused, aiohttp.ClientError, TimeoutError)


class SignedIn(msgspec.Struct, frozen=True):
    """The part of an identity that is read: every version of the server says it."""

    subject_id: str
    csrf_token: str


async def sign_in(client: ApiClient, login: str, password: str) -> SignedIn:
    """Sign in to a server of any version. Raises ApiRefused."""
    body = LoginRequest(login=login, password=password)
    signed = await client.call("POST", "/api/login", SignedIn, body)
    client.csrf_token = signed.csrf_token
    return signed


@dataclass(slots=True)
class Tally:
    """Outcome of the requests of one kind."""

    failed: int = 0
    took_s: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """Fields of the JSON line."""
        ordered = sorted(self.took_s)
        return {
            "answered": len(ordered),
            "failed": self.failed,
            "p50_ms": round(percentile(ordered, 0.5) * 1000, 1),
            "p99_ms": round(percentile(ordered, 0.99) * 1000, 1),
        }


async def at_rate(
    per_s: float, seconds: float, work: Callable[[], Awaitable[None]], tally: Tally
) -> None:
    """Begin `work` at a fixed rate, whether or not the earlier ones have ended."""
    begun = time.monotonic()
    running: list[asyncio.Task[None]] = []
    for number in range(int(per_s * seconds)):
        await asyncio.sleep(max(0.0, begun + number / per_s - time.monotonic()))
        running.append(asyncio.create_task(_timed(work, tally)))
    await asyncio.gather(*running)


async def _timed(work: Callable[[], Awaitable[None]], tally: Tally) -> None:
    begun = time.monotonic()
    try:
        await work()
    except REFUSED:
        tally.failed += 1
    else:
        tally.took_s.append(time.monotonic() - begun)


class Reader:
    """A resource admin who goes through the library."""

    def __init__(self, client: ApiClient, recordings: list[RecordingDetail]) -> None:
        self._client = client
        self._turns = itertools.cycle(
            [
                "/api/recordings?limit=20",
                "/api/recordings?limit=20&q=数学",
                *(f"/api/recordings/{one.summary.recording_id}" for one in recordings),
                *(file.url for one in recordings for s in one.sources for file in s.files),
            ]
        )

    async def read(self) -> None:
        """The next request. Raises aiohttp.ClientError, TimeoutError."""
        url = self._client.base_url + next(self._turns)
        headers = {"Range": f"bytes=0-{RANGE_BYTES - 1}"}
        async with self._client.http.get(
            url, headers=headers, timeout=aiohttp.ClientTimeout(total=20)
        ) as answer:
            await answer.read()
            answer.raise_for_status()


async def web_load() -> None:
    """The child process: orders come by stdin, reports go by stdout, one JSON object a line."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    orders = json.loads(await reader.readline())
    async with ApiClient(orders["url"], connections=CONNECTIONS) as client:
        await sign_in(client, LIBRARIAN, DEMO_PASSWORD)
        listed = await client.recordings()
        ready = [r for r in listed.recordings if r.state is LibraryState.READY]
        library = Reader(client, [await client.recording(r.recording_id) for r in ready])
        print(json.dumps({"kind": "ready", "recordings": len(ready)}), flush=True)
        while await reader.readline():
            report = await _load(orders["url"], library, orders["seconds"])
            print(json.dumps({"kind": "done", **report}), flush=True)


async def _load(url: str, library: Reader, seconds: float) -> dict[str, Any]:
    reads, logins = Tally(), Tally()

    async def log_in() -> None:
        async with ApiClient(url) as visitor:
            await sign_in(visitor, VISITOR, DEMO_PASSWORD)

    await asyncio.gather(
        at_rate(LIBRARY_PER_S, seconds, library.read, reads),
        at_rate(LOGINS_PER_S, seconds, log_in, logins),
    )
    return {"library": reads.figures(), "logins": logins.figures()}
