"""Small .xls files ([MS-XLS], BIFF8), for nothing that is installed writes them any more."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import time

_MAX_RECORD = 8224
_TIME_FORMAT = 20  # h:mm, built in
_XF_TEXT, _XF_TIME = 15, 16  # cell formats, after the fifteen styles
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD

Area = tuple[int, int, int, int]  # first row, last row, first column, last column


@dataclass(frozen=True)
class Formula:
    """A formula with the number that its program computed, or None."""

    result: float | None


XlsCell = str | float | time | Formula | None


@dataclass(frozen=True)
class XlsSheet:
    name: str
    rows: Sequence[Sequence[XlsCell]]
    merged: Sequence[Area] = ()
    hidden: bool = False


def xls_bytes(*sheets: XlsSheet, extra: bytes = b"", streams: Sequence[str] = ()) -> bytes:
    """A whole file; `extra` are records of the first substream, `streams` more (empty) streams."""
    return container({"Workbook": _workbook(sheets, extra), **dict.fromkeys(streams, b"")})


def record(number: int, content: bytes = b"") -> bytes:
    return struct.pack("<HH", number, len(content)) + content


def _workbook(sheets: Sequence[XlsSheet], extra: bytes) -> bytes:
    strings: dict[str, int] = {}
    bodies = [_sheet(sheet, strings) for sheet in sheets]
    names = [_short_text(sheet.name) for sheet in sheets]
    head = record(0x0809, struct.pack("<HHHHII", 0x0600, 5, 0x0DBB, 0x07CC, 0, 6))
    head += record(0x0042, struct.pack("<H", 1200)) + extra
    head += b"".join(
        record(0x00E0, struct.pack("<HH16x", 0, form)) for form in (*[0] * 16, _TIME_FORMAT)
    )
    tail = _shared(list(strings), sum(map(_count_texts, sheets))) + record(0x000A)
    offset = len(head) + sum(4 + 6 + len(name) for name in names) + len(tail)
    for sheet, name, body in zip(sheets, names, bodies, strict=True):
        head += record(0x0085, struct.pack("<IBB", offset, sheet.hidden, 0) + name)
        offset += len(body)
    return head + tail + b"".join(bodies)


def _count_texts(sheet: XlsSheet) -> int:
    return sum(isinstance(cell, str) for row in sheet.rows for cell in row)


def _sheet(sheet: XlsSheet, strings: dict[str, int]) -> bytes:
    width = max((len(row) for row in sheet.rows), default=0)
    body = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x10, 0x0DBB, 0x07CC, 0, 6))
    body += record(0x0200, struct.pack("<IIHHH", 0, len(sheet.rows), 0, width, 0))
    for row, cells in enumerate(sheet.rows):
        for column, cell in enumerate(cells):
            body += _cell(struct.pack("<HH", row, column), cell, strings)
    if sheet.merged:
        areas = b"".join(struct.pack("<HHHH", *area) for area in sheet.merged)
        body += record(0x00E5, struct.pack("<H", len(sheet.merged)) + areas)
    return body + record(0x000A)


def _cell(place: bytes, cell: XlsCell, strings: dict[str, int]) -> bytes:
    text, clock = struct.pack("<H", _XF_TEXT), struct.pack("<H", _XF_TIME)
    if cell is None:
        return b""
    if isinstance(cell, str):
        number = strings.setdefault(cell, len(strings))
        return record(0x00FD, place + text + struct.pack("<I", number))
    if isinstance(cell, time):
        # The last binary digits of a time are lost, as programs lose them.
        day = round((cell.hour * 60 + cell.minute) / 1440 - 2e-8, 9)
        return record(0x0203, place + clock + struct.pack("<d", day))
    if isinstance(cell, Formula):
        flags = 3 if cell.result is None else 0
        content = struct.pack("<dHI", cell.result or 0.0, flags, 0) + struct.pack("<H", 3)
        return record(0x0006, place + text + content + b"\x1e\x01\x00")
    return record(0x0203, place + text + struct.pack("<d", cell))


def _shared(strings: list[str], total: int) -> bytes:
    """The shared strings; a string that meets the end of its record goes on in a CONTINUE."""
    records = [bytearray(struct.pack("<II", total, len(strings)))]
    for text in strings:
        wide = any(ord(character) > 255 for character in text)
        width, encoding = (2, "utf-16-le") if wide else (1, "latin-1")
        if len(records[-1]) + 3 + width > _MAX_RECORD:
            records.append(bytearray())
        records[-1] += struct.pack("<HB", len(text), wide)
        left = text.encode(encoding)
        while True:
            room = (_MAX_RECORD - len(records[-1])) // width * width
            records[-1] += left[:room]
            left = left[room:]
            if not left:
                break
            records.append(bytearray([wide]))
    first, *others = map(bytes, records)
    return record(0x00FC, first) + b"".join(record(0x003C, other) for other in others)


def _short_text(text: str) -> bytes:
    return struct.pack("<BB", len(text), 1) + text.encode("utf-16-le")


def container(streams: dict[str, bytes]) -> bytes:
    """A compound file of version 3, as Excel writes it; small streams lie in the mini stream."""
    mini, mini_fat, body = b"", [], b""
    fat: list[int] = []
    entries = []
    for name, stream in streams.items():
        if len(stream) < 4096:
            first = len(mini_fat) if stream else _END
            mini_fat += _chain(len(mini_fat), -(-len(stream) // 64))
            mini += stream.ljust(-(-len(stream) // 64) * 64, b"\0")
        else:
            first, body = _append(fat, body, stream)
        entries.append((name, 2, first, len(stream)))
    root_first, body = _append(fat, body, mini) if mini else (_END, body)
    mini_fat_first = _END
    if mini_fat:
        mini_fat_first, body = _append(fat, body, struct.pack(f"<{len(mini_fat)}I", *mini_fat))
    rows = [_entry("Root Entry", 5, root_first, len(mini)), *(_entry(*entry) for entry in entries)]
    rows += [_entry("", 0, 0, 0)] * (-len(rows) % 4)
    directory, body = _append(fat, body, b"".join(rows))
    fat_sectors = next(n for n in range(1, 110) if n * 128 >= len(fat) + n)
    places = range(len(fat), len(fat) + fat_sectors)
    fat += [_FAT] * fat_sectors
    fat += [_FREE] * (fat_sectors * 128 - len(fat))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    tables = (0, fat_sectors, directory, 0, 4096, mini_fat_first, bool(mini_fat), _END, 0)
    header += struct.pack("<9I", *tables)
    header += struct.pack("<109I", *places, *[_FREE] * (109 - fat_sectors))
    return header + body + struct.pack(f"<{len(fat)}I", *fat)


def _append(fat: list[int], body: bytes, stream: bytes) -> tuple[int, bytes]:
    first, sectors = len(fat), -(-len(stream) // 512)
    fat += _chain(first, sectors)
    return first, body + stream.ljust(sectors * 512, b"\0")


def _chain(first: int, sectors: int) -> Iterator[int]:
    return iter([*range(first + 1, first + sectors), _END] if sectors else [])


def _entry(name: str, kind: int, first: int, size: int) -> bytes:
    encoded = name.encode("utf-16-le")
    head = encoded.ljust(64, b"\0") + struct.pack("<HBB", len(encoded) + 2 if name else 0, kind, 1)
    child = 1 if kind == 5 else _FREE
    return head + struct.pack("<3I36xIII", _FREE, _FREE, child, first, size, 0)
