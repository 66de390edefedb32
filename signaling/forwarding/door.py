"""In a cell: lets in requests that a web process has signed for it, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from aiohttp import web

from signaling.base.clock import Clock
from signaling.base.errors import DoorClosed
from signaling.forwarding.core.envelope import (
    Envelope,
    Refusal,
    Refused,
    body_digest,
    is_timely,
    request_digest,
)
from signaling.forwarding.core.headers import ENVELOPE, REFUSAL, passed, visible
from signaling.forwarding.core.nonces import NonceBook
from signaling.forwarding.keys import InnerKeys
from signaling.forwarding.places import HeldLessons
from signaling.forwarding.signatures import unseal
from signaling.web.app import MAX_BODY_BYTES
from signaling.web.at_cell import ARRIVAL, Arrival
from signaling.web.bodies import read_body

log = structlog.get_logger(__name__)


class DoorKeeper:
    """Implements `Door` of the web wing.

    Attributes:
        refused: the refusals, by reason, since the start.
    """

    def __init__(self, *, cell_id: str, keys: InnerKeys, held: HeldLessons, clock: Clock) -> None:
        self.refused: dict[Refusal, int] = {}
        self._cell_id = cell_id
        self._keys = keys
        self._held = held
        self._clock = clock
        self._nonces = NonceBook()
        self._opened_ms = self._now_ms

    async def let_in(self, request: web.Request) -> web.Request:
        """Return a request with the signed headers only, and what the envelope says of it.

        Raises:
            DoorClosed: it is not signed, not now, not for this cell, or not this request.
            TooLarge, RequestTimeout, Malformed, UnsupportedMediaType: of its body.
        """
        try:
            envelope = self._opened(request)
            body = await read_body(request, MAX_BODY_BYTES)
            if body_digest(body) != envelope.body:
                raise Refused(Refusal.OTHER_BODY)
            lesson_id = request.match_info.get("lesson_id")
            if lesson_id is not None and not await self._held.holds(lesson_id):
                raise Refused(Refusal.NOT_HELD)
        except Refused as refused:
            self._count(refused.reason, request)
            raise DoorClosed(refused.reason) from refused
        scrubbed = request.clone(headers=visible(tuple(request.headers.items())))
        scrubbed[ARRIVAL] = Arrival(envelope.session, envelope.remote, envelope.port, body)
        return scrubbed

    def refusal(self, error: Exception) -> Mapping[str, str]:
        """See `Door`."""
        cause = error.__cause__
        if isinstance(cause, Refused):
            return {REFUSAL: cause.reason}
        if isinstance(error, web.HTTPException):
            return {REFUSAL: Refusal.NO_ROUTE}
        return {}

    def _opened(self, request: web.Request) -> Envelope:
        """Check everything but the body. Raises Refused."""
        sealed = request.headers.getall(ENVELOPE, [])
        if len(sealed) > 1:
            raise Refused(Refusal.MALFORMED)
        envelope = unseal(sealed[0] if sealed else None, self._keys.find)
        if envelope.cell != self._cell_id:
            raise Refused(Refusal.OTHER_CELL)
        if not is_timely(envelope.at, self._now_ms, self._opened_ms):
            raise Refused(Refusal.OUT_OF_TIME)
        try:
            headers = passed(tuple(request.headers.items()))
            digest = request_digest(request.method, request.raw_path, headers)
        except UnicodeEncodeError:
            raise Refused(Refusal.OTHER_REQUEST) from None
        if digest != envelope.request:
            raise Refused(Refusal.OTHER_REQUEST)
        steady_ms = int(self._clock.monotonic() * 1000)
        if self._nonces.is_full(steady_ms):
            raise Refused(Refusal.CROWDED)
        if not self._nonces.take(envelope.nonce, steady_ms):
            raise Refused(Refusal.REPLAYED)
        return envelope

    def _count(self, reason: Refusal, request: web.Request) -> None:
        """The 1st, 2nd, 4th, 8th … of a kind is a warning: a flood must not fill the log, too."""
        count = self.refused[reason] = self.refused.get(reason, 0) + 1
        write = log.warning if count & (count - 1) == 0 else log.debug
        write("door_closed", reason=reason, peer=request.remote, count=count)

    @property
    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)
