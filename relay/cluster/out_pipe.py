"""The owner's end of a pipe (`relay.api.OutPipe`)."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence

import structlog

from relay.api import Demand, OutPipeListener, PipeEnd, PipeStats
from relay.cluster.pipe_line import SILENT_AFTER_S, PipeLine
from relay.cluster.pipe_socket import PipeSocket
from relay.config import RelayConfig
from relay.core.piping.outlet import PipeOutlet
from relay.core.piping.pipe import RoomPipe
from relay.core.room import Room
from relay.transport_counters import TransportCounters

_log = structlog.get_logger("relay.cluster")


class NodeOutPipe:
    """One edge of a room that has its publishers here.

    Attributes:
        pipe: the media core's part.
    """

    def __init__(
        self,
        room: Room,
        listener: OutPipeListener,
        socket: PipeSocket,
        config: RelayConfig,
        counters: TransportCounters,
        *,
        clock: Callable[[], float],
        wall_offset: float,
        on_close: Callable[[NodeOutPipe], None],
    ) -> None:
        self._config = config
        self._listener = listener
        self._counters = counters
        self._clock = clock
        self._on_close: Callable[[NodeOutPipe], None] | None = on_close
        self._demand: tuple[Demand, ...] = ()  # told before there was a way to the edge
        self._telling: asyncio.Handle | None = None
        self._line = PipeLine(
            socket,
            counters,
            on_rtp=self._on_rtp,
            on_rtcp=self._on_rtcp,
            expects=lambda ssrc: False,
        )
        now = clock()
        outlet = PipeOutlet(
            self._line.send_rtp,
            self._line.send_rtcp,
            packets_per_s=config.pipe_packets_per_s,
            bps=config.pipe_bps,
            first_ssrc=secrets.randbits(32),
            wall_offset=wall_offset,
            now=now,
        )
        self.pipe: RoomPipe = room.add_pipe(outlet, now)
        self.on_changed()

    @property
    def end(self) -> PipeEnd:
        """See `relay.api.OutPipe`."""
        return self._line.end

    def connect(self, far: PipeEnd) -> None:
        """See `relay.api.OutPipe.connect`."""
        self._line.connect(far)
        self.pipe.outlet.send_rtcp()  # the edge hears at once that the pipe works
        self.pipe.set_demand(self._demand, self._clock())
        self._demand = ()

    def demand(self, demand: Sequence[Demand]) -> None:
        """See `relay.api.OutPipe.demand`."""
        if len(demand) > self._config.max_sources_per_room:
            raise ValueError(f"more than {self._config.max_sources_per_room} sources")
        if len({one.source_id for one in demand}) != len(demand):
            raise ValueError("source_id: one twice")
        if self._line.connected:
            self.pipe.set_demand(demand, self._clock())
        else:
            self._demand = tuple(demand)

    def stats(self) -> PipeStats:
        """See `relay.api.OutPipe.stats`."""
        heard = self._line.heard_s(self._clock())
        outlet = self.pipe.outlet
        return PipeStats(
            alive=heard is not None and heard < SILENT_AFTER_S,
            heard_s=heard,
            rtt_ms=None if outlet.rtt is None else 1000 * outlet.rtt,
            packets=outlet.packets,
            octets=outlet.octets,
            repairs=outlet.repairs,
            dropped=outlet.dropped,
            refused=self._line.refused,
            loss_fraction=self.pipe.loss_fraction,
        )

    def close(self) -> None:
        """See `relay.api.OutPipe.close`."""
        on_close, self._on_close = self._on_close, None
        if on_close is None:
            return
        if self._telling is not None:
            self._telling.cancel()
        self.pipe.close(self._clock())
        self._line.close()
        on_close(self)

    def on_changed(self) -> None:
        """The room's sources are others than told: tell them on the loop's next turn."""
        if self._telling is None and self._on_close is not None:
            self._telling = asyncio.get_running_loop().call_soon(self._tell)

    def _tell(self) -> None:
        self._telling = None
        try:
            self._listener.on_sources(self.pipe.sources())
        except Exception:
            self._counters.listener_failed += 1
            _log.exception("listener failed", listener=type(self._listener).__name__)

    def _on_rtp(self, packet: bytes, now: float) -> None:
        """An edge sends no media."""

    def _on_rtcp(self, packet: bytes, now: float) -> None:
        self.pipe.on_rtcp(packet, now)

    def on_timer(self, now: float) -> None:
        """Every tick."""
        self.pipe.on_timer(now)
        for ssrc in self.pipe.take_retired():
            self._line.forget(ssrc)
