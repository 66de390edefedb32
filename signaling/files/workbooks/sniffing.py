"""Kind of a file by its first bytes: the name that somebody gave it proves nothing."""

from __future__ import annotations

from enum import StrEnum

from signaling.files.workbooks.refusals import WorkbookFault, WorkbookRefused

_HEAD_BYTES = 4096
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # [MS-CFB] 2.2
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_HTML = (b"<html", b"<!doctype", b"<table", b"<head", b"<meta", b"<body", b"<div", b"<style")
# Text that is no table: MHTML is a web page in the form of a mail.
_OTHER_TEXT = (b"%pdf", b"{\\rtf", b"%!ps")


class Kind(StrEnum):
    """File formats that are read."""

    XLSX = "xlsx"
    XLS = "xls"
    CSV = "csv"


def sniff(data: bytes) -> Kind:
    """Tell the format of a file.

    Raises:
        WorkbookRefused: it is none that is read here.
    """
    if not data:
        raise WorkbookRefused(WorkbookFault.EMPTY)
    if data.startswith(_ZIP):
        return Kind.XLSX
    if data.startswith(_OLE):
        return Kind.XLS
    head = _visible(data[:_HEAD_BYTES])
    if head.startswith(b"<?xml") and b"urn:schemas-microsoft-com:office:spreadsheet" in head:
        raise WorkbookRefused(WorkbookFault.XML_2003)
    if head.startswith((b"mime-version:", b"<?xml", *_HTML)) or b"<html" in head:
        raise WorkbookRefused(WorkbookFault.HTML)
    utf_16 = data.startswith(_BOMS[1:])
    if head.startswith(_OTHER_TEXT) or (b"\0" in data[:_HEAD_BYTES] and not utf_16):
        raise WorkbookRefused(WorkbookFault.UNKNOWN_FORMAT)
    return Kind.CSV


def _visible(head: bytes) -> bytes:
    """Return the beginning of a text in small letters, without byte-order mark and spaces."""
    for bom in _BOMS:
        head = head.removeprefix(bom)
    return head.replace(b"\0", b"").lstrip().lower()
