"""Reading the control channel in tests: wait for a message, not for a time."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import aiohttp

from tests.support.waiting import PATIENCE_S

_ids = itertools.count(1)


class Closed(Exception):
    """The server closed the channel; `code` is the WebSocket close code."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


async def read(ws: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    """The next message. Raises Closed."""
    message = await ws.receive(timeout=PATIENCE_S)
    if message.type is not aiohttp.WSMsgType.TEXT:
        raise Closed(ws.close_code)
    decoded: dict[str, Any] = message.json()
    return decoded


async def until(
    ws: aiohttp.ClientWebSocketResponse,
    kind: str,
    fits: Callable[[dict[str, Any]], bool] = lambda _: True,
) -> dict[str, Any]:
    """The next message of a type for which `fits` holds; others are passed over. Raises Closed."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            message = await read(ws)
            if message["type"] == kind and fits(message):
                return message


async def command(ws: aiohttp.ClientWebSocketResponse, kind: str, **fields: Any) -> dict[str, Any]:
    """Send a command; returns its `ack` or `error`."""
    number = next(_ids)
    await ws.send_json({"type": kind, "id": number, **fields})
    async with asyncio.timeout(PATIENCE_S):
        while True:
            message = await read(ws)
            if message["type"] in {"ack", "error"} and message.get("id") == number:
                return message
