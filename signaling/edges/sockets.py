"""The WebSocket at an edge's door, and how the owner opens it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from signaling.edges.edge import EdgeDesk
from signaling.edges.line import GOODBYE_S, Socket
from signaling.edges.wire import MAX_MESSAGE_BYTES
from signaling.forwarding.places import CellAddress
from signaling.forwarding.sender import Asker, Sender, reaching
from signaling.web.at_cell import AT_CELL
from signaling.web.routes import Socket as Endpoint

# Not `lesson_id`: the door asks whether a lesson of that name is here, and this one is not.
PATH = "/inner/edges/{carried_id}"


def edge_socket(desk: EdgeDesk) -> Endpoint:
    """Return the endpoint behind the door of a cell. Only other cells and web processes get in."""

    async def connect(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(
            max_msg_size=MAX_MESSAGE_BYTES, compress=False, timeout=GOODBYE_S
        )
        await socket.prepare(request)
        await desk.serve(socket, request.match_info["carried_id"])
        return socket

    return Endpoint(PATH, connect, AT_CELL, MAX_MESSAGE_BYTES)


@asynccontextmanager
async def open_line(sender: Sender, cell: CellAddress, lesson_id: str) -> AsyncIterator[Socket]:
    """Open a line to a cell that is to carry a lesson.

    Raises:
        CellAway: it cannot be reached.
    """
    path = PATH.replace("{carried_id}", lesson_id)
    url, headers = sender.signed(cell, "GET", path, headers=[], body=b"", asker=Asker())
    async with reaching(cell), sender.clients.socket(cell, url, headers) as socket:
        yield socket
