"""The edge's end of a pipe (`relay.api.InPipe`): each piped source is a publisher of the room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import structlog

from relay.api import (
    CloseReason,
    Demand,
    InPipeListener,
    Layer,
    PipedSource,
    PipeEnd,
    PipeStats,
)
from relay.cluster.checks import check_sources, incoming_tracks, media_ssrcs, repair_ssrcs
from relay.cluster.pipe_line import SILENT_AFTER_S, PipeLine
from relay.cluster.pipe_socket import PipeSocket
from relay.config import RelayConfig
from relay.core.incoming.publisher import Publisher
from relay.core.piping.outlet import CONTROL_SSRC
from relay.core.wire import rtcp_writer
from relay.rooms import RoomEntry
from relay.transport_counters import TransportCounters

_DEMAND_INTERVAL_S = 0.05  # s at least between two lists of what is taken
_KEEP_ALIVE_S = 1.0  # s
_PRELUDE = rtcp_writer.receiver_report(CONTROL_SSRC)
_SSRC_AT = slice(8, 12)  # of an RTP packet
_TOLD_SSRC_AT = slice(12, 16)  # of the packet after the prelude in a compound of the owner

_log = structlog.get_logger("relay.cluster")


class NodeInPipe:
    """The way in of a room that has its publishers at another relay."""

    def __init__(
        self,
        entry: RoomEntry,
        listener: InPipeListener,
        socket: PipeSocket,
        config: RelayConfig,
        counters: TransportCounters,
        *,
        clock: Callable[[], float],
        on_close: Callable[[NodeInPipe], None],
    ) -> None:
        self._entry = entry
        self._listener = listener
        self._config = config
        self._counters = counters
        self._clock = clock
        self._on_close: Callable[[NodeInPipe], None] | None = on_close
        self._sources: dict[str, PipedSource] = {}
        self._publishers: dict[str, Publisher] = {}
        self._by_ssrc: dict[bytes, Publisher] = {}
        self._repair_ssrcs: set[bytes] = set()
        self._demand: dict[str, Demand] = {}
        self._demand_changed = False
        self._told_at = self._sent_at = float("-inf")
        self._packets = self._octets = self._repairs = 0
        self._line = PipeLine(
            socket,
            counters,
            on_rtp=self._on_rtp,
            on_rtcp=self._on_rtcp,
            expects=self._by_ssrc.__contains__,
        )

    @property
    def end(self) -> PipeEnd:
        """See `relay.api.InPipe`."""
        return self._line.end

    def connect(self, far: PipeEnd) -> None:
        """See `relay.api.InPipe.connect`."""
        self._line.connect(far)
        self._line.send_rtcp(_PRELUDE)

    # --- sources ----------------------------------------------------------------------------------

    def set_sources(self, sources: Sequence[PipedSource]) -> None:
        """See `relay.api.InPipe.set_sources`."""
        if self._on_close is None:
            raise ValueError("the pipe is closed")
        check_sources(sources, most=self._config.max_sources_per_room)
        now = self._clock()
        told = {source.source_id: source for source in sources}
        for source_id, source in tuple(self._sources.items()):
            if source_id not in told:
                self._forget(source)
                self._publishers.pop(source_id).close(CloseReason.REQUESTED, now)
        for source in told.values():
            if self._sources.get(source.source_id) != source:
                self._publish(source, now)

    def _publish(self, source: PipedSource, now: float) -> None:
        """Begin a source, or begin it anew: the room replaces the older publisher."""
        before = self._sources.get(source.source_id)
        if before is not None:
            self._forget(before)
        wanted = partial(self._on_wanted, source.source_id)
        self._entry.events.piped[source.session_id] = wanted
        publisher = self._entry.room.add_publisher(
            source.session_id,
            source.source_id,
            incoming_tracks(source),
            send_rtcp=self._send_feedback,
            now=now,
            piped=True,
        )
        self._sources[source.source_id] = source
        self._publishers[source.source_id] = publisher
        for ssrc in media_ssrcs(source):
            self._by_ssrc[ssrc.to_bytes(4, "big")] = publisher
        self._repair_ssrcs.update(ssrc.to_bytes(4, "big") for ssrc in repair_ssrcs(source))

    def _forget(self, source: PipedSource) -> None:
        del self._sources[source.source_id]
        self._entry.events.piped.pop(source.session_id, None)
        if self._demand.pop(source.source_id, None) is not None:
            self._demand_changed = True
        for ssrc in media_ssrcs(source):
            self._by_ssrc.pop(ssrc.to_bytes(4, "big"), None)
            self._repair_ssrcs.discard(ssrc.to_bytes(4, "big"))
            self._line.forget(ssrc)

    # --- datagrams --------------------------------------------------------------------------------

    def _on_rtp(self, packet: bytes, now: float) -> None:
        ssrc = packet[_SSRC_AT]
        self._packets += 1
        self._octets += len(packet)
        self._repairs += ssrc in self._repair_ssrcs
        self._by_ssrc[ssrc].on_rtp(packet, now)

    def _on_rtcp(self, packet: bytes, now: float) -> None:
        publisher = self._by_ssrc.get(packet[_TOLD_SSRC_AT])
        if publisher is not None:  # else a keep-alive
            publisher.on_rtcp(packet, now)

    def _send_feedback(self, packet: bytes) -> None:
        self._line.send_rtcp(_PRELUDE + packet)

    # --- demand and time --------------------------------------------------------------------------

    def _on_wanted(self, source_id: str, layers: Sequence[Layer], sound: bool) -> None:
        """Note what the room takes of a source; told by the next tick that may."""
        demand = Demand(source_id, tuple(layers), sound)
        if self._demand.get(source_id) != demand:
            self._demand[source_id] = demand
            self._demand_changed = True

    def on_timer(self, now: float) -> None:
        """Every tick: what is taken, and a keep-alive each second."""
        if self._demand_changed and now - self._told_at >= _DEMAND_INTERVAL_S:
            self._demand_changed = False
            self._told_at = now
            self._tell()
        if now - self._sent_at >= _KEEP_ALIVE_S:
            self._sent_at = now
            self._line.send_rtcp(_PRELUDE)

    def _tell(self) -> None:
        taken = tuple(one for one in self._demand.values() if one.layers or one.sound)
        try:
            self._listener.on_demand(taken)
        except Exception:
            self._counters.listener_failed += 1
            _log.exception("listener failed", listener=type(self._listener).__name__)

    # --- state ------------------------------------------------------------------------------------

    def stats(self) -> PipeStats:
        """See `relay.api.InPipe.stats`."""
        now = self._clock()
        heard = self._line.heard_s(now)
        layers = [layer for one in self._publishers.values() for layer in one.stats(now).layers]
        packets = sum(layer.packets for layer in layers)
        lost = sum(layer.packets * layer.loss_fraction for layer in layers)
        return PipeStats(
            alive=heard is not None and heard < SILENT_AFTER_S,
            heard_s=heard,
            rtt_ms=None,
            packets=self._packets,
            octets=self._octets,
            repairs=self._repairs,
            dropped=0,
            refused=self._line.refused,
            loss_fraction=lost / packets if packets else 0.0,
        )

    def close(self) -> None:
        """See `relay.api.InPipe.close`."""
        if self._on_close is None:
            return
        on_close, self._on_close = self._on_close, None
        now = self._clock()
        for source in tuple(self._sources.values()):
            self._forget(source)
            self._publishers.pop(source.source_id).close(CloseReason.REQUESTED, now)
        self._line.close()
        on_close(self)
