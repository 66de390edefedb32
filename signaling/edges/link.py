"""The owner's end of one edge of one lesson: its line, its pipe, and the viewers it carries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import msgspec
import structlog

from relay.api import (
    Answer,
    CloseReason,
    OfferError,
    Patched,
    RelayError,
    RelayFull,
    SessionNotFound,
    SlotWish,
    StaleSession,
)
from relay.api.cascade import Cascade, OutPipe, PipedSource
from signaling.edges import wire as m
from signaling.edges.api import ViewerWish
from signaling.edges.line import Ending, Line, Socket
from signaling.edges.relay import SpreadRelay

log = structlog.get_logger(__name__)

OPEN_S = 2.0  # to reach the edge's door, and again until it is ready
CALL_S = 3.0  # for an answer of the edge
IDLE_S = 30.0  # a link that carries nobody is kept for so long: viewers come and go
HANDOVER_S = 3.0  # an edge that leaves goes on for so long, while its viewers open anew
MAX_CALLS = 200  # that wait for an answer

_FROM_EDGE: msgspec.msgpack.Decoder[m.FromEdge] = msgspec.msgpack.Decoder(m.FromEdge)

Door = Callable[[], AbstractAsyncContextManager[Socket]]


class EdgeAway(Exception):
    """The edge cannot carry a viewer now; the owner does."""


@dataclass(frozen=True, slots=True)
class _Call:
    """A question to the edge; `viewer_id` and `opened` are those of `Watch`."""

    answer: asyncio.Future[m.Opened | m.Changed]
    viewer_id: str = ""
    opened: Callable[[Answer], None] | None = None


class EdgeLink:
    """Implements `Carrier`, and `OutPipeListener` of its pipe.

    Attributes:
        edge_id: the cell that carries.
        is_gone: it takes nobody any more.
    """

    def __init__(
        self,
        lesson_id: str,
        edge_id: str,
        *,
        door: Door,
        cascade: Cascade,
        relay: SpreadRelay,
        on_gone: Callable[[EdgeLink, bool], None],
    ) -> None:
        """Begin to open it.

        Args:
            lesson_id: the lesson.
            edge_id: the cell that is to carry.
            door: opens a line to it.
            cascade: opens the pipe.
            relay: gets the news of the viewers.
            on_gone: called once, with whether the edge failed or left, so that it is to be avoided.
        """
        self.edge_id = edge_id
        self.is_gone = False
        self._lesson_id = lesson_id
        self._door = door
        self._cascade = cascade
        self._relay = relay
        self._on_gone = on_gone
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._pipe: OutPipe | None = None
        self._line: Line[m.FromEdge] | None = None
        self._sources: tuple[PipedSource, ...] = ()
        self._steering = m.Steer((), ())
        self._calls: dict[int, _Call] = {}
        self._last_call = 0
        self._carried = 0
        self._left = False
        self._idle: asyncio.TimerHandle | None = None
        self._task = self._loop.create_task(self._run(), name="edge-link")
        relay.attach(self)

    @property
    def lesson_id(self) -> str:
        """See `Carrier`."""
        return self._lesson_id

    @property
    def viewers(self) -> int:
        """Viewers that it carries, or is about to."""
        pending = sum(call.opened is not None for call in self._calls.values())
        return len(self._relay.sessions_of(self)) + pending

    # --- calls -----------------------------------------------------------------------------------

    async def watch(self, wish: ViewerWish, opened: Callable[[Answer], None]) -> Answer:
        """Open a viewing session at the edge. Raises EdgeAway, OfferError, RelayFull."""
        call = _Call(self._loop.create_future(), wish.viewer_id, opened)
        number = self._number(call)

        def question() -> m.Watch:
            return m.Watch(
                number,
                wish.offer,
                wish.viewer_id,
                wish.own_sources,
                wish.programme,
                measured=not wish.programme,
            )

        found = await self._asked(number, call, question)
        assert isinstance(found, m.Opened)
        return found.answer

    async def patch(self, session_id: str, fragment: str, etag: str | None) -> Patched:
        """Change a session. Raises EdgeAway, SessionNotFound, StaleSession, OfferError."""
        call = _Call(self._loop.create_future())
        number = self._number(call)
        found = await self._asked(
            number, call, lambda: m.Change(number, session_id, fragment, etag)
        )
        assert isinstance(found, m.Changed)
        return found.patched

    def _number(self, call: _Call) -> int:
        if self.is_gone or len(self._calls) >= MAX_CALLS:
            raise EdgeAway
        self._keep()
        self._last_call += 1
        self._calls[self._last_call] = call
        return self._last_call

    async def _asked(
        self, number: int, call: _Call, question: Callable[[], msgspec.Struct]
    ) -> m.Opened | m.Changed:
        try:
            async with asyncio.timeout(OPEN_S + CALL_S):
                await asyncio.shield(self._ready)
                self._send(question())
                return await call.answer
        except TimeoutError:
            log.warning("edge_slow", edge=self.edge_id, lesson_id=self._lesson_id)
            raise EdgeAway from None
        finally:
            self._calls.pop(number, None)
            self._settle(number, call)

    def _settle(self, number: int, call: _Call) -> None:
        """Close what a call opens, or has opened, that nobody waits for."""
        answer = call.answer
        if not answer.done():
            answer.cancel()
        if answer.cancelled():
            self._send(m.Cancel(number))
        elif answer.exception() is not None:
            pass
        self._rest()

    # --- Carrier ---------------------------------------------------------------------------------

    def steer(self, audible: Sequence[str], programme: Sequence[str]) -> None:
        """See `Carrier`."""
        self._steering = m.Steer(tuple(audible), tuple(programme))
        self._send(self._steering)

    def set_view(self, session_id: str, wishes: Sequence[SlotWish]) -> None:
        """See `Carrier`."""
        self._send(m.View(session_id, tuple(wishes)))

    def close_session(self, session_id: str, reason: CloseReason) -> None:
        """See `Carrier`."""
        self._send(m.Close(session_id, reason))
        self._loop.call_soon(self._rest)

    def end(self) -> None:
        """See `Carrier`."""
        self._gone()
        if self._line is not None:
            self._line.bye()
        else:
            self._task.cancel()

    async def ended(self) -> None:
        """Wait until everything is freed."""
        await asyncio.gather(self._task, return_exceptions=True)

    # --- OutPipeListener -------------------------------------------------------------------------

    def on_sources(self, sources: Sequence[PipedSource]) -> None:
        """Tell the edge what can be piped."""
        self._sources = tuple(sources)
        self._send(m.Offered(self._sources))

    # --- inside ----------------------------------------------------------------------------------

    def _send(self, message: msgspec.Struct) -> None:
        if self._line is not None:
            self._line.send(message)

    async def _run(self) -> None:
        ending = Ending.LOST
        try:
            self._pipe = self._cascade.open_out_pipe(self._lesson_id, self)
            ending = await self._carry(self._pipe)
        except RelayError as error:
            log.warning("edge_no_pipe", edge=self.edge_id, error=str(error))
        except Exception as error:
            log.warning("edge_away", edge=self.edge_id, error=repr(error))
        finally:
            self._gone()
            if self._pipe is not None:
                self._pipe.close()
            log.info(
                "edge_ended",
                edge=self.edge_id,
                lesson_id=self._lesson_id,
                ending=ending.value,
            )

    async def _carry(self, pipe: OutPipe) -> Ending:
        opening = self._door()
        async with asyncio.timeout(OPEN_S):
            socket = await opening.__aenter__()
        try:
            self._line = line = Line(socket, _FROM_EDGE)
            line.send(m.Open(m.VERSION, self._lesson_id, pipe.end))
            line.send(m.Offered(self._sources))
            line.send(self._steering)
            self._loop.call_later(OPEN_S, self._demand_ready)
            return await line.run(self._take)
        finally:
            await opening.__aexit__(None, None, None)

    def _demand_ready(self) -> None:
        if not self._ready.done() and self._line is not None:
            self._line.cut()

    def _gone(self) -> None:
        """Take nobody any more, and tell whoever is carried as down."""
        if self.is_gone:
            return
        by_edge = self._line is None or self._ready.done()
        self.is_gone = True
        self._keep()
        for call in tuple(self._calls.values()):
            if not call.answer.done():
                call.answer.set_exception(EdgeAway())
        if not self._ready.done():
            self._ready.set_exception(EdgeAway())
            self._ready.exception()  # nobody need wait for it
        del by_edge
        self._relay.detach(self)

    def _keep(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _rest(self) -> None:
        """End the link some time after its last viewer has gone."""
        if self._idle is None and not self.is_gone and not self.viewers:
            self._idle = self._loop.call_later(IDLE_S, self.end)

    # --- what the edge tells ---------------------------------------------------------------------

    def _take(self, told: m.FromEdge) -> None:
        match told:
            case m.Opened() | m.Changed() | m.Refused():
                self._answered(told)
