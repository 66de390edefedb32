"""In a web process: hands requests of a lesson on to its cell, and the answers back."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import aiohttp
import structlog
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from signaling.base.clock import Clock
from signaling.base.errors import CellAway, Malformed
from signaling.base.text import is_word
from signaling.forwarding.clients import CellClients
from signaling.forwarding.core.envelope import Envelope, Refusal, body_digest, request_digest
from signaling.forwarding.core.headers import ENVELOPE, REFUSAL, REQUEST_ID, handed_on, passed
from signaling.forwarding.keys import InnerKeys
from signaling.forwarding.places import CellAddress, LessonPlaces, NoCell, OpenLessons
from signaling.forwarding.signatures import seal
from signaling.forwarding.sockets import Joint
from signaling.web.app import MAX_BODY_BYTES
from signaling.web.at_cell import AtCell
from signaling.web.bodies import read_body
from signaling.web.routes import Call, Socket

log = structlog.get_logger(__name__)

MAX_FORWARDED_BYTES = MAX_BODY_BYTES  # of a request; the largest of a lesson is a still of 48 KiB
HELD_ANSWER_BYTES = 64 * 1024  # an answer up to this is read whole before the client gets any
PIECE_BYTES = 64 * 1024  # of a larger one

# What goes wrong on the way to a cell, and on the way back.
_EMPTY = frozenset({204, 304})  # RFC 9110 §6.4.1: no body
_AWAY = (aiohttp.ClientError, TimeoutError, OSError)


class Forwarder:
    """Implements `Elsewhere` of the web wing."""

    def __init__(
        self,
        *,
        places: LessonPlaces,
        lessons: OpenLessons,
        keys: InnerKeys,
        clock: Clock,
        max_sockets: int,
    ) -> None:
        self._places = places
        self._lessons = lessons
        self._keys = keys
        self._clock = clock
        self._clients = CellClients(max_sockets)
        self._joints: set[Joint] = set()

    def say_goodbye(self) -> None:
        """Close the sockets of all clients: this web process stops."""
        for joint in tuple(self._joints):
            joint.leave()

    async def close(self) -> None:
        """Close the connections to the cells."""
        await self._clients.close()

    async def answer(self, call: Call, at: AtCell) -> web.StreamResponse | None:
        """See `Elsewhere`."""
        lesson_id = at.lesson(call.request.match_info)
        cell = await self._cell(lesson_id, at)
        if cell is None:
            return None
        body = await read_body(call.request, MAX_FORWARDED_BYTES)
        try:
            return await self._asked(call, cell, body)
        except _NotHeld:
            return await self._asked(call, await self._other(lesson_id, cell), body)

    async def connect(self, call: Call, sock: Socket) -> web.StreamResponse | None:
        """See `Elsewhere`."""
        at = sock.at_cell
        assert at is not None
        lesson_id = at.lesson(call.request.match_info)
        cell = await self._cell(lesson_id, at) if is_word(lesson_id) else None
        if cell is None:
            return None
        try:
            return await self._joined(call, cell, sock)
        except _NotHeld:
            return await self._joined(call, await self._other(lesson_id, cell), sock)

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
            raise CellAway(str(error)) from None

    async def _other(self, lesson_id: str, former: CellAddress) -> CellAddress:
        """Return the cell that has a lesson which another one does not have any more."""
        cell = await self._places.cell_of(lesson_id)
        if cell is None or cell == former:
            raise CellAway("the lesson is between two cells")
        return cell

    # --- there and back --------------------------------------------------------------------------

    async def _asked(self, call: Call, cell: CellAddress, body: bytes) -> web.StreamResponse:
        request = call.request
        url, headers = self._signed(call, cell, body)
        async with _reaching(cell):
            sending = self._clients.request(cell, request.method, url, headers, body)
            async with sending as answer:
                _demand_answer(cell, answer.status, answer.headers.get(REFUSAL))
                if _is_small(answer):
                    return _whole(answer, await answer.read())
                return await _streamed(request, answer)

    async def _joined(self, call: Call, cell: CellAddress, sock: Socket) -> web.StreamResponse:
        url, headers = self._signed(call, cell, b"")
        async with contextlib.AsyncExitStack() as stack:
            async with _reaching(cell):
                opening = self._clients.socket(cell, url, headers)
                line = await stack.enter_async_context(opening)
            joint = Joint(call.request, line, sock.max_message_bytes)
            self._joints.add(joint)
            try:
                return await joint.run()
            finally:
                self._joints.discard(joint)

    def _signed(self, call: Call, cell: CellAddress, body: bytes) -> tuple[URL, CIMultiDict[str]]:
        """Return the URL and the headers with which a request goes to a cell."""
        request = call.request
        target = request.rel_url.raw_path_qs
        given: Sequence[tuple[str, str]] = tuple(request.headers.items())
        headers = [pair for pair in passed(given) if pair[0].lower() != REQUEST_ID.lower()]
        request_id = structlog.contextvars.get_contextvars().get("request_id")
        if request_id is not None:
            headers.append((REQUEST_ID, str(request_id)))
        try:
            digest = request_digest(request.method, target, passed(headers))
        except UnicodeEncodeError:
            raise Malformed("a header is not UTF-8") from None
        key_id, key = self._keys.signing
        envelope = Envelope(
            key=key_id,
            at=int(self._clock.now().timestamp() * 1000),
            nonce=secrets.token_urlsafe(16),
            cell=cell.cell_id,
            request=digest,
            body=body_digest(body),
            session=None if call.login is None else call.login.session_hash,
            remote=call.remote,
            port=call.port,
        )
        headers.append((ENVELOPE, seal(envelope, key)))
        return URL(cell.base + target, encoded=True), CIMultiDict(headers)


class _NotHeld(Exception):
    """The cell has the lesson no more, and did nothing."""


@asynccontextmanager
async def _reaching(cell: CellAddress) -> AsyncGenerator[None, None]:
    """Turn what goes wrong on the way into CellAway."""
    try:
        yield
    except aiohttp.WSServerHandshakeError as error:
        refusal = None if error.headers is None else error.headers.get(REFUSAL)
        _demand_answer(cell, error.status, refusal)
        log.warning("cell_refused_socket", cell=cell.cell_id, status=error.status)
        raise CellAway(f"the cell answered {error.status}") from None
    except _AWAY as error:
        log.warning("cell_away", cell=cell.cell_id, error=repr(error))
        raise CellAway("the cell does not answer; what was asked may have been done") from None


def _demand_answer(cell: CellAddress, status: int, refusal: str | None) -> None:
    """Raise unless it is a handler that answered. A refusal of the door is our fault, not theirs.

    Raises:
        CellAway: the door did not let us in.
        _NotHeld: another cell has the lesson.
    """
    if refusal is None:
        return
    if refusal == Refusal.NOT_HELD:
        raise _NotHeld
    log.error("cell_refuses", cell=cell.cell_id, status=status, reason=refusal[:40])
    raise CellAway("the cell does not take requests from here")


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
    except (*_AWAY, asyncio.CancelledError) as error:
        # The client has the status already: only a cut line tells that the answer is not whole.
        if request.transport is not None:
            request.transport.abort()
        if isinstance(error, asyncio.CancelledError):
            raise
        log.warning("answer_broke_off", error=repr(error))
    return response
