"""A room in the virtual world, with what it told."""

from __future__ import annotations

from collections.abc import Sequence

from relay.api import CloseReason, Layer, PipedSource, SlotState, SourceInfo, TapTrack
from relay.core.counters import Counters
from relay.core.piping.pipe import RoomPipe
from relay.core.room import Room
from tests.simulated.network import PACE, TICK, World
from tests.simulated.publisher import SimulatedPublisher
from tests.simulated.viewer import SimulatedViewer

WALL_OFFSET = 1_700_000_000.0


class Recorder:
    """Collects a room's events."""

    def __init__(self) -> None:
        self.sources: dict[str, SourceInfo] = {}
        self.removed: list[str] = []
        self.slots: dict[str, Sequence[SlotState]] = {}
        self.wanted: dict[str, Sequence[Layer]] = {}
        self.sound_wanted: dict[str, bool] = {}
        self.piped: Sequence[PipedSource] = ()

    def on_source_changed(self, source: SourceInfo) -> None:
        self.sources[source.source_id] = source

    def on_source_removed(self, source_id: str) -> None:
        self.removed.append(source_id)
        self.sources.pop(source_id, None)

    def on_slots_changed(self, session_id: str, slots: Sequence[SlotState]) -> None:
        self.slots[session_id] = slots

    def on_piped_sources(self, pipe: RoomPipe) -> None:
        self.piped = pipe.sources()

    def on_layers_wanted(self, session_id: str, layers: Sequence[Layer], *, sound: bool) -> None:
        self.wanted[session_id] = layers
        self.sound_wanted[session_id] = sound


class Classroom:
    """World, room and peers.

    Viewers' links are taken to be good until they prove otherwise; `start_bps` None leaves that to
    the relay.
    """

    def __init__(self, start_bps: float | None = 8_000_000, *, world: World | None = None) -> None:
        self.world = world or World()
        self.events = Recorder()
        self.counters = Counters()
        options = {} if start_bps is None else {"start_bps": start_bps}
        self.room = Room(
            "lesson",
            wall_offset=WALL_OFFSET,
            events=self.events,
            counters=self.counters,
            **options,
        )
        self._paces = False
        self.world.every(TICK, self._tick)
        self.world.every(PACE, self._pace)

    def _tick(self) -> None:  # like `RelayNode._on_tick`
        self.room.on_timer(self.world.now)
        self._paces = self.room.any_waits

    def _pace(self) -> None:
        if self._paces:
            self.room.pace(self.world.now)

    def publish(self, source_id: str, **options: object) -> SimulatedPublisher:
        return SimulatedPublisher(self.world, self.room, source_id, **options)  # type: ignore[arg-type]

    def watch(self, name: str, **options: object) -> SimulatedViewer:
        return SimulatedViewer(self.world, self.room, name, **options)  # type: ignore[arg-type]

    def run(self, seconds: float) -> None:
        self.world.run(seconds)

    @property
    def now(self) -> float:
        return self.world.now


class Sink:
    """A tap's sink that keeps all."""

    def __init__(self) -> None:
        self.tracks: dict[int, TapTrack] = {}
        self.packets: dict[int, list[bytes]] = {}
        self.clocks: dict[int, list[tuple[int, float]]] = {}
        self.ended: dict[int, CloseReason] = {}

    def on_track(self, track: TapTrack, now: float) -> None:
        assert track.track_id not in self.tracks
        self.tracks[track.track_id] = track
        self.packets[track.track_id] = []
        self.clocks[track.track_id] = []

    def on_packet(self, track_id: int, packet: bytes, now: float) -> None:
        assert track_id in self.tracks
        assert track_id not in self.ended
        self.packets[track_id].append(packet)

    def on_clock(self, track_id: int, rtp_timestamp: int, capture_time: float, now: float) -> None:
        assert track_id in self.tracks
        self.clocks[track_id].append((rtp_timestamp, capture_time))

    def on_track_end(self, track_id: int, reason: CloseReason, now: float) -> None:
        assert track_id in self.tracks
        self.ended[track_id] = reason
