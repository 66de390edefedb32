"""Fragments of an MP4 file (ISO/IEC 14496-12): where they lie, and when they begin."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

import msgspec

Read = Callable[[int, int], bytes]  # takes offset and length

_HEADER_BYTES = 8
_LARGE_HEADER_BYTES = 16
_MAX_MOOF_BYTES = 16 * 1024 * 1024  # some 10⁶ samples; a fragment has thousands


class BadFragments(ValueError):
    """The file is no fragmented MP4."""


class Fragment(msgspec.Struct, frozen=True):
    """One fragment: `moof` and `mdat`. `decode_time` is in ticks of the track."""

    offset: int
    length: int
    decode_time: int


class Layout(msgspec.Struct, frozen=True):
    """A file: its head (`ftyp`, `moov`) of so many bytes, and the fragments after it."""

    head_bytes: int
    fragments: tuple[Fragment, ...]


def read_layout(read: Read, size: int) -> Layout:
    """Find the fragments of a file with one track. Raises BadFragments."""
    starts: list[tuple[int, int]] = []
    end = 0
    for offset, kind, length in _boxes(read, 0, size):
        end = offset + length
        if kind == b"moof":
            if length > _MAX_MOOF_BYTES:
                raise BadFragments(f"moof of {length} bytes")
            starts.append((offset, _decode_time(read(offset, length))))
        elif kind == b"mfra":
            end = offset
            break
    if not starts:
        raise BadFragments("no fragment")
    stops = [offset for offset, _ in starts[1:]] + [end]
    fragments = tuple(
        Fragment(offset, stop - offset, time)
        for (offset, time), stop in zip(starts, stops, strict=True)
    )
    return Layout(starts[0][0], fragments)


def _boxes(read: Read, start: int, stop: int) -> Iterator[tuple[int, bytes, int]]:
    while start + _HEADER_BYTES <= stop:
        length, kind = struct.unpack(">I4s", read(start, _HEADER_BYTES))
        smallest = _HEADER_BYTES
        if length == 1:
            (length,) = struct.unpack(">Q", read(start + _HEADER_BYTES, 8))
            smallest = _LARGE_HEADER_BYTES
        if length < smallest or start + length > stop:
            raise BadFragments(f"box {kind!r} of {length} bytes at {start}")
        yield start, kind, length
        start += length


def _decode_time(moof: bytes) -> int:
    """Read `tfdt` of the first `traf`; its version tells the width of the time."""
    tfdt = _child(_child(moof, b"traf"), b"tfdt")
    body = tfdt[_HEADER_BYTES:]
    return int.from_bytes(body[4 : 12 if body[0] else 8], "big")


def _child(box: bytes, wanted: bytes) -> bytes:
    def within(offset: int, length: int) -> bytes:
        return box[offset : offset + length]

    for offset, kind, length in _boxes(within, _HEADER_BYTES, len(box)):
        if kind == wanted:
            return within(offset, length)
    raise BadFragments(f"no {wanted!r}")
