"""The index that the first pass over an archive makes: tracks in outline, and events."""

from __future__ import annotations

from recorder.core.archive_format import (
    ArchiveEnd,
    Begin,
    Clock,
    ClockSet,
    LessonEnd,
    Lost,
    Packet,
    Record,
    SourceName,
    Stage,
    TrackBegin,
    TrackEnd,
)
from recorder.core.bounds import MAX_SOURCES
from recorder.core.depacketize_h264 import H264Depacketizer
from recorder.core.depacketize_vp8 import Vp8Depacketizer
from recorder.core.h264_parameter_sets import ParameterSets
from recorder.core.opus import LOOKAHEAD_SAMPLES, SAMPLE_RATE
from recorder.core.reorder import MAX_MISORDER
from recorder.core.rtp import Unwrapper, parse_rtp
from recorder.core.timeline import TrackClock, TrackClockBuilder
from recorder.core.video_assembler import Moment
from recorder.core.video_frame import Depacketizer
from relay.api import MediaKind

MAX_TRACKS = 1 << 16  # as many as one run of the tap can number; some kB each
MAX_STAGE_EVENTS = 10_000  # in one recording
MAX_NAMES = 2 * MAX_SOURCES  # of sources, with those that never sent


def depacketizer_for(track: TrackBegin) -> Depacketizer | None:
    """The depacketizer of a video track; None for audio and for codecs that are not kept."""
    if track.codec == "VP8":
        return Vp8Depacketizer()
    if track.codec == "H264":
        return H264Depacketizer(track.fmtp)
    return None


class TrackIndex:
    """One track in outline.

    Attributes:
        begin: the track as announced.
        first: the first packet; None while there is none.
        last: the latest packet.
        first_key: the beginning of the first key frame; None for audio.
        width: pixels of the largest key frame, with `height`.
        parameters: the parameter sets of the first key frame (H.264 only).
    """

    def __init__(self, begin: TrackBegin) -> None:
        self.begin = begin
        self.first: Moment | None = None
        self.last: Moment | None = None
        self.first_key: Moment | None = None
        self.width = self.height = 0
        self.parameters: ParameterSets | None = None
        self._depacketizer = depacketizer_for(begin)
        self._timestamps = Unwrapper(32)
        self._sequence = Unwrapper(16)
        lag_s = LOOKAHEAD_SAMPLES / SAMPLE_RATE if begin.codec == "opus" else 0.0
        self._clock = TrackClockBuilder(begin.clock_rate, lag_s)
        self._early_clocks: list[Clock] = []

    @property
    def reorders(self) -> bool:
        """Tell whether pictures may be shown in another order than sent."""
        return isinstance(self._depacketizer, H264Depacketizer) and self._depacketizer.reorders

    def add_packet(self, packet: Packet) -> None:
        """Note a packet."""
        rtp = parse_rtp(packet.rtp)
        if rtp is None:
            return
        timestamp = self._timestamps.extend(rtp.timestamp)
        self.last = Moment(timestamp, packet.now)
        if self.first is None:
            self.first = self.last
            for clock in self._early_clocks:
                self.add_clock(clock)
        if self._in_order(rtp.sequence):
            self._clock.add_arrival(timestamp, packet.now)
        if self._depacketizer is not None:
            self._look_for_key_frame(self._depacketizer, rtp.payload)

    def _in_order(self, sequence: int) -> bool:
        """Tell whether a packet is the youngest so far. Repaired ones say nothing of the clock."""
        latest = self._sequence.last
        place = self._sequence.near(sequence)
        if latest is not None and latest - MAX_MISORDER <= place <= latest:
            return False
        self._sequence.extend(sequence)
        return True

    def add_clock(self, clock: Clock) -> None:
        """Note an anchor."""
        if self.first is None:
            if len(self._early_clocks) < 8:
                self._early_clocks.append(clock)
            return
        timestamp = self._timestamps.near(clock.rtp_timestamp)
        self._clock.add_anchor(timestamp, clock.capture_time, clock.now)

    def clock(self) -> TrackClock:
        """Make the mapping from RTP to wall clock time, when all is noted."""
        return self._clock.build()

    def _look_for_key_frame(self, depacketizer: Depacketizer, payload: bytes) -> None:
        size = depacketizer.peek_key_frame(payload)
        if size is None:
            return
        if self.first_key is None:
            self.first_key = self.last
        if size[0] * size[1] > self.width * self.height:
            self.width, self.height = size
        if self.parameters is None and isinstance(depacketizer, H264Depacketizer):
            self.parameters = depacketizer.parameters


class ArchiveIndex:
    """All tracks and events of an archive.

    Attributes:
        begin: the recording's facts; None if not one record could be read.
        tracks: by track number, in order of appearance.
        names: source id → name, from the facts and from later events.
        stage: in archive order.
    """

    def __init__(self) -> None:
        self.begin: Begin | None = None
        self.tracks: dict[int, TrackIndex] = {}
        self.names: dict[str, str] = {}
        self.stage: list[Stage] = []

    def add(self, record: Record) -> None:
        """Note one record."""
        if isinstance(record, Packet):
            if (track := self.tracks.get(record.track)) is not None:
                track.add_packet(record)
        elif isinstance(record, Clock):
            if (track := self.tracks.get(record.track)) is not None:
                track.add_clock(record)
        elif isinstance(record, Begin):
            self.begin = self.begin or record
            for source_id, name in record.facts.source_names.items():
                self._name(source_id, name)
        elif isinstance(record, TrackBegin):
            self._add_track(record)
        else:
            self._add_event(record)

    def _add_event(
        self, record: TrackEnd | SourceName | Stage | Lost | ClockSet | LessonEnd | ArchiveEnd
    ) -> None:
        if isinstance(record, SourceName):
            self._name(record.source_id, record.name)
        elif isinstance(record, Stage) and len(self.stage) < MAX_STAGE_EVENTS:
            self.stage.append(record)

    def _name(self, source_id: str, name: str) -> None:
        if source_id in self.names or len(self.names) < MAX_NAMES:
            self.names[source_id] = name

    def _add_track(self, record: TrackBegin) -> None:
        known = record.track in self.tracks or len(self.tracks) >= MAX_TRACKS
        keepable = record.codec in ("VP8", "H264") or (
            record.kind is MediaKind.AUDIO and record.codec == "opus"
        )
        if not known and keepable:
            self.tracks[record.track] = TrackIndex(record)
