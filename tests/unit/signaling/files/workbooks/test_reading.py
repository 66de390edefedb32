"""Reading: the same cells from every format, and a refusal for whatever is no honest workbook."""

from __future__ import annotations

import contextlib
import io
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from signaling.files.workbooks.reading import LIMITS, read_workbook
from signaling.files.workbooks.refusals import CellFault, WorkbookFault, WorkbookRefused
from signaling.files.workbooks.sheets import Place, Range, UnreadCell
from tests.support.xls import Formula, XlsSheet, container, record, xls_bytes

GRID = [["节次", "一年级", None], ["8:20", "语文\n张三", "科学(单)/书法(双)"]]


def xlsx(
    fill: Callable[[xlsxwriter.Workbook, xlsxwriter.worksheet.Worksheet], object],
) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    fill(book, book.add_worksheet("课表"))
    book.close()
    return target.getvalue()


def changed(data: bytes, changes: dict[str, Callable[[bytes], bytes]]) -> bytes:
    """The package with some parts rewritten; a part that is not there is added."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", 8) as new:
        for name in [*old.namelist(), *(changes.keys() - set(old.namelist()))]:
            part = old.read(name) if name in old.namelist() else b""
            new.writestr(name, changes.get(name, bytes)(part))
    return target.getvalue()


SMALL = xlsx(lambda _, sheet: sheet.write_string("A1", "x"))
SHEET = "xl/worksheets/sheet1.xml"


def refusal(data: bytes, **limits: int) -> WorkbookRefused:
    with pytest.raises(WorkbookRefused) as refused:
        read_workbook(data, replace(LIMITS, **limits))
    return refused.value


# --- what is read --------------------------------------------------------------------------------


def test_xlsx_gives_texts_numbers_times_dates_and_merged_ranges() -> None:
    def fill(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
        clock, day = book.add_format({"num_format": "h:mm"}), book.add_format({"num_format": 14})
        moment = book.add_format({"num_format": "yyyy-mm-dd h:mm"})
        sheet.merge_range("B2:C3", "上午")
        sheet.write_string("A1", " 语文\r\n张三 ")
        sheet.write_datetime("B1", time(8, 20), clock)
        sheet.write_datetime("C1", date(2026, 9, 1), day)
        sheet.write_datetime("D1", datetime(2026, 9, 1, 8, 20), moment)
        sheet.write_number("A4", 3.0)
        sheet.write_number("B4", 2.5)
        sheet.write_boolean("C4", True)

    sheet = read_workbook(xlsx(fill)).sheets[0]
    assert sheet.name == "课表"
    assert sheet.rows == (
        ("语文\n张三", time(8, 20), date(2026, 9, 1), datetime(2026, 9, 1, 8, 20)),
        (None, "上午", None, None),
        (None, None, None, None),
        (3, 2.5, True, None),
    )
    assert sheet.merged == (Range(Place(1, 1), Place(2, 2)),)
    assert [row[1:3] for row in sheet.spread()[1:3]] == [("上午", "上午"), ("上午", "上午")]


def test_xls_gives_the_same_and_its_times_are_whole_minutes() -> None:
    data = xls_bytes(
        XlsSheet("课表", [["星期一", None, time(8, 20)], [3.0, 2.5, "书法"]], [(0, 0, 0, 1)]),
        XlsSheet("列表", [["x"]], hidden=True),
    )
    (sheet,) = read_workbook(data).sheets
    assert sheet.rows == (("星期一", None, time(8, 20)), (3, 2.5, "书法"))
    assert sheet.merged == (Range(Place(0, 0), Place(0, 1)),)


def test_xls_with_strings_over_many_records() -> None:
    rows = [[f"课程{row}-{column}" * 30 for column in range(12)] for row in range(40)]
    assert read_workbook(xls_bytes(XlsSheet("表", rows))).sheets[0].rows == tuple(map(tuple, rows))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_text_tables_in_every_encoding_that_offices_use(encoding: str, delimiter: str) -> None:
    lines = [["学校", "教室", "备注"], ["山泉教学点", "一班,二班;三班", "两\n行"]]
    text = "\r\n".join(delimiter.join(f'"{cell}"' for cell in line) for line in lines)
    sheet = read_workbook(text.encode(encoding)).sheets[0]
    assert sheet.rows == tuple(map(tuple, lines))


def test_hidden_sheets_are_nobodys_business() -> None:
    def fill(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
        sheet.write_string("A1", "x")
        hidden = book.add_worksheet("列表")
        hidden.write_string("A1", "y")
        hidden.hide()

    assert [sheet.name for sheet in read_workbook(xlsx(fill)).sheets] == ["课表"]


def test_a_formula_that_nobody_computed_is_told_by_cell() -> None:
    def fill(_: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
        sheet.write_string("A1", "语文")
        sheet.write_formula("B2", "=A1")  # the writer gives it the value 0
        sheet.write_formula("C2", "=A1", None, "语文")
        sheet.write_formula("C7", "=1/0", None, "#DIV/0!")

    book = read_workbook(xlsx(fill))
    assert book.unread == (
        UnreadCell("课表", "B2", CellFault.FORMULA_NOT_COMPUTED),
        UnreadCell("课表", "C7", CellFault.FORMULA_ERROR),
    )
    assert book.sheets[0].rows[1] == (None, None, "语文")
    old = read_workbook(xls_bytes(XlsSheet("课表", [["a", Formula(None), Formula(3)]])))
    assert old.unread == (UnreadCell("课表", "B1", CellFault.FORMULA_NOT_COMPUTED),)
    assert old.sheets[0].rows == (("a", None, 3),)


def test_formatted_empty_cells_make_no_sheet_larger() -> None:
    def fill(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
        sheet.write_string("A1", "x")
        sheet.write_blank(1_048_575, 16_383, None, book.add_format({"bold": True}))

    assert read_workbook(xlsx(fill)).sheets[0].rows == (("x",),)


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", WorkbookFault.EMPTY),
        (b"\r\n\r\n", WorkbookFault.EMPTY),
        (b"<html><table><tr><td>1</td></tr></table></html>", WorkbookFault.HTML),
        (b"\xef\xbb\xbf  <!DOCTYPE html>", WorkbookFault.HTML),
        ("<table>语文</table>".encode("utf-16"), WorkbookFault.HTML),
        (b"MIME-Version: 1.0\r\nX-Document-Type: Workbook", WorkbookFault.HTML),
        (
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            WorkbookFault.XML_2003,
        ),
        (b"%PDF-1.7 ...", WorkbookFault.UNKNOWN_FORMAT),
        (b"\x89PNG\r\n\x1a\n\0\0\0", WorkbookFault.UNKNOWN_FORMAT),
        (b"\x81\xff\xff\xff,", WorkbookFault.ENCODING),
        (b'a,"b', WorkbookFault.DAMAGED),
        (SMALL[:-30], WorkbookFault.DAMAGED),
        (SMALL[:400] + b"\0" * 40 + SMALL[440:], WorkbookFault.DAMAGED),
        (xls_bytes(XlsSheet("s", [["x"]]))[:2000], WorkbookFault.DAMAGED),
        (container({"Book": b"x" * 5000}), WorkbookFault.OLD_EXCEL),
        (container({"WordDocument": b"x"}), WorkbookFault.UNKNOWN_FORMAT),
        (container({"EncryptedPackage": b"x", "EncryptionInfo": b"x"}), WorkbookFault.ENCRYPTED),
        (xls_bytes(XlsSheet("s", [["x"]]), extra=record(0x2F, b"\0\0")), WorkbookFault.ENCRYPTED),
        (xls_bytes(XlsSheet("s", [["x"]]), streams=["_VBA_PROJECT"]), WorkbookFault.MACROS),
        (changed(SMALL, {"xl/vbaProject.bin": lambda _: b"x"}), WorkbookFault.MACROS),
        (
            changed(
                SMALL,
                {"[Content_Types].xml": lambda p: p.replace(b"sheet.main", b"sheet.macroEnabled")},
            ),
            WorkbookFault.MACROS,
        ),
        (changed(SMALL, {SHEET: lambda p: b"<!DOCTYPE x>" + p}), WorkbookFault.DAMAGED),
        (changed(SMALL, {SHEET: lambda p: p[:-20]}), WorkbookFault.DAMAGED),
        (changed(SMALL, {SHEET: lambda p: p.replace(b"<v>0", b"<v>7")}), WorkbookFault.DAMAGED),
        (
            changed(SMALL, {SHEET: lambda p: p.replace(b'r="A1"', b'r="XFD1"')}),
            WorkbookFault.TOO_MANY_COLUMNS,
        ),
        (
            changed(SMALL, {SHEET: lambda p: p.replace(b'r="A1"', b'r="A1048576"')}),
            WorkbookFault.TOO_MANY_ROWS,
        ),
        (changed(SMALL, {"xl/big.xml": lambda _: bytes(3_000_000)}), WorkbookFault.ZIP_BOMB),
        (("a," * 9_999 + "a").encode(), WorkbookFault.TOO_MANY_COLUMNS),
        (b"a\n" * 20_001, WorkbookFault.TOO_MANY_ROWS),
    ],
)
def test_refusals(data: bytes, code: WorkbookFault) -> None:
    assert refusal(data).code is code


def test_ten_thousand_columns_are_refused_with_the_sheet() -> None:
    wide = xlsx(lambda _, sheet: sheet.write_row(0, 0, ["x"] * 10_000))
    refused = refusal(wide)
    assert refused.code is WorkbookFault.TOO_MANY_COLUMNS
    assert refused.facts == {"sheet": "课表", "found": 257, "limit": 256}


def test_bounds_hold_for_both_formats() -> None:
    new = xlsx(lambda _, sheet: [sheet.write_row(row, 0, ["课程" * 10] * 4) for row in range(5)])
    old = xls_bytes(XlsSheet("课表", [["课程" * 10] * 4] * 5))
    for data in (new, old):
        read_workbook(data, replace(LIMITS, columns=4, rows=5, cells=20, text_chars=400))
        assert refusal(data, columns=3).code is WorkbookFault.TOO_MANY_COLUMNS
        assert refusal(data, rows=4).code is WorkbookFault.TOO_MANY_ROWS
        assert refusal(data, cells=19).code is WorkbookFault.TOO_MANY_CELLS
        # A string that many cells share counts for each of them.
        assert refusal(data, text_chars=399).code is WorkbookFault.TOO_MUCH_TEXT
        assert refusal(data, file_bytes=len(data) - 1).code is WorkbookFault.TOO_LARGE
        assert refusal(data, sheets=0).code is WorkbookFault.TOO_MANY_SHEETS
    assert refusal("语".encode() * 11, text_chars=10).code is WorkbookFault.TOO_MUCH_TEXT


def test_merged_ranges_are_bounded() -> None:
    rows, areas = [["x"] * 6], [(0, 0, 0, 1), (0, 0, 2, 3)]
    assert refusal(xls_bytes(XlsSheet("s", rows, areas)), merged=1).code is (
        WorkbookFault.TOO_MANY_MERGED
    )
    overlapping = xls_bytes(XlsSheet("s", rows, [(0, 60_000, 0, 255)] * 3))
    assert refusal(overlapping).code is WorkbookFault.DAMAGED


def test_a_size_that_a_zip_declares_is_only_a_claim() -> None:
    """The part says 1 kB, and is 30 MB: what was not unpacked here is never opened."""
    data = changed(SMALL, {SHEET: lambda part: part + b" " * 30_000_000})
    liar = bytearray(data)
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        entry = package.getinfo(SHEET)
    real, claim = struct.pack("<I", entry.file_size), struct.pack("<I", 1_000)
    assert liar.count(real) == 2
    assert refusal(bytes(liar.replace(real, claim))).code is WorkbookFault.DAMAGED
    assert refusal(data, ratio=10**6, unpacked_bytes=20_000_000).code is WorkbookFault.ZIP_BOMB


@pytest.mark.parametrize("area", [(1, 1, 0, 2), (0, 1, 2, 2), (2**31, 9, 0, 2), (0, 70_000, 0, 2)])
def test_dimensions_that_cannot_be_are_damage(area: tuple[int, int, int, int]) -> None:
    """The library takes memory for all that they span; what it cannot get ends its process."""
    data = xls_bytes(XlsSheet("s", [["x", 1.0]]))
    real, claim = struct.pack("<IIHH", 0, 1, 0, 2), struct.pack("<IIHH", *area)
    assert data.count(real) == 1
    assert refusal(data.replace(real, claim)).code is WorkbookFault.DAMAGED


@given(st.binary(max_size=600), st.sampled_from(["xls", "xlsx"]), st.integers(0, 6000))
def test_damage_is_a_refusal_and_never_a_crash(damage: bytes, kind: str, at: int) -> None:
    data = SMALL if kind == "xlsx" else xls_bytes(XlsSheet("s", [["x", 1.0]], [(0, 0, 0, 1)]))
    at %= len(data)
    with contextlib.suppress(WorkbookRefused):
        read_workbook(data[:at] + damage + data[at + len(damage) :])
