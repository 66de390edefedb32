"""The rooms of a node: sessions, taps, configuration; dropped when nothing is left in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from relay.api import SourceInfo, TapSink
from relay.config import RelayConfig
from relay.core.congestion.estimator import START_BPS
from relay.core.counters import Counters
from relay.core.room import Room
from relay.core.tap import RoomTap
from relay.events import EventQueue, QueuedRoomEvents
from relay.limits import share_room
from relay.session import PublishPlan, Session

_log = structlog.get_logger("relay.rooms")


class Closable(Protocol):
    """One end of a pipe, as its room sees it."""

    def close(self) -> None:
        """End it."""


class RoomEntry:
    """One room of the node.

    Attributes:
        room: the media core.
        events: where its sessions' ups and downs are told.
        sessions: running and pending ones, by id.
        out_pipes: to edges, of which this relay is the owner.
        in_pipe: from the owner, for which this relay is an edge.
    """

    def __init__(self, room: Room, events: QueuedRoomEvents) -> None:
        self.room = room
        self.events = events
        self.sessions: dict[str, Session] = {}
        self.taps: set[NodeTap] = set()
        self.out_pipes: set[Closable] = set()
        self.in_pipe: Closable | None = None
        self.programme: tuple[str, ...] = ()
        self.audible: tuple[str, ...] = ()

    @property
    def source_ids(self) -> set[str]:
        """Sources published or about to be."""
        plans = (session.plan for session in self.sessions.values())
        return {plan.source_id for plan in plans if isinstance(plan, PublishPlan)}

    @property
    def is_idle(self) -> bool:
        """Nothing would be lost with this room."""
        piped = self.out_pipes or self.in_pipe
        return not (self.sessions or self.taps or piped or self.programme or self.audible)

    def older_sessions(self, session: Session) -> list[Session]:
        """Sessions of the same source or viewer that were opened before."""
        return [
            other
            for other in self.sessions.values()
            if other.plan.key == session.plan.key and other.number < session.number
        ]

    def enter(self, session: Session, now: float) -> None:
        """Let a session that is up take part: as a publisher or a viewer, by its plan."""
        plan = session.plan
        if isinstance(plan, PublishPlan):
            publisher = self.room.add_publisher(
                session.session_id,
                plan.source_id,
                plan.tracks,
                send_rtcp=session.send_rtcp,
                now=now,
            )
            session.join(publisher)
            return
        viewer = self.room.add_viewer(
            session.session_id,
            plan.slots,
            send_rtp=session.rtp_sender(),
            send_rtcp=session.send_rtcp,
            own_sources=plan.own_sources,
            programme=plan.programme,
            now=now,
        )
        if session.wishes:
            viewer.set_view(session.wishes, now)
        session.join(viewer)

    def check_limits(self, config: RelayConfig, now: float) -> None:
        """Find out which sessions send too much, and share out what the room may send."""
        publishing = []
        for session in self.sessions.values():
            session.limits.measure(session.refused_sound, now)
            if isinstance(session.plan, PublishPlan):
                publishing.append(session.limits)
        share_room(publishing, config)


class NodeTap:
    """A running tap (`relay.api.Tap`)."""

    def __init__(
        self,
        tap: RoomTap,
        clock: Callable[[], float],
        wall_offset: float,
        on_close: Callable[[], None],
    ) -> None:
        self._tap = tap
        self._clock = clock
        self._wall_offset = wall_offset
        self._on_close: Callable[[], None] | None = on_close

    def now(self) -> float:
        """See `relay.api.Tap`."""
        return self._clock() + self._wall_offset

    def request_key_frames(self) -> None:
        """See `relay.api.Tap`."""
        if self._on_close is not None:
            self._tap.request_key_frames(self._clock())

    def close(self) -> None:
        """See `relay.api.Tap`. Closing twice does nothing."""
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            self._tap.close(self._clock())
            on_close()


class RoomTable:
    """Rooms by id.

    Args:
        wall_offset: gives Unix time minus `clock()`, as it is when asked.
        events: where every room's events go.
        counters: shared by all rooms.
        clock: monotonic seconds.
        start_bps: see `RelayConfig`.
    """

    def __init__(
        self,
        wall_offset: Callable[[], float],
        events: EventQueue,
        counters: Counters,
        clock: Callable[[], float],
        start_bps: float = START_BPS,
    ) -> None:
        self._start_bps = start_bps
        self._wall_offset = wall_offset
        self._events = events
        self._counters = counters
        self._clock = clock
        self._rooms: dict[str, RoomEntry] = {}
        self._timer_failures = 0

    def __len__(self) -> int:
        return len(self._rooms)

    def get(self, room_id: str) -> RoomEntry | None:
        """The room, if there is one."""
        return self._rooms.get(room_id)

    def obtain(self, room_id: str) -> RoomEntry:
        """The room, made if need be."""
        entry = self._rooms.get(room_id)
        if entry is None:
            events = QueuedRoomEvents(room_id, self._events)
            room = Room(
                room_id,
                wall_offset=self._wall_offset(),
                events=events,
                counters=self._counters,
                start_bps=self._start_bps,
            )
            entry = self._rooms[room_id] = RoomEntry(room, events)
        return entry

    def drop_if_idle(self, room_id: str) -> None:
        """Forget the room if nothing is left of it."""
        entry = self._rooms.get(room_id)
        if entry is not None and entry.is_idle:
            del self._rooms[room_id]

    def add_tap(self, room_id: str, sink: TapSink) -> NodeTap:
        """Start a tap."""
        entry = self.obtain(room_id)

        def forget() -> None:
            entry.taps.discard(tap)
            self.drop_if_idle(room_id)

        offset = self._wall_offset()
        room_tap = entry.room.add_tap(sink, self._clock(), offset)
        tap = NodeTap(room_tap, self._clock, offset, forget)
        entry.taps.add(tap)
        return tap

    def close_taps(self, room_id: str) -> None:
        """End every tap and pipe of a room."""
        entry = self._rooms.get(room_id)
        if entry is None:
            return
        ends: list[Closable] = [*entry.taps, *entry.out_pipes]
        if entry.in_pipe is not None:
            ends.append(entry.in_pipe)
        for one in ends:
            one.close()

    def set_programme(self, room_id: str, source_ids: Sequence[str]) -> None:
        """Configure what programme viewers see; the room stays while this is not empty."""
        entry = self.obtain(room_id)
        entry.programme = tuple(source_ids)
        entry.room.set_programme(entry.programme, self._clock())
        self.drop_if_idle(room_id)

    def set_audible(self, room_id: str, source_ids: Sequence[str]) -> None:
        """Configure whose sound may be forwarded; the room stays while this is not empty."""
        entry = self.obtain(room_id)
        entry.audible = tuple(source_ids)
        entry.room.set_audible(entry.audible, self._clock())
        self.drop_if_idle(room_id)

    def forget(self, room_id: str) -> None:
        """Drop a room's configuration, and with it the room once its sessions and taps are gone."""
        entry = self._rooms.get(room_id)
        if entry is not None:
            entry.programme, entry.audible = (), ()
            self.drop_if_idle(room_id)

    def sources(self, room_id: str) -> tuple[SourceInfo, ...]:
        """The sources published in a room now."""
        entry = self._rooms.get(room_id)
        return entry.room.sources() if entry else ()

    def ids(self) -> list[str]:
        """Every room's id."""
        return list(self._rooms)

    def on_timer(self, now: float) -> None:
        """Let every room do what is due; one that fails does not stop the others."""
        for entry in list(self._rooms.values()):
            self._guard(entry.room.on_timer, now)

    @property
    def any_waits(self) -> bool:
        """True if `pace` has anything to do before the next `on_timer`."""
        return any(entry.room.any_waits for entry in self._rooms.values())

    def pace(self, now: float) -> None:
        """Let every room send packets that wait, between two ticks."""
        for entry in list(self._rooms.values()):
            self._guard(entry.room.pace, now)

    def check_limits(self, config: RelayConfig, now: float) -> None:
        """Check every room, twice a second; see `RoomEntry.check_limits`."""
        for entry in self._rooms.values():
            entry.check_limits(config, now)

    def _guard(self, due: Callable[[float], None], now: float) -> None:
        try:
            due(now)
        except Exception:
            self._timer_failures += 1
            self._log_failure()

    def _log_failure(self) -> None:
        """A defect must be seen, but not at each tick: the 1st, 2nd, 4th, 8th … is an error."""
        count = self._timer_failures
        log = _log.error if count & (count - 1) == 0 else _log.debug
        log("room timer failed", count=count, exc_info=True)
