"""The relay of a cell whose lessons may have viewers in other cells."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from relay.api import (
    Answer,
    CloseReason,
    Layer,
    Patched,
    Relay,
    RelayListener,
    SessionNotFound,
    SessionStats,
    SlotState,
    SlotWish,
    SourceInfo,
    Tap,
    TapSink,
)


class Carrier(Protocol):
    """An edge that carries viewers of one lesson, as the owner's relay needs it."""

    @property
    def lesson_id(self) -> str:
        """The lesson."""

    def steer(self, audible: Sequence[str], programme: Sequence[str]) -> None:
        """Tell who is heard, and what the programme is."""

    def set_view(self, session_id: str, wishes: Sequence[SlotWish]) -> None:
        """Replace a viewer's wishes."""

    def close_session(self, session_id: str, reason: CloseReason) -> None:
        """End a session."""

    def end(self) -> None:
        """End all sessions: the lesson is over here, or has moved."""


@dataclass(slots=True)
class _Viewing:
    """A viewing session; `carrier` is None for one of this cell's relay."""

    room_id: str
    viewer_id: str
    carrier: Carrier | None
    video_slots: int = 0
    stats: SessionStats | None = None


@dataclass(slots=True)
class _Steering:
    audible: tuple[str, ...] = ()
    programme: tuple[str, ...] = ()


class SpreadRelay:
    """Implements `Relay`: viewing sessions of edges are steered and told of as its own ones are.

    Only opening and changing one takes an answer of the edge; see `LessonEdges`. All else is said
    to the edge, or known from what it told last.
    """

    def __init__(self, own: Relay) -> None:
        """`own` is the relay of this process."""
        self._own = own
        self._listeners: list[RelayListener] = []
        self._viewing: dict[str, _Viewing] = {}  # by session, in the order of opening
        self._carriers: dict[str, list[Carrier]] = {}  # by room
        self._steering: dict[str, _Steering] = {}  # by room
        own.add_listener(_OwnNews(self, self._listeners))

    # --- edges -----------------------------------------------------------------------------------

    def attach(self, carrier: Carrier) -> None:
        """Let a carrier follow its lesson."""
        self._carriers.setdefault(carrier.lesson_id, []).append(carrier)
        steering = self._steering.get(carrier.lesson_id, _Steering())
        carrier.steer(steering.audible, steering.programme)

    def detach(self, carrier: Carrier) -> None:
        """Forget a carrier; whoever it carries still is told as down."""
        carriers = self._carriers.get(carrier.lesson_id, [])
        if carrier in carriers:
            carriers.remove(carrier)
        if not carriers:
            self._carriers.pop(carrier.lesson_id, None)
        for session_id in self.sessions_of(carrier):
            self.far_down(session_id, CloseReason.SHUTDOWN)

    def sessions_of(self, carrier: Carrier) -> tuple[str, ...]:
        """Return the sessions that an edge carries."""
        return tuple(one for one, viewing in self._viewing.items() if viewing.carrier is carrier)

    def viewers_here(self, room_id: str) -> int:
        """Return the number of viewers of a room whom this cell's relay carries."""
        viewings = self._viewing.values()
        return sum(one.room_id == room_id and one.carrier is None for one in viewings)

    def far_opened(
        self, carrier: Carrier, viewer_id: str, session_id: str, video_slots: int
    ) -> None:
        """Note a session that an edge opened."""
        self._viewing[session_id] = _Viewing(carrier.lesson_id, viewer_id, carrier, video_slots)

    def far_up(self, session_id: str) -> None:
        """Tell that a session of an edge is up."""
        if session_id in self._viewing:
            self._tell(lambda listener: listener.on_session_up(session_id))
            self._replace_older(session_id)

    def far_down(self, session_id: str, reason: CloseReason) -> None:
        """Tell that a session of an edge has ended."""
        if self._viewing.pop(session_id, None) is not None:
            self._tell(lambda listener: listener.on_session_down(session_id, reason))

    def far_slots(self, session_id: str, slots: Sequence[SlotState]) -> None:
        """Tell what flows in the slots of a session of an edge."""
        if session_id in self._viewing:
            self._tell(lambda listener: listener.on_slots_changed(session_id, slots))

    def far_stats(self, stats: SessionStats) -> None:
        """Keep the figures of a session of an edge."""
        viewing = self._viewing.get(stats.session_id)
        if viewing is not None:
            viewing.stats = stats

    def carrier_of(self, session_id: str) -> Carrier | None:
        """Return the edge that carries a session; None if it is none of an edge."""
        viewing = self._viewing.get(session_id)
        return None if viewing is None else viewing.carrier

    def _tell(self, news: Callable[[RelayListener], None]) -> None:
        """Tell listeners after the present step, as the relay does."""
        loop = asyncio.get_running_loop()
        for listener in self._listeners:
            loop.call_soon(news, listener)

    # --- what the own relay tells ----------------------------------------------------------------

    def note_up(self, session_id: str) -> None:
        """Let a session of this cell's relay take over from one of an edge."""
        self._replace_older(session_id)

    def note_down(self, session_id: str) -> None:
        """Forget a session of this cell's relay."""
        self._viewing.pop(session_id, None)

    def _replace_older(self, session_id: str) -> None:
        """End what the same viewer has opened before, elsewhere: each relay knows only its own."""
        newest = self._viewing.get(session_id)
        if newest is None:
            return
        older = []
        for one, viewing in self._viewing.items():
            if one == session_id:
                break
            same = (viewing.room_id, viewing.viewer_id) == (newest.room_id, newest.viewer_id)
            if same and viewing.carrier is not newest.carrier:
                older.append(one)
        for one in older:
            with contextlib.suppress(SessionNotFound):
                self.close(one, CloseReason.REPLACED)

    # --- Relay -----------------------------------------------------------------------------------

    def publish(self, offer: str, *, room_id: str, source_id: str) -> Answer:
        """See `Relay`."""
        return self._own.publish(offer, room_id=room_id, source_id=source_id)

    def watch(
        self,
        offer: str,
        *,
        room_id: str,
        viewer_id: str,
        own_sources: Collection[str] = (),
        programme: bool = False,
    ) -> Answer:
        """See `Relay`. The session is one of this cell's."""
        answer = self._own.watch(
            offer,
            room_id=room_id,
            viewer_id=viewer_id,
            own_sources=own_sources,
            programme=programme,
        )
        self._viewing[answer.session_id] = _Viewing(room_id, viewer_id, None)
        return answer

    def patch(self, session_id: str, sdp_fragment: str, *, etag: str | None) -> Patched:
        """See `Relay`; of this cell's sessions only."""
        return self._own.patch(session_id, sdp_fragment, etag=etag)

    def close(self, session_id: str, reason: CloseReason = CloseReason.REQUESTED) -> None:
        """See `Relay`."""
        carrier = self.carrier_of(session_id)
        if carrier is None:
            self._own.close(session_id, reason)
        else:
            carrier.close_session(session_id, reason)
            self.far_down(session_id, reason)

    def close_room(self, room_id: str) -> None:
        """See `Relay`; the edges of the room end, too."""
        self._steering.pop(room_id, None)
        self._own.close_room(room_id)
        for carrier in tuple(self._carriers.get(room_id, ())):
            carrier.end()

    def set_view(self, session_id: str, wishes: Sequence[SlotWish]) -> None:
        """See `Relay`."""
        viewing = self._viewing.get(session_id)
        if viewing is None or viewing.carrier is None:
            self._own.set_view(session_id, wishes)
            return
        for wish in wishes:
            if not 0 <= wish.slot < viewing.video_slots:
                raise ValueError(f"no video slot {wish.slot}")
        viewing.carrier.set_view(session_id, wishes)

    def set_programme(self, room_id: str, source_ids: Sequence[str]) -> None:
        """See `Relay`."""
        self._own.set_programme(room_id, source_ids)
        self._steering.setdefault(room_id, _Steering()).programme = tuple(source_ids)
        self._steer(room_id)

    def set_audible(self, room_id: str, source_ids: Sequence[str]) -> None:
        """See `Relay`."""
        self._own.set_audible(room_id, source_ids)
        self._steering.setdefault(room_id, _Steering()).audible = tuple(source_ids)
        self._steer(room_id)

    def _steer(self, room_id: str) -> None:
        steering = self._steering[room_id]
        for carrier in self._carriers.get(room_id, ()):
            carrier.steer(steering.audible, steering.programme)

    def sources(self, room_id: str) -> Sequence[SourceInfo]:
        """See `Relay`: all are published here."""
        return self._own.sources(room_id)

    def tap(self, room_id: str, sink: TapSink) -> Tap:
        """See `Relay`."""
        return self._own.tap(room_id, sink)

    def stats(self, session_id: str) -> SessionStats:
        """See `Relay`. Those of an edge are a second old at most, or empty at first."""
        viewing = self._viewing.get(session_id)
        if viewing is None or viewing.carrier is None:
            return self._own.stats(session_id)
        return viewing.stats or SessionStats(session_id, False, None, 0, 0.0, (), ())

    def counters(self) -> Mapping[str, int]:
        """See `Relay`: those of this cell's relay."""
        return self._own.counters()

    def add_listener(self, listener: RelayListener) -> None:
        """See `Relay`."""
        self._listeners.append(listener)


class _OwnNews:
    """Implements `RelayListener`: what the own relay tells goes on to all."""

    def __init__(self, spread: SpreadRelay, listeners: Sequence[RelayListener]) -> None:
        self._spread = spread
        self._listeners = listeners

    def on_session_up(self, session_id: str) -> None:
        for listener in self._listeners:
            listener.on_session_up(session_id)
        self._spread.note_up(session_id)

    def on_session_down(self, session_id: str, reason: CloseReason) -> None:
        self._spread.note_down(session_id)
        for listener in self._listeners:
            listener.on_session_down(session_id, reason)

    def on_source_changed(self, room_id: str, source: SourceInfo) -> None:
        for listener in self._listeners:
            listener.on_source_changed(room_id, source)

    def on_source_removed(self, room_id: str, source_id: str) -> None:
        for listener in self._listeners:
            listener.on_source_removed(room_id, source_id)

    def on_slots_changed(self, session_id: str, slots: Sequence[SlotState]) -> None:
        for listener in self._listeners:
            listener.on_slots_changed(session_id, slots)

    def on_layers_wanted(self, session_id: str, layers: Sequence[Layer], *, sound: bool) -> None:
        for listener in self._listeners:
            listener.on_layers_wanted(session_id, layers, sound=sound)
