"""Two rooms of one lesson in the virtual world: the owner's, an edge's, and a pipe between them."""

from __future__ import annotations

from collections.abc import Sequence

from relay.api import CloseReason, Demand, Layer, PipedSource
from relay.cluster.checks import check_sources, incoming_tracks, media_ssrcs
from relay.core.incoming.publisher import Publisher
from relay.core.piping.outlet import PipeOutlet
from relay.core.piping.pipe import RoomPipe
from relay.core.wire import rtp
from tests.simulated.classroom import WALL_OFFSET, Classroom
from tests.simulated.network import TICK, Link, Profile

CONTROL_S = 0.03  # s that a message between the signaling of both takes


class EdgeLesson(Classroom):
    """A lesson whose publishers are at an edge's owner; `room` is the edge's room."""

    def __init__(
        self,
        *,
        way: Profile | None = None,
        back: Profile | None = None,
        pps: float = 1e9,
        start_bps: float | None = 8_000_000,
    ) -> None:
        super().__init__(start_bps)
        self.owner = Classroom(start_bps, world=self.world)
        self.to_edge = Link(self.world, self._arrive, way or Profile(delay=0.002), 901)
        self.to_owner = Link(self.world, self._back, back or Profile(delay=0.002), 902)
        outlet = PipeOutlet(
            self._send_rtp,
            self.to_edge.send,
            packets_per_s=pps,
            bps=1e12,
            first_ssrc=2**32 - 5,  # the numbers wrap
            wall_offset=WALL_OFFSET,
            now=self.now,
        )
        self.sent: list[rtp.RtpPacket] = []
        self.pipe: RoomPipe = self.owner.room.add_pipe(outlet, self.now)
        self.described: tuple[PipedSource, ...] = ()
        self.demands: list[tuple[float, tuple[Demand, ...]]] = []
        self._demand: tuple[Demand, ...] = ()
        self._publishers: dict[str, tuple[PipedSource, Publisher]] = {}
        self._by_ssrc: dict[int, Publisher] = {}
        self.world.every(TICK, self._pipe_tick)

    def sent_layers(self, seconds: float) -> set[Layer | None]:
        """Let time pass; what streams were piped meanwhile."""
        self.sent.clear()
        self.run(seconds)
        names = {
            number: layer.layer
            for source in self.pipe.sources()
            for track in source.tracks
            for layer in track.layers
            for number in (layer.ssrc, layer.repair_ssrc)
        }
        return {names[packet.ssrc] for packet in self.sent if packet.ssrc in names}

    def set_audible(self, *sources: str) -> None:
        """Tell both rooms, as the owner's signaling does."""
        self.owner.room.set_audible(sources, self.now)
        self.world.after(CONTROL_S, lambda: self.room.set_audible(sources, self.now))

    def _pipe_tick(self) -> None:
        self.pipe.on_timer(self.now)
        described = self.pipe.sources()
        if described != self.described:
            self.described = described
            self.world.after(CONTROL_S, lambda: self._set_sources(described))
        demand = tuple(
            Demand(source_id, tuple(layers), self.events.sound_wanted[publisher.session_id])
            for source_id, (_, publisher) in self._publishers.items()
            if (layers := self.events.wanted.get(publisher.session_id)) is not None
        )
        if demand != self._demand:
            self._demand = demand
            self.demands.append((self.now, demand))
            self.world.after(CONTROL_S, lambda: self.pipe.set_demand(demand, self.now))

    def _set_sources(self, sources: Sequence[PipedSource]) -> None:
        """As `NodeInPipe.set_sources`."""
        check_sources(sources, most=64)
        for source_id, (source, publisher) in tuple(self._publishers.items()):
            if source not in sources:
                for ssrc in media_ssrcs(source):
                    del self._by_ssrc[ssrc]
                del self._publishers[source_id]
                if source_id not in {one.source_id for one in sources}:
                    publisher.close(CloseReason.REQUESTED, self.now)
        for source in sources:
            if source.source_id not in self._publishers:
                publisher = self.room.add_publisher(
                    source.session_id,
                    source.source_id,
                    incoming_tracks(source),
                    send_rtcp=self.to_owner.send,
                    now=self.now,
                    piped=True,
                )
                self._publishers[source.source_id] = source, publisher
                self._by_ssrc |= dict.fromkeys(media_ssrcs(source), publisher)

    def _send_rtp(self, packet: bytes) -> None:
        self.sent.append(rtp.parse(packet))
        self.to_edge.send(packet)

    def _arrive(self, packet: bytes) -> None:
        if 192 <= packet[1] <= 223:
            publisher = self._by_ssrc.get(int.from_bytes(packet[12:16], "big"))
            if publisher is not None:
                publisher.on_rtcp(packet, self.now)
            return
        publisher = self._by_ssrc.get(int.from_bytes(packet[8:12], "big"))
        if publisher is not None:
            publisher.on_rtp(packet, self.now)

    def _back(self, packet: bytes) -> None:
        self.pipe.on_rtcp(packet, self.now)
