"""Questions of an owner to an edge, each waiting for one answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from relay.api import OfferError, RelayError, RelayFull, SessionNotFound, StaleSession
from signaling.edges import wire as m

MAX_CALLS = 200  # that wait for an answer

OnOpened = Callable[[m.Opened], None]


class EdgeAway(Exception):
    """The edge cannot do it now; the owner may, where it is a new viewer."""


@dataclass(frozen=True, slots=True)
class Call:
    """A question. `opened` is called with the answer to `Watch`, in the step in which it comes."""

    number: int
    answer: asyncio.Future[m.Opened | m.Changed]
    opened: OnOpened | None = None


class Calls:
    """The questions of one link that wait."""

    def __init__(self) -> None:
        self._last = 0
        self._waiting: dict[int, Call] = {}

    @property
    def opening(self) -> int:
        """Number of viewing sessions that are being opened."""
        return sum(call.opened is not None for call in self._waiting.values())

    def begin(self, opened: OnOpened | None = None) -> Call:
        """Begin a question. Raises EdgeAway if too many wait already."""
        if len(self._waiting) >= MAX_CALLS:
            raise EdgeAway
        self._last += 1
        future: asyncio.Future[m.Opened | m.Changed] = asyncio.get_running_loop().create_future()
        call = self._waiting[self._last] = Call(self._last, future, opened)
        return call

    def end(self, call: Call) -> None:
        """Wait for it no longer."""
        self._waiting.pop(call.number, None)
        if not call.answer.cancel() and not call.answer.cancelled():
            call.answer.exception()  # known to be of no interest to anybody

    def answered(self, told: m.Opened | m.Changed | m.Refused) -> bool:
        """Take an answer; return False if nobody waits for it."""
        call = self._waiting.pop(told.call, None)
        if call is None or call.answer.done():
            return False
        if isinstance(told, m.Refused):
            call.answer.set_exception(_error(told))
            return True
        if isinstance(told, m.Opened) and call.opened is not None:
            call.opened(told)
        call.answer.set_result(told)
        return True

    def fail(self) -> None:
        """Answer all with EdgeAway."""
        for call in self._waiting.values():
            if not call.answer.done():
                call.answer.set_exception(EdgeAway())
        self._waiting.clear()


def _error(refused: m.Refused) -> RelayError | EdgeAway:
    match refused.refusal:
        case m.Refusal.BAD_OFFER:
            return OfferError(refused.field, refused.detail)
        case m.Refusal.FULL:
            return RelayFull(refused.detail)
        case m.Refusal.NO_SESSION:
            return SessionNotFound(refused.detail)
        case m.Refusal.STALE:
            return StaleSession(refused.detail)
        case _:
            return EdgeAway()
