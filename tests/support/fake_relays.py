"""A relay that forwards nothing: it remembers what it was told, and tells what a test says."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from relay.api import (
    Answer,
    CloseReason,
    Demand,
    InPipeListener,
    MediaKind,
    OfferError,
    OutPipeListener,
    Patched,
    PipedSource,
    PipeEnd,
    PipeStats,
    RelayFull,
    RelayListener,
    SessionNotFound,
    SessionStats,
    SlotState,
    SlotWish,
    SourceInfo,
    StaleSession,
    Tap,
    TapSink,
)

VIDEO_SLOTS = 2
ANSWER = "v=0\r\nm=audio 9 X\r\nm=video 9 X\r\nm=video 9 X\r\nm=video 0 X\r\n"  # one is refused
BAD_OFFER = "not an offer"


@dataclass(eq=False)
class FakePipe:
    """One end of a pipe."""

    room_id: str
    end: PipeEnd
    listener: InPipeListener | OutPipeListener
    far: PipeEnd | None = None
    wanted: Sequence[Demand] = ()
    sources: Sequence[PipedSource] = ()
    alive: bool = True
    closed: bool = False

    def connect(self, far: PipeEnd) -> None:
        """See `OutPipe`, `InPipe`."""
        self.far = far

    def demand(self, demand: Sequence[Demand]) -> None:
        """See `OutPipe`."""
        self.wanted = tuple(demand)

    def set_sources(self, sources: Sequence[PipedSource]) -> None:
        """See `InPipe`."""
        self.sources = tuple(sources)

    def stats(self) -> PipeStats:
        """See `OutPipe`, `InPipe`."""
        return PipeStats(self.alive, 0.0, None, 0, 0, 0, 0, 0, 0.0)

    def close(self) -> None:
        """See `OutPipe`, `InPipe`."""
        self.closed = True


@dataclass(eq=False)
class FakeSession:
    """A viewing session."""

    room_id: str
    viewer_id: str
    own_sources: tuple[str, ...]
    programme: bool
    view: Sequence[SlotWish] = ()
    etag: str = "tag"


@dataclass(eq=False)
class FakeRelay:
    """Implements `Relay` and `Cascade`.

    Attributes:
        name: begins the ids of its sessions.
        full: it opens no session.
        pipeless: it opens no pipe.
        sessions: the open ones.
        closed: those that were closed, with the reason.
        rooms_closed: in their order.
        audible, programme: by room.
        pipes: all that were opened.
    """

    name: str
    full: bool = False
    pipeless: bool = False
    sessions: dict[str, FakeSession] = field(default_factory=dict)
    closed: dict[str, CloseReason] = field(default_factory=dict)
    rooms_closed: list[str] = field(default_factory=list)
    audible: dict[str, tuple[str, ...]] = field(default_factory=dict)
    programme: dict[str, tuple[str, ...]] = field(default_factory=dict)
    pipes: list[FakePipe] = field(default_factory=list)
    listeners: list[RelayListener] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    # --- what a test lets it tell ----------------------------------------------------------------

    def up(self, session_id: str) -> None:
        """A session comes up."""
        for listener in self.listeners:
            listener.on_session_up(session_id)

    def slots(self, session_id: str, *slots: SlotState) -> None:
        """What flows in a session's slots is another."""
        for listener in self.listeners:
            listener.on_slots_changed(session_id, slots)

    # --- Relay -----------------------------------------------------------------------------------

    def publish(self, offer: str, *, room_id: str, source_id: str) -> Answer:
        """See `Relay`."""
        raise NotImplementedError

    def watch(
        self,
        offer: str,
        *,
        room_id: str,
        viewer_id: str,
        own_sources: Collection[str] = (),
        programme: bool = False,
    ) -> Answer:
        """See `Relay`."""
        if offer == BAD_OFFER:
            raise OfferError("v=", "no SDP")
        if self.full:
            raise RelayFull("full")
        session_id = f"{self.name}-{next(self._numbers)}"
        self.sessions[session_id] = FakeSession(room_id, viewer_id, tuple(own_sources), programme)
        return Answer(session_id, ANSWER, "tag")

    def patch(self, session_id: str, sdp_fragment: str, *, etag: str | None) -> Patched:
        """See `Relay`."""
        session = self._session(session_id)
        if etag not in {None, session.etag}:
            raise StaleSession(session_id)
        return Patched(f"{sdp_fragment} at {self.name}", session.etag)

    def close(self, session_id: str, reason: CloseReason = CloseReason.REQUESTED) -> None:
        """See `Relay`."""
        self._session(session_id)
        del self.sessions[session_id]
        self.closed[session_id] = reason
        for listener in self.listeners:
            listener.on_session_down(session_id, reason)

    def close_room(self, room_id: str) -> None:
        """See `Relay`."""
        self.rooms_closed.append(room_id)
        for session_id, session in tuple(self.sessions.items()):
            if session.room_id == room_id:
                self.close(session_id)

    def set_view(self, session_id: str, wishes: Sequence[SlotWish]) -> None:
        """See `Relay`."""
        self._session(session_id).view = tuple(wishes)

    def set_programme(self, room_id: str, source_ids: Sequence[str]) -> None:
        """See `Relay`."""
        self.programme[room_id] = tuple(source_ids)

    def set_audible(self, room_id: str, source_ids: Sequence[str]) -> None:
        """See `Relay`."""
        self.audible[room_id] = tuple(source_ids)

    def sources(self, room_id: str) -> Sequence[SourceInfo]:
        """See `Relay`."""
        return ()

    def tap(self, room_id: str, sink: TapSink) -> Tap:
        """See `Relay`."""
        raise NotImplementedError

    def stats(self, session_id: str) -> SessionStats:
        """See `Relay`."""
        self._session(session_id)
        slots = tuple(SlotState(n, MediaKind.VIDEO, None, None) for n in range(VIDEO_SLOTS))
        sound = SlotState(0, MediaKind.AUDIO, None, None)
        return SessionStats(session_id, True, 12.0, 700, 0.0, (), (*slots, sound), 800_000)

    def counters(self) -> Mapping[str, int]:
        """See `Relay`."""
        return {}

    def add_listener(self, listener: RelayListener) -> None:
        """See `Relay`."""
        self.listeners.append(listener)

    # --- Cascade ---------------------------------------------------------------------------------

    def open_out_pipe(self, room_id: str, listener: OutPipeListener) -> FakePipe:
        """See `Cascade`."""
        return self._pipe(room_id, listener)

    def open_in_pipe(self, room_id: str, listener: InPipeListener) -> FakePipe:
        """See `Cascade`."""
        return self._pipe(room_id, listener)

    def _pipe(self, room_id: str, listener: InPipeListener | OutPipeListener) -> FakePipe:
        if self.pipeless:
            raise OSError("no socket")
        number = len(self.pipes)
        pipe = FakePipe(
            room_id, PipeEnd("127.0.0.1", 1000 + number, f"{number:016x}", "key"), listener
        )
        self.pipes.append(pipe)
        return pipe

    def _session(self, session_id: str) -> FakeSession:
        found = self.sessions.get(session_id)
        if found is None:
            raise SessionNotFound(session_id)
        return found
