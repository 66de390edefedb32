"""All pipes of a process: opened for rooms, driven by the relay's tick, closed with their rooms."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from relay.admission import Admission
from relay.api import InPipeListener, OutPipeListener
from relay.arrival_clock import ArrivalClock
from relay.cluster.in_pipe import NodeInPipe
from relay.cluster.out_pipe import NodeOutPipe
from relay.cluster.pipe_socket import PipeSocket
from relay.config import RelayConfig
from relay.core.piping.pipe import RoomPipe
from relay.rooms import RoomTable
from relay.transport_counters import TransportCounters

_log = structlog.get_logger("relay.cluster")


class Pipes:
    """Opens pipes, and remembers them until they are closed."""

    def __init__(
        self,
        config: RelayConfig,
        rooms: RoomTable,
        admission: Admission,
        counters: TransportCounters,
        arrivals: ArrivalClock,
        *,
        clock: Callable[[], float],
        wall_offset: Callable[[], float],
    ) -> None:
        self._config = config
        self._rooms = rooms
        self._admission = admission
        self._counters = counters
        self._clock = clock
        self._wall_offset = wall_offset
        self._socket = PipeSocket(config, arrivals, counters)
        self._out: dict[RoomPipe, NodeOutPipe] = {}
        self._in: set[NodeInPipe] = set()

    def open_out(self, room_id: str, listener: OutPipeListener) -> NodeOutPipe:
        """See `relay.api.Cascade.open_out_pipe`."""
        self._admission.check_out_pipe(self._rooms.get(room_id))
        entry = self._rooms.obtain(room_id)

        def forget(pipe: NodeOutPipe) -> None:
            self._out.pop(pipe.pipe, None)
            entry.out_pipes.discard(pipe)
            self._rooms.drop_if_idle(room_id)
            _log.info("pipe closed", room=room_id, to="edge", packets=pipe.pipe.outlet.packets)

        try:
            pipe = NodeOutPipe(
                entry.room,
                listener,
                self._socket,
                self._config,
                self._counters,
                clock=self._clock,
                wall_offset=self._wall_offset(),
                on_close=forget,
            )
        except OSError:
            self._rooms.drop_if_idle(room_id)
            raise
        self._out[pipe.pipe] = pipe
        entry.out_pipes.add(pipe)
        entry.events.on_pipe_changed = self._on_changed
        _log.info("pipe opened", room=room_id, to="edge")
        return pipe

    def open_in(self, room_id: str, listener: InPipeListener) -> NodeInPipe:
        """See `relay.api.Cascade.open_in_pipe`."""
        self._admission.check_in_pipe(self._rooms.get(room_id))
        entry = self._rooms.obtain(room_id)

        def forget(pipe: NodeInPipe) -> None:
            self._in.discard(pipe)
            entry.in_pipe = None
            self._rooms.drop_if_idle(room_id)
            _log.info("pipe closed", room=room_id, to="owner", packets=pipe.stats().packets)

        try:
            pipe = NodeInPipe(
                entry,
                listener,
                self._socket,
                self._config,
                self._counters,
                clock=self._clock,
                on_close=forget,
            )
        except OSError:
            self._rooms.drop_if_idle(room_id)
            raise
        self._in.add(pipe)
        entry.in_pipe = pipe
        _log.info("pipe opened", room=room_id, to="owner")
        return pipe

    def _on_changed(self, pipe: RoomPipe) -> None:
        out = self._out.get(pipe)
        if out is not None:
            out.on_changed()

    def on_timer(self, now: float) -> None:
        """Every tick."""
        for out in tuple(self._out.values()):
            out.on_timer(now)
        for inward in tuple(self._in):
            inward.on_timer(now)

    def gauges(self) -> dict[str, int]:
        """The pipes open now."""
        return {"pipes_out": len(self._out), "pipes_in": len(self._in)}
