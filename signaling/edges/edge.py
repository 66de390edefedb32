"""In a cell that carries viewers of another cell's lesson: its end of each line."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Iterator, Sequence

import msgspec
import structlog

from relay.api import (
    Cascade,
    CloseReason,
    Demand,
    InPipe,
    Layer,
    OfferError,
    Relay,
    RelayError,
    RelayFull,
    SessionNotFound,
    SessionStats,
    SlotState,
    SourceInfo,
    StaleSession,
)
from signaling.edges import wire as m
from signaling.edges.line import Ending, Line, Socket

log = structlog.get_logger(__name__)

OPEN_S = 2.0  # for the owner's first message
GRACE_S = 2.0  # a lesson whose line broke is carried on for so long
EMPTIED_S = 6.0  # for owners to send viewers elsewhere; they take 3 s
EMPTIED_LOOK_S = 0.1
FIGURES_S = 1.0  # between two tellings; links are judged once a second
FIGURES_AT_ONCE = 50  # sessions in one message
PIPE_DEAF_S = 7.0  # a pipe that heard nothing so long after its opening leads nowhere
MAX_CARRIED = 200  # lessons of others; a cell has 12 of its own

_FROM_OWNER: msgspec.msgpack.Decoder[m.FromOwner] = msgspec.msgpack.Decoder(m.FromOwner)


class EdgeDesk:
    """The lessons of other cells whose viewers this one carries; implements `RelayListener`."""

    def __init__(
        self,
        relay: Relay,
        cascade: Cascade,
        *,
        owns: Callable[[str], bool],
        takes: Callable[[], bool],
    ) -> None:
        """Put it together.

        Args:
            relay: that of this process itself.
            cascade: opens pipes.
            owns: tells whether a lesson is this cell's own.
            takes: tells whether viewers may come now.
        """
        self._relay = relay
        self._cascade = cascade
        self._owns = owns
        self._takes = takes
        self._carried: set[CarriedLesson] = set()
        self._by_session: dict[str, CarriedLesson] = {}
        relay.add_listener(self)

    @property
    def viewers(self) -> int:
        """Viewers of other cells' lessons."""
        return len(self._by_session)

    @property
    def lessons(self) -> int:
        """Lessons of other cells."""
        return len(self._carried)

    async def serve(self, socket: Socket, lesson_id: str) -> None:
        """Carry a lesson for the owner at the other end, until one of both is done."""
        try:
            async with asyncio.timeout(OPEN_S):
                first = await socket.receive()
            opening = _FROM_OWNER.decode(first.data) if isinstance(first.data, bytes) else None
        except (TimeoutError, ConnectionError, RuntimeError, msgspec.MsgspecError):
            return
        line: Line[m.FromOwner] = Line(socket, _FROM_OWNER)
        refusal = self._refusal(opening, lesson_id)
        if refusal is not None or not isinstance(opening, m.Open):
            await _refuse(line, refusal or m.Refusal.NOT_NOW)
            return
        carried = CarriedLesson(self._relay, line, opening.lesson_id, self._by_session)
        try:
            carried.open(self._cascade, opening)
        except (RelayError, ValueError, OSError) as error:
            log.warning("edge_cannot_open", lesson_id=opening.lesson_id, error=repr(error))
            carried.close()
            await _refuse(line, m.Refusal.NOT_NOW)
            return
        await self._carry(carried)

    def _refusal(self, opening: object, lesson_id: str) -> m.Refusal | None:
        if not isinstance(opening, m.Open) or opening.version != m.VERSION or not self._takes():
            return m.Refusal.NOT_NOW
        if opening.lesson_id != lesson_id:
            return m.Refusal.NOT_NOW
        if self._owns(lesson_id):
            return m.Refusal.OWN_LESSON
        return m.Refusal.FULL if len(self._carried) >= MAX_CARRIED else None

    async def _carry(self, carried: CarriedLesson) -> None:
        self._carried.add(carried)
        ending = Ending.LOST
        try:
            ending = await carried.run()
        finally:
            try:
                if ending is Ending.LOST:
                    await asyncio.sleep(GRACE_S)
            finally:
                carried.close()
                self._carried.discard(carried)

    def leave(self) -> None:
        """Ask the owners to send their viewers elsewhere: this cell drains or stops."""
        for carried in tuple(self._carried):
            carried.leave()

    async def emptied(self) -> None:
        """Wait until nobody is carried any more, after `leave`; not for ever."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(EMPTIED_S):
                while self._carried:  # noqa: ASYNC110 - each owner ends its own line
                    await asyncio.sleep(EMPTIED_LOOK_S)

    def close(self) -> None:
        """End everything."""
        for carried in tuple(self._carried):
            carried.hang_up()

    # --- RelayListener ---------------------------------------------------------------------------

    def on_session_up(self, session_id: str) -> None:
        """Tell the owner."""
        if (carried := self._by_session.get(session_id)) is not None:
            carried.tell(m.Up(session_id))

    def on_session_down(self, session_id: str, reason: CloseReason) -> None:
        """Tell the owner."""
        if (carried := self._by_session.pop(session_id, None)) is not None:
            carried.session_down(session_id)
            carried.tell(m.Down(session_id, reason))

    def on_slots_changed(self, session_id: str, slots: Sequence[SlotState]) -> None:
        """Tell the owner."""
        if (carried := self._by_session.get(session_id)) is not None:
            carried.tell(m.Slots(session_id, tuple(slots)))

    def on_source_changed(self, room_id: str, source: SourceInfo) -> None:
        """Tell nobody: the owner has the publisher."""

    def on_source_removed(self, room_id: str, source_id: str) -> None:
        """Tell nobody: the owner has the publisher."""

    def on_layers_wanted(self, session_id: str, layers: Sequence[Layer], *, sound: bool) -> None:
        """Tell nobody: the pipe does."""


class CarriedLesson:
    """One lesson of another cell; implements `InPipeListener`.

    Its room in the relay has a name of its own. So a lesson may have two owners for a moment, the
    former and the next one, and may become this cell's own.
    """

    def __init__(
        self,
        relay: Relay,
        line: Line[m.FromOwner],
        lesson_id: str,
        by_session: dict[str, CarriedLesson],
    ) -> None:
        self._relay = relay
        self._line = line
        self._room_id = f"{lesson_id}~{secrets.token_urlsafe(8)}"
        self._by_session = by_session
        self._measured: dict[str, None] = {}
        self._pipe: InPipe | None = None

    def open(self, cascade: Cascade, opening: m.Open) -> None:
        """Open the pipe and tell the owner. Raises RelayError, ValueError, OSError."""
        self._pipe = pipe = cascade.open_in_pipe(self._room_id, self)
        pipe.connect(opening.pipe)
        self.tell(m.Ready(pipe.end))

    async def run(self) -> Ending:
        """Do what the owner says, until the end of the line."""
        figures = asyncio.create_task(self._tell_figures(), name="edge-figures")
        try:
            return await self._line.run(self._take)
        finally:
            figures.cancel()
            await asyncio.gather(figures, return_exceptions=True)

    def tell(self, message: msgspec.Struct) -> None:
        """Tell the owner."""
        self._line.send(message)

    def leave(self) -> None:
        """Ask the owner to send the viewers elsewhere."""
        self.tell(m.Leaving())

    def hang_up(self) -> None:
        """End the line, and with it all viewers."""
        self._line.bye()

    def close(self) -> None:
        """End all sessions and the pipe."""
        if self._pipe is not None:
            self._pipe.close()
        self._relay.close_room(self._room_id)

    def session_down(self, session_id: str) -> None:
        """Forget a session."""
        self._measured.pop(session_id, None)

    def on_demand(self, demand: Sequence[Demand]) -> None:
        """Tell the owner what is taken."""
        self.tell(m.Wanted(tuple(demand)))

    # --- what the owner says ---------------------------------------------------------------------

    def _take(self, told: m.FromOwner) -> None:
        match told:
            case m.Watch():
                self._answer(told.call, lambda: self._watch(told))
            case m.Change():
                self._answer(told.call, lambda: self._change(told))
            case m.View():
                with contextlib.suppress(SessionNotFound, ValueError):
                    if self._is_ours(told.session_id):
                        self._relay.set_view(told.session_id, told.wishes)
            case m.Close():
                with contextlib.suppress(SessionNotFound):
                    if self._is_ours(told.session_id):
                        self._relay.close(told.session_id, told.reason)
            case m.Steer():
                self._relay.set_audible(self._room_id, told.audible)
                self._relay.set_programme(self._room_id, told.programme)
            case m.Offered():
                self._offer(told)
            case _:
                pass  # a second opening says nothing new; the goodbye ends the line

    def _is_ours(self, session_id: str) -> bool:
        return self._by_session.get(session_id) is self

    def _offer(self, told: m.Offered) -> None:
        assert self._pipe is not None
        try:
            self._pipe.set_sources(told.sources)
        except ValueError as error:  # the owner's relay is of another version
            log.error("edge_sources_refused", room=self._room_id, error=str(error))
            self._line.cut()

    def _watch(self, told: m.Watch) -> m.Opened:
        answer = self._relay.watch(
            told.offer,
            room_id=self._room_id,
            viewer_id=told.viewer_id,
            own_sources=told.own_sources,
            programme=told.programme,
        )
        self._by_session[answer.session_id] = self
        if told.measured:
            self._measured[answer.session_id] = None
        return m.Opened(told.call, answer, video_slots(answer.sdp))

    def _change(self, told: m.Change) -> m.Changed:
        if not self._is_ours(told.session_id):
            raise SessionNotFound(told.session_id)
        patched = self._relay.patch(told.session_id, told.fragment, etag=told.etag)
        return m.Changed(told.call, patched)

    def _answer(self, call: int, done: Callable[[], m.Opened | m.Changed]) -> None:
        try:
            self.tell(done())
        except OfferError as error:
            self.tell(m.Refused(call, m.Refusal.BAD_OFFER, error.field, error.detail))
        except RelayFull as error:
            self.tell(m.Refused(call, m.Refusal.FULL, detail=str(error)))
        except SessionNotFound:
            self.tell(m.Refused(call, m.Refusal.NO_SESSION))
        except StaleSession:
            self.tell(m.Refused(call, m.Refusal.STALE))

    # --- figures ---------------------------------------------------------------------------------

    def _stats(self, sessions: Sequence[str]) -> Iterator[SessionStats]:
        for session_id in sessions:
            with contextlib.suppress(SessionNotFound):  # its end is about to be told
                yield self._relay.stats(session_id)

    async def _tell_figures(self) -> None:
        """Tell figures once a second, and end the line where the pipe leads nowhere."""
        looks = 0
        while True:
            await asyncio.sleep(FIGURES_S)
            looks += 1
            sessions = tuple(self._measured)
            for start in range(0, len(sessions), FIGURES_AT_ONCE):
                self.tell(m.Figures(tuple(self._stats(sessions[start : start + FIGURES_AT_ONCE]))))
            pipe = self._pipe
            if looks * FIGURES_S > PIPE_DEAF_S and pipe is not None and not pipe.stats().alive:
                log.warning("edge_pipe_dead", room=self._room_id)
                self._line.cut()


async def _refuse(line: Line[m.FromOwner], refusal: m.Refusal) -> None:
    """Tell the owner that its lesson is not carried here."""
    line.send(m.Refused(0, refusal))
    line.bye()
    await line.run(lambda _: None)


def video_slots(answer: str) -> int:
    """Return how many slots for pictures an SDP answer has; port 0 is a section refused."""
    sections = (line.split(" ") for line in answer.splitlines() if line.startswith("m=video "))
    return sum(section[1] != "0" for section in sections)
