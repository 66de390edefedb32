"""Compound files ([MS-CFB]): the container of an .xls, read within bounds, and made anew."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_HEADER_BYTES = 512
_ENTRY_BYTES = 128  # of the directory, 2.6.1
_MINI_BYTES = 64  # of a sector of the mini stream
_MINI_CUTOFF = 4096  # a stream below this lies in the mini stream
_DIFAT_IN_HEADER = 109
_LAST_REGULAR = 0xFFFFFFFA  # sector numbers above it are marks: end of chain, free, FAT
_END = 0xFFFFFFFE
_FREE = 0xFFFFFFFF
_FAT_SECTOR = 0xFFFFFFFD
_STREAM, _ROOT = 2, 5  # types of entries
_NAME_BYTES = 64


class BadCompound(ValueError):
    """The container is damaged."""


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    kind: int
    first: int
    size: int


class Compound:
    """The streams of a compound file."""

    def __init__(self, data: bytes) -> None:
        """Read the tables. Raises BadCompound."""
        if len(data) < _HEADER_BYTES or not data.startswith(MAGIC):
            raise BadCompound("no header")
        shift = _u16(data, 30)
        if shift not in {9, 12}:  # 2.2: 512 bytes in version 3, 4096 in version 4
            raise BadCompound("size of sectors")
        self._data = data
        self._sector_bytes = 1 << shift
        self._fat: list[int] = []
        for sector in self._fat_sectors():
            self._fat += _numbers(self._sector(sector))
        self._entries = tuple(self._directory(_u32(data, 48)))
        self._mini_fat = _numbers(self._chain(_u32(data, 60)))
        roots = [entry for entry in self._entries if entry.kind == _ROOT]
        self._mini = self._chain(roots[0].first)[: roots[0].size] if roots else b""

    @property
    def names(self) -> frozenset[str]:
        """Names of all streams and folders in small letters, for their case means nothing."""
        return frozenset(entry.name.lower() for entry in self._entries)

    def stream(self, name: str) -> bytes | None:
        """Return the bytes of a stream; None where it does not exist. Raises BadCompound."""
        for entry in self._entries:
            if entry.name.lower() == name.lower() and entry.kind == _STREAM:
                if entry.size < _MINI_CUTOFF:
                    content = b"".join(self._mini_sectors(entry.first))
                else:
                    content = self._chain(entry.first)
                if len(content) < entry.size:
                    raise BadCompound("a stream breaks off")
                return content[: entry.size]
        return None

    def _fat_sectors(self) -> Iterator[int]:
        yield from self._regular(_numbers(self._data[76:_HEADER_BYTES]))
        following, seen = _u32(self._data, 68), 0
        while following <= _LAST_REGULAR:
            *numbers, following = _numbers(self._sector(following))
            yield from self._regular(numbers)
            seen += 1
            if seen * self._sector_bytes > len(self._data):
                raise BadCompound("a chain without an end")

    @staticmethod
    def _regular(numbers: Sequence[int]) -> Iterator[int]:
        return (number for number in numbers if number <= _LAST_REGULAR)

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._sector_bytes
        sector = self._data[start : start + self._sector_bytes]
        if not sector:
            raise BadCompound("a sector beyond the end")
        return sector.ljust(self._sector_bytes, b"\0")

    def _chain(self, first: int) -> bytes:
        return b"".join(self._sector(number) for number in _chain(self._fat, first))

    def _mini_sectors(self, first: int) -> Iterator[bytes]:
        for number in _chain(self._mini_fat, first):
            yield self._mini[number * _MINI_BYTES : (number + 1) * _MINI_BYTES]

    def _directory(self, first: int) -> Iterator[_Entry]:
        content = self._chain(first)
        for start in range(0, len(content), _ENTRY_BYTES):
            entry = content[start : start + _ENTRY_BYTES]
            length = min(_u16(entry, 64), _NAME_BYTES)
            name = entry[: max(length - 2, 0)].decode("utf-16-le", "replace")
            # 2.6.1: version 3 uses the lower half of the size.
            yield _Entry(name, entry[66], _u32(entry, 116), _u32(entry, 120))


def wrapped(name: str, stream: bytes) -> bytes:
    """Make a compound file that holds one stream.

    Sectors of 4096 bytes (version 4): the header alone then lists the FAT of 450 MB.
    """
    stream = stream.ljust(_MINI_CUTOFF, b"\0")
    size = 1 << 12
    data_sectors = -(-len(stream) // size)
    numbers = size // 4  # of sectors that one sector of the FAT describes
    fat_sectors = -(-(data_sectors + 1) // (numbers - 1))
    fat = [*range(1, data_sectors), _END, _END, *[_FAT_SECTOR] * fat_sectors]
    fat += [_FREE] * (fat_sectors * numbers - len(fat))
    places = [data_sectors + 1 + index for index in range(fat_sectors)]
    places += [_FREE] * (_DIFAT_IN_HEADER - fat_sectors)
    header = MAGIC + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 4, 0xFFFE, 12, 6)
    tables = (1, fat_sectors, data_sectors, 0, _MINI_CUTOFF, _END, 0, _END, 0)
    header += struct.pack("<9I109I", *tables, *places)
    # An empty mini stream at sector 0: the library refuses a root that names no sector at all.
    directory = _entry("Root Entry", _ROOT, 0, 0, child=1)
    directory += _entry(name, _STREAM, 0, len(stream))
    directory += _entry("", 0, 0, 0) * (size // _ENTRY_BYTES - 2)
    body = stream.ljust(data_sectors * size, b"\0") + directory
    return header.ljust(size, b"\0") + body + struct.pack(f"<{len(fat)}I", *fat)


def _entry(name: str, kind: int, first: int, size: int, child: int = _FREE) -> bytes:
    encoded = name.encode("utf-16-le")
    length = len(encoded) + 2 if name else 0
    head = encoded.ljust(_NAME_BYTES, b"\0") + struct.pack("<HBB", length, kind, 1)
    return head + struct.pack("<3I36xIII", _FREE, _FREE, child, first, size, 0)


def _chain(table: Sequence[int], first: int) -> Iterator[int]:
    """Follow a chain of sectors. Raises BadCompound."""
    number = first
    for _ in range(len(table) + 1):
        if number > _LAST_REGULAR:
            return
        if number >= len(table):
            raise BadCompound("a sector that no table knows")
        yield number
        number = table[number]
    raise BadCompound("a chain without an end")


def _numbers(data: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4]))


def _u16(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")


def _u32(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")
