"""Kinds of files, told by their bytes. What a name or a browser says does not count."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

EDGE_BYTES = 64 * 1024  # looked at: at the begin, and at the end

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # compound file ([MS-CFB] §2.2)
_ZIP = b"PK\x03\x04"  # local file header (APPNOTE.TXT §4.3.7)
_PDF = b"%PDF-"
# The first tag of a web page, and of a table that somebody named .xls.
_HTML = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|meta|table|script|style|div)\b", re.IGNORECASE
)
_SPACE = re.compile(rb"\s*+")
_XML = re.compile(rb"<\?xml\b", re.IGNORECASE)
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")  # control characters that no text has
_MAX_COMMENTS = 20  # before the first tag
_TAG_BYTES = 100  # enough for the begin of a tag
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


class FileKind(StrEnum):
    """Kinds of files that are told apart."""

    XLSX = "xlsx"
    XLSM = "xlsm"  # a workbook with macros
    XLS = "xls"
    TEXT = "text"  # CSV, in whatever encoding
    HTML = "html"
    XML = "xml"
    ZIP = "zip"  # any other archive, such as a document
    OTHER = "other"


MEDIA_TYPES: Mapping[FileKind, str] = MappingProxyType(
    {
        FileKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        FileKind.XLSM: "application/vnd.ms-excel.sheet.macroEnabled.12",
        FileKind.XLS: "application/vnd.ms-excel",
        FileKind.TEXT: "text/csv",
        FileKind.HTML: "text/html",
        FileKind.XML: "application/xml",
        FileKind.ZIP: "application/zip",
        FileKind.OTHER: "application/octet-stream",
    }
)


def sniff(head: bytes, tail: bytes) -> FileKind:
    """Tell the kind of a file from its first and its last bytes, `EDGE_BYTES` of each.

    The list of a ZIP archive's files stands at its end.
    """
    if head.startswith(_ZIP):
        return _archive(head, tail)
    if head.startswith(_OLE):
        return _compound(head, tail)
    return _text(head)


def _archive(head: bytes, tail: bytes) -> FileKind:
    listed = head + tail
    if b"xl/vbaProject.bin" in listed:
        return FileKind.XLSM
    return FileKind.XLSX if b"xl/workbook" in listed else FileKind.ZIP


def _compound(head: bytes, tail: bytes) -> FileKind:
    """Tell a workbook by its stream, whose name is UTF-16 in the directory ([MS-XLS] §2.1.2)."""
    edges = head + tail
    names = ("Workbook", "Book")
    return (
        FileKind.XLS
        if any(name.encode("utf-16-le") + b"\0\0" in edges for name in names)
        else FileKind.OTHER
    )


def _text(head: bytes) -> FileKind:
    if head.startswith(_PDF):
        return FileKind.OTHER
    if head.startswith(_BOMS[1:]):  # UTF-16
        return FileKind.TEXT
    text = head.removeprefix(_BOMS[0]).lstrip()
    if _HTML.match(_without_prologue(text)):
        return FileKind.HTML
    if _XML.match(text):
        return FileKind.XML
    return FileKind.OTHER if _BINARY.search(text) else FileKind.TEXT


def _without_prologue(text: bytes) -> bytes:
    """Leave out declaration and comments before the first tag; each byte is looked at once."""
    start = 0
    for opening, closing in ((b"<?", b"?>"), *[(b"<!--", b"-->")] * _MAX_COMMENTS):
        if text.startswith(opening, start):
            end = text.find(closing, start)
            if end < 0:
                break
            start = _end_of_space(text, end + len(closing))
    return text[start : start + _TAG_BYTES]


def _end_of_space(text: bytes, start: int) -> int:
    found = _SPACE.match(text, start)
    return start if found is None else found.end()
