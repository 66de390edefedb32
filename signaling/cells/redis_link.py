"""The way to Redis: every script runs once, nothing waits long, nothing is cancelled inside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from signaling.cells.api import Unreachable

log = structlog.get_logger(__name__)

CONNECTIONS = 8  # of one process
_WAITING = 64  # scripts under way or waiting for a connection; more are refused at once
_RESP = 2  # RESP3 adds a handshake and push messages, which nobody here reads
SILENCE_S = 10.0  # of a channel; then Redis is asked whether it is there still
_STEPS = 3  # waits within one call: for a connection from the pool, its opening, the answer

Arguments = Sequence[str] | Sequence[int] | Sequence[str | int]


class RedisLink:
    """Runs scripts, each sent at most once.

    redis-py sends a command again when its answer is late, up to ten times by default. A script
    that counts would count again (docs/adr/0011). So retries are off here, and the caller decides.
    """

    def __init__(self, url: str, answer_s: float) -> None:
        """Make it; nothing is opened yet.

        Args:
            url: `redis://`, `rediss://` or `unix://`, without a query (`Config` refuses one, since
                its options would win over those here).
            answer_s: time for a connection to come up, and for an answer.
        """
        self._url = url
        self._answer_s = answer_s
        self._client = self._opened(CONNECTIONS)
        self._patience_s = answer_s * _STEPS
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def run(self, script: str, keys: Sequence[str], arguments: Arguments) -> Any:
        """Run a script and return its answer.

        A caller that is cancelled leaves the command to end by itself, for redis-py has handed
        answers to the wrong caller after a cancellation.

        Raises:
            Unreachable: no answer. The script may have run, or may run later, once.
        """
        if self._closed or len(self._running) >= _WAITING:
            raise Unreachable("closed" if self._closed else "too many scripts under way")
        task = asyncio.create_task(self._eval(script, keys, arguments))
        self._running.add(task)
        task.add_done_callback(self._ended)
        done, _ = await asyncio.wait({task}, timeout=self._patience_s)
        if not done:
            raise Unreachable("no answer in time")
        return task.result()

    @property
    def database(self) -> int:
        """The number of the database. Keys lie in it; channels are of the whole server."""
        return int(self._client.connection_pool.connection_kwargs.get("db") or 0)

    async def listen(self, channel: str) -> AsyncGenerator[str | None, None]:
        """Subscribe on a connection of its own: None once that stands, then each message.

        Raises:
            Unreachable: no connection, or no longer; messages may have been lost.
        """
        try:
            async with self._opened(1) as client, client.pubsub() as pubsub:
                await pubsub.subscribe(channel)
                asked = False
                while True:
                    message = await pubsub.get_message(timeout=SILENCE_S)
                    if message is None:
                        if asked:
                            raise Unreachable("a subscription was not answered")
                        await pubsub.ping()
                    elif message["type"] == "subscribe":
                        yield None
                    elif message["type"] == "message":
                        yield message["data"]
                    asked = message is None
        except (RedisError, OSError, TimeoutError) as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        """Let what is under way end, and close all connections."""
        self._closed = True
        if self._running:
            await asyncio.wait(self._running)
        await self._client.aclose()

    def _opened(self, connections: int) -> Redis:
        pool = BlockingConnectionPool.from_url(
            self._url,
            max_connections=connections,
            timeout=self._answer_s,
            socket_timeout=self._answer_s,
            socket_connect_timeout=self._answer_s,
            retry=Retry(NoBackoff(), 0),
            retry_on_error=[],
            health_check_interval=0,
            decode_responses=True,
            encoding_errors="replace",
            protocol=_RESP,
        )
        return Redis.from_pool(pool)

    async def _eval(self, script: str, keys: Sequence[str], arguments: Arguments) -> Any:
        try:
            return await self._client.eval(script, len(keys), *keys, *arguments)
        except (RedisError, OSError, TimeoutError) as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from error

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # known, though nobody may have waited for it
