"""Kinds of files, told by their bytes. What a name or a browser says does not count."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

EDGE_BYTES = 64 * 1024  # looked at: at the begin, and at the end

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # compound file ([MS-CFB] §2.2)
_ZIP = b"PK\x03\x04"  # local file header (APPNOTE.TXT §4.3.7)
_ZIP_END = b"PK\x05\x06"  # end of the central directory (§4.3.16), at most 64 KiB before the end
_ZIP_END_BYTES = 22  # … without its comment
_PDF = b"%PDF-"
_PDF_WITHIN = 1024  # bytes in which readers look for it (ISO 32000-1, annex H.3.4.1)
# The first tag of a web page, and of a table that somebody named .xls.
_HTML = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|meta|table|script|style|div)\b", re.IGNORECASE
)
_SVG = re.compile(rb"<(?:!doctype\s+)?svg\b", re.IGNORECASE)
_SPACE = re.compile(rb"\s*+")
_XML = re.compile(rb"<\?xml\b", re.IGNORECASE)
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")  # control characters that no text has
_MAX_COMMENTS = 20  # before the first tag
_TAG_BYTES = 100  # enough for the begin of a tag
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
# Begins of lists that name other files, which players would open.
_LISTS = (b"#extm3u", b"ffconcat ", b"[playlist]", b"<smil", b"<mpd")


class FileKind(StrEnum):
    """Kinds of files that are told apart."""

    XLSX = "xlsx"
    DOCX = "docx"
    PPTX = "pptx"
    XLSM = "xlsm"  # any document of Office with macros
    XLS = "xls"
    OLE = "ole"  # any other compound file: .doc, .ppt, but also installers
    PDF = "pdf"
    PNG = "png"
    JPEG = "jpeg"
    GIF = "gif"
    WEBP = "webp"
    MP4 = "mp4"
    MOV = "mov"
    MATROSKA = "matroska"  # WebM is one
    TEXT = "text"  # CSV, in whatever encoding
    PLAYLIST = "playlist"
    HTML = "html"
    SVG = "svg"
    XML = "xml"
    ZIP = "zip"  # any other archive
    MIXED = "mixed"  # two files in one, which each program takes for another
    OTHER = "other"


# What a browser could run is sent as bytes without a type.
MEDIA_TYPES: Mapping[FileKind, str] = MappingProxyType(
    dict.fromkeys(FileKind, "application/octet-stream")
    | {
        FileKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        FileKind.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        FileKind.PPTX: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        FileKind.XLSM: "application/vnd.ms-excel.sheet.macroEnabled.12",
        FileKind.XLS: "application/vnd.ms-excel",
        FileKind.PDF: "application/pdf",
        FileKind.PNG: "image/png",
        FileKind.JPEG: "image/jpeg",
        FileKind.GIF: "image/gif",
        FileKind.WEBP: "image/webp",
        FileKind.MP4: "video/mp4",
        FileKind.MOV: "video/quicktime",
        FileKind.MATROSKA: "video/x-matroska",
        FileKind.TEXT: "text/csv",
        FileKind.ZIP: "application/zip",
    }
)
_MAGIC: Sequence[tuple[bytes, FileKind]] = (
    (_PDF, FileKind.PDF),
    (b"\x89PNG\r\n\x1a\n", FileKind.PNG),
    (b"\xff\xd8\xff", FileKind.JPEG),
    (b"GIF87a", FileKind.GIF),
    (b"GIF89a", FileKind.GIF),
    (b"\x1a\x45\xdf\xa3", FileKind.MATROSKA),
)
# Names in an archive of Office, and what it is with them; macros come first.
_OFFICE: Sequence[tuple[bytes, FileKind]] = (
    (b"/vbaProject.bin", FileKind.XLSM),
    (b"xl/workbook", FileKind.XLSX),
    (b"word/document", FileKind.DOCX),
    (b"ppt/presentation", FileKind.PPTX),
)


def sniff(head: bytes, tail: bytes) -> FileKind:
    """Tell the kind of a file from its first and its last bytes, `EDGE_BYTES` of each.

    The list of a ZIP archive's files stands at its end.
    """
    if head.startswith(_ZIP):
        listed = head + tail
        return next((kind for name, kind in _OFFICE if name in listed), FileKind.ZIP)
    kind = _single(head, tail)
    if _ends_as_archive(tail) or (kind is not FileKind.PDF and _PDF in head[:_PDF_WITHIN]):
        return FileKind.MIXED
    return kind


def _single(head: bytes, tail: bytes) -> FileKind:
    if head.startswith(_OLE):
        return _compound(head, tail)
    if head[4:8] == b"ftyp":  # ISO/IEC 14496-12 §4.3
        return FileKind.MOV if head[8:12] == b"qt  " else FileKind.MP4
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return FileKind.WEBP
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), None) or _text(head)


def _ends_as_archive(tail: bytes) -> bool:
    """Tell whether programs that unpack archives would take the file for one."""
    at = tail.rfind(_ZIP_END)
    if at < 0 or at + _ZIP_END_BYTES > len(tail):
        return False
    comment = int.from_bytes(tail[at + 20 : at + 22], "little")
    return at + _ZIP_END_BYTES + comment <= len(tail)


def _compound(head: bytes, tail: bytes) -> FileKind:
    """Tell a workbook by its stream, whose name is UTF-16 in the directory ([MS-XLS] §2.1.2)."""
    edges = head + tail
    names = ("Workbook", "Book")
    return (
        FileKind.XLS
        if any(name.encode("utf-16-le") + b"\0\0" in edges for name in names)
        else FileKind.OLE
    )


def _text(head: bytes) -> FileKind:
    if head.startswith(_BOMS[1:]):  # UTF-16
        return FileKind.TEXT
    text = head.removeprefix(_BOMS[0]).lstrip()
    if text[:_TAG_BYTES].lower().startswith(_LISTS):
        return FileKind.PLAYLIST
    first = _without_prologue(text)
    if _HTML.match(first):
        return FileKind.HTML
    if _SVG.match(first):
        return FileKind.SVG
    if first.lower().startswith(_LISTS):
        return FileKind.PLAYLIST
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
