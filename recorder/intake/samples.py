"""The numbers of samples that MP4 and QuickTime files claim (ISO/IEC 14496-12 §8.6 to §8.8).

A table says in eight bytes that there are a thousand million samples. FFmpeg makes an entry of some
36 bytes for each before it reads any. So claims are held against the file, and counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from recorder.intake.boxes import MAX_BOXES, MAX_INNER, Box, boxes
from recorder.intake_api import VideoRefusal, VideoRefused

MAX_SAMPLES = 12_000_000  # 24 h of 60 pictures and 47 packets of AAC a second are 9.3 million
_MAX_LOOKED_AT = 4_000_000  # boxes: fragments of each second of 24 h have some ten
_HOLDERS = frozenset((b"trak", b"mdia", b"minf", b"stbl", b"traf"))
_MAX_DEPTH = 5  # moov/trak/mdia/minf/stbl are four levels below the movie
_SOUND = b"soun"  # handler type (§12.2)


def examine_samples(file: BinaryIO, size: int) -> None:
    """See that a file has room for the samples that it claims, and not too many of them.

    Raises:
        VideoRefused: it has not.
    """
    count = _Count(file, size)
    for box in boxes(file, 0, size, MAX_BOXES):
        if box.kind == b"moov":
            for track in boxes(file, box.body, box.end, MAX_INNER):
                if track.kind in _HOLDERS:
                    count.take_track(track)
        elif box.kind == b"moof":
            count.take_fragment(box)


class _Count:
    """Samples of a file so far."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        self._samples = 0
        self._looked_at = 0

    def take_track(self, track: Box) -> None:
        """Count the samples of a track. Raises VideoRefused."""
        kind, lengths, tables = b"", b"", []
        for leaf in self._leaves(track):
            if leaf.kind == b"hdlr":
                kind = self._read(leaf, 12)[8:]
            elif leaf.kind == b"stts":
                lengths = self._read(leaf, 16)
            elif leaf.kind in {b"stsz", b"stz2"}:
                tables.append(leaf)
            elif leaf.kind == b"trun":
                self._take_run(leaf)
        # Of plain samples of sound, each 1 tick long, FFmpeg takes a thousand for one.
        is_plain = kind == _SOUND and lengths[4:8] + lengths[12:16] == b"\0\0\0\1" * 2
        for table in tables:
            self._take_table(table, is_plain=is_plain)

    def take_fragment(self, fragment: Box) -> None:
        """Count the samples of a fragment. Raises VideoRefused."""
        for leaf in self._leaves(fragment):
            if leaf.kind == b"trun":
                self._take_run(leaf)

    def _take_table(self, table: Box, *, is_plain: bool) -> None:
        head = self._read(table, 12)
        length = int.from_bytes(head[4:8]) if table.kind == b"stsz" else 0
        count = int.from_bytes(head[8:12])
        if count * length > self._size:
            raise VideoRefused(VideoRefusal.DAMAGED)
        if not is_plain:
            self._take(count)

    def _take_run(self, run: Box) -> None:
        self._take(int.from_bytes(self._read(run, 8)[4:]))

    def _take(self, count: int) -> None:
        self._samples += count
        if self._samples > MAX_SAMPLES:
            raise VideoRefused(VideoRefusal.TOO_MUCH)

    def _read(self, box: Box, most: int) -> bytes:
        self._file.seek(box.body)
        return self._file.read(min(most, box.end - box.body))

    def _leaves(self, holder: Box, depth: int = 0) -> Iterator[Box]:
        if depth > _MAX_DEPTH:
            raise VideoRefused(VideoRefusal.DAMAGED)
        for box in boxes(self._file, holder.body, holder.end, MAX_INNER):
            self._looked_at += 1
            if self._looked_at > _MAX_LOOKED_AT:
                raise VideoRefused(VideoRefusal.TOO_MUCH)
            if box.kind in _HOLDERS:
                yield from self._leaves(box, depth + 1)
            else:
                yield box
