"""The archive's own framing: a recording on disk, during the lesson and after it.

A recording's archive is a numbered row of *segments*. A segment is a header and then records::

    header  magic (8) | segment index (u32) | reserved (u32) | created, Unix s (f64)
    record  body length (u32) | CRC-32 of the body, seeded with the type (u32) | type (u8) | body

all little-endian. Segments are only ever appended to, so a `kill -9`, a power cut or a full disk
can only tear the tail. The CRC finds it, and `SegmentReader` cuts it off. Every segment opens with
a `Begin` and a `TrackBegin` for each running track, so that it can be read alone.

Packets and clock mappings are many, so their body is packed. Everything else is tagged JSON.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator

import msgspec

from recorder.api import LessonFacts
from relay.api import MediaKind

MAGIC = b"TKARCH\x00\x01"  # the last byte is the format's version
MAX_BODY_BYTES = 256 * 1024  # an RTP packet is at most 64 KiB, a Begin far less
MAX_SEGMENT_BYTES = 16 * 1024 * 1024  # a segment is read whole, so this bounds the reader's memory
MAX_SEGMENT_SECONDS = 60.0  # bounds what one unreadable file can cost

_HEADER = struct.Struct("<8sIId")
_RECORD = struct.Struct("<IIB")
_PACKET = struct.Struct("<Id")
_CLOCK = struct.Struct("<IIdd")

RUN_SHIFT = 16  # bits of a track's number below its run, which is the run's first segment

_TYPE_PACKET = 1
_TYPE_CLOCK = 2
_TYPE_EVENT = 3


# The first bytes of a record: the length is below 256 KiB, the type is one of three.
_RECORD_HEAD = re.compile(rb"(?=..[\x00-\x03]\x00....[\x01-\x03])", re.DOTALL)
_MAX_SEARCH = 10_000  # places tried after a damaged length; some 0.1 s


class Packet(msgspec.Struct, frozen=True, gc=False):
    """One RTP packet of a track; `now` is its arrival in Unix seconds."""

    track: int
    now: float
    rtp: bytes


class Clock(msgspec.Struct, frozen=True, gc=False):
    """An anchor: `rtp_timestamp` was captured at `capture_time` (Unix seconds).

    The source is a sender report, or a packet that tells its own capture time.
    """

    track: int
    rtp_timestamp: int
    capture_time: float
    now: float


class Begin(msgspec.Struct, frozen=True, tag="begin", omit_defaults=True):
    """The opening record of every segment: it names the recording.

    Attributes:
        run: the number of the run's first segment; 0 in older archives.
        take: how often the recording had been taken up when the run began, this time included; 0 in
            older archives. Of two runs the one with the higher take is the later one.
        after: the last segment of the run before, and its bytes when this run began.
    """

    recording_id: str
    started_at: float
    facts: LessonFacts
    run: int = 0
    take: int = 0
    after: tuple[int, int] | None = None


class TrackBegin(msgspec.Struct, frozen=True, tag="track"):
    """A track; numbers are unique in the archive, across restarts of the server too."""

    track: int
    source_id: str
    kind: MediaKind
    codec: str
    clock_rate: int
    channels: int
    fmtp: str
    now: float


class TrackEnd(msgspec.Struct, frozen=True, tag="track_end"):
    """No more packets for a track."""

    track: int
    reason: str
    now: float


class SourceName(msgspec.Struct, frozen=True, tag="source_name"):
    """The name of a source that appeared after the beginning."""

    source_id: str
    name: str


class Stage(msgspec.Struct, frozen=True, tag="stage"):
    """A participant came onto or left the stage."""

    participant_id: str
    name: str
    on_stage: bool
    now: float


class Lost(msgspec.Struct, frozen=True, tag="lost"):
    """Records that were thrown away, because the writer could not keep up or the disk failed."""

    since: float
    until: float
    records: int


class ClockSet(msgspec.Struct, frozen=True, tag="clock_set"):
    """The machine's clock was set: it now leads the recording's own time by `ahead` seconds."""

    now: float
    ahead: float


class LessonEnd(msgspec.Struct, frozen=True, tag="lesson_end"):
    """The lesson ended at `now`, on the clock of the packets' arrivals.

    Media after this record, in the same run, is kept if it was captured before.
    """

    now: float


class ArchiveEnd(msgspec.Struct, frozen=True, tag="end"):
    """The archive was closed after the lesson's end. Only a lesson taken up again adds to it."""

    now: float


Event = (
    Begin | TrackBegin | TrackEnd | SourceName | Stage | Lost | ClockSet | LessonEnd | ArchiveEnd
)
Record = Packet | Clock | Event

_encode_event = msgspec.json.Encoder().encode
_event_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def run_of(track: int) -> int:
    """The run (from one `begin` to the end or the crash) that a track's number belongs to."""
    return track >> RUN_SHIFT


def segment_header(index: int, created: float) -> bytes:
    """The first bytes of segment number `index`."""
    return _HEADER.pack(MAGIC, index, 0, created)


def encode_record(record: Record) -> bytes:
    """One record, framed.

    Raises:
        ValueError: the body exceeds `MAX_BODY_BYTES`.
    """
    if isinstance(record, Packet):
        kind, body = _TYPE_PACKET, _PACKET.pack(record.track, record.now) + record.rtp
    elif isinstance(record, Clock):
        kind = _TYPE_CLOCK
        body = _CLOCK.pack(
            record.track, record.rtp_timestamp & 0xFFFFFFFF, record.capture_time, record.now
        )
    else:
        kind, body = _TYPE_EVENT, _encode_event(record)
    if len(body) > MAX_BODY_BYTES:
        raise ValueError(f"record of {len(body)} bytes")
    return _RECORD.pack(len(body), zlib.crc32(body, kind), kind) + body


class SegmentReader:
    """Iterates over one segment's records; damage is skipped or cut off, and counted.

    Attributes:
        bad_records: records with a wrong CRC or body, after which reading went on.
        cut_bytes: the bytes left when reading had to stop (a torn tail).
        end: the offset behind the last record read.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.bad_records = 0
        self.cut_bytes = 0
        self.end = 0

    def __iter__(self) -> Iterator[Record]:
        data = self._data
        if len(data) < _HEADER.size or not data.startswith(MAGIC):
            self.cut_bytes = len(data)
            return
        offset = self.end = _HEADER.size
        while offset < len(data):
            parsed = self._record_at(offset)
            if parsed is None:
                following = self._successor(offset)
                if following is None:
                    self.cut_bytes = len(data) - offset
                    return
                self.bad_records += 1
                offset = following
                continue
            kind, start, stop = parsed
            record = _decode_body(kind, data[start:stop])
            offset = self.end = stop
            if record is None:
                self.bad_records += 1
            else:
                yield record

    def _record_at(self, offset: int) -> tuple[int, int, int] | None:
        data = self._data
        if offset + _RECORD.size > len(data):
            return None
        length, crc, kind = _RECORD.unpack_from(data, offset)
        start = offset + _RECORD.size
        stop = start + length
        if length > MAX_BODY_BYTES or stop > len(data):
            return None
        if zlib.crc32(memoryview(data)[start:stop], kind) != crc:
            return None
        return kind, start, stop

    def _successor(self, offset: int) -> int | None:
        """Find the offset of the next good record; None in a torn tail."""
        if offset + _RECORD.size > len(self._data):
            return None
        length = _RECORD.unpack_from(self._data, offset)[0]
        if length > MAX_BODY_BYTES:  # no writer wrote that, so the length is damaged
            return self._search(offset + 1)
        following = offset + _RECORD.size + length
        return following if self._record_at(following) is not None else None

    def _search(self, offset: int) -> int | None:
        """Find the next place at which a record can begin and its CRC holds."""
        for tries, found in enumerate(_RECORD_HEAD.finditer(self._data, offset)):
            if tries >= _MAX_SEARCH:
                return None
            if self._record_at(found.start()) is not None:
                return found.start()
        return None


def _decode_body(kind: int, body: bytes) -> Record | None:
    try:
        if kind == _TYPE_PACKET:
            track, now = _PACKET.unpack_from(body)
            return Packet(track, now, body[_PACKET.size :])
        if kind == _TYPE_CLOCK:
            return Clock(*_CLOCK.unpack(body))
        if kind == _TYPE_EVENT:
            return _event_decoder.decode(body)
    except (struct.error, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return None
