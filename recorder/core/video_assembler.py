"""Frames that decode, made from one track's ordered packets, and the gaps between them.

A frame is kept only if it arrived whole, with everything that it may refer to. So after any loss
nothing is kept until the next key frame. The time left out is reported as a gap. A guess that no
frame refers to a lost packet would keep more pictures, and some of them would be smeared.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from recorder.core.bounds import MAX_FRAME_BYTES, MAX_FRAME_PACKETS
from recorder.core.reorder import TrackPacket
from recorder.core.video_frame import CodedFrame, Depacketizer


class Moment(msgspec.Struct, frozen=True, gc=False):
    """A place in a track: extended RTP timestamp, and the arrival that helps to date it."""

    timestamp: int
    arrival: float


class TimedFrame(msgspec.Struct, frozen=True, gc=False):
    """A frame that can be decoded after those before it."""

    at: Moment
    frame: CodedFrame


class MediaGap(msgspec.Struct, frozen=True, gc=False):
    """Pictures are missing between two moments."""

    start: Moment
    end: Moment


class VideoAssembler:
    """Groups packets by timestamp and lets whole, decodable frames through.

    Attributes:
        broken: frames left out, because their packets, or those of a frame before, are missing.
    """

    def __init__(self, depacketizer: Depacketizer) -> None:
        self._depacketizer = depacketizer
        self._group: list[TrackPacket] = []
        self._octets = 0  # of the group
        self._broken_group = False
        self._needs_key = True
        self._gap_start: Moment | None = None
        self._last: Moment | None = None  # of the last frame let through
        self._latest: Moment | None = None  # of the last packet
        self.broken = 0

    def push(self, packet: TrackPacket) -> Iterator[TimedFrame | MediaGap]:
        """Take the next packet."""
        self._latest = Moment(packet.timestamp, packet.arrival)
        if packet.lost_before:
            # The frame before is whole only if its marker was seen. Then it is finished already.
            self._broken_group = bool(self._group)
        if self._group and packet.timestamp != self._group[0].timestamp:
            yield from self._finish()
        if packet.lost_before:
            self._lose(packet)
        if not packet.payload:
            return
        self._octets += len(packet.payload)
        if len(self._group) >= MAX_FRAME_PACKETS or self._octets > MAX_FRAME_BYTES:
            self._broken_group = True
        if not self._broken_group or not self._group:
            self._group.append(packet)
        if packet.marker:
            yield from self._finish()

    def flush(self) -> Iterator[TimedFrame | MediaGap]:
        """End the track: leave an unfinished frame out, end an open gap."""
        if self._group:
            self._lose(self._group[0])
            self._group = []
        if self._gap_start is not None and self._latest is not None:
            yield MediaGap(self._gap_start, self._latest)
            self._gap_start = None

    def _lose(self, packet: TrackPacket) -> None:
        self._needs_key = True
        if self._gap_start is None:
            self._gap_start = self._last or Moment(packet.timestamp, packet.arrival)

    def _finish(self) -> Iterator[TimedFrame | MediaGap]:
        group, self._group, self._octets = self._group, [], 0
        first, broken = group[0], self._broken_group
        self._broken_group = False
        frame = None
        if not broken:
            payloads = [packet.payload for packet in group]
            frame = self._depacketizer.assemble(payloads, after_loss=first.lost_before)
        if frame is None or (self._needs_key and not frame.key):
            self.broken += 1
            self._lose(first)
            return
        self._needs_key = False
        at = Moment(first.timestamp, first.arrival)
        if self._gap_start is not None:
            yield MediaGap(self._gap_start, at)
            self._gap_start = None
        self._last = at
        yield TimedFrame(at, frame)
