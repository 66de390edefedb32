"""A pipe at the owner: what an edge takes of a room, and the feedback that comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from relay.api import Demand, Layer, PipedCodec, PipedLayer, PipedSource, PipedTrack
from relay.core.counters import Counters
from relay.core.incoming.clock import unix_to_ntp
from relay.core.incoming.publisher import Publisher
from relay.core.piping.outlet import PipeOutlet, repair_types
from relay.core.piping.stream import PipedStream
from relay.core.wire import rtcp
from relay.core.wire.negotiated import IncomingTrack
from relay.core.wire.rtcp import RtcpError

_KEEP_ALIVE_S = 1.0  # s between two packets of RTCP that say no more than that the pipe is there
_MAX_RTT_S = 5.0  # s; more comes from a wrong report
# Requests of an edge answered in a second: those of some 60 streams.
_MAX_NACKED_PER_S = 8000
_MAX_PICTURE_LOSSES_PER_S = 200
_NOTHING: frozenset[Layer] = frozenset()


class PipeHost(Protocol):
    """The room, as its pipes see it."""

    def is_audible(self, source_id: str) -> bool:
        """True if the sound of a source may leave."""

    def on_piped_sources(self, pipe: RoomPipe) -> None:
        """Learn that `sources` tells something else now."""

    def on_pipe_closed(self, pipe: RoomPipe) -> None:
        """The pipe is gone."""


class _PipedPublisher:
    """The streams of one publisher."""

    def __init__(self, publisher: Publisher, outlet: PipeOutlet, counters: Counters) -> None:
        self.publisher = publisher
        self.video: dict[Layer, PipedStream] = {}
        self.audio: PipedStream | None = None
        self.described = tuple(self._track(one, outlet, counters) for one in publisher.tracks)

    def _track(
        self, negotiated: IncomingTrack, outlet: PipeOutlet, counters: Counters
    ) -> PipedTrack:
        types = repair_types(negotiated.codecs)
        streams: list[PipedStream] = []
        for layer in self.publisher.layers_of(negotiated.kind):
            stream = PipedStream(layer.layer, outlet, types, counters)
            streams.append(stream)
            if layer.layer is None:
                self.audio = stream
            else:
                self.video[layer.layer] = stream
        codecs = tuple(
            PipedCodec(
                codec.name,
                codec.payload_type,
                codec.clock_rate,
                codec.channels,
                codec.fmtp,
                types[codec.payload_type],
            )
            for codec in negotiated.codecs
            if codec.payload_type in types
        )
        layers = tuple(PipedLayer(one.name, one.ssrc, one.repair_ssrc) for one in streams)
        return PipedTrack(negotiated.kind, codecs, layers)

    def streams(self) -> list[PipedStream]:
        """All of them."""
        return [*self.video.values(), *([self.audio] if self.audio is not None else [])]

    def stop(self, now: float) -> None:
        """Send no more."""
        for stream in self.streams():
            stream.aim(None, now)


class RoomPipe:
    """A running pipe, made by `Room.add_pipe`.

    Attributes:
        outlet: the way out, with its figures.
        loss_fraction: by the edge's latest reports.
    """

    def __init__(self, host: PipeHost, outlet: PipeOutlet, counters: Counters, now: float) -> None:
        self.outlet = outlet
        self._host = host
        self._counters = counters
        self._piped: dict[Publisher, _PipedPublisher] = {}
        self._streams: dict[int, PipedStream] = {}  # by SSRC
        self._demand: dict[str, tuple[frozenset[Layer], bool]] = {}
        self._lost: dict[int, float] = {}
        self._second_at = now
        self._nacks_left = _MAX_NACKED_PER_S
        self._losses_left = _MAX_PICTURE_LOSSES_PER_S
        self._retired: list[int] = []
        self._open = True

    # --- what there is ----------------------------------------------------------------------------

    def attach(self, publisher: Publisher, now: float) -> None:
        """A publisher came.

        What the edge took of an older one means nothing: it does not know the new numbers yet, and
        tells anew what it takes as soon as it does.
        """
        self._demand.pop(publisher.source_id, None)
        piped = _PipedPublisher(publisher, self.outlet, self._counters)
        self._piped[publisher] = piped
        self._streams |= {stream.ssrc: stream for stream in piped.streams()}
        self.retarget(publisher, now)
        self._host.on_piped_sources(self)

    def detach(self, publisher: Publisher, now: float) -> None:
        """A publisher went."""
        piped = self._piped.pop(publisher, None)
        if piped is None:
            return
        piped.stop(now)
        for stream in piped.streams():
            del self._streams[stream.ssrc]
            self._lost.pop(stream.ssrc, None)
            self._retired += [stream.ssrc, stream.repair_ssrc]
        if self._open:
            self._host.on_piped_sources(self)

    def sources(self) -> tuple[PipedSource, ...]:
        """Everything that could be sent."""
        return tuple(
            PipedSource(publisher.source_id, publisher.session_id, piped.described)
            for publisher, piped in self._piped.items()
        )

    def take_retired(self) -> list[int]:
        """The SSRCs that will never be sent again, since the last call."""
        retired, self._retired = self._retired, []
        return retired

    # --- what is taken ----------------------------------------------------------------------------

    def set_demand(self, demand: Sequence[Demand], now: float) -> None:
        """Replace what the edge takes."""
        self._demand = {one.source_id: (frozenset(one.layers), one.sound) for one in demand}
        self.retarget_all(now)

    @property
    def wants(self) -> Mapping[str, frozenset[Layer]]:
        """The layers that the edge takes of each source."""
        return {source: layers for source, (layers, _) in self._demand.items()}

    def retarget_all(self, now: float) -> None:
        """Follow a change of the sounds that may be heard, or of the demand."""
        for publisher in tuple(self._piped):
            self.retarget(publisher, now)

    def retarget(self, publisher: Publisher, now: float) -> None:
        """Take of a publisher what the edge takes, and tell what has stopped."""
        piped = self._piped.get(publisher)
        if piped is None:
            return
        layers, sound = self._demand.get(publisher.source_id, (_NOTHING, False))
        for name, stream in piped.video.items():
            stream.aim(publisher.video.get(name) if name in layers else None, now)
            stream.check_flow()
        if piped.audio is not None:
            sound = sound and self._host.is_audible(publisher.source_id)
            piped.audio.aim(publisher.audio if sound else None, now)
            piped.audio.check_flow()

    # --- feedback and time ------------------------------------------------------------------------

    def on_rtcp(self, packet: bytes, now: float) -> None:
        """Take one decrypted compound RTCP packet of the edge. Never raises."""
        self._counters.rtcp_in += 1
        try:
            reports = rtcp.parse(packet)
        except RtcpError:
            self._counters.rtcp_malformed += 1
            return
        for report in reports:
            if isinstance(report, rtcp.Nack):
                self._on_nack(report, now)
            elif isinstance(report, rtcp.PictureLoss):
                self._on_picture_loss(report.media, now)
            elif isinstance(report, rtcp.ReceiverReport):
                for block in report.blocks:
                    self._on_block(block, now)

    def _on_nack(self, report: rtcp.Nack, now: float) -> None:
        stream = self._streams.get(report.media)
        if stream is None:
            return
        asked = len(report.sequence_numbers)
        if asked > self._nacks_left:
            self._counters.nacks_flooded += asked
            return
        self._nacks_left -= asked
        self._counters.nacks_received += asked
        stream.resend(report.sequence_numbers, now)

    def _on_picture_loss(self, ssrc: int, now: float) -> None:
        stream = self._streams.get(ssrc)
        if stream is None:
            return
        if not self._losses_left:
            self._counters.picture_losses_flooded += 1
            return
        self._losses_left -= 1
        self._counters.picture_losses_received += 1
        stream.on_picture_loss(now)

    def _on_block(self, block: rtcp.ReportBlock, now: float) -> None:
        if block.ssrc not in self._streams:
            return
        self._lost[block.ssrc] = block.fraction_lost / 256
        if not block.last_report:
            return
        middle = unix_to_ntp(now + self.outlet.wall_offset) >> 16 & 0xFFFFFFFF
        rtt = ((middle - block.last_report - block.delay) & 0xFFFFFFFF) / 65536
        if rtt < _MAX_RTT_S:
            known = self.outlet.rtt
            self.outlet.rtt = rtt if known is None else known + (rtt - known) / 4

    @property
    def loss_fraction(self) -> float:
        """The mean over the streams that were reported last."""
        return sum(self._lost.values()) / len(self._lost) if self._lost else 0.0

    def on_timer(self, now: float) -> None:
        """Every tick: sender reports, and a keep-alive each second."""
        for piped in self._piped.values():
            for stream in piped.streams():
                stream.report_if_due(now)
        if now - self._second_at >= _KEEP_ALIVE_S:
            self._second_at = now
            self._nacks_left = _MAX_NACKED_PER_S
            self._losses_left = _MAX_PICTURE_LOSSES_PER_S
            self.outlet.send_rtcp()

    def close(self, now: float) -> None:
        """Stop. Closing twice does nothing."""
        if not self._open:
            return
        self._open = False
        for publisher in tuple(self._piped):
            self.detach(publisher, now)
        self._demand = {}
        self._host.on_pipe_closed(self)
