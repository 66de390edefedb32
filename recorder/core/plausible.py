"""A filter for archives: records with absurd times, numbers or lengths are passed over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from recorder.core.archive_format import (
    Begin,
    Clock,
    Lost,
    Packet,
    Record,
    SourceName,
    Stage,
    TrackBegin,
    TrackEnd,
    run_of,
)
from recorder.core.bounds import (
    LEAP_CONFIRMED,
    MAX_CLOCK_RATE,
    MAX_FMTP_CHARS,
    MAX_LEAP_S,
    MAX_NAME_CHARS,
    MAX_RTP_BYTES,
    MAX_SOURCE_ID_CHARS,
    MAX_SOURCES,
    MAX_TRACK_NUMBER,
    MIN_CLOCK_RATE,
    is_time,
)


class PlausibleRecords:
    """Lets plausible records through. The same records give the same answer in each pass.

    Attributes:
        passed_over: records left out.
    """

    def __init__(self) -> None:
        self.passed_over = 0
        self._sources: set[str] = set()
        self._run = -1  # of the latest packet
        self._now: float | None = None  # of the latest packet of that run
        self._leapt = 0  # packets in a row on the far side of a leap
        self._leapt_to = 0.0

    def of(self, records: Iterable[Record]) -> Iterator[Record]:
        """Yield the plausible records, in order."""
        for record in records:
            kept = self._packet(record) if isinstance(record, Packet) else self._other(record)
            if kept is None:
                self.passed_over += 1
            else:
                yield kept

    def _packet(self, packet: Packet) -> Packet | None:
        now = packet.now
        if len(packet.rtp) > MAX_RTP_BYTES or not is_time(now):
            return None
        run = run_of(packet.track)
        if run != self._run:
            self._run, self._now, self._leapt = run, None, 0
        last = self._now
        if last is not None and not -MAX_LEAP_S <= now - last <= MAX_LEAP_S:
            if not self._leapt or abs(now - self._leapt_to) > MAX_LEAP_S:
                self._leapt, self._leapt_to = 0, now
            self._leapt += 1
            if self._leapt < LEAP_CONFIRMED:
                return None
        self._now, self._leapt = now, 0
        return packet

    def _other(self, record: Record) -> Record | None:
        if isinstance(record, Clock):
            return record if is_time(record.now) and is_time(record.capture_time) else None
        if isinstance(record, TrackBegin):
            return record if self._is_track(record) else None
        if isinstance(record, SourceName):
            if not record.source_id or len(record.source_id) > MAX_SOURCE_ID_CHARS:
                return None
            return msgspec.structs.replace(record, name=record.name[:MAX_NAME_CHARS])
        if isinstance(record, Stage):
            if len(record.participant_id) > MAX_SOURCE_ID_CHARS or not is_time(record.now):
                return None
            return msgspec.structs.replace(record, name=record.name[:MAX_NAME_CHARS])
        return record if _has_true_times(record) else None

    def _is_track(self, track: TrackBegin) -> bool:
        if not (
            0 <= track.track <= MAX_TRACK_NUMBER
            and 0 < len(track.source_id) <= MAX_SOURCE_ID_CHARS
            and MIN_CLOCK_RATE <= track.clock_rate <= MAX_CLOCK_RATE
            and len(track.fmtp) <= MAX_FMTP_CHARS
            and is_time(track.now)
        ):
            return False
        if track.source_id not in self._sources and len(self._sources) >= MAX_SOURCES:
            return False
        self._sources.add(track.source_id)
        return True


def _has_true_times(record: Record) -> bool:
    if isinstance(record, Begin):
        return is_time(record.started_at)
    if isinstance(record, Lost):
        return is_time(record.since) and is_time(record.until)
    return isinstance(record, TrackEnd) or is_time(getattr(record, "now", 0.0))
