"""Writing: what is written is read back, and no cell is a formula."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime, time

from hypothesis import example, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from signaling.files.workbooks.reading import read_workbook
from signaling.files.workbooks.values import clean_text
from signaling.files.workbooks.writing import Column, Table, write_workbook

NOW = datetime(2026, 9, 1, tzinfo=UTC)


def part(data: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return package.read(name).decode()


def test_values_come_back_as_they_were() -> None:
    row = ("语文\n张三", 3, 2.5, True, time(8, 20), date(2026, 9, 1), datetime(2026, 9, 1, 8), None)
    columns = tuple(Column(str(number)) for number in range(8))
    data = write_workbook([Table("课表", columns, [row, row])], NOW)
    sheet = read_workbook(data).sheets[0]
    assert sheet.name == "课表"
    # The last column has a title only.
    assert sheet.rows[1:] == (row, row)


def test_cells_that_begin_like_a_formula_are_text_and_come_back() -> None:
    texts = ["=1+1", "+86 10", "-5", "@cmd", "'=x", "''=x", "'quoted'", "=HYPERLINK(1)"]
    data = write_workbook([Table("t", (Column("=标题"),), [[text] for text in texts])], NOW)
    raw = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    assert [str(row[0])[:1] for row in raw] == ["'"] * len(raw)
    assert "<f>" not in part(data, "xl/worksheets/sheet1.xml")
    assert [row[0] for row in read_workbook(data).sheets[0].rows] == ["=标题", *texts]


@given(st.lists(st.text(max_size=40), min_size=1, max_size=8))
@example(["\t", "\r=1", "\u200b=1", "'=x", "''=x", " '=x", "'", "a\u200d\u0301", "=\u0338"])
@settings(deadline=None)
def test_any_text_comes_back_in_its_one_form(texts: list[str]) -> None:
    data = write_workbook([Table("t", (Column("c"), Column("d")), [(t, "x") for t in texts])], NOW)
    rows = read_workbook(data).sheets[0].rows[1:]
    assert [row[0] for row in rows] == [clean_text(text) or None for text in texts]


def test_header_is_frozen_and_columns_are_wide_enough_for_chinese() -> None:
    data = write_workbook([Table("课表", (Column("学校"),), [["山泉乡中心小学教学点"]])], NOW)
    sheet = part(data, "xl/worksheets/sheet1.xml")
    assert '<pane ySplit="1" topLeftCell="A2"' in sheet
    assert 'width="21' in sheet  # ten characters of two columns, and one more


def test_choices_stand_in_a_hidden_sheet_that_nobody_reads_back() -> None:
    subjects, rooms = ("语文", "数学", "=x"), tuple(f"教室{number}" for number in range(300))
    columns = (Column("学科", subjects, note="从列表中选择"), Column("教室", rooms))
    data = write_workbook([Table("课表", columns)], NOW)
    sheet = part(data, "xl/worksheets/sheet1.xml")
    assert "<formula1>lists!$A$1:$A$3</formula1>" in sheet
    assert "<formula1>lists!$B$1:$B$300</formula1>" in sheet
    assert "从列表中选择" in sheet
    assert [one.name for one in read_workbook(data).sheets] == ["课表"]


def test_names_of_sheets_are_such_as_excel_takes() -> None:
    titles = ["课表", "课表", "LISTS", "a/b[c]*?:", "长" * 40, ""]
    data = write_workbook([Table(title, (Column("x"),)) for title in titles], NOW)
    names = [sheet.name for sheet in read_workbook(data).sheets]
    assert names == ["课表", "课表 (2)", "LISTS (2)", "a_b_c____", "长" * 31, "1"]


def test_the_same_rows_make_the_same_file() -> None:
    table = Table("t", (Column("c"),), [["x"]])
    assert write_workbook([table], NOW) == write_workbook([table], NOW)
