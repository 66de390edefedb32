"""Pieces: parts of growing segments, as the machine that records brings them to the bucket.

A piece's key names all that is to be known of it, so a list of keys is enough to plan with::

    pieces/<recording>/<take>/<segment>/<start>-<stop>-<SHA-256, 16 digits>

Each take is written by one process, so no two processes write the same key. A later take wins from
its beginning: segments that an earlier one made after that are left out. Pure.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

MAX_PIECE_BYTES = 2 * 1024 * 1024  # bytes; held in memory while it goes up
_DIGITS = 16  # of the SHA-256: it finds damage, not malice
_NAME = re.compile(r"(\d{6,9})/(\d{6,9})/(\d{10})-(\d{10})-([0-9a-f]{16})")


@dataclass(frozen=True, slots=True, order=True)
class Piece:
    """Some bytes of a segment.

    Attributes:
        take: which taking up of the recording made the segment.
        segment: its number.
        start: the first byte.
        stop: the byte after the last one.
        digest: the first digits of the SHA-256.
    """

    take: int
    segment: int
    start: int
    stop: int
    digest: str

    @property
    def name(self) -> str:
        """The key, without what those of the recording begin with."""
        place = f"{self.take:06d}/{self.segment:06d}"
        return f"{place}/{self.start:010d}-{self.stop:010d}-{self.digest}"

    def is_of(self, data: bytes) -> bool:
        """Tell whether these are its bytes."""
        return len(data) == self.stop - self.start and _digest(data) == self.digest


@dataclass(frozen=True, slots=True)
class ShippedRun:
    """A run of an archive, as far as its pieces tell.

    Attributes:
        take: which taking up of the recording it is.
        first: the number of its first segment.
        last: … and of its last one.
        size: the bytes of the last one that are there without a hole.
    """

    take: int
    first: int
    last: int
    size: int


def piece_of(take: int, segment: int, start: int, data: bytes) -> Piece:
    """Name some bytes of a segment."""
    return Piece(take, segment, start, start + len(data), _digest(data))


def read_pieces(sizes: Mapping[str, int]) -> list[Piece]:
    """Read the names of objects, which have these sizes; pass over what is no whole piece."""
    found = []
    for name, size in sizes.items():
        if (match := _NAME.fullmatch(name)) is None:
            continue
        take, segment, start, stop = map(int, match.groups()[:4])
        if size and size == stop - start:
            found.append(Piece(take, segment, start, stop, match.group(5)))
    return sorted(found)


def chain(pieces: Iterable[Piece], start: int = 0) -> list[Piece]:
    """Pick pieces of one segment that cover it from `start` on, up to the first hole."""
    offset = start
    picked: list[Piece] = []
    rest = sorted(pieces, key=lambda piece: piece.start)
    best: Piece | None = None
    for piece in rest:
        while piece.start > offset:
            if best is None or best.stop <= offset:
                return picked
            picked.append(best)
            offset = best.stop
        if best is None or piece.stop > best.stop:
            best = piece
    if best is not None and best.stop > offset:
        picked.append(best)
    return picked


def covered(pieces: Iterable[Piece], start: int = 0) -> int:
    """Tell up to which byte a segment is there without a hole."""
    picked = chain(pieces, start)
    return picked[-1].stop if picked else start


def shipped_runs(pieces: Collection[Piece]) -> list[ShippedRun]:
    """Tell which runs there are, the earliest first."""
    runs = []
    for take, segments in sorted(_by_take(pieces).items()):
        last = max(segments)
        runs.append(ShippedRun(take, min(segments), last, covered(segments[last])))
    return runs


def segments_wanted(pieces: Collection[Piece]) -> dict[int, list[Piece]]:
    """Pick the pieces of each segment that belongs to the recording, by its number."""
    takes = _by_take(pieces)
    wanted: dict[int, list[Piece]] = {}
    for take, segments in takes.items():
        later = [min(others) for other, others in takes.items() if other > take]
        until = min(later, default=math.inf)
        wanted |= {number: some for number, some in segments.items() if number < until}
    return dict(sorted(wanted.items()))


def _by_take(pieces: Iterable[Piece]) -> dict[int, dict[int, list[Piece]]]:
    takes: dict[int, dict[int, list[Piece]]] = defaultdict(lambda: defaultdict(list))
    for piece in pieces:
        takes[piece.take][piece.segment].append(piece)
    return takes


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:_DIGITS]
