"""Kinds of files, told by bytes that real programs write."""

import io
import time
import zipfile

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from signaling.files.core.sniffing import EDGE_BYTES, MEDIA_TYPES, FileKind, sniff


def _kind(data: bytes) -> FileKind:
    return sniff(data[:EDGE_BYTES], data[-EDGE_BYTES:])


def _workbook(rows: int = 3) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    sheet = book.add_worksheet("课表")
    for row in range(rows):
        sheet.write_row(row, 0, [f"科学{row}", "书法", row])
    book.close()
    return buffer.getvalue()


def _archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x" * 100_000)
    return buffer.getvalue()


def _compound(stream: str) -> bytes:
    """The begin of a compound file, and its directory with one stream."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + stream.encode("utf-16-le") + bytes(60)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (_workbook(), FileKind.XLSX),
        (_workbook(20_000), FileKind.XLSX),  # the names stand far from the begin
        (_archive("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"), FileKind.XLSM),
        (_archive("[Content_Types].xml", "word/document.xml"), FileKind.DOCX),
        (_archive("[Content_Types].xml", "ppt/presentation.xml"), FileKind.PPTX),
        (_archive("word/document.xml", "word/vbaProject.bin"), FileKind.XLSM),
        (_archive("setup.exe"), FileKind.ZIP),
        (_compound("Workbook"), FileKind.XLS),
        (_compound("Book"), FileKind.XLS),
        (_compound("WordDocument"), FileKind.OLE),
        ("星期,节次\n一,1\n".encode(), FileKind.TEXT),
        ("星期,节次\n一,1\n".encode("gb18030"), FileKind.TEXT),
        ("\ufeff星期,节次\n".encode(), FileKind.TEXT),
        ("\ufeff星期,节次\n".encode("utf-16-le"), FileKind.TEXT),
        (b"<html><table><tr><td>1</td></tr></table></html>", FileKind.HTML),
        (b"\xef\xbb\xbf\n  <!DOCTYPE HTML PUBLIC>", FileKind.HTML),
        (b"<!-- saved --><table border=1>", FileKind.HTML),
        (b"<?xml version='1.0'?>\n<!-- a --> <!-- b -->\n<html>", FileKind.HTML),
        (b"<?xml version='1.0'?><html xmlns='x'>", FileKind.HTML),
        (b"<?xml version='1.0'?><Workbook>", FileKind.XML),
        (b"MZ\x90\x00\x03\x00", FileKind.OTHER),
        (b"\x7fELF\x02\x01\x01\x00", FileKind.OTHER),
        (b"\x89PNG\r\n\x1a\n\x00\x00", FileKind.PNG),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", FileKind.JPEG),
        (b"GIF89a\x01\x00", FileKind.GIF),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", FileKind.WEBP),
        (b"RIFF\x10\x00\x00\x00WAVEfmt ", FileKind.OTHER),
        (b"%PDF-1.7\n1 0 obj", FileKind.PDF),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00", FileKind.MP4),
        (b"\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00", FileKind.MOV),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86", FileKind.MATROSKA),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", FileKind.SVG),
        (b"<?xml version='1.0'?><!-- a --><svg>", FileKind.SVG),
        (b"<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN'><svg>", FileKind.SVG),
        (b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", FileKind.PLAYLIST),
        (b"ffconcat version 1.0\nfile '/etc/passwd'\n", FileKind.PLAYLIST),
        (b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'>", FileKind.PLAYLIST),
        # two files in one
        (b"\xff\xd8\xff\xe0" + _archive("evil.js"), FileKind.MIXED),
        (b"GIF89a" + bytes(100) + _archive("evil.js"), FileKind.MIXED),
        (b"%PDF-1.7\n" + _archive("evil.js"), FileKind.MIXED),
        (b"\x00\x00\x00\x18ftypisom" + bytes(100) + b"%PDF-1.7\n", FileKind.MIXED),
        (b"<html><script>1</script></html>" + _archive("evil.js"), FileKind.MIXED),
    ],
)
def test_kinds(data: bytes, kind: FileKind) -> None:
    assert _kind(data) is kind


def test_what_a_browser_could_run_has_no_media_type() -> None:
    told = {MEDIA_TYPES[kind] for kind in (FileKind.SVG, FileKind.HTML, FileKind.XML)}
    assert told == {"application/octet-stream"}
    assert set(MEDIA_TYPES) == set(FileKind)


@given(st.binary(max_size=2000))
def test_every_file_is_of_some_kind(data: bytes) -> None:
    assert _kind(data) in FileKind


@pytest.mark.parametrize(
    "piece", [b"<!--", b"<!-- -->", b"<!-- --> ", b"<?xml ?>", b" ", b"<", b"PK\x03\x04", b"-->"]
)
def test_nothing_repeated_takes_long(piece: bytes) -> None:
    """The serving process looks at the edges; a pattern that goes back and forth would hold it."""
    data = (piece * EDGE_BYTES)[:EDGE_BYTES]
    began = time.process_time()
    sniff(data, data)
    assert time.process_time() - began < 0.1
