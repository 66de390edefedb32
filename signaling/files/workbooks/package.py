"""The zip package of an .xlsx (ECMA-376 part 2), unpacked within bounds before anyone trusts it.

Sizes that a zip declares are claims. Every part is therefore unpacked here, and counted. The
library that reads the cells gets a new package with the counted parts only.
"""

from __future__ import annotations

import io
import zipfile
import zlib

from signaling.files.workbooks.refusals import Limits, WorkbookFault, WorkbookRefused

_PIECE_BYTES = 1 << 16
_SMALL_BYTES = 1 << 20  # a part below this may shrink as much as it likes
_ENCRYPTED_FLAG = 0x1  # APPNOTE 4.4.4, bit 0
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_CONTENT_TYPES = "[Content_Types].xml"
_MACRO_PARTS = ("vbaproject.bin", "vbadata.xml", "macrosheets/")

Parts = dict[str, bytes]


def unpacked(data: bytes, limits: Limits) -> Parts:
    """Return the XML parts of a package by name.

    Raises:
        WorkbookRefused: no workbook, macros, encrypted, damaged, or a zip bomb.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            entries = package.infolist()
            _demand_sane(entries, limits)
            parts = _read(package, entries, limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError):
        raise WorkbookRefused(WorkbookFault.DAMAGED) from None
    if _CONTENT_TYPES not in parts:
        raise WorkbookRefused(WorkbookFault.UNKNOWN_FORMAT)
    if b"macroenabled" in parts[_CONTENT_TYPES].lower():
        raise WorkbookRefused(WorkbookFault.MACROS)
    return parts


def packed(parts: Parts) -> bytes:
    """Make a package of these parts, without compression."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as package:
        for name, part in parts.items():
            package.writestr(name, part)
    return made.getvalue()


def _demand_sane(entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    """Refuse what the table of contents already shows."""
    if len(entries) > limits.entries:
        raise WorkbookRefused(WorkbookFault.ZIP_BOMB, {"limit": limits.entries})
    for entry in entries:
        if any(part in entry.filename.lower() for part in _MACRO_PARTS):
            raise WorkbookRefused(WorkbookFault.MACROS)
        if entry.flag_bits & _ENCRYPTED_FLAG:
            raise WorkbookRefused(WorkbookFault.ENCRYPTED)
        large = entry.file_size > _SMALL_BYTES
        if large and entry.file_size > entry.compress_size * limits.ratio:
            raise WorkbookRefused(WorkbookFault.ZIP_BOMB, {"limit": limits.ratio})
    if len({entry.filename for entry in entries}) != len(entries):
        raise WorkbookRefused(WorkbookFault.DAMAGED)


def _read(package: zipfile.ZipFile, entries: list[zipfile.ZipInfo], limits: Limits) -> Parts:
    """Unpack the XML parts; pictures and printer settings stay where they are."""
    left = limits.unpacked_bytes
    parts: Parts = {}
    for entry in entries:
        if not entry.filename.lower().endswith((".xml", ".rels")):
            continue
        if entry.compress_type not in _METHODS:  # others cannot be unpacked piece by piece
            raise WorkbookRefused(WorkbookFault.DAMAGED)
        part = bytearray()
        with package.open(entry) as stream:
            while piece := stream.read(_PIECE_BYTES):
                part += piece
                if len(part) > left:
                    limit = limits.unpacked_bytes
                    raise WorkbookRefused(WorkbookFault.ZIP_BOMB, {"limit": limit})
        left -= len(part)
        parts[entry.filename.replace("\\", "/")] = bytes(part)  # some programs write backslashes
    return parts
