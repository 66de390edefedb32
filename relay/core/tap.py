"""A tap: the slot machinery without a socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from relay.api import CloseReason, TapSink, TapTrack
from relay.core.choosing.allocator import RANK
from relay.core.incoming.layer import IncomingLayer
from relay.core.incoming.publisher import Publisher
from relay.core.outgoing.munger import payload
from relay.core.outgoing.selector import SwitchingSlot
from relay.core.wire import rtp
from relay.core.wire.negotiated import Codec
from relay.core.wire.packet import MediaPacket


class TapHost(Protocol):
    """The room, as its taps see it."""

    def on_tap_closed(self, tap: RoomTap) -> None:
        """The tap is gone."""


class TapSlot(SwitchingSlot):
    """One tapped stream: rewritten like a viewer's, without extensions, with its clock told.

    A track begins with its first packet, when the codec is known. A new codec begins a new track.
    """

    __slots__ = ("_codec", "_new_track_id", "_sink", "_ssrc", "_track_id", "_wall_offset")

    def __init__(self, sink: TapSink, new_track_id: Callable[[], int], wall_offset: float) -> None:
        super().__init__()
        self._sink = sink
        self._new_track_id = new_track_id
        self._wall_offset = wall_offset
        self._track_id = -1
        self._ssrc = 0
        self._codec: Codec | None = None

    def forward(self, packet: MediaPacket) -> None:
        """Hand on one packet."""
        if packet.sequence < self.first_sequence:
            return
        data = rtp.build(
            self.payload_type,
            packet.sequence + self.sequence_delta,
            packet.timestamp + self.timestamp_delta,
            self._ssrc,
            payload(packet, self.picture_id_delta, self.tl0_delta),
            marker=bool(packet.marker),
        )
        self._sink.on_packet(self._track_id, data, packet.arrival + self._wall_offset)

    def on_switch_point(self, layer: IncomingLayer, packet: MediaPacket) -> None:
        """See `layer.Taker`."""
        codec = layer.codec
        if codec is None:
            return
        self.arrive(layer)
        if self._codec is None or (codec.name, codec.fmtp) != (self._codec.name, self._codec.fmtp):
            self._begin_track(layer, codec, packet.arrival)
        self.splice(layer, packet, codec.payload_type)
        self.on_clock(layer, packet.arrival)
        self.forward_kept(layer)

    def _begin_track(self, layer: IncomingLayer, codec: Codec, now: float) -> None:
        self.end_track(CloseReason.REPLACED, now)
        self._codec = codec
        self._track_id = self._new_track_id()
        self._ssrc = self._track_id + 1
        track = TapTrack(
            track_id=self._track_id,
            source_id=layer.source_id,
            kind=layer.kind,
            codec=codec.name,
            clock_rate=codec.clock_rate,
            channels=codec.channels,
            fmtp=codec.fmtp,
        )
        self._sink.on_track(track, now + self._wall_offset)

    def on_clock(self, layer: IncomingLayer, now: float) -> None:
        """Tell the timestamp whose capture time was told last, as the track numbers it."""
        timestamp = layer.clock.last_told
        if timestamp is None:
            return
        captured = layer.clock.capture_time(timestamp)
        if captured is not None:
            self._sink.on_clock(
                self._track_id,
                (timestamp + self.timestamp_delta) & 0xFFFFFFFF,
                captured + self._wall_offset,
                now + self._wall_offset,
            )

    def end_track(self, reason: CloseReason, now: float) -> None:
        """No more packets of the present track."""
        if self._track_id >= 0:
            self._sink.on_track_end(self._track_id, reason, now + self._wall_offset)
        self._track_id = -1
        self._codec = None


class RoomTap:
    """A running tap, made by `Room.add_tap`."""

    def __init__(self, sink: TapSink, host: TapHost, wall_offset: float) -> None:
        self._sink = sink
        self._host = host
        self._wall_offset = wall_offset
        self._slots: dict[Publisher, tuple[TapSlot, TapSlot]] = {}  # audio, video
        self._tracks = 0
        self._open = True

    def _next_track_id(self) -> int:
        self._tracks += 1
        return self._tracks

    def attach(self, publisher: Publisher, now: float) -> None:
        """Begin to take a publisher."""
        audio, video = (
            TapSlot(self._sink, self._next_track_id, self._wall_offset) for _ in range(2)
        )
        self._slots[publisher] = audio, video
        audio.aim(publisher.audio, now)
        self.retarget(publisher, now)

    def retarget(self, publisher: Publisher, now: float) -> None:
        """Take the highest layer that flows; while none does, stay with the last.

        A track does not begin on a layer that a better one is about to replace. Otherwise the same
        instant would be recorded in three sizes, before any sender report can date them.
        """
        slots = self._slots.get(publisher)
        if slots is None:
            return
        flowing = [name for name, layer in publisher.video.items() if layer.flowing]
        if flowing:
            best = max(flowing, key=RANK.__getitem__)
            top = max(publisher.video, key=RANK.__getitem__)
            if slots[1].target is None and best != top and not publisher.settled:
                return
            slots[1].aim(publisher.video[best], now)

    def detach(self, publisher: Publisher, reason: CloseReason, now: float) -> None:
        """The publisher is gone."""
        for slot in self._slots.pop(publisher, ()):
            slot.aim(None, now)
            slot.end_track(reason, now)
            slot.forget()

    def request_key_frames(self, now: float) -> None:
        """Ask every tapped video source for a key frame, throttled like a viewer's PLI."""
        for _, video in self._slots.values():
            layer = video.layer or video.target
            if layer is not None:
                layer.request_key_frame(now)

    def close(self, now: float) -> None:
        """Stop; `on_track_end` is called for each open track first. Closing twice does nothing."""
        if not self._open:
            return
        self._open = False
        for publisher in tuple(self._slots):
            self.detach(publisher, CloseReason.REQUESTED, now)
        self._host.on_tap_closed(self)
