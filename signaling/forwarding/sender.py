"""Sends signed requests to cells: a client's, or a web process's own."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import structlog
from multidict import CIMultiDict
from yarl import URL

from signaling.base.clock import Clock
from signaling.base.errors import CellAway, Malformed
from signaling.forwarding.clients import CellClients
from signaling.forwarding.core.envelope import Envelope, Refusal, body_digest, request_digest
from signaling.forwarding.core.headers import ENVELOPE, REFUSAL, TRACEPARENT, Pairs, passed
from signaling.forwarding.keys import InnerKeys
from signaling.forwarding.places import CellAddress
from signaling.forwarding.signatures import seal
from signaling.tracing.api import NO_TRACING, Tracing

log = structlog.get_logger(__name__)

MAX_OWN_ANSWER_BYTES = 16 * 1024 * 1024  # the rooms of a cell; 1,000 rooms of 10 have 1 MB
# What goes wrong on the way to a cell, and on the way back.
AWAY = (aiohttp.ClientError, TimeoutError, OSError)


class NotHeld(Exception):
    """The cell has the lesson no more, and did nothing."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, as the web process knows. Without a session it is the web process itself."""

    session: str | None = None
    remote: str = ""
    port: int | None = None


class Sender:
    """Signs requests, and tells what comes back from what does not.

    Attributes:
        clients: the connections to the cells.
        tracing: names the trace that a request belongs to.
    """

    def __init__(
        self,
        clients: CellClients,
        keys: InnerKeys,
        clock: Clock,
        tracing: Tracing = NO_TRACING,
    ) -> None:
        self.clients = clients
        self.tracing = tracing
        self._keys = keys
        self._clock = clock

    def signed(
        self,
        cell: CellAddress,
        method: str,
        target: str,
        *,
        headers: Pairs,
        body: bytes,
        asker: Asker,
    ) -> tuple[URL, CIMultiDict[str]]:
        """Return the URL and the headers with which a request goes to a cell.

        Raises:
            Malformed: a header is not text.
        """
        headers = [pair for pair in headers if pair[0].lower() != TRACEPARENT]
        if (trace := self.tracing.header) is not None:
            headers.append((TRACEPARENT, trace))
        try:
            digest = request_digest(method, target, passed(headers))
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
            session=asker.session,
            remote=asker.remote,
            port=asker.port,
        )
        sent = CIMultiDict([*headers, (ENVELOPE, seal(envelope, key))])
        return URL(cell.base + target, encoded=True), sent

    async def ask(
        self, cell: CellAddress, method: str, path: str, body: bytes = b""
    ) -> tuple[int, bytes]:
        """Ask a cell in the web process's own name; returns status and body.

        Raises:
            CellAway: the cell does not answer.
        """
        headers: Pairs = [("Content-Type", "application/json")] if body else []
        url, signed = self.signed(cell, method, path, headers=headers, body=body, asker=Asker())
        async with reaching(cell), self.clients.request(cell, method, url, signed, body) as answer:
            demand_answer(cell, answer.status, answer.headers.get(REFUSAL))
            if (answer.content_length or 0) > MAX_OWN_ANSWER_BYTES:
                raise CellAway("the answer is too large")
            return answer.status, await answer.read()


@asynccontextmanager
async def reaching(cell: CellAddress) -> AsyncGenerator[None, None]:
    """Turn what goes wrong on the way into CellAway."""
    try:
        yield
    except aiohttp.WSServerHandshakeError as error:
        refusal = None if error.headers is None else error.headers.get(REFUSAL)
        demand_answer(cell, error.status, refusal)
        log.warning("cell_refused_socket", cell=cell.cell_id, status=error.status)
        raise CellAway(f"the cell answered {error.status}") from None
    except AWAY as error:
        log.warning("cell_away", cell=cell.cell_id, error=repr(error))
        raise CellAway("the cell does not answer; what was asked may have been done") from None


def demand_answer(cell: CellAddress, status: int, refusal: str | None) -> None:
    """Raise unless it is a handler that answered. A refusal of the door is our fault, not theirs.

    Raises:
        CellAway: the door did not let us in.
        NotHeld: another cell has the lesson.
    """
    if refusal is None:
        return
    if refusal == Refusal.NOT_HELD:
        raise NotHeld
    log.error("cell_refuses", cell=cell.cell_id, status=status, reason=refusal[:40])
    raise CellAway("the cell does not take requests from here")
