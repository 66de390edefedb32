"""Events on their way out: collected where they happen, delivered from the event loop.

A listener may call the relay again, for example to set a new view after a slot changed. Such a call
must not re-enter a room in the middle of its work. So events wait for the loop's next turn.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

import structlog

from relay.api import CloseReason, Layer, RelayListener, SlotState, SourceInfo
from relay.core.piping.pipe import RoomPipe
from relay.transport_counters import TransportCounters

_log = structlog.get_logger("relay.events")

Event = Callable[[RelayListener], None]


class EventQueue:
    """Events in order, for every listener. The events of one turn bound the queue."""

    def __init__(self, counters: TransportCounters) -> None:
        self._counters = counters
        self._listeners: list[RelayListener] = []
        self._pending: deque[Event] = deque()
        self._scheduled = False

    def add_listener(self, listener: RelayListener) -> None:
        """Register for every later event."""
        self._listeners.append(listener)

    def put(self, event: Event) -> None:
        """Queue an event: a callable that is handed each listener."""
        if not self._listeners:
            return
        self._pending.append(event)
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self.deliver)

    def deliver(self) -> None:
        """Hand over everything queued, including what listeners cause meanwhile."""
        self._scheduled = False
        while self._pending:
            event = self._pending.popleft()
            for listener in self._listeners:
                try:
                    event(listener)
                except Exception:
                    self._counters.listener_failed += 1
                    _log.exception("listener failed", listener=type(listener).__name__)


class QueuedRoomEvents:
    """`relay.core.room.RoomEvents` of one room, put into the queue.

    Attributes:
        piped: told what is wanted of publishers that came over a pipe, by session: they are no
            client sessions.
        on_pipe_changed: told which pipe has other sources than before.
    """

    def __init__(self, room_id: str, queue: EventQueue) -> None:
        self._room_id = room_id
        self._queue = queue
        self.piped: dict[str, Callable[[Sequence[Layer], bool], None]] = {}
        self.on_pipe_changed: Callable[[RoomPipe], None] = lambda pipe: None

    def on_source_changed(self, source: SourceInfo) -> None:
        """A source appeared or its layers changed."""
        self._queue.put(lambda to: to.on_source_changed(self._room_id, source))

    def on_source_removed(self, source_id: str) -> None:
        """A source is gone."""
        self._queue.put(lambda to: to.on_source_removed(self._room_id, source_id))

    def on_slots_changed(self, session_id: str, slots: Sequence[SlotState]) -> None:
        """Tell the new contents of a viewer's slots."""
        taken = tuple(slots)
        self._queue.put(lambda to: to.on_slots_changed(session_id, taken))

    def on_layers_wanted(self, session_id: str, layers: Sequence[Layer], *, sound: bool) -> None:
        """Tell which layers of a publishing session anybody takes now."""
        taken = tuple(layers)
        piped = self.piped.get(session_id)
        if piped is not None:
            piped(taken, sound)
            return
        self._queue.put(lambda to: to.on_layers_wanted(session_id, taken, sound=sound))

    def on_piped_sources(self, pipe: RoomPipe) -> None:
        """Note which pipe has other sources than before."""
        self.on_pipe_changed(pipe)

    def on_session_up(self, session_id: str) -> None:
        """A session of this room is up."""
        self._queue.put(lambda to: to.on_session_up(session_id))

    def on_session_down(self, session_id: str, reason: CloseReason) -> None:
        """A session of this room is gone."""
        self._queue.put(lambda to: to.on_session_down(session_id, reason))
