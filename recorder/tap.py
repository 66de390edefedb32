"""Between the relay's tap and the archive: numbers the tracks, watches for losses."""

from __future__ import annotations

from recorder.archive import ArchiveWriter
from recorder.core.archive_format import Clock, Packet, TrackBegin, TrackEnd
from recorder.core.loss_watch import LossWatch
from relay.api import CloseReason, MediaKind, TapTrack

MAX_TRACKS = 4096  # of one run; a class has some twenty, the rest is for reconnects
_TRACK_BITS = 12


class ArchiveTap:
    """The `TapSink` of one recording."""

    def __init__(self, writer: ArchiveWriter, run: int) -> None:
        """`run`: the number of the run's first segment; it makes track numbers unique."""
        self._put = writer.put
        self._base = run << _TRACK_BITS
        self._numbers: dict[int, int] = {}
        self._watches: dict[int, LossWatch] = {}
        self._count = 0
        self.refused_tracks = 0

    def on_track(self, track: TapTrack, now: float) -> None:
        """See `TapSink`."""
        if self._count >= MAX_TRACKS or track.track_id in self._numbers:
            self.refused_tracks += 1
            return
        number = self._numbers[track.track_id] = self._base + self._count
        self._count += 1
        if track.kind is MediaKind.VIDEO:
            self._watches[track.track_id] = LossWatch()
        self._put(
            TrackBegin(
                track=number,
                source_id=track.source_id,
                kind=track.kind,
                codec=track.codec,
                clock_rate=track.clock_rate,
                channels=track.channels,
                fmtp=track.fmtp,
                now=now,
            )
        )

    def on_packet(self, track_id: int, packet: bytes, now: float) -> None:
        """See `TapSink`."""
        number = self._numbers.get(track_id)
        if number is None or len(packet) < 12:
            return
        self._put(Packet(number, now, bytes(packet)))
        watch = self._watches.get(track_id)
        if watch is not None:
            watch.on_packet(packet[2] << 8 | packet[3], now)

    def on_clock(self, track_id: int, rtp_timestamp: int, capture_time: float, now: float) -> None:
        """See `TapSink`."""
        number = self._numbers.get(track_id)
        if number is not None:
            self._put(Clock(number, rtp_timestamp, capture_time, now))

    def on_track_end(self, track_id: int, reason: CloseReason, now: float) -> None:
        """See `TapSink`."""
        number = self._numbers.pop(track_id, None)
        self._watches.pop(track_id, None)
        if number is not None:
            self._put(TrackEnd(number, reason.value, now))

    def lost_pictures(self, now: float) -> bool:
        """True if a video track lost packets for good since the last call."""
        unrepaired = [watch.take_unrepaired(now) for watch in self._watches.values()]
        return any(unrepaired)
