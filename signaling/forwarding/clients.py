"""Connections of a web process to its cells: bounded, and kept for the next request."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Literal

import aiohttp
from aiohttp import ClientWSTimeout

from signaling.forwarding.places import CellAddress

MAX_CELLS = 64  # whose connections are kept; those of a cell not asked for longest are closed
REQUESTS_AT_ONCE = 64  # to one cell; more wait for `CONNECT_S`
CONNECT_S = 2.0  # to get a connection; a cell on the same machine has one at once
SILENCE_S = 30.0  # without a byte of the answer; 下课 waits some seconds for the recording
KEPT_S = 20.0  # an idle connection; a door keeps it for `http_idle_s`, which must be longer
GOODBYE_S = 1.0  # for the closing handshake of a WebSocket
MAX_FROM_CELL_BYTES = 4 * 1024 * 1024  # a message; the snapshot of a full room has some 100 KB
_AUTO = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")  # no header that we do not sign


class CellSocket(aiohttp.ClientWebSocketResponse[Literal[True]]):
    """A WebSocket to a cell that can be held up, so that what waits stays where it is counted."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        response: aiohttp.ClientResponse = args[3]
        self._line: Any = response.connection

    def hold(self) -> None:
        """Take nothing more from the line."""
        if self._is_open:
            self._line.protocol.pause_reading()

    def go_on(self) -> None:
        """Take from the line again."""
        if self._is_open:
            self._line.protocol.resume_reading()

    @property
    def _is_open(self) -> bool:
        transport = None if self._line is None else self._line.transport
        return transport is not None and not transport.is_closing()


class _Client:
    """The connections to one cell. Sockets have their own, lest requests wait behind them."""

    def __init__(self, cell: CellAddress, max_sockets: int) -> None:
        self.in_use = 0
        self.requests = _session(cell, REQUESTS_AT_ONCE)
        self.sockets = _session(cell, max_sockets)

    async def close(self) -> None:
        await self.requests.close()
        await self.sockets.close()


class CellClients:
    """The connections to all cells."""

    def __init__(self, max_sockets: int) -> None:
        """`max_sockets` bounds the WebSockets to one cell."""
        self._max_sockets = max_sockets
        self._clients: OrderedDict[CellAddress, _Client] = OrderedDict()

    async def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.close()
        self._clients.clear()

    @asynccontextmanager
    async def request(
        self, cell: CellAddress, method: str, url: Any, headers: Any, body: bytes
    ) -> AsyncGenerator[aiohttp.ClientResponse, None]:
        """Send a request.

        Raises:
            aiohttp.ClientError, TimeoutError, OSError: the cell is not there, or not any more.
        """
        async with (
            self._client(cell) as client,
            client.requests.request(
                method,
                url,
                headers=headers,
                data=body or None,
                allow_redirects=False,
            ) as response,
        ):
            yield response

    @asynccontextmanager
    async def socket(
        self, cell: CellAddress, url: Any, headers: Any
    ) -> AsyncGenerator[CellSocket, None]:
        """Open a WebSocket. Raises as `request`."""
        async with (
            self._client(cell) as client,
            client.sockets.ws_connect(
                url,
                headers=headers,
                timeout=ClientWSTimeout(ws_close=GOODBYE_S),
                max_msg_size=MAX_FROM_CELL_BYTES,
            ) as socket,
        ):
            assert isinstance(socket, CellSocket)
            yield socket

    @asynccontextmanager
    async def _client(self, cell: CellAddress) -> AsyncGenerator[_Client, None]:
        client = self._clients.get(cell)
        if client is None:
            await self._make_place()
            client = self._clients.setdefault(cell, _Client(cell, self._max_sockets))
        self._clients.move_to_end(cell)
        client.in_use += 1
        try:
            yield client
        finally:
            client.in_use -= 1

    async def _make_place(self) -> None:
        """Close the connections to cells that are long gone."""
        idle = [cell for cell, client in self._clients.items() if not client.in_use]
        for cell in idle[: max(0, len(self._clients) - MAX_CELLS + 1)]:
            await self._clients.pop(cell).close()


def _session(cell: CellAddress, limit: int) -> aiohttp.ClientSession:
    connector: aiohttp.BaseConnector
    if cell.unix_path is None:
        connector = aiohttp.TCPConnector(limit=limit, keepalive_timeout=KEPT_S)
    else:
        connector = aiohttp.UnixConnector(
            str(cell.unix_path), limit=limit, keepalive_timeout=KEPT_S
        )
    return aiohttp.ClientSession(
        connector=connector,
        skip_auto_headers=_AUTO,  # of WebSockets, too: browsers send no Accept with them
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(
            total=None, connect=CONNECT_S, sock_connect=CONNECT_S, sock_read=SILENCE_S
        ),
        auto_decompress=False,
        trust_env=False,
        ws_response_class=CellSocket,
    )
