"""A TCP hop that cuts connections after so many bytes: a link that keeps breaking."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

PIECE_BYTES = 16 * 1024


@dataclass
class CuttingProxy:
    """Forwards to a port of this machine; `cuts` counts the connections that were cut.

    A connection is cut once it has carried `most_bytes` towards the server, as long as `cuts_left`
    lasts.
    """

    server_port: int
    most_bytes: int
    cuts_left: int
    cuts: int = 0
    port: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[CuttingProxy]:
        """Listen meanwhile."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        there, to_server = await asyncio.open_connection("127.0.0.1", self.server_port)
        back = asyncio.create_task(_pump(there, writer))
        try:
            await self._forward(reader, to_server)
        finally:
            back.cancel()
            await asyncio.gather(back, return_exceptions=True)
            for one in (writer, to_server):
                one.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        carried = 0
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(PIECE_BYTES):
                writer.write(piece)
                await writer.drain()
                carried += len(piece)
                if carried >= self.most_bytes and self.cuts_left > 0:
                    self.cuts_left -= 1
                    self.cuts += 1
                    await asyncio.sleep(0.2)  # what was sent arrives
                    return


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(PIECE_BYTES):
            writer.write(piece)
            await writer.drain()
