"""In a web process: hands requests of a lesson on to its cell, and the answers back."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import AbstractContextManager

import aiohttp
import structlog
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from signaling.base.errors import CellAway
from signaling.base.text import is_word
from signaling.forwarding.core.headers import REFUSAL, REQUEST_ID, handed_on, passed
from signaling.forwarding.metrics import REQUEST, SOCKET, ForwardCounts
from signaling.forwarding.places import CellAddress, LessonPlaces, NoCell, OpenLessons
from signaling.forwarding.sender import AWAY, Asker, NotHeld, Sender, demand_answer, reaching
from signaling.forwarding.sockets import Joint
from signaling.tracing.api import CELL, LESSON, STATUS, Kind, Span
from signaling.web.app import MAX_BODY_BYTES
from signaling.web.at_cell import AtCell
from signaling.web.bodies import read_body
from signaling.web.routes import Call, Socket

log = structlog.get_logger(__name__)

MAX_FORWARDED_BYTES = MAX_BODY_BYTES  # of a request; the largest of a lesson is a still of 48 KiB
HELD_ANSWER_BYTES = 64 * 1024  # an answer up to this is read whole before the client gets any
PIECE_BYTES = 64 * 1024  # of a larger one
_EMPTY = frozenset({204, 304})  # RFC 9110 §6.4.1: no body


class Forwarder:
    """Implements `Elsewhere` of the web wing.

    Attributes:
        counts: what was handed on.
    """

    def __init__(
        self,
        *,
        places: LessonPlaces,
        lessons: OpenLessons,
        sender: Sender,
    ) -> None:
        self._places = places
        self._lessons = lessons
        self._sender = sender
        self._joints: set[Joint] = set()
        self.counts = ForwardCounts()

    def say_goodbye(self) -> None:
        """Close the sockets of all clients: this web process stops."""
        for joint in tuple(self._joints):
            joint.leave()

    async def answer(self, call: Call, at: AtCell) -> web.StreamResponse | None:
        """See `Elsewhere`."""
        lesson_id = at.lesson(call.request.match_info)
        cell = await self._cell(lesson_id, at)
        if cell is None:
            return None
        body = await read_body(call.request, MAX_FORWARDED_BYTES)
        with self.counts.counted(REQUEST), self._span(lesson_id) as span:
            try:
                return await self._asked(call, cell, body, span)
            except NotHeld:
                return await self._asked(call, await self._other(lesson_id, cell), body, span)

    async def connect(self, call: Call, sock: Socket) -> web.StreamResponse | None:
        """See `Elsewhere`."""
        at = sock.at_cell
        assert at is not None
        lesson_id = at.lesson(call.request.match_info)
        cell = await self._cell(lesson_id, at) if is_word(lesson_id) else None
        if cell is None:
            return None
        with self.counts.counted(SOCKET), self._span(lesson_id) as span:
            try:
                return await self._joined(call, cell, sock, span)
            except NotHeld:
                return await self._joined(call, await self._other(lesson_id, cell), sock, span)

    # --- which cell ------------------------------------------------------------------------------

    async def _cell(self, lesson_id: str, at: AtCell) -> CellAddress | None:
        """Return the cell of a lesson, chosen now if need be; None where any process may answer."""
        cell = await self._places.cell_of(lesson_id)
        if cell is not None:
            return cell
        size = await self._lessons.size(lesson_id)
        if size is None or not (at.opens or size.is_live):
            return None
        try:
            return await self._places.place(lesson_id, size.rooms)
        except NoCell as error:
            self.counts.placed_nowhere += 1
            raise CellAway(str(error)) from None

    async def _other(self, lesson_id: str, former: CellAddress) -> CellAddress:
        """Return the cell that has a lesson which another one does not have any more."""
        self._places.forget(lesson_id)
        cell = await self._places.cell_of(lesson_id)
        if cell is None or cell == former:
            raise CellAway("the lesson is between two cells")
        return cell

    # --- there and back --------------------------------------------------------------------------

    def _span(self, lesson_id: str) -> AbstractContextManager[Span]:
        return self._sender.tracing.span("forward", Kind.CLIENT, {LESSON: lesson_id})

    async def _asked(
        self, call: Call, cell: CellAddress, body: bytes, span: Span
    ) -> web.StreamResponse:
        request = call.request
        span.tell({CELL: cell.cell_id})
        url, headers = self._signed(call, cell, body)
        async with reaching(cell):
            sending = self._sender.clients.request(cell, request.method, url, headers, body)
            async with sending as answer:
                demand_answer(cell, answer.status, answer.headers.get(REFUSAL))
                span.tell({STATUS: answer.status}, failed=answer.status >= 500)
                if _is_small(answer):
                    return _whole(answer, await answer.read())
                return await _streamed(request, answer)

    async def _joined(
        self, call: Call, cell: CellAddress, sock: Socket, span: Span
    ) -> web.StreamResponse:
        span.tell({CELL: cell.cell_id})
        url, headers = self._signed(call, cell, b"")
        async with contextlib.AsyncExitStack() as stack:
            async with reaching(cell):
                opening = self._sender.clients.socket(cell, url, headers)
                line = await stack.enter_async_context(opening)
            span.end()  # what follows may last for hours
            joint = Joint(call.request, line, sock.max_message_bytes)
            self._joints.add(joint)
            try:
                return await joint.run()
            finally:
                self._joints.discard(joint)

    def _signed(self, call: Call, cell: CellAddress, body: bytes) -> tuple[URL, CIMultiDict[str]]:
        """Return the URL and the headers with which a request goes to a cell."""
        request = call.request
        headers = passed(tuple(request.headers.items()))
        headers = [pair for pair in headers if pair[0].lower() != REQUEST_ID.lower()]
        request_id = structlog.contextvars.get_contextvars().get("request_id")
        if request_id is not None:
            headers.append((REQUEST_ID, str(request_id)))
        session = None if call.login is None else call.login.session_hash
        asker = Asker(session, call.remote, call.port)
        target = request.rel_url.raw_path_qs
        return self._sender.signed(
            cell, request.method, target, headers=headers, body=body, asker=asker
        )


def _is_small(answer: aiohttp.ClientResponse) -> bool:
    """Tell whether an answer is read whole, so that its client gets all of it or an error."""
    size = answer.content_length
    return answer.status in _EMPTY or (size is not None and size <= HELD_ANSWER_BYTES)


def _whole(answer: aiohttp.ClientResponse, body: bytes) -> web.Response:
    headers = CIMultiDict(handed_on(tuple(answer.headers.items())))
    return web.Response(status=answer.status, reason=answer.reason, headers=headers, body=body)


async def _streamed(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    """Hand an answer on in pieces, as fast as the client takes them."""
    headers = CIMultiDict(handed_on(tuple(answer.headers.items())))
    response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=headers)
    response.content_length = answer.content_length
    await response.prepare(request)
    try:
        while piece := await answer.content.read(PIECE_BYTES):
            await response.write(piece)  # the gate cuts off a client that takes nothing
        await response.write_eof()
    except (*AWAY, asyncio.CancelledError) as error:
        # The client has the status already: only a cut line tells that the answer is not whole.
        if request.transport is not None:
            request.transport.abort()
        if isinstance(error, asyncio.CancelledError):
            raise
        log.warning("answer_broke_off", error=repr(error))
    return response
