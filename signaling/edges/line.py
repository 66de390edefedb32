"""One end of the WebSocket between owner and edge: typed, bounded, and never silent."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar

import aiohttp
import msgspec
import structlog

from signaling.edges.wire import MAX_MESSAGE_BYTES, Beat, Bye

log = structlog.get_logger(__name__)

BEAT_S = 1.0  # between two signs of life, where there is nothing else to say
SILENCE_S = 4.0  # after which the other end counts as gone; a cell counts as gone after 2.4 s
GOODBYE_S = 1.0  # for what is left to be sent, and the closing handshake
MAX_WAITING = 2_000  # messages that are not sent yet; the other end does not read
_BINARY = aiohttp.WSMsgType.BINARY

_T = TypeVar("_T")


class Ending(Enum):
    """How a line ended."""

    BYE = "bye"  # one of both said so
    LOST = "lost"


class Socket(Protocol):
    """A WebSocket of either side, as aiohttp has them."""

    async def receive(self, timeout: float | None = None) -> aiohttp.WSMessage:  # noqa: ASYNC109 - aiohttp's
        """Return the next message. Raises TimeoutError."""

    async def send_bytes(self, data: bytes, compress: int | None = None) -> None:
        """Send a message."""

    async def close(self) -> object:
        """Close it."""


class Line(Generic[_T]):
    """Sends and takes messages until one end is done, or gone."""

    def __init__(self, socket: Socket, decoder: msgspec.msgpack.Decoder[_T]) -> None:
        self._socket = socket
        self._decoder = decoder
        self._waiting: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._over = asyncio.Event()  # nothing is waited for any more
        self._ending: Ending | None = None

    def send(self, message: msgspec.Struct) -> None:
        """Send a message soon. Nothing happens once the line is at its end."""
        if self._ending is not None:
            return
        self._waiting.append(msgspec.msgpack.encode(message))
        if len(self._waiting) > MAX_WAITING:
            log.warning("edge_line_full")
            self._waiting.clear()
            self.cut()
        self._wake.set()

    def bye(self) -> None:
        """Say goodbye, after what waits to be sent."""
        self.send(Bye())
        self._ending = self._ending or Ending.BYE
        asyncio.get_running_loop().call_later(GOODBYE_S, self._over.set)

    def cut(self) -> None:
        """Give the other end up."""
        self._ending = self._ending or Ending.LOST
        self._over.set()

    async def run(self, take: Callable[[_T], None]) -> Ending:
        """Carry messages until the end; `take` gets each, and what it raises ends the line."""
        reader = asyncio.create_task(self._read(take), name="edge-read")
        writer = asyncio.create_task(self._write(), name="edge-write")
        over = asyncio.create_task(self._over.wait(), name="edge-over")
        tasks: set[asyncio.Task[Any]] = {reader, writer, over}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if self._ending is not None:
                return self._ending
            return reader.result() if reader.done() else writer.result()
        finally:
            self._ending = self._ending or Ending.LOST
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(TimeoutError, ConnectionError, RuntimeError):
                async with asyncio.timeout(GOODBYE_S):
                    await self._socket.close()

    async def _read(self, take: Callable[[_T], None]) -> Ending:
        try:
            while True:
                message = await self._socket.receive(timeout=SILENCE_S)
                if message.type is not _BINARY or len(message.data) > MAX_MESSAGE_BYTES:
                    return Ending.LOST
                told = self._decoder.decode(message.data)
                if isinstance(told, Bye):
                    return Ending.BYE
                if not isinstance(told, Beat):
                    take(told)
        except msgspec.MsgspecError as error:
            log.error("edge_message_unreadable", error=str(error)[:200])
        except (TimeoutError, ConnectionError, RuntimeError):
            log.warning("edge_line_silent")
        return Ending.LOST

    async def _write(self) -> Ending:
        try:
            while True:
                while self._waiting:
                    await self._socket.send_bytes(self._waiting.popleft())
                if self._ending is not None:
                    return self._ending
                self._wake.clear()
                try:
                    async with asyncio.timeout(BEAT_S):
                        await self._wake.wait()
                except TimeoutError:
                    self.send(Beat())
        except (ConnectionError, RuntimeError):
            return Ending.LOST
