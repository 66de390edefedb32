"""A room: the sources published in it; the viewers, taps and pipes that take from them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol

from relay.api import CloseReason, Layer, SlotState, SourceInfo, TapSink
from relay.core.choosing.allocator import RANK
from relay.core.congestion.estimator import START_BPS
from relay.core.counters import Counters
from relay.core.incoming.layer import IncomingLayer
from relay.core.incoming.publisher import Publisher
from relay.core.piping.outlet import PipeOutlet
from relay.core.piping.pipe import RoomPipe
from relay.core.tap import RoomTap
from relay.core.viewer import Viewer
from relay.core.wire.negotiated import IncomingTrack, OutgoingSlot

_WANTED_INTERVAL_S = 0.1  # s between two looks at what is taken
_SPEAKERS_INTERVAL_S = 0.1  # s between two looks at who is loudest


class RoomEvents(Protocol):
    """Told about changes, inside the Room's methods: must not block, raise or call the room."""

    def on_source_changed(self, source: SourceInfo) -> None:
        """A source appeared, was replaced, or its layers changed."""

    def on_source_removed(self, source_id: str) -> None:
        """A source is gone."""

    def on_slots_changed(self, session_id: str, slots: Sequence[SlotState]) -> None:
        """The contents of a viewer's slots changed; the whole list."""

    def on_layers_wanted(self, session_id: str, layers: Sequence[Layer], *, sound: bool) -> None:
        """The set of layers of a session that anybody takes, or the use of its sound, changed."""

    def on_piped_sources(self, pipe: RoomPipe) -> None:
        """Learn that `pipe.sources()` tells something else now."""


class Room:
    """One room. All times are seconds on one monotonic clock, passed in as `now`.

    `on_timer` tells changes of layers and slots: at most a tick late, and never while a packet is
    being forwarded. Sources that come and go are told at once. `on_timer` also tells what is wanted
    of publishers. `set_audible` tells it at once: who comes on stage may already speak.
    """

    def __init__(
        self,
        room_id: str,
        *,
        wall_offset: float,
        events: RoomEvents,
        counters: Counters,
        start_bps: float = START_BPS,
    ) -> None:
        """Make an empty room.

        Args:
            room_id: its key.
            wall_offset: Unix time minus `now`, fixed for the room's life.
            events: told about changes.
            counters: shared by all rooms of the relay.
            start_bps: assumed rate of a viewer's link until it is known.
        """
        self._start_bps = start_bps
        self.room_id = room_id
        self._wall_offset = wall_offset
        self._events = events
        self._counters = counters
        self._publishers: dict[str, Publisher] = {}
        self._viewers: dict[Viewer, None] = {}  # a set that keeps its order
        self._taps: dict[RoomTap, None] = {}
        self._pipes: dict[RoomPipe, None] = {}
        self._programme: tuple[str, ...] = ()
        self._audible: dict[str, None] = {}  # the most important source first
        self._told: dict[str, SourceInfo] = {}
        self._speakers_at = self._wanted_at = float("-inf")

    # --- who is here ------------------------------------------------------------------------------

    def add_publisher(
        self,
        session_id: str,
        source_id: str,
        tracks: Sequence[IncomingTrack],
        *,
        send_rtcp: Callable[[bytes], None],
        now: float,
        piped: bool = False,
    ) -> Publisher:
        """Publish a source; an older publisher of the same source is closed with `REPLACED` first.

        Args:
            session_id: the publishing session.
            source_id: the source.
            tracks: at most one audio and one video track are used.
            send_rtcp: protects and sends one plain compound RTCP packet to the publisher.
            now: seconds.
            piped: it comes over a pipe, on which nothing goes that nobody takes.
        """
        publisher = Publisher(
            session_id,
            source_id,
            tracks,
            host=self,
            send_rtcp=send_rtcp,
            counters=self._counters,
            now=now,
            piped=piped,
        )
        older = self._publishers.get(source_id)
        self._publishers[source_id] = publisher
        if older is not None:
            older.close(CloseReason.REPLACED, now)
        for tap in self._taps:
            tap.attach(publisher, now)
        for pipe in self._pipes:
            pipe.attach(publisher, now)
        self._choose_again(now)
        self._tell_source(publisher)
        self._wanted_at = float("-inf")  # sound of a source off stage can stop at once
        return publisher

    def add_viewer(
        self,
        session_id: str,
        slots: Sequence[OutgoingSlot],
        *,
        send_rtp: Callable[[bytes], None],
        send_rtcp: Callable[[bytes], None],
        own_sources: frozenset[str],
        programme: bool,
        now: float,
    ) -> Viewer:
        """Add a viewer whose slots are empty until `Viewer.set_view` (or the programme) fills them.

        Args:
            session_id: the viewing session.
            slots: what was negotiated.
            send_rtp: protects and sends one plain RTP packet to the viewer.
            send_rtcp: likewise for a compound RTCP packet.
            own_sources: never sent to this viewer's audio slots.
            programme: the video slots follow the programme instead of wishes.
            now: seconds.
        """
        viewer = Viewer(
            session_id,
            slots,
            host=self,
            send_rtp=send_rtp,
            send_rtcp=send_rtcp,
            own_sources=own_sources,
            programme=programme,
            wall_offset=self._wall_offset,
            start_bps=self._start_bps,
            counters=self._counters,
            now=now,
        )
        self._viewers[viewer] = None
        viewer.retarget(now)
        self._assign_speakers_of((viewer,), now)
        return viewer

    def add_tap(self, sink: TapSink, now: float, wall_offset: float | None = None) -> RoomTap:
        """Hand every present and future source of the room to `sink`.

        Args:
            sink: told of all media.
            now: monotonic seconds.
            wall_offset: Unix time minus `now`, fixed for the tap's life; None: the room's.
        """
        offset = self._wall_offset if wall_offset is None else wall_offset
        tap = RoomTap(sink, self, offset)
        self._taps[tap] = None
        for publisher in self._publishers.values():
            tap.attach(publisher, now)
        return tap

    def add_pipe(self, outlet: PipeOutlet, now: float) -> RoomPipe:
        """Pipe the room's present and future sources to an edge, as far as it takes them."""
        pipe = RoomPipe(self, outlet, self._counters, now)
        self._pipes[pipe] = None
        for publisher in self._publishers.values():
            pipe.attach(publisher, now)
        return pipe

    def on_piped_sources(self, pipe: RoomPipe) -> None:
        """See `pipe.PipeHost`."""
        self._events.on_piped_sources(pipe)

    def on_pipe_closed(self, pipe: RoomPipe) -> None:
        """See `pipe.PipeHost`."""
        self._pipes.pop(pipe, None)
        self._wanted_at = float("-inf")

    def is_audible(self, source_id: str) -> bool:
        """See `pipe.PipeHost`."""
        return source_id in self._audible

    def on_publisher_closed(self, publisher: Publisher, reason: CloseReason, now: float) -> None:
        """See `publisher.PublisherHost`."""
        for tap in self._taps:
            tap.detach(publisher, reason, now)
        for pipe in self._pipes:
            pipe.detach(publisher, now)
        if self._publishers.get(publisher.source_id) is not publisher:
            return  # replaced: the source itself stays
        del self._publishers[publisher.source_id]
        self._told.pop(publisher.source_id, None)
        self._choose_again(now)
        self._events.on_source_removed(publisher.source_id)

    def on_viewer_closed(self, viewer: Viewer) -> None:
        """See `viewer.ViewerHost`."""
        self._viewers.pop(viewer, None)

    def on_tap_closed(self, tap: RoomTap) -> None:
        """See `tap.TapHost`."""
        self._taps.pop(tap, None)

    @property
    def is_empty(self) -> bool:
        """Neither publishers, nor viewers, nor taps, nor pipes: the room can be dropped."""
        return not (self._publishers or self._viewers or self._taps or self._pipes)

    def on_sound_limit(self, viewer: Viewer, now: float) -> None:
        """See `viewer.ViewerHost`."""
        self._assign_speakers_of((viewer,), now)

    # --- what is shown and heard ------------------------------------------------------------------

    def set_programme(self, source_ids: Sequence[str], now: float) -> None:
        """Choose the programme: the n-th slot shows the n-th of these that is published."""
        self._programme = tuple(dict.fromkeys(source_ids))
        for viewer in self._viewers:
            viewer.retarget(now)

    def set_audible(self, source_ids: Collection[str], now: float) -> None:
        """Name the sources whose sound may be heard, from the next packet on."""
        self._audible = dict.fromkeys(source_ids)
        self._assign_speakers(now)
        for pipe in self._pipes:
            pipe.retarget_all(now)
        self._tell_wanted(now)  # at once: who comes on stage may already speak

    def publisher_of(self, source_id: str) -> Publisher | None:
        """The publisher of a source now."""
        return self._publishers.get(source_id)

    def programme(self) -> Sequence[str]:
        """The programme's sources that are published with a picture, in order."""
        return [
            source
            for source in self._programme
            if source in self._publishers and self._publishers[source].video
        ]

    def _speakers(self) -> Mapping[str, IncomingLayer]:
        """The sound of each published source that may be heard."""
        published = self._publishers
        return {
            source: layer
            for source in self._audible
            if source in published and (layer := published[source].audio) is not None
        }

    def sources(self) -> tuple[SourceInfo, ...]:
        """The sources published now."""
        return tuple(publisher.info() for publisher in self._publishers.values())

    def on_layers_changed(self, publisher: Publisher, now: float) -> None:
        """See `publisher.PublisherHost`."""
        for viewer in self._viewers:
            viewer.retarget(now)
        for tap in self._taps:
            tap.retarget(publisher, now)
        for pipe in self._pipes:
            pipe.retarget(publisher, now)

    def _choose_again(self, now: float) -> None:
        for viewer in self._viewers:
            viewer.retarget(now)
        self._assign_speakers(now)

    def _assign_speakers(self, now: float) -> None:
        self._speakers_at = now
        self._assign_speakers_of(self._viewers, now)

    def _assign_speakers_of(self, viewers: Iterable[Viewer], now: float) -> None:
        layers = self._speakers()
        loudness = {source: layer.loudness.at(now) for source, layer in layers.items()}
        for viewer in viewers:
            viewer.assign_speakers(layers, loudness, now)

    # --- time -------------------------------------------------------------------------------------

    def on_timer(self, now: float) -> None:
        """Do what is due: called by the driver every 20 to 25 ms."""
        for publisher in tuple(self._publishers.values()):
            publisher.on_timer(now)
        if now - self._speakers_at >= _SPEAKERS_INTERVAL_S:
            self._speakers_at = now
            speakers = len(self._speakers())
            contested = [one for one in self._viewers if one.audio_slots < speakers]
            self._assign_speakers_of(contested, now)  # the others hear everybody anyway
        if now - self._wanted_at >= _WANTED_INTERVAL_S:
            self._tell_wanted(now)
        for viewer in tuple(self._viewers):
            if now < viewer.due and not viewer.outlet.pacer.held:
                continue  # most viewers, most times
            viewer.on_timer(now)
            if viewer.take_change():
                self._events.on_slots_changed(viewer.session_id, viewer.slots())
        for publisher in tuple(self._publishers.values()):
            self._tell_source(publisher)

    @property
    def any_waits(self) -> bool:
        """True if packets wait for `pace`, or a probe is under way."""
        return any(viewer.outlet.pacer.held for viewer in self._viewers)

    def pace(self, now: float) -> None:
        """Between two ticks, every few ms: send what waits of key frames and probes."""
        for viewer in self._viewers:
            outlet = viewer.outlet
            if outlet.pacer.held and outlet.pacer.next_due <= now:
                outlet.pace(now)

    def _tell_wanted(self, now: float) -> None:
        """Let publishers pause what nobody takes.

        Sound counts as taken while it may be heard, even if nobody hears it. Taps do not count.
        A recording keeps the sound of rooms off stage only while it comes anyway: its player keeps
        these rooms silent.
        """
        self._wanted_at = now
        taken: dict[str, set[Layer]] = {source: set() for source in self._publishers}
        everybody = [viewer.wants for viewer in self._viewers]
        everybody += [pipe.wants for pipe in self._pipes]
        for wants in everybody:
            for source, layers in wants.items():
                if source in taken:
                    taken[source] |= layers
        for source, publisher in self._publishers.items():
            if self._taps and publisher.video:
                # A recording keeps the stage at its best, and of others any layer that flows.
                best = max if source in self._programme else min
                taken[source].add(best(publisher.video, key=RANK.__getitem__))
            wanted, sound = publisher.wanted, source in self._audible
            featured = source in self._programme
            starts = bool(publisher.video) and not publisher.settled
            if publisher.piped:
                starts = starts and any(viewer.watches(source) for viewer in self._viewers)
                sound = sound and any(viewer.audio_slots for viewer in self._viewers)
            if starts and (publisher.piped or not featured):
                # Nothing can be taken yet. A source off stage begins with the lowest layer: any
                # uplink carries that.
                taken[source].add(min(publisher.video, key=RANK.__getitem__))
            choosable = publisher.piped or (
                len(publisher.video) > 1 and (publisher.settled or not featured)
            )
            if wanted.update(taken[source], now, sound=sound, choosable=choosable):
                ordered = sorted(wanted.layers or (), key=RANK.__getitem__)
                told = publisher.session_id, ordered
                self._events.on_layers_wanted(*told, sound=wanted.sound is True)

    def _tell_source(self, publisher: Publisher) -> None:
        info = publisher.info()
        told = self._told.get(publisher.source_id)
        if told is not info and told != info:
            self._told[publisher.source_id] = info
            self._events.on_source_changed(info)
