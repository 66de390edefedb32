"""One track of the second pass: archived packets in, dated pictures or sound out.

Memory is bounded by the reorder buffer (two seconds of packets) and one frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from recorder.core.archive_format import Packet
from recorder.core.bounds import MAX_AHEAD_S
from recorder.core.opus import SAMPLE_RATE, packet_samples
from recorder.core.reorder import ReorderBuffer, TrackPacket
from recorder.core.rtp import Unwrapper, parse_rtp
from recorder.core.segment_plan import DatedTrack
from recorder.core.track_index import depacketizer_for
from recorder.core.video_assembler import MediaGap, Moment, TimedFrame, VideoAssembler
from recorder.core.video_frame import CodedFrame

MIN_STALL_S = 0.025  # s; a longer stop of the capture is a gap, a shorter one may be drift


class Picture(msgspec.Struct, frozen=True, gc=False):
    """A decodable frame; `time` is Unix seconds of capture."""

    time: float
    frame: CodedFrame

    @property
    def start(self) -> float:
        """The first moment, Unix seconds."""
        return self.time


class Sound(msgspec.Struct, frozen=True, gc=False):
    """An Opus packet and its duration in 48 kHz samples; `time` is Unix seconds of capture."""

    time: float
    packet: bytes
    samples: int

    @property
    def start(self) -> float:
        """The first moment, Unix seconds."""
        return self.time


class Missing(msgspec.Struct, frozen=True, gc=False):
    """Media lost between two times (Unix seconds)."""

    start: float
    end: float


Item = Picture | Sound | Missing


class TrackPipeline:
    """Reorders, dates and assembles one track."""

    def __init__(self, track: DatedTrack) -> None:
        self._clock = track.clock
        self._timestamps = Unwrapper(32)
        self._reorder = ReorderBuffer()
        depacketizer = depacketizer_for(track.index.begin)
        self._video = None if depacketizer is None else VideoAssembler(depacketizer)
        self._sound_end: float | None = None
        self._next_timestamp = 0  # of sound that goes on without a pause

    def push(self, packet: Packet) -> Iterator[Item]:
        """Take one archived packet of this track."""
        rtp = parse_rtp(packet.rtp)
        if rtp is None:
            return
        timestamp = self._timestamps.extend(rtp.timestamp)
        for ordered in self._reorder.push(rtp, timestamp, packet.now):
            yield from self._convert(ordered)

    def flush(self) -> Iterator[Item]:
        """Yield the rest at the end of the track."""
        for ordered in self._reorder.flush():
            yield from self._convert(ordered)
        if self._video is not None:
            yield from self._dated(self._video.flush())

    def _convert(self, packet: TrackPacket) -> Iterator[Item]:
        if self._video is not None:
            yield from self._dated(self._video.push(packet))
            return
        samples = packet_samples(packet.payload)
        if samples is None:
            return
        time = self._time(Moment(packet.timestamp, packet.arrival))
        if self._sound_end is not None and time > self._sound_end:
            # A sender that pauses goes on counting. A clock that stood still lost sound.
            stood_still = packet.timestamp - self._next_timestamp < samples // 2
            if packet.lost_before or (stood_still and time - self._sound_end > MIN_STALL_S):
                yield Missing(self._sound_end, time)
        self._next_timestamp = packet.timestamp + samples
        self._sound_end = time + samples / SAMPLE_RATE
        yield Sound(time, packet.payload, samples)

    def _dated(self, items: Iterable[TimedFrame | MediaGap]) -> Iterator[Item]:
        for item in items:
            if isinstance(item, TimedFrame):
                yield Picture(self._time(item.at), item.frame)
            else:
                yield Missing(self._time(item.start), self._time(item.end))

    def _time(self, at: Moment) -> float:
        # A packet from the future would hold up all that comes after it.
        return min(self._clock.time_at(at.timestamp, at.arrival), at.arrival + MAX_AHEAD_S)
