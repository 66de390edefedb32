"""A client's WebSocket joined to a cell's: messages, back-pressure and close codes both ways."""

from __future__ import annotations

import asyncio
import contextlib

import structlog
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from signaling.forwarding.clients import GOODBYE_S, CellSocket
from signaling.web.socket_queue import unsent_bytes

log = structlog.get_logger(__name__)

# What may be on its way to a client before the cell is held up. The cell counts only what stands
# in its own line: with more here it would take a slow client for a quick one.
UNSENT_BYTES = 16 * 1024
LOOK_S = 0.02  # between two looks at how much a client has taken; nobody announces it
DEAF_S = 20.0  # a client that takes nothing for so long is cut off; a cell waits for 15 s
CELL_GONE = WSCloseCode.SERVICE_RESTART  # what the client gets when the line to the cell broke
_DATA = frozenset({WSMsgType.TEXT, WSMsgType.BINARY})
_NO_CODES = frozenset({0, 1005, 1006, 1015})  # RFC 6455 §7.4.1: never sent


class Joint:
    """One client's WebSocket, and the line to the cell."""

    def __init__(self, request: web.Request, line: CellSocket, max_message_bytes: int) -> None:
        self._request = request
        self._line = line
        self._client = web.WebSocketResponse(
            max_msg_size=max_message_bytes, compress=False, timeout=GOODBYE_S, autoping=True
        )
        self._leaving = asyncio.Event()

    def leave(self) -> None:
        """Close both ends: the web process stops."""
        self._leaving.set()

    async def run(self) -> web.WebSocketResponse:
        """Accept the client's upgrade, and carry messages until one end closes."""
        await self._client.prepare(self._request)
        try:
            code, reason = await self._carry()
        except Exception:  # an error of ours; the upgrade was answered, so no problem can be sent
            log.exception("joint_failed")
            code, reason = int(WSCloseCode.INTERNAL_ERROR), b""
        await self._close(code, reason)
        return self._client

    async def _carry(self) -> tuple[int, bytes]:
        """Carry messages. Returns with which code and reason the other end is to be closed."""
        up = asyncio.create_task(self._up(), name="forward-up")
        down = asyncio.create_task(self._down(), name="forward-down")
        leaving = asyncio.create_task(self._leaving.wait(), name="forward-leaving")
        try:
            await asyncio.wait({up, down, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if leaving.done():
                return int(WSCloseCode.GOING_AWAY), b""
            return up.result() if up.done() else down.result()
        finally:
            # A closing handshake would wait behind what the client does not read. The line is cut
            # before the task ends: aiohttp's writers share one future to wait for the socket.
            if self._is_deaf:
                self._abort()
            for task in (up, down, leaving):
                task.cancel()
            await asyncio.gather(up, down, leaving, return_exceptions=True)

    async def _up(self) -> tuple[int, bytes]:
        """Carry messages from the client to the cell. Returns how the client closed."""
        while True:
            message = await self._client.receive()
            if message.type not in _DATA:
                return _closing(message, self._client.close_code, WSCloseCode.OK)
            try:
                await _sent(self._line, message)
            except (ConnectionError, RuntimeError):
                return int(CELL_GONE), b""

    async def _down(self) -> tuple[int, bytes]:
        """Carry messages from the cell to the client. Returns how the cell closed."""
        while True:
            message = await self._line.receive()
            if message.type not in _DATA:
                return _closing(message, self._line.close_code, CELL_GONE)
            try:
                await _sent(self._client, message)
            except (ConnectionError, RuntimeError):
                return int(WSCloseCode.OK), b""
            await self._wait_for_reader()

    async def _wait_for_reader(self) -> None:
        """Hold the cell up while the client has not taken what was sent."""
        loop = asyncio.get_running_loop()
        waiting = unsent_bytes(self._request.transport)
        if waiting <= UNSENT_BYTES:
            return
        self._line.hold()
        try:
            patience = loop.time() + DEAF_S
            while waiting > UNSENT_BYTES:
                await asyncio.sleep(LOOK_S)
                still = unsent_bytes(self._request.transport)
                if still < waiting:
                    patience = loop.time() + DEAF_S
                elif loop.time() > patience:
                    self._abort()
                    return
                waiting = still
        finally:
            self._line.go_on()

    async def _close(self, code: int, reason: bytes) -> None:
        """Close both ends."""
        with contextlib.suppress(TimeoutError, ConnectionError, RuntimeError):
            async with asyncio.timeout(GOODBYE_S):
                await self._client.close(code=code, message=reason)
        with contextlib.suppress(TimeoutError, ConnectionError, RuntimeError):
            async with asyncio.timeout(GOODBYE_S):
                await self._line.close(code=code, message=reason)

    @property
    def _is_deaf(self) -> bool:
        return unsent_bytes(self._request.transport) > UNSENT_BYTES

    def _abort(self) -> None:
        if self._request.transport is not None:
            self._request.transport.abort()


async def _sent(to: CellSocket | web.WebSocketResponse, message: WSMessage) -> None:
    if message.type is WSMsgType.TEXT:
        await to.send_str(message.data)
    else:
        await to.send_bytes(message.data)


def _closing(message: WSMessage, code: int | None, otherwise: int) -> tuple[int, bytes]:
    """Return how an end closed: its code and reason, or `otherwise` where it was cut off."""
    if message.type is WSMsgType.CLOSE and message.data not in _NO_CODES:
        return int(message.data), str(message.extra or "").encode()
    if message.type is WSMsgType.CLOSE:
        return int(WSCloseCode.OK), b""
    if message.type is WSMsgType.ERROR and code is not None and code not in _NO_CODES:
        return int(code), b""  # of a message that is too large, say
    return int(otherwise), b""
