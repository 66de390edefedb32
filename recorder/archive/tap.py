"""The archive's tap of a room: numbers tracks, watches for losses, bounds sources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from recorder.api import RecordingTrouble
from recorder.archive.writer import ArchiveWriter
from recorder.core.archive_format import (
    RUN_SHIFT,
    Clock,
    LessonEnd,
    Packet,
    TrackBegin,
    TrackEnd,
)
from recorder.core.loss_watch import LossWatch
from recorder.core.source_quota import QuotaRules, SourceQuota
from relay.api import CloseReason, MediaKind, TapTrack

MAX_OPEN_TRACKS = 1024  # at a time; a class has some twenty, 300 rooms have two each
MAX_TRACKS = 1 << RUN_SHIFT  # in one run: one room that reconnects each second for nine hours
MAX_SOURCES = 4096  # in one run; each account lasts as long as the run
EXCESS = "excess"  # reason of a track's end: the source brought more than may be recorded
_RECORD_BYTES = 32  # bytes of a record beside its packet, about


@dataclass(slots=True)
class _Source:
    """A source's account, and its open tracks."""

    source_id: str
    quota: SourceQuota
    tracks: list[_Track] = field(default_factory=list)
    told: bool = False  # the listener knows that the source is cut


@dataclass(slots=True)
class _Track:
    """An open track. `number` is −1 while it is not recorded."""

    told: TapTrack
    source: _Source
    number: int = -1
    watch: LossWatch | None = None


class ArchiveTap:
    """The `TapSink` of one recording.

    Attributes:
        refused_tracks: tracks that were too many.
        short_of_space: the disk has little left: sources that bring much are not recorded.
    """

    def __init__(
        self,
        writer: ArchiveWriter,
        run: int,
        *,
        rules: QuotaRules | None = None,
        on_excess: Callable[[str, bool], None] = lambda source_id, excess: None,
    ) -> None:
        """Begin without tracks.

        Args:
            writer: takes the records.
            run: the number of the run's first segment; it makes track numbers unique.
            rules: what each source may bring.
            on_excess: told of a source that brings more, and again when it is recorded once more.
        """
        self._put = writer.put
        self._complain = writer.complain
        self._base = run << RUN_SHIFT
        self._rules = rules or QuotaRules()
        self._on_excess = on_excess
        self._tracks: dict[int, _Track] = {}
        self._sources: dict[str, _Source] = {}
        self._count = 0
        self._latest: float | None = None  # arrival
        self._ended = False
        self._resumed = False  # a picture that was cut is recorded again, and needs a key frame
        self._refused: set[int] = set()  # refused tracks that are still open, as far as they count
        self.refused_tracks = 0
        self.short_of_space = False

    def on_track(self, track: TapTrack, now: float) -> None:
        """See `TapSink`."""
        if track.track_id in self._tracks:
            self.refused_tracks += 1
            return
        source = self._sources.get(track.source_id)
        too_many = source is None and len(self._sources) >= MAX_SOURCES
        if len(self._tracks) >= MAX_OPEN_TRACKS or too_many:
            self._refuse(track.track_id)
            return
        if source is None:
            source = _Source(track.source_id, SourceQuota(self._rules, now))
            self._sources[track.source_id] = source
        opened = self._tracks[track.track_id] = _Track(track, source)
        source.tracks.append(opened)
        if source.quota.cut or not self._begin(opened, now):
            self._cut(source, now)

    def _begin(self, track: _Track, now: float) -> bool:
        """Record a track from here on; return False if its source had too many."""
        if self._count >= MAX_TRACKS:
            self._refuse(track.told.track_id)
            return True
        if not track.source.quota.take_track():
            return False
        track.number = self._base + self._count
        self._count += 1
        told = track.told
        if told.kind is MediaKind.VIDEO:
            track.watch = LossWatch()
        self._put(
            TrackBegin(
                track=track.number,
                source_id=told.source_id,
                kind=told.kind,
                codec=told.codec,
                clock_rate=told.clock_rate,
                channels=told.channels,
                fmtp=told.fmtp,
                now=now,
            )
        )
        return True

    def on_packet(self, track_id: int, packet: bytes, now: float) -> None:
        """See `TapSink`."""
        track = self._tracks.get(track_id)
        if track is None or track_id in self._refused or len(packet) < 12:
            if track_id in self._refused:  # the trouble lasts
                self._tell_refusal()
            return
        if not self._may_keep(track, len(packet) + _RECORD_BYTES, now):
            return
        # A track begins with packets that the relay kept. They came before others' latest.
        self._latest = now if self._latest is None else max(self._latest, now)
        self._put(Packet(track.number, now, bytes(packet)))
        if track.watch is not None:
            track.watch.on_packet(packet[2] << 8 | packet[3], now)

    def on_clock(self, track_id: int, rtp_timestamp: int, capture_time: float, now: float) -> None:
        """See `TapSink`."""
        track = self._tracks.get(track_id)
        if track is None or track_id in self._refused:
            return
        if self._may_keep(track, _RECORD_BYTES, now):
            self._put(Clock(track.number, rtp_timestamp, capture_time, now))

    def on_track_end(self, track_id: int, reason: CloseReason, now: float) -> None:
        """See `TapSink`."""
        track = self._tracks.pop(track_id, None)
        self._refused.discard(track_id)
        if track is None:
            return
        track.source.tracks.remove(track)
        if track.number >= 0:
            self._put(TrackEnd(track.number, reason.value, now))

    # --- sources that bring too much --------------------------------------------------------------

    def _may_keep(self, track: _Track, size: int, now: float) -> bool:
        """Decide on one more record of a track; cut its source, or take it up again."""
        source = track.source
        if not source.quota.take(size, now, short=self.short_of_space):
            self._cut(source, now)
            return False
        if track.number < 0:
            if not self._begin(track, now):
                self._cut(source, now)
                return False
            self._resumed |= track.watch is not None
        if source.told:
            source.told = False
            self._on_excess(source.source_id, False)
        return track.number >= 0

    def _cut(self, source: _Source, now: float) -> None:
        """End the tracks of a source, so that the gap is marked; tell it once."""
        for track in source.tracks:
            if track.number >= 0:
                self._put(TrackEnd(track.number, EXCESS, now))
            track.number, track.watch = -1, None
        if not source.told:
            source.told = True
            self._on_excess(source.source_id, True)

    # --- the lesson's end, losses -----------------------------------------------------------------

    def end(self) -> None:
        """Mark the lesson's end: media captured later does not belong to it.

        Only the first call counts.
        """
        if self._latest is not None and not self._ended:
            self._ended = True
            # Packets come many times a second, so the latest came now.
            self._put(LessonEnd(self._latest))

    def lost_pictures(self, now: float) -> bool:
        """Tell whether pictures are missing since the last call: lost for good, or just resumed."""
        watches = [track.watch for track in self._tracks.values() if track.watch is not None]
        unrepaired = [watch.take_unrepaired(now) for watch in watches]
        resumed, self._resumed = self._resumed, False
        return resumed or any(unrepaired)

    def _refuse(self, track_id: int) -> None:
        self.refused_tracks += 1
        if len(self._refused) < MAX_OPEN_TRACKS:
            self._refused.add(track_id)
        self._tell_refusal()

    def _tell_refusal(self) -> None:
        self._complain(RecordingTrouble.TOO_MANY_TRACKS, f"{self.refused_tracks} tracks refused")
