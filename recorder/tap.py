"""Between the relay's tap and the archive: numbers the tracks, watches for losses."""

from __future__ import annotations

from recorder.archive import ArchiveWriter
from recorder.core.archive_format import (
    RUN_SHIFT,
    Clock,
    LessonEnd,
    Packet,
    TrackBegin,
    TrackEnd,
)
from recorder.core.loss_watch import LossWatch
from recorder.trouble import Trouble
from relay.api import CloseReason, MediaKind, TapTrack

MAX_OPEN_TRACKS = 1024  # at a time; a class has some twenty, three hundred rooms two each
MAX_TRACKS = 1 << RUN_SHIFT  # of one run: a room that comes anew each second for nine hours


class ArchiveTap:
    """The `TapSink` of one recording."""

    def __init__(self, writer: ArchiveWriter, run: int) -> None:
        """`run`: the number of the run's first segment; it makes track numbers unique."""
        self._put = writer.put
        self._complain = writer.complain
        self._base = run << RUN_SHIFT
        self._numbers: dict[int, int] = {}
        self._watches: dict[int, LossWatch] = {}
        self._count = 0
        self._latest: float | None = None  # arrival
        self._ended = False
        self._refused: set[int] = set()  # refused tracks that are still open, as far as they count
        self.refused_tracks = 0

    def on_track(self, track: TapTrack, now: float) -> None:
        """See `TapSink`."""
        if track.track_id in self._numbers:
            self.refused_tracks += 1
            return
        if self._count >= MAX_TRACKS or len(self._numbers) >= MAX_OPEN_TRACKS:
            self._refuse(track.track_id)
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
            if track_id in self._refused:  # the trouble lasts
                self._tell_refusal()
            return
        # A track begins with packets that the relay kept: they came before others' latest.
        self._latest = now if self._latest is None else max(self._latest, now)
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
        self._refused.discard(track_id)
        self._watches.pop(track_id, None)
        if number is not None:
            self._put(TrackEnd(number, reason.value, now))

    def end(self) -> None:
        """The lesson ends now: of what still comes, only what was captured before belongs to it.

        Only the first call counts.
        """
        if self._latest is not None and not self._ended:
            self._ended = True
            # Packets come many times a second, so the latest came now.
            self._put(LessonEnd(self._latest))

    def lost_pictures(self, now: float) -> bool:
        """True if a video track lost packets for good since the last call."""
        unrepaired = [watch.take_unrepaired(now) for watch in self._watches.values()]
        return any(unrepaired)

    def _refuse(self, track_id: int) -> None:
        self.refused_tracks += 1
        if len(self._refused) < MAX_OPEN_TRACKS:
            self._refused.add(track_id)
        self._tell_refusal()

    def _tell_refusal(self) -> None:
        self._complain(Trouble.TOO_MANY_TRACKS, f"{self.refused_tracks} tracks refused")
