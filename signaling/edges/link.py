"""The owner's end of one edge of one lesson: its line, its pipe, and the viewers it carries."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

import msgspec
import structlog

from relay.api import (
    Answer,
    Cascade,
    CloseReason,
    OutPipe,
    Patched,
    PipedSource,
    RelayFull,
    SlotWish,
)
from signaling.edges import wire as m
from signaling.edges.api import ViewerWish
from signaling.edges.calls import Call, Calls, EdgeAway
from signaling.edges.line import Ending, Line, Socket
from signaling.edges.relay import SpreadRelay

log = structlog.get_logger(__name__)

OPEN_S = 2.0  # to reach the edge's door and get its first answer
CALL_S = 3.0  # for an answer of the edge, the opening included
IDLE_S = 30.0  # a link that carries nobody is kept for so long: viewers come and go
HANDOVER_S = 3.0  # an edge that leaves goes on for so long, while its viewers open anew
PIPE_LOOK_S = 2.0  # between two looks whether the pipe carries anything
PIPE_DEAF_S = 7.0  # a pipe that heard nothing so long after its opening leads nowhere

_FROM_EDGE: msgspec.msgpack.Decoder[m.FromEdge] = msgspec.msgpack.Decoder(m.FromEdge)

Door = Callable[[], AbstractAsyncContextManager[Socket]]


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
        self._ready = asyncio.Event()  # also set at the end
        self._pipe: OutPipe | None = None
        self._line: Line[m.FromEdge] | None = None
        self._sources: tuple[PipedSource, ...] = ()
        self._steering = m.Steer((), ())
        self._calls = Calls()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        # It outlives the request that has opened it, so its log must not bear that one's id.
        context = contextvars.copy_context()
        context.run(structlog.contextvars.unbind_contextvars, "request_id", "actor")
        self._task = self._loop.create_task(self._run(), name="edge-link", context=context)
        relay.attach(self)

    @property
    def lesson_id(self) -> str:
        """See `Carrier`."""
        return self._lesson_id

    @property
    def viewers(self) -> int:
        """Viewers that it carries, or is about to."""
        return len(self._relay.sessions_of(self)) + self._calls.opening

    # --- calls -----------------------------------------------------------------------------------

    async def watch(self, wish: ViewerWish, opened: Callable[[Answer], None]) -> Answer:
        """Open a viewing session at the edge. Raises EdgeAway, OfferError, RelayFull."""

        def note(told: m.Opened) -> None:
            session_id = told.answer.session_id
            self._relay.far_opened(self, wish.viewer_id, session_id, told.video_slots)
            opened(told.answer)

        call = self._begin(note)
        question = m.Watch(
            call.number,
            wish.offer,
            wish.viewer_id,
            wish.own_sources,
            wish.programme,
            measured=not wish.programme,
        )
        found = await self._answer(call, question)
        assert isinstance(found, m.Opened)
        return found.answer

    async def patch(self, session_id: str, fragment: str, etag: str | None) -> Patched:
        """Change a session. Raises EdgeAway, SessionNotFound, StaleSession, OfferError."""
        call = self._begin()
        found = await self._answer(call, m.Change(call.number, session_id, fragment, etag))
        assert isinstance(found, m.Changed)
        return found.patched

    def _begin(self, note: Callable[[m.Opened], None] | None = None) -> Call:
        if self.is_gone:
            raise EdgeAway
        self._forget_timer("idle")
        return self._calls.begin(note)

    async def _answer(self, call: Call, question: msgspec.Struct) -> m.Opened | m.Changed:
        try:
            async with asyncio.timeout(CALL_S):
                await self._ready.wait()
                self._send(question)
                return await call.answer
        except TimeoutError:
            log.warning("edge_slow", edge=self.edge_id, lesson_id=self._lesson_id)
            raise EdgeAway from None
        finally:
            self._calls.end(call)
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
        self._gone(avoid=False)
        if self._line is None:
            self._task.cancel()
        else:
            self._line.bye()

    async def ended(self) -> None:
        """Wait until everything is freed."""
        await asyncio.gather(self._task, return_exceptions=True)

    def when_ended(self, told: Callable[[EdgeLink], None]) -> None:
        """Tell once everything is freed."""
        self._task.add_done_callback(lambda _: told(self))

    # --- OutPipeListener -------------------------------------------------------------------------

    def on_sources(self, sources: Sequence[PipedSource]) -> None:
        """Tell the edge what can be piped."""
        self._sources = tuple(sources)
        self._send(m.Offered(self._sources))

    # --- the line --------------------------------------------------------------------------------

    def _send(self, message: msgspec.Struct) -> None:
        if self._line is not None:
            self._line.send(message)

    async def _run(self) -> None:
        ending = Ending.LOST
        try:
            self._pipe = self._cascade.open_out_pipe(self._lesson_id, self)
            ending = await self._carry(self._pipe)
        except RelayFull:
            log.info("edge_no_pipe", edge=self.edge_id, lesson_id=self._lesson_id)
        except Exception as error:  # whatever is wrong with the edge: viewers go elsewhere
            log.warning("edge_away", edge=self.edge_id, error=repr(error))
        finally:
            self._gone(avoid=True)
            self._forget_timers()
            if self._pipe is not None:
                self._pipe.close()
        log.info("edge_ended", edge=self.edge_id, lesson_id=self._lesson_id, ending=ending.value)

    async def _carry(self, pipe: OutPipe) -> Ending:
        door = self._door()
        async with asyncio.timeout(OPEN_S):
            socket = await door.__aenter__()
        try:
            line: Line[m.FromEdge] = Line(socket, _FROM_EDGE)
            line.send(m.Open(m.VERSION, self._lesson_id, pipe.end))
            line.send(m.Offered(self._sources))
            line.send(self._steering)
            self._line = line
            self._later("ready", OPEN_S, self._demand_ready)
            return await line.run(self._take)
        finally:
            await door.__aexit__(None, None, None)

    def _demand_ready(self) -> None:
        if not self._ready.is_set():
            self.cut("edge_not_ready")

    def _demand_pipe(self) -> None:
        if self._pipe is not None and not self._pipe.stats().alive:
            self.cut("edge_pipe_dead")
        else:
            self._later("pipe", PIPE_LOOK_S, self._demand_pipe)

    def cut(self, why: str) -> None:
        """Give the edge up; `why` is for the log."""
        log.warning(why, edge=self.edge_id, lesson_id=self._lesson_id)
        if self._line is not None:
            self._line.cut()

    # --- its end ---------------------------------------------------------------------------------

    def _gone(self, *, avoid: bool) -> None:
        """Take nobody any more, and tell those who are carried as down."""
        if self.is_gone:
            return
        self.is_gone = True
        self._forget_timers()
        self._calls.fail()
        self._ready.set()
        self._relay.detach(self)
        self._on_gone(self, avoid)

    def _leave(self) -> None:
        """Let viewers open anew elsewhere, and end once they have had time for it."""
        self._gone(avoid=True)
        self._later("handover", HANDOVER_S, self.end)

    def _rest(self) -> None:
        """End the link some time after its last viewer has gone."""
        if "idle" not in self._timers and not self.is_gone and not self.viewers:
            self._later("idle", IDLE_S, self.end)

    def _later(self, name: str, seconds: float, job: Callable[[], None]) -> None:
        self._forget_timer(name)
        self._timers[name] = self._loop.call_later(seconds, job)

    def _forget_timers(self) -> None:
        for name in tuple(self._timers):
            self._forget_timer(name)

    def _forget_timer(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    # --- what the edge tells ---------------------------------------------------------------------

    def _take(self, told: m.FromEdge) -> None:
        match told:
            case m.Opened() | m.Changed() | m.Refused():
                self._take_answer(told)
            case m.Up():
                self._relay.far_up(told.session_id)
            case m.Down():
                self._relay.far_down(told.session_id, told.reason)
                self._rest()
            case m.Slots():
                self._relay.far_slots(told.session_id, told.slots)
            case m.Figures():
                for one in told.sessions:
                    self._relay.far_stats(one)
            case m.Wanted():
                if self._pipe is not None:
                    self._pipe.demand(told.demand)
            case m.Ready():
                self._take_ready(told)
            case m.Leaving():
                self._leave()
            case _:
                pass  # signs of life, and the goodbye, which ends the line

    def _take_ready(self, told: m.Ready) -> None:
        assert self._pipe is not None
        self._pipe.connect(told.pipe)
        self._ready.set()
        self._later("pipe", PIPE_DEAF_S, self._demand_pipe)
        log.info("edge_opened", edge=self.edge_id, lesson_id=self._lesson_id)
        self._rest()

    def _take_answer(self, told: m.Opened | m.Changed | m.Refused) -> None:
        if isinstance(told, m.Refused) and told.call == 0:
            log.info("edge_refuses", edge=self.edge_id, reason=told.refusal.value)
            self.cut("edge_cannot_carry")
        elif not self._calls.answered(told) and isinstance(told, m.Opened):
            self._send(m.Close(told.answer.session_id, CloseReason.REQUESTED))  # nobody waits
